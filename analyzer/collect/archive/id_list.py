"""Lists of ids: nothing to read yet, only something to collect."""

from __future__ import annotations

import re

_ID = re.compile(
    r"\d{5,20}|t[13]_[a-z0-9]{2,12}|at://did:[\w.:%-]+/app\.bsky\.feed\.post/[\w.~-]+"
    r"|https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/\w+/status/(\d{5,20})\S*"
)
_NAMES = {"id", "ids", "tweet_id", "tweet_ids", "post_id", "status_id", "id_str"}


def read_id(line: str) -> tuple[str, str] | None:
    """Return source and id of a line, or None.

    >>> read_id("1900000000000000001"), read_id("t3_1abc0"), read_id("hello")
    (('x', '1900000000000000001'), ('reddit', 't3_1abc0'), None)
    """
    text = line.strip().strip('",')
    match = _ID.fullmatch(text)
    if match is None:
        return None
    if match[1]:
        return "x", match[1]
    return ("reddit" if text.startswith("t") else "bluesky" if text.startswith("at:") else "x"), text


def claims(lines: list[str]) -> bool:
    """Tell whether lines are ids: the first (after a heading) and four in five; the others are rejected one by one."""
    lines = [line for line in lines if line.strip()]
    if lines and lines[0].strip().strip('"').lower() in _NAMES:
        lines = lines[1:]
    n_good = sum(read_id(line) is not None for line in lines)
    return bool(lines) and read_id(lines[0]) is not None and n_good >= 0.8 * len(lines)


def is_heading(line: str) -> bool:
    """Tell whether a line is a list's heading."""
    return line.strip().strip('"').lower() in _NAMES
