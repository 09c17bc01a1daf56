"""JSON as platforms send it: quick, and tolerant of what strict readers refuse (lone surrogates, deep nesting)."""

from __future__ import annotations

import json
from typing import Any

import orjson


def loads(data: bytes | str) -> Any:
    """Read JSON.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        text = data.decode("utf-8-sig", "replace") if isinstance(data, bytes) else data
        try:
            return _mend(json.loads(text, parse_constant=_refuse))
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def dumps(value: Any) -> bytes:
    """Write JSON on one line."""
    try:
        return orjson.dumps(value, default=str)
    except TypeError:  # a whole number beyond 64 bits
        return json.dumps(value, default=str, ensure_ascii=False).encode("utf-8", "replace")


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _mend(value: Any) -> Any:
    """Replace lone surrogates, which no text file can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mend(k): _mend(v) for k, v in value.items()}
    return [_mend(v) for v in value] if isinstance(value, list) else value
