"""Reading most JSON lines at once, by SQL; what is not plainly clean is read again, one by one, by the format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from analyzer.collect.archive import times
from analyzer.collect.archive.base import DRAFT

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.collect.archive.lines import Chunk


class Mapper(Protocol):
    """What `Corpus.transform` offers: SQL over Arrow tables."""

    def transform(self, sql: str, params: list[Any] | None = None, **tables: pa.Table) -> pa.Table:
        """Answer the SQL."""
        ...


def found(paths: Mapping[str, str], source: str, *, kept: Sequence[str] = ()) -> str:
    """Return SQL with one text column for each path, found in one pass over each JSON value.

    Parameters
    ----------
    paths
        ``{our name: JSON path}``.
    source
        SQL that gives ``_line, _item, j`` (the JSON value) and the columns `kept`.
    """
    names = [n for n in paths if n not in kept]
    listed = ", ".join(f"'{paths[n]}'" for n in names)
    columns = ", ".join(f'v[{i}] AS "{n}"' for i, n in enumerate(names, 1))
    more = "".join(f", {n}" for n in kept)
    return (
        f"SELECT _line, _item{more}, {columns} "
        f"FROM (SELECT _line, _item{more}, json_extract_string(j, [{listed}]) AS v FROM ({source}))"
    )


def plain_text(column: str, first: str) -> str:
    """Return SQL that holds if a JSON value read as text was a text for certain, and is neither blank nor huge.

    An object, a list, a number, ``true`` or ``false`` also reads as text, and a text may look like one: then it does
    not hold. Bytes and the first character (`first`, made by `ascii`) are compared, since these cost nothing.
    """
    return (
        f"strlen({column}) BETWEEN 6 AND 20000 AND ({first} BETWEEN 58 AND 90 OR {first} BETWEEN 92 AND 122 "
        f"OR {first} BETWEEN 35 AND 44 OR {first} BETWEEN 161 AND 5759 OR {first} > 12288)"
    )


def whole(column: str) -> str:
    """Return SQL that holds if a value is a whole number without sign or leading zeros, as ids are."""
    return f"TRY_CAST({column} AS UBIGINT)::VARCHAR = {column}"


def utc(column: str, time: str) -> str:
    """Return SQL that holds if a text is a full time in UTC, of which `time` is the reading."""
    return f"{time} IS NOT NULL AND strlen({column}) BETWEEN 20 AND 27 AND suffix({column}, 'Z')"


def read(mapper: Mapper, sql: str, chunk: Chunk) -> tuple[pa.Table, set[tuple[int, int]], set[int]]:
    """Read the clean items of a chunk.

    Returns
    -------
    drafts
        DRAFT of the clean items.
    done
        ``(line, item)`` of lines that also hold items which are not clean, so that these alone are read again.
    again
        Numbers of lines that `parse` must read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    chunk_table = pa.table({"_line": chunk.numbers, "line": chunk.lines})
    found = answer(mapper, sql, chunk_table)
    if found is None:
        return DRAFT.arrow().empty_table(), set(), set(chunk.numbers.to_pylist())
    if pc.all(found["clean"]).as_py() and _each_line_found(found["_line"], chunk.numbers):
        return _drafts(found), set(), set()
    clean = found.filter(found["clean"])
    numbers = chunk.numbers
    unclean = pc.unique(found.filter(pc.invert(found["clean"]))["_line"])
    missing = numbers.filter(pc.invert(pc.is_in(numbers, value_set=pc.unique(found["_line"]))))
    again = set(unclean.to_pylist()) | set(missing.to_pylist())
    part = clean.filter(pc.is_in(clean["_line"], value_set=unclean))
    done = set(zip(part["_line"].to_pylist(), part["_item"].to_pylist(), strict=True))
    return _drafts(clean), done, again


def answer(mapper: Mapper, sql: str, chunk: pa.Table) -> pa.Table | None:
    """Answer SQL over ``chunk(_line, line)``, damaged JSON left out; None if it cannot be answered."""
    for attempt in (sql, sql.replace("FROM chunk", "FROM chunk WHERE json_valid(line)")):
        try:
            return mapper.transform(attempt, chunk=chunk)
        except Exception as error:
            # Damaged JSON stops the whole question; a value that no SQL foresaw leaves all to `parse`.
            if type(error).__module__.partition(".")[0] not in ("_duckdb", "duckdb"):
                raise
    return None


def in_time(clean: pa.Table, now: dt.datetime) -> tuple[pa.Table, set[int]]:
    """Leave lines with an impossible time to be read again, which says what is wrong; return the rest and them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = pa.timestamp("us", tz="UTC")
    low, high = (pa.scalar(t, kind) for t in (times.EARLIEST, now + times.LEEWAY))
    fine = pc.and_(pc.greater_equal(clean["created_at"], low), pc.less_equal(clean["created_at"], high))
    if pc.all(fine).as_py() in (True, None):
        return clean, set()
    late = set(clean.filter(pc.invert(fine))["_line"].to_pylist())
    whole = pc.is_in(clean["_line"], value_set=pa.array(sorted(late), pa.int64()))
    return clean.filter(pc.invert(whole)), late


def _each_line_found(found: Any, numbers: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    same = len(found) == len(numbers) and pc.all(pc.equal(found, numbers)).as_py()  # one item a line, as nearly always
    return same or len(pc.unique(found)) == len(numbers)


def _drafts(found: pa.Table) -> pa.Table:
    import pyarrow as pa

    schema = DRAFT.arrow()
    columns = []
    for field in schema:
        column = found[field.name]
        if pa.types.is_timestamp(field.type) and column.type.tz is None:
            column = column.cast(pa.timestamp("us")).cast(field.type)
        columns.append(column if column.type == field.type else column.cast(field.type))
    return pa.table(columns, schema=schema)
