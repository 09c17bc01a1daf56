"""Bytes of an input file, unpacked by what it holds (not by its name), in bounded memory.

A truncated or damaged file gives what comes before the damage, and says so. The bytes as they are on the disk also go
to a `tap`, so that a file is read once.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from analyzer.errors import InputError

BLOCK = 4 << 20
# A step of packed input that can never unpack to more than some hundred megabytes, whatever it holds.
_STEP = 8 << 10
#: A file that unpacks to this many times its size is refused as a bomb, once it is beyond `_FREE` bytes.
MAX_RATIO = 2_000
_FREE = 256 << 20
WINDOW = 2**31

GZIP, ZSTD, ZIP, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1"
_OTHER = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"SQLite format": "SQLite"}


class Packed:
    """An open input.

    Parameters
    ----------
    file
        Binary stream at its start.
    name
        Name for messages.
    tap
        Takes each block as it is on the disk.

    Attributes
    ----------
    kind
        ``plain``, ``gzip`` or ``zstd``.
    truncated, problem
        After reading: the file ends early or is damaged, and how.
    """

    def __init__(self, file: IO[bytes], name: str, tap: Callable[[bytes], Any] | None = None) -> None:
        self._file, self.name = file, name
        self._tap = tap or (lambda block: None)
        self.truncated = False
        self.problem = ""
        self.n_packed = self.n_plain = 0
        self._first = self._next()
        self.kind = "gzip" if self._first.startswith(GZIP) else "zstd" if self._first.startswith(ZSTD) else "plain"
        for magic, kind in _OTHER.items():
            if self._first.startswith(magic):
                raise InputError(f"{name}: a {kind} file; unpack it first (gzip and zstandard are read as they are)")

    def _next(self) -> bytes:
        try:
            block = self._file.read(BLOCK)
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read ({error})") from error
        if block:
            self.n_packed += len(block)
            self._tap(block)
        return block

    def _blocks(self) -> Iterator[bytes]:
        block, self._first = self._first, b""
        while block:
            yield block
            block = self._next()

    def __iter__(self) -> Iterator[bytes]:
        unpacked = {"plain": self._blocks, "gzip": self._gunzip, "zstd": self._unzstd}[self.kind]()
        for block in unpacked:
            self.n_plain += len(block)
            if self.kind != "plain" and self.n_plain > max(_FREE, self.n_packed * MAX_RATIO):
                raise InputError(
                    f"{self.name}: unpacks to more than {MAX_RATIO:,} times its size, which no archive of posts does; "
                    "refused"
                )
            if block:
                yield block

    def _gunzip(self) -> Iterator[bytes]:
        machine, inside = zlib.decompressobj(wbits=31), False
        for block in self._blocks():
            while block:
                inside = True
                try:
                    yield machine.decompress(block, BLOCK)
                except zlib.error as error:
                    self._damaged(str(error))
                    return
                block = machine.unconsumed_tail
                if machine.eof:
                    block = machine.unused_data.lstrip(b"\0")  # padding between members is allowed
                    machine, inside = zlib.decompressobj(wbits=31), False
        if inside:
            yield machine.flush()
            if not machine.eof:
                self._damaged("the end is missing")

    def _unzstd(self) -> Iterator[bytes]:
        import zstandard

        def fresh() -> Any:
            return zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()

        machine, taken = fresh(), False
        for block in self._blocks():
            for start in range(0, len(block), _STEP):
                step = block[start : start + _STEP]
                while step:
                    try:
                        yield machine.decompress(step)
                    except zstandard.ZstdError as error:
                        self._damaged(str(error))
                        return
                    taken, step = True, b""
                    if machine.eof:
                        step, machine, taken = machine.unused_data, fresh(), False
        if taken:
            self._damaged("the end is missing")

    def _damaged(self, problem: str) -> None:
        self.truncated, self.problem = True, problem
        for _ in self._blocks():  # the rest still goes to the tap
            pass


def open_input(path: Path) -> IO[bytes]:
    """Open a file for reading, or say why not."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the files in it")
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def to_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Drop a byte order mark, and turn UTF-16 and UTF-32 (known by their mark) into UTF-8."""
    first = b""
    for block in blocks:
        first += block
        if len(first) >= 4:
            break
    if first.startswith(codecs.BOM_UTF8):
        yield first[3:]
    elif first.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        yield from _recode(first, blocks, "utf-32")
        return
    elif first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _recode(first, blocks, "utf-16")
        return
    elif first:
        yield first
    yield from blocks


def _recode(first: bytes, blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first).encode("utf-8", "replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", True).encode("utf-8", "replace")
