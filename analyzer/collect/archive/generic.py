"""Tables of any shape: a column map turns batches of their columns into drafts and rejected rows."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from analyzer.collect import fields
from analyzer.collect.archive import guess, times
from analyzer.collect.archive.base import DRAFT, MAX_TEXT
from analyzer.collect.archive.links import ELSEWHERE_X, has_address, text_elsewhere
from analyzer.collect.archive.table_sql import SOURCES, line_sql
from analyzer.collect.fields import Reject
from analyzer.study import Study

if TYPE_CHECKING:
    import pyarrow as pa

_TWEET = re.compile(r"\d{5,20}")
_TRUE = {"true", "1", "yes", "t", "y", "1.0"}
_ROUND = re.compile(r"(\d{1,15})\.0+")
_DAMAGED = re.compile(r"\d(\.\d+)?[eE]\+?\d+")


class Mapper:
    """Turns batches of a file's columns into drafts.

    Parameters
    ----------
    names, sample
        Columns of the file, and some of their values, for guessing.
    study
        Its `columns`, `where`, `source` and `naive_time_zone`.
    now
        For telling future dates.
    twarc
        The file is twarc's CSV: from X, with line ends in texts written as ``\\n``.

    Attributes
    ----------
    columns
        ``{ours: theirs}``.
    """

    def __init__(
        self,
        names: Sequence[str],
        sample: Mapping[str, Sequence[Any]],
        study: Study,
        *,
        file: str,
        now: dt.datetime,
        twarc: bool = False,
    ) -> None:
        self.columns = guess.columns(names, sample, study, file=file, without=("source",) if twarc else ())
        self._zone = ZoneInfo(study.naive_time_zone) if study.naive_time_zone else None
        self._where = {k: _allowed(v) for k, v in study.where.items()}
        self._source = study.source or ("x" if twarc else None)
        self._now, self._escaped = now, twarc
        self._seen: Counter[bytes] = Counter()

    @property
    def sql(self) -> str | None:
        """SQL that reads most JSON lines by this map, or None; what it leaves, `read` decides."""
        return None if self._where or self._escaped else line_sql(self.columns, self._source)

    @property
    def wanted(self) -> list[str]:
        """The file's columns that are read."""
        return list(dict.fromkeys([*self.columns.values(), *self._where]))

    def read(
        self, batch: Mapping[str, Sequence[Any]], lines: Sequence[int]
    ) -> tuple[pa.Table, list[tuple[int, Reject]], int]:
        """Read a batch.

        Returns
        -------
        drafts
            DRAFT.
        rejected
            ``(position in the batch, why)``.
        n_left_out
            Rows that `where` leaves out.
        """
        import pyarrow as pa

        n = len(lines)
        kept = [i for i in range(n) if all(str(batch[c][i]) in ok for c, ok in self._where.items())]
        rows = {c: [batch[c][i] for i in kept] for c in self.wanted}
        bad: dict[int, Reject] = {}
        texts = [self._text(v, i, bad) for i, v in enumerate(rows[self.columns["text"]])]
        moments, rejected = times.column(_times(rows[self.columns["created_at"]]), zone=self._zone, now=self._now)
        for i, why in rejected:
            bad.setdefault(i, why)
        sources = [_source(v) for v in self._values(rows, "source", len(kept))]
        columns: dict[str, Any] = {
            "source": [self._source or s or "file" for s in sources],
            "created_at": moments,
            "text": texts,
            "_line": [lines[i] for i in kept],
        }
        for ours in ("author", "handle", "service", "thread_id"):
            columns[ours] = [_plain(v) for v in self._values(rows, ours, len(kept))]
        columns["language"] = [fields.language(v) for v in self._values(rows, "language", len(kept))]
        for ours in ("n_likes", "n_reposts", "n_replies"):
            columns[ours] = [_count(v) for v in self._values(rows, ours, len(kept))]
        columns["url"] = [
            v if isinstance(v, str) and v and _encodable(v) else None for v in self._values(rows, "url", len(kept))
        ]
        columns["observed_at"] = [_maybe_time(v) for v in self._values(rows, "observed_at", len(kept))]
        columns["kind"], columns["parent_id"] = self._kinds(rows, texts)
        columns["has_link"] = self._links(rows, texts, columns["source"])
        columns["post_id"] = self._ids(rows, columns, bad)
        columns["url"] = [
            url or (f"https://x.com/i/status/{i}" if source == "x" and _TWEET.fullmatch(i or "") else None)
            for url, source, i in zip(columns["url"], columns["source"], columns["post_id"], strict=True)
        ]
        schema = DRAFT.arrow()
        table = pa.table([pa.array(columns[f.name], f.type) for f in schema], schema=schema)
        if bad:
            table = table.filter(pa.array([i not in bad for i in range(len(kept))]))
        return table, [(kept[i], why) for i, why in sorted(bad.items())], n - len(kept)

    def _values(self, rows: Mapping[str, Sequence[Any]], ours: str, n: int) -> Sequence[Any]:
        return rows[self.columns[ours]] if ours in self.columns else [None] * n

    def _text(self, value: Any, row: int, bad: dict[int, Reject]) -> str | None:
        if not isinstance(value, str) or not value.strip():
            bad[row] = Reject("no text", f"found {'nothing' if value in (None, '') else repr(value)[:40]}")
        elif len(value) > MAX_TEXT:
            bad[row] = Reject("text too long", f"{len(value):,} characters; at most {MAX_TEXT:,} are read")
        elif not _encodable(value):
            bad[row] = Reject("broken UTF-8", "bytes that are no text")
        else:
            return value.replace("\\n", "\n") if self._escaped else value
        return None

    def _kinds(self, rows: Mapping[str, Sequence[Any]], texts: Sequence[str | None]) -> tuple[list[str], list[Any]]:
        n = len(texts)
        names = ("kind", "is_repost", "repost_of", "reply_to", "parent_id", "quote_of")
        said, flag, repost, reply, parent, quote = (self._values(rows, name, n) for name in names)
        kinds, parents = [], []
        for i, text in enumerate(texts):
            up = _plain(parent[i])
            kind = guess.kind(said[i]) if said[i] is not None else None
            if kind is None:
                if str(flag[i]).lower() in _TRUE or _plain(repost[i]) or (text or "").startswith("RT @"):
                    kind, up = "repost", _plain(repost[i])
                elif _plain(reply[i]) or up:
                    kind, up = "reply", _plain(reply[i]) or up
                elif _plain(quote[i]):
                    kind, up = "quote", _plain(quote[i])
                else:
                    kind = "original"
            kinds.append(kind)
            parents.append(up)
        return kinds, parents

    def _links(
        self, rows: Mapping[str, Sequence[Any]], texts: Sequence[str | None], sources: Sequence[str]
    ) -> list[bool]:
        said = self._values(rows, "has_link", len(texts))
        found = []
        for i, text in enumerate(texts):
            if said[i] not in (None, ""):
                found.append(str(said[i]).lower() in _TRUE)
            else:
                found.append(bool(text) and has_address(text or "") and text_elsewhere(text or "", ELSEWHERE_X))
        return found

    def _ids(self, rows: Mapping[str, Sequence[Any]], columns: Mapping[str, Any], bad: dict[int, Reject]) -> list[Any]:
        if "post_id" not in self.columns:
            return self._made(columns, bad)
        ids: list[str | None] = []
        for row, value in enumerate(rows[self.columns["post_id"]]):
            text = _plain(value)
            if text is None or len(text) > 500 or not _encodable(text):
                bad.setdefault(row, Reject("no id", f"found {'nothing' if text is None else repr(text)[:40]}"))
            elif isinstance(value, float | str) and _DAMAGED.fullmatch(text):
                bad.setdefault(row, Reject("damaged id", f"{text} was rounded by a spreadsheet; export ids as text"))
            ids.append(text)
        return ids

    def _made(self, columns: Mapping[str, Any], bad: dict[int, Reject]) -> list[Any]:
        """Make ids for a file without any: a hash of the row, and which of several equal rows it is."""
        made: list[str | None] = []
        stamps = columns["created_at"].cast("int64").to_pylist()
        for row, (source, text) in enumerate(zip(columns["source"], columns["text"], strict=True)):
            if row in bad:
                made.append(None)
                continue
            content = f"{source}\0{stamps[row]}\0{columns['author'][row]}\0{text}".encode()
            digest = hashlib.blake2b(content, digest_size=8).digest()
            self._seen[digest] += 1
            made.append(f"row-{digest.hex()}-{self._seen[digest]}")
        return made


def _allowed(value: Any) -> set[str]:
    values = value if isinstance(value, list | tuple) else (value,)
    return {str(v) for v in values} | {str(v).title() for v in values if isinstance(v, bool)}


def _source(value: Any) -> str | None:
    text = _plain(value)
    return SOURCES.get(text.lower(), text.lower()) if text else None


def _plain(value: Any) -> str | None:
    """Return an id or a name as text; numbers lose a decimal point that a spreadsheet gave them."""
    if value is None or value == "" or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, float):
        if value != value:  # not a number: an empty cell
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    text = str(value).strip()
    match = _ROUND.fullmatch(text)
    text = match[1] if match else text
    return text if text and _encodable(text) and text.lower() not in ("nan", "none", "null", "<na>") else None


def _count(value: Any) -> int | None:
    if isinstance(value, str):
        match = _ROUND.fullmatch(value.strip())
        value = match[1] if match else value
    return fields.count({"n": value}, "n") if value not in (None, "") else None


def _maybe_time(value: Any) -> dt.datetime | None:
    try:
        return times.moment(value)
    except Reject:
        return None


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _times(values: Sequence[Any]) -> Any:
    """Return times as one Arrow column if they are all texts, else as they are."""
    import pyarrow as pa

    if all(isinstance(v, str) and v.isascii() for v in values):
        return pa.array([v.strip() for v in values], pa.string())
    return _Mixed(values)


class _Mixed:
    """A column of values of several types, with what `times.column` asks of an Arrow column."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = list(values)

    @property
    def type(self) -> Any:
        import pyarrow as pa

        return pa.null()

    def to_pylist(self) -> list[Any]:
        """Return the values."""
        return self._values
