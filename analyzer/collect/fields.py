"""Reading fields of platform JSON that may be missing, retyped or new: a value, None, or a counted rejection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

_EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


class Reject(Exception):
    """An item that cannot become a row: `reason` is a short code, `detail` says what was found."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def known(names: str) -> frozenset[str]:
    """Return field names, written with spaces between them, as a set."""
    return frozenset(names.split())


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """Return a JSON list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def obj(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, or reject."""
    if not isinstance(value, dict):
        raise Reject("no object", f"found {type(value).__name__}, a post is a JSON object")
    return value


def identity(item: Mapping[str, Any], name: str) -> str:
    """Return an id: a text, or a whole number as text."""
    value = item.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip() and len(value) <= 500 and value.strip().isprintable():
        return value.strip()
    raise Reject("no id", f"field {name!r} holds {_show(value)}")


def words(item: Mapping[str, Any], name: str) -> str:
    """Return a text that is not empty."""
    value = item.get(name)
    if isinstance(value, str) and value.strip():
        return value
    raise Reject("no text", f"field {name!r} holds {_show(value)}")


def maybe(item: Mapping[str, Any], name: str) -> str | None:
    """Return a text or None; whole numbers become text."""
    value = item.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def count(item: Mapping[str, Any], name: str) -> int | None:
    """Return a whole number, or None: unknown, never 0."""
    value = item.get(name)
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        value = int(value)
    return value if isinstance(value, int) and abs(value) < 2**62 else None


def moment(value: Any, name: str) -> dt.datetime:
    """Return a time from ISO 8601 text with a zone, or from unix seconds."""
    found: dt.datetime | None = None
    try:
        if isinstance(value, str) and not value.isdecimal() and any(mark in value for mark in "-:T"):
            found = dt.datetime.fromisoformat(value.strip())
        elif isinstance(value, int | float | str) and not isinstance(value, bool):
            found = dt.datetime.fromtimestamp(float(value), dt.UTC)
        if found is not None and found.tzinfo is not None:
            found = found.astimezone(dt.UTC)
    except (ValueError, OverflowError, OSError):
        found = None
    if found is None or found.tzinfo is None:
        raise Reject("no time", f"field {name!r} holds {_show(value)}; ISO 8601 with a zone or unix seconds is read")
    if not _EARLIEST <= found < _LATEST:
        raise Reject("no time", f"field {name!r} holds {_show(value)}, which is outside 2000-2100")
    return found


def moment_or_none(value: Any) -> dt.datetime | None:
    """Return a time, or None where there is none to read."""
    try:
        return moment(value, "")
    except Reject:
        return None


def address(value: Any) -> SplitResult:
    """Return the parts of a web address; those of the empty one for what is none (such as ``https://[``)."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
        _ = parts.hostname
    except ValueError:
        return urlsplit("")
    return parts


def language(value: Any) -> str | None:
    """Return an ISO 639-1 code, or None where the platform does not know.

    >>> language("en-US"), language("und"), language("in")
    ('en', None, 'id')
    """
    if not isinstance(value, str):
        return None
    code = value.replace("_", "-").split("-")[0].lower()
    code = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv"}.get(code, code)
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
