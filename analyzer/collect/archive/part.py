"""A piece of a file that has been read: drafts, what was rejected, and what was passed over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

#: Characters of a rejected row that are kept.
SHOWN = 2000


@dataclass
class Part:
    """Some rows of a file, read.

    Attributes
    ----------
    drafts
        DRAFT, or None.
    rejected
        ``(line, reason, detail, raw)``.
    n_rows
        Rows met, the rejected and skipped ones among them.
    ids
        ``(source, id, line)`` of posts yet to be collected.
    """

    drafts: pa.Table | None = None
    rejected: list[tuple[int, str, str, str | None]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    n_rows: int = 0
    ids: list[tuple[str, str, int]] = field(default_factory=list)


def shown(raw: Any) -> str:
    """Return the start of a rejected row as text that can be stored."""
    if isinstance(raw, bytes):
        raw = raw.decode("utf-8", "replace")
    if not isinstance(raw, str):
        import orjson

        try:
            raw = orjson.dumps(raw, default=str).decode()
        except TypeError:
            try:
                raw = repr(raw)
            except RecursionError:  # lists in lists, hundreds deep
                raw = f"<{type(raw).__name__}, nested too deep to be shown>"
    return str(raw[:SHOWN]).encode("utf-8", "replace").decode()
