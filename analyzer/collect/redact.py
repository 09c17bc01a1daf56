"""Keeps secrets out of logs and error messages, whichever library writes them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_HEADER = re.compile(r"(?i)\b(bearer|basic|dpop)\s+[a-z0-9._~+/%=-]{6,}")
_FIELD = re.compile(
    r"(?i)((?:access_?token|refresh_?token|access_?jwt|refresh_?jwt|client_?secret|password|api_?key)"
    r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]{4,}"
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with secrets replaced by ``***``.

    >>> redact("Authorization: Bearer abcdef123456")
    'Authorization: Bearer ***'
    """
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return _FIELD.sub(r"\1***", _HEADER.sub(r"\1 ***", text))


def clean(record: logging.LogRecord, secrets: Iterable[str] = ()) -> logging.LogRecord:
    """Rewrite a log record, its traceback too, so that it holds no secret."""
    try:
        message = record.getMessage()
    except (TypeError, ValueError):
        message = str(record.msg)
    kept = redact(message, secrets)
    if kept != message:
        record.msg, record.args = kept, None
    if record.exc_info and record.exc_info[1] is not None:
        # A traceback may quote a request with its headers; a formatter takes `exc_text` as it stands.
        record.exc_text = redact(logging.Formatter().formatException(record.exc_info), secrets)
    return record


@contextmanager
def redacted_logs(secrets: Iterable[str]) -> Iterator[None]:
    """Redact every log record made while the block runs, whichever library makes it and whoever handles it."""
    held = tuple(secrets)
    before = logging.getLogRecordFactory()

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        return clean(before(*args, **kwargs), held)

    logging.setLogRecordFactory(make)
    try:
        yield
    finally:
        logging.setLogRecordFactory(before)
