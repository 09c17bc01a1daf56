"""CSV and TSV as a stream of batches; rows that do not fit the header are rejected, not guessed at."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from analyzer.collect.archive.lines import MAX_LINE
from analyzer.collect.fields import Reject

BATCH = 20_000
_SHOWN = 2000


@dataclass
class Batch:
    """Rows of a table, by column.

    Attributes
    ----------
    columns
        Values by column name.
    lines
        Line (or row) numbers of the rows, from 1.
    bad
        ``(line, why, start of the row)`` of rows that could not be split.
    """

    columns: dict[str, Sequence[Any]] = field(default_factory=dict)
    lines: Sequence[int] = ()
    bad: list[tuple[int, Reject, str]] = field(default_factory=list)


def encoding_of(start: bytes) -> str:
    """Return ``utf-8``, or ``cp1252`` where nothing but that can be meant.

    A few broken bytes in a UTF-8 file are damage; many of them and no good sequence are another encoding.
    """
    good = broken = 0
    for line in start.split(b"\n")[:-1] or [start]:
        if line.isascii():
            continue
        try:
            line.decode()
            good += 1
        except UnicodeDecodeError:
            broken += 1
    return "cp1252" if broken >= 5 and not good else "utf-8"


def delimiter_of(first: str) -> str:
    """Return the character that splits the first line into most fields."""
    return max(",\t;|", key=lambda d: (len(_row(first, d)), d == ","))


def header_of(first: str, delimiter: str) -> list[str]:
    """Return the fields of the header; an empty name becomes its number, a repeated one gets a number."""
    names: list[str] = []
    for number, raw in enumerate(_row(first, delimiter), 1):
        name = raw.strip() or f"column {number}"
        names.append(name if name not in names else f"{name} {number}")
    return names


def _row(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def text_lines(blocks: Iterator[bytes], encoding: str) -> Iterator[str]:
    """Yield lines with their ends; bytes that are no text become lone surrogates, and no line grows for ever."""
    rest = b""
    for block in blocks:
        data = rest + block
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        if cut:
            text = data[:cut].decode(encoding, "surrogateescape")
            yield from (line + "\n" for line in text[:-1].split("\n"))
        if len(rest) > MAX_LINE:
            rest = rest[:MAX_LINE]
    if rest:
        yield rest.decode(encoding, "surrogateescape")


def batches(lines: Iterator[str], delimiter: str, *, size: int = BATCH) -> Iterator[Batch]:
    """Yield batches; the first line is the header."""
    reader = csv.reader(lines, delimiter=delimiter)
    names: list[str] | None = None
    rows: list[list[str]] = []
    numbers: list[int] = []
    bad: list[tuple[int, Reject, str]] = []
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            reason = "field too long" if "limit" in str(error) else "not CSV"
            bad.append((number, Reject(reason, str(error)), ""))
            continue
        if not row:
            continue
        if names is None:
            names = header_of(_joined(row, delimiter), delimiter)
            continue
        if len(row) != len(names):
            if len(row) < len(names) or any(row[len(names) :]):
                why = Reject("wrong number of columns", f"found {len(row)}, the header has {len(names)}")
                bad.append((number, why, delimiter.join(row)[:_SHOWN]))
                continue
            row = row[: len(names)]
        rows.append(row)
        numbers.append(number)
        if len(rows) >= size:
            yield _batch(names, rows, numbers, bad)
            rows, numbers, bad = [], [], []
    if names is not None:
        yield _batch(names, rows, numbers, bad)


def _joined(row: list[str], delimiter: str) -> str:
    import io

    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerow(row)
    return out.getvalue()


def _batch(names: list[str], rows: list[list[str]], numbers: list[int], bad: list[Any]) -> Batch:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return Batch(dict(zip(names, columns, strict=True)), numbers, bad)
