"""Reading tables: CSV, Parquet and JSON of no known format, by a column map."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.collect.archive import fast, lines
from analyzer.collect.archive.ahead import ahead
from analyzer.collect.archive.csv_ import Batch
from analyzer.collect.archive.generic import Mapper
from analyzer.collect.archive.part import Part, shown
from analyzer.collect.fields import Reject

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.study import Study

_DEPTH = 4
_BATCH = 20_000
_SAMPLE = 200


def read(
    batches: Iterable[Batch],
    study: Study,
    *,
    file: str,
    now: dt.datetime,
    twarc: bool = False,
    mapped: Callable[[dict[str, str]], None] = lambda columns: None,
) -> Iterator[Part]:
    """Read batches; the column map is made from the first one and handed to `mapped`."""
    mapper: Mapper | None = None
    for batch in batches:
        if mapper is None:
            mapper = _mapper(batch, study, file=file, now=now, twarc=twarc)
            mapped(mapper.columns)
        yield _part(batch, mapper)


def read_lines(
    chunks: Iterable[lines.Chunk],
    study: Study,
    engine: fast.Mapper,
    *,
    file: str,
    now: dt.datetime,
    mapped: Callable[[dict[str, str]], None] = lambda columns: None,
) -> Iterator[Part]:
    """Read JSON lines of no known format: most by SQL, the rest one by one; see `read`."""
    import pyarrow as pa

    mapper: Mapper | None = None
    for chunk in ahead(chunks):
        if mapper is None:
            mapper = _mapper(_names_first(chunk, engine), study, file=file, now=now)
            mapped(mapper.columns)
        clean, chunk = _clean(chunk, mapper, engine, now)
        if clean is not None and not len(chunk.lines) and not chunk.bad:
            yield Part(drafts=clean, n_rows=len(clean))
            continue
        part = _part(_line_batch(chunk), mapper)
        if clean is not None and len(clean):
            part.n_rows += len(clean)
            part.drafts = pa.concat_tables([clean, part.drafts]).sort_by("_line")
        yield part


def _clean(
    chunk: lines.Chunk, mapper: Mapper, engine: fast.Mapper, now: dt.datetime
) -> tuple[pa.Table | None, lines.Chunk]:
    """Return what SQL reads of a chunk, and the chunk of what it leaves."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if mapper.sql is None or not len(chunk.lines):
        return None, chunk
    clean, _, numbers = fast.read(engine, mapper.sql, chunk)
    clean, late = fast.in_time(clean, now)
    again = pc.is_in(chunk.numbers, value_set=pa.array(sorted(numbers | late), pa.int64()))
    return clean, replace(chunk, lines=chunk.lines.filter(again), numbers=chunk.numbers.filter(again))


def _names_first(chunk: lines.Chunk, engine: fast.Mapper) -> Batch:
    """Return a batch of the first rows that has the column names of the whole chunk."""
    head = _line_batch(replace(chunk, lines=chunk.lines[:_SAMPLE], numbers=chunk.numbers[:_SAMPLE], bad=[]))
    names: dict[str, None] = dict.fromkeys(head.columns)
    for document in _shapes(chunk, engine):
        for item in _objects(document):
            if isinstance(item, dict):
                names |= dict.fromkeys(name for name, _ in flat(item))
    return Batch({n: head.columns.get(n, [None] * len(head.lines)) for n in names}, head.lines, [])


def _shapes(chunk: lines.Chunk, engine: fast.Mapper) -> Iterator[Any]:
    """Yield one JSON value for each shape that the lines have, in the order they first appear."""
    import pyarrow as pa

    table = pa.table({"_line": chunk.numbers, "line": chunk.lines})
    sql = "SELECT json_structure(line) AS shape, min(_line) AS first FROM chunk GROUP BY shape ORDER BY first"
    found = fast.answer(engine, sql, table)
    for line in (chunk.lines if found is None else found["shape"]).to_pylist():
        with suppress(ValueError):
            yield orjson.loads(line)


def _mapper(batch: Batch, study: Study, *, file: str, now: dt.datetime, twarc: bool = False) -> Mapper:
    sample = {name: values[:_SAMPLE] for name, values in batch.columns.items()}
    return Mapper(list(batch.columns), sample, study, file=file, now=now, twarc=twarc)


def _part(batch: Batch, mapper: Mapper) -> Part:
    part = Part(n_rows=len(batch.lines) + len(batch.bad))
    part.rejected = [(line, why.reason, why.detail, shown(raw)) for line, why, raw in batch.bad]
    columns = {c: batch.columns.get(c, [None] * len(batch.lines)) for c in mapper.wanted}
    part.drafts, rejected, n_left_out = mapper.read(columns, batch.lines)
    for place, why in rejected:
        raw = {name: values[place] for name, values in batch.columns.items()}
        part.rejected.append((batch.lines[place], why.reason, why.detail, shown(raw)))
    if n_left_out:
        part.skipped["left out by `where`"] += n_left_out
    return part


def flat(document: Mapping[str, Any], prefix: str = "", depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """Yield the plain values of a JSON object with dotted names."""
    for key, value in document.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth:
            yield from flat(value, f"{name}.", depth - 1)
        else:
            yield name, value


def _line_batch(chunk: lines.Chunk) -> Batch:
    """Return the rows of JSON lines, each value by its dotted name."""
    bad = [(n, Reject(reason, detail), shown(raw)) for n, reason, detail, raw in chunk.bad]
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, line in zip(chunk.numbers.to_pylist(), chunk.lines.to_pylist(), strict=True):
        if not line.strip():
            continue
        try:
            document = orjson.loads(line)
        except ValueError as error:
            reason = "cut off" if number == chunk.cut else "not JSON"
            bad.append((number, Reject(reason, str(error)[:200]), line[:2000]))
            continue
        for item in _objects(document):
            if isinstance(item, dict):
                rows.append(dict(flat(item)))
                numbers.append(number)
            else:
                bad.append((number, Reject("not an object", f"found {type(item).__name__}"), line[:2000]))
    return _batch(rows, numbers, bad)


def json_item_batches(document: Any) -> Iterator[Batch]:
    """Yield batches from one JSON document: a list of objects, or an object that holds one."""
    numbered = enumerate(_objects(document), 1)
    while piece := list(itertools.islice(numbered, _BATCH)):
        good = [(n, dict(flat(item))) for n, item in piece if isinstance(item, dict)]
        bad = [
            (n, Reject("not an object", f"found {type(i).__name__}"), shown(i))
            for n, i in piece
            if not isinstance(i, dict)
        ]
        yield _batch([row for _, row in good], [n for n, _ in good], bad)


def _objects(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        inner = [v for v in document.values() if isinstance(v, list) and v and all(isinstance(x, dict) for x in v)]
        if len(inner) == 1 and not any(isinstance(v, str) and " " in v for v in document.values()):
            return inner[0]
    return [document]


def _batch(rows: list[dict[str, Any]], numbers: list[int], bad: list[Any]) -> Batch:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return Batch({name: [row.get(name) for row in rows] for name in names}, numbers, bad)
