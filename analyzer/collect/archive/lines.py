"""Cutting a stream into chunks of whole lines, as an Arrow column without a copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

#: Bytes of a chunk; small enough for a few of them to fit any memory, large enough for column operations to pay.
CHUNK = 24 << 20
#: A line longer than this is rejected (the longest page of an archive has some 4 MB).
MAX_LINE = 32 << 20


@dataclass
class Chunk:
    """Some whole lines.

    Attributes
    ----------
    lines
        The lines as an Arrow string array: valid UTF-8, without those in `bad`.
    numbers
        Their numbers in the file, from 1.
    bad
        ``(number, reason, detail, start of the line)`` of lines that cannot be text.
    cut
        Number of the last line, if the file ends without ending it.
    """

    lines: pa.Array
    numbers: pa.Array
    bad: list[tuple[int, str, str, bytes]] = field(default_factory=list)
    cut: int | None = None


def chunks(blocks: Iterable[bytes], *, size: int = CHUNK) -> Iterator[Chunk]:
    """Yield chunks of about `size` bytes; a line is never cut, and memory stays within one chunk and one line."""
    number = 1
    parts: list[bytes] = []
    held = 0
    too_long: bytes | None = None
    bad: list[tuple[int, str, str, bytes]] = []
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
            chunk = _chunk(buffer[:cut] if rest else buffer, number, bad)
            number += _count(chunk, bad)
            bad = []
            yield chunk
        if len(rest) > MAX_LINE:
            too_long, rest = rest[:2000], b""
        parts, held = ([rest] if rest else []), len(rest)
    if too_long is not None:
        bad.append((number, "line too long", f"longer than {MAX_LINE:,} bytes", too_long))
    buffer = b"".join(parts)
    if buffer or bad:
        ended = not buffer or buffer.endswith(b"\n")
        chunk = _chunk(buffer if ended else buffer + b"\n", number, bad)
        if not ended:
            chunk.cut = number + _count(chunk, bad) - 1
        yield chunk


def _count(chunk: Chunk, before: list[tuple[int, str, str, bytes]]) -> int:
    return len(chunk.lines) + len(chunk.bad) - len(before)


def _chunk(buffer: bytes, first: int, bad: list[tuple[int, str, str, bytes]]) -> Chunk:
    import numpy as np
    import pyarrow as pa

    ends = np.flatnonzero(np.frombuffer(buffer, np.uint8) == 10)
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


def _without_broken(lines: pa.Array, numbers: pa.Array, bad: list[tuple[int, str, str, bytes]]) -> Chunk:
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
