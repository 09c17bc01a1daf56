"""Cutting input files into pieces that workers read: a plain file of JSON lines into many, any other is one."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analyzer.collect.archive import sniff, stream
from analyzer.collect.archive.registry import FORMATS

#: Bytes of a piece; a few seconds of work.
SIZE = 64 << 20
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_WHOLE = (*_MARKS, stream.GZIP, stream.ZSTD, stream.ZIP, stream.PARQUET)


def of(path: Path, wanted: str | None, *, size: int = SIZE) -> list[dict[str, Any]]:
    """Return the pieces of a file.

    Packed files, tables and documents are read from their start to their end, so they are one piece: many files of
    middling size suit a cluster better than one huge archive.

    Returns
    -------
    list of dict
        ``{}`` for the whole file, or ``{format, sample, start, stop}`` with whole lines in ``[start, stop)``.
    """
    with stream.open_input(path) as file:
        total = path.stat().st_size
        head = file.read(stream.BLOCK)
        if total < 2 * size or head.startswith(_WHOLE) or not head.strip():
            return [{}]
        kind = sniff.tell(head, name=path.name, formats=FORMATS, wanted=wanted, whole=len(head) < sniff.HEAD)
        if kind.way != "lines" or kind.format is None or kind.one_document:
            return [{}]
        cuts = [0]
        for place in range(size, total, size):
            file.seek(place - 1)
            file.readline()
            if cuts[-1] < file.tell() < total:
                cuts.append(file.tell())
    spans = zip(cuts, [*cuts[1:], total], strict=True)
    return [{"format": kind.name, "sample": kind.sample, "start": a, "stop": b} for a, b in spans]


class Blocks:
    """The bytes of a piece, and how many lines they hold (in `n_lines`, once read)."""

    def __init__(self, path: Path, start: int, stop: int) -> None:
        self._path, self._start, self._stop = path, start, stop
        self.n_lines = 0

    def __iter__(self) -> Iterator[bytes]:
        with stream.open_input(self._path) as file:
            file.seek(self._start)
            left = self._stop - self._start
            while block := file.read(min(stream.BLOCK, left)):
                left -= len(block)
                self.n_lines += block.count(b"\n")
                yield block
