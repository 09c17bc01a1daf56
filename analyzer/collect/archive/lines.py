"""Cutting a stream into chunks of whole lines, as an Arrow column without a copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

#: Bytes of a chunk; small enough for a few of them to fit any memory, large enough for column operations to pay.
CHUNK = 24 << 20
#: Bytes of one buffer of a chunk: what is larger comes fresh from the system each time, and its pages cost more than
#: the search for line ends.
PIECE = 4 << 20
#: A line longer than this is rejected (the longest page of an archive has some 4 MB).
MAX_LINE = 32 << 20
#: ``(number, reason, detail, start of the line)`` of a line that cannot be text.
Bad = tuple[int, str, str, bytes]


@dataclass
class Chunk:
    """Some whole lines.

    Attributes
    ----------
    lines
        The lines as Arrow strings, in pieces: valid UTF-8, without those in `bad`.
    numbers
        Their numbers in the file, from 1.
    bad
        Lines that cannot be text.
    cut
        Number of the last line, if the file ends without ending it.
    """

    lines: pa.ChunkedArray
    numbers: pa.ChunkedArray
    bad: list[Bad] = field(default_factory=list)
    cut: int | None = None


def chunks(blocks: Iterable[bytes], *, size: int = CHUNK) -> Iterator[Chunk]:
    """Yield chunks of about `size` bytes; a line is never cut, and memory stays within one chunk and one line."""
    import pyarrow as pa

    held: list[Chunk] = []
    n_held = 0
    for piece, n_bytes in _pieces(blocks, min(size, PIECE)):
        held.append(piece)
        n_held += n_bytes
        if n_held >= size:
            yield _joined(held, pa)
            held, n_held = [], 0
    if held:
        yield _joined(held, pa)


def _joined(pieces: list[Chunk], pa: Any) -> Chunk:
    return Chunk(
        pa.chunked_array([p.lines for p in pieces], pa.string()),
        pa.chunked_array([p.numbers for p in pieces], pa.int64()),
        [b for p in pieces for b in p.bad],
        pieces[-1].cut,
    )


def _pieces(blocks: Iterable[bytes], size: int) -> Iterator[tuple[Chunk, int]]:
    """Yield ``(piece, bytes)``: whole lines in one buffer each."""
    number = 1
    parts: list[bytes] = []
    held = 0
    too_long: bytes | None = None
    bad: list[Bad] = []
    for block in blocks:
        if too_long is not None:
            cut = block.find(b"\n")
            if cut < 0:
                continue
            bad.append((number, "line too long", f"longer than {MAX_LINE:,} bytes", too_long))
            number, too_long, block = number + 1, None, block[cut + 1 :]
        parts.append(block)
        held += len(block)
        if held < size:
            continue
        buffer = b"".join(parts)
        cut = buffer.rfind(b"\n") + 1
        rest = buffer[cut:]
        if cut or bad:
            piece = _piece(buffer, cut, number, bad)
            number += _count(piece, bad)
            bad = []
            yield piece, cut
        if len(rest) > MAX_LINE:
            too_long, rest = rest[:2000], b""
        parts, held = ([rest] if rest else []), len(rest)
    if too_long is not None:
        bad.append((number, "line too long", f"longer than {MAX_LINE:,} bytes", too_long))
    buffer = b"".join(parts)
    if buffer or bad:
        ended = not buffer or buffer.endswith(b"\n")
        buffer = buffer if ended else buffer + b"\n"
        piece = _piece(buffer, len(buffer), number, bad)
        if not ended:
            piece.cut = number + _count(piece, bad) - 1
        yield piece, len(buffer)


def _count(piece: Chunk, before: list[Bad]) -> int:
    return len(piece.lines) + len(piece.bad) - len(before)


def _piece(buffer: bytes, stop: int, first: int, bad: list[Bad]) -> Chunk:
    """Return the lines of a buffer up to `stop`, without a copy."""
    import numpy as np
    import pyarrow as pa

    ends = np.flatnonzero(np.frombuffer(buffer, np.uint8, stop) == 10)
    offsets = np.empty(len(ends) + 1, np.int32)
    offsets[0] = 0
    offsets[1:] = ends + 1
    lines = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(buffer))
    numbers = pa.array(np.arange(first, first + len(ends), dtype=np.int64))
    try:
        lines.validate(full=True)
    except pa.ArrowInvalid:
        return _without_broken(lines, numbers, bad)
    return Chunk(lines, numbers, bad)


def _without_broken(lines: pa.Array, numbers: pa.Array, bad: list[Bad]) -> Chunk:
    import pyarrow as pa

    kept: list[str] = []
    places: list[int] = []
    found = list(bad)
    for number, line in zip(numbers.to_pylist(), lines.cast(pa.binary()).to_pylist(), strict=True):
        try:
            kept.append(line.decode())
            places.append(number)
        except UnicodeDecodeError as error:
            found.append((number, "broken UTF-8", f"byte {error.start}: {error.reason}", line[:2000]))
    return Chunk(pa.array(kept, pa.string()), pa.array(places, pa.int64()), found)
