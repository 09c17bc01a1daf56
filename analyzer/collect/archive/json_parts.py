"""Reading files of a JSON format: lines in chunks (most by SQL), or the items of one document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.collect.archive import fast, times
from analyzer.collect.archive.ahead import ahead
from analyzer.collect.archive.base import JsonFormat, Row, Skip, drafts
from analyzer.collect.archive.lines import Chunk, chunks
from analyzer.collect.archive.part import Part, shown
from analyzer.collect.fields import Reject

if TYPE_CHECKING:
    from analyzer.study import Study

_ITEMS = 5_000


class JsonReader:
    """Reads one file of a JSON format.

    Parameters
    ----------
    format
        Takes documents apart and reads items.
    mapper
        The corpus, for SQL over chunks.
    sample
        A document of the file, which tells the shape that most lines have.
    now
        For telling future dates.
    """

    def __init__(
        self, format: JsonFormat, mapper: fast.Mapper, study: Study, *, sample: Any = None, now: dt.datetime
    ) -> None:
        self._format, self._mapper, self._now = format, mapper, now
        self._sql = format.sql(sample, study)

    def lines(self, blocks: Iterable[bytes]) -> Iterator[Part]:
        """Read JSON lines."""
        for chunk in ahead(chunks(blocks)):
            yield self._chunk(chunk)

    def items(self, items: Iterable[Any]) -> Iterator[Part]:
        """Read items that come from a document; their number stands for the line."""
        part, rows = Part(), []
        for number, item in enumerate(items, 1):
            row = self._item(item, number, part)
            if row is not None:
                rows.append(row)
            if part.n_rows >= _ITEMS:
                part.drafts = drafts(rows)
                yield part
                part, rows = Part(), []
        part.drafts = drafts(rows)
        yield part

    def _chunk(self, chunk: Chunk) -> Part:
        import pyarrow as pa
        import pyarrow.compute as pc

        part = Part(n_rows=len(chunk.bad))
        part.rejected = [(number, reason, detail, shown(raw)) for number, reason, detail, raw in chunk.bad]
        done: set[tuple[int, int]] = set()
        clean: pa.Table | None = None
        again = None
        if self._sql and len(chunk.lines):
            clean, done, numbers = fast.read(self._mapper, self._sql, chunk)
            clean, late = fast.in_time(clean, self._now)
            numbers |= late
            part.n_rows += len(clean)
            again = pc.is_in(chunk.numbers, value_set=pa.array(sorted(numbers), pa.int64()))
        slow_lines = chunk.lines if again is None else chunk.lines.filter(again)
        slow_numbers = chunk.numbers if again is None else chunk.numbers.filter(again)
        rows: list[Row] = []
        for number, line in zip(slow_numbers.to_pylist(), slow_lines.to_pylist(), strict=True):
            if line.strip():
                rows += self._line(line, number, done, part, cut=number == chunk.cut)
        part.drafts = drafts(rows) if rows or clean is None else None
        if clean is not None:
            part.drafts = clean if part.drafts is None else pa.concat_tables([clean, part.drafts]).sort_by("_line")
        return part

    def _line(self, line: str, number: int, done: set[tuple[int, int]], part: Part, *, cut: bool) -> list[Row]:
        try:
            document = orjson.loads(line)
        except ValueError as error:
            part.n_rows += 1
            part.rejected.append((number, "cut off" if cut else "not JSON", str(error)[:200], shown(line)))
            return []
        rows = []
        try:
            for index, item in enumerate(self._format.items(document)):
                if (number, index) not in done:
                    row = self._item(item, number, part)
                    if row is not None:
                        rows.append(row)
        except Reject as why:
            part.n_rows += 1
            part.rejected.append((number, why.reason, why.detail, shown(line)))
        return rows

    def _item(self, item: Any, number: int, part: Part) -> Row | None:
        part.n_rows += 1
        try:
            row = self._format.parse(item)
            times.sane(row["created_at"], self._now)
        except Skip as why:
            part.skipped[str(why)] += 1
        except Reject as why:
            part.rejected.append((number, why.reason, why.detail, shown(item)))
        else:
            if _storable(row):
                return {**row, "_line": number}
            part.rejected.append((number, "broken text", "half of a surrogate pair", shown(item)))
        return None


def _storable(row: Row) -> bool:
    """Tell whether all texts are real text: JSON may hold half a surrogate pair, a file may not."""
    for value in row.values():
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                return False
    return True
