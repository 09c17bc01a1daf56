"""Reading tables: CSV, Parquet and JSON of no known format, by a column map."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.collect.archive import lines
from analyzer.collect.archive.csv_ import Batch
from analyzer.collect.archive.generic import Mapper
from analyzer.collect.archive.part import Part, shown
from analyzer.collect.fields import Reject

if TYPE_CHECKING:
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
            sample = {name: values[:_SAMPLE] for name, values in batch.columns.items()}
            mapper = Mapper(list(batch.columns), sample, study, file=file, now=now, twarc=twarc)
            mapped(mapper.columns)
        part = Part(n_rows=len(batch.lines) + len(batch.bad))
        part.rejected = [(line, why.reason, why.detail, shown(raw)) for line, why, raw in batch.bad]
        columns = {c: batch.columns.get(c, [None] * len(batch.lines)) for c in mapper.wanted}
        part.drafts, rejected, n_left_out = mapper.read(columns, batch.lines)
        for place, why in rejected:
            raw = {name: values[place] for name, values in batch.columns.items()}
            part.rejected.append((batch.lines[place], why.reason, why.detail, shown(raw)))
        if n_left_out:
            part.skipped["left out by `where`"] += n_left_out
        yield part


def flat(document: Mapping[str, Any], prefix: str = "", depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """Yield the plain values of a JSON object with dotted names."""
    for key, value in document.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth:
            yield from flat(value, f"{name}.", depth - 1)
        else:
            yield name, value


def json_line_batches(chunks: Iterable[lines.Chunk]) -> Iterator[Batch]:
    """Yield batches from JSON lines of no known format."""
    for chunk in chunks:
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
        yield _batch(rows, numbers, bad)


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
