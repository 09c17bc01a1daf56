"""Raw input: kept as it came, compressed, named by the hash of its content."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
from pathlib import Path
from typing import IO, Any

from analyzer.errors import CorpusError
from analyzer.store.layout import sync_file, writing

_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1", b"BZh", b"\xfd7zXZ")
_LEVEL = 1
WINDOW = 2**31


class RawWriter:
    """Takes the bytes of one input, block by block, and stores them under their hash.

    What is already compressed is kept byte for byte; all else is compressed with zstandard.
    """

    def __init__(self, root: Path, folder: Path, *, name: str, format: str, info: dict[str, Any] | None = None) -> None:
        self._root = root
        self._path = folder / f"raw-{secrets.token_hex(8)}"
        self._name, self._format, self._info = name, format, dict(info or {})
        self._hash = hashlib.sha256()
        self._size = 0
        self._file: IO[bytes] | None = None
        self._out: Any = None

    def write(self, block: bytes | memoryview) -> None:
        """Take the next bytes."""
        with writing(self._root):
            if self._file is None:
                self._open(bytes(block[:8]))
            self._hash.update(block)
            self._size += len(block)
            self._out.write(block)

    def _open(self, start: bytes) -> None:
        import zstandard

        self._file = open(self._path, "wb")  # noqa: SIM115 - closed in close()
        self._packed = start.startswith(_PACKED)
        self._out = (
            self._file if self._packed else zstandard.ZstdCompressor(_LEVEL).stream_writer(self._file, closefd=False)
        )

    def discard(self) -> None:
        """Throw away what was written."""
        if self._file is not None:
            for open_file in (self._out, self._file):
                with contextlib.suppress(OSError):
                    open_file.close()
            self._path.unlink(missing_ok=True)
            self._file = None

    def close(self, *, format: str | None = None, info: dict[str, Any] | None = None) -> dict[str, Any]:
        """Finish, and return the entry: ``sha256, stored, name, format, bytes, info``. Idempotent by content."""
        with writing(self._root):
            if self._file is None:
                self._open(b"")
            assert self._file is not None
            if self._out is not self._file:
                self._out.close()
            self._file.close()
            self._file = None
            digest = self._hash.hexdigest()
            stored = f"raw/{digest[:2]}/{digest}" + ("" if self._packed else ".zst")
            final = self._root / stored
            if final.exists():
                self._path.unlink()
            else:
                sync_file(self._path)
                final.parent.mkdir(parents=True, exist_ok=True)
                os.replace(self._path, final)
        return {
            "sha256": digest,
            "stored": stored,
            "name": self._name,
            "format": format or self._format,
            "bytes": self._size,
            "info": {**self._info, **(info or {})},
        }


def open_raw(root: Path, entry: dict[str, Any]) -> IO[bytes]:
    """Return the input's own bytes (as the user's file had them).

    Raises
    ------
    CorpusError
        If the file is missing.
    """
    import zstandard

    path = root / entry["stored"]
    try:
        file = open(path, "rb")  # noqa: SIM115 - handed to the caller
    except OSError as error:
        raise CorpusError(
            f"{path} (input {entry['name']!r}) cannot be read; run `outage-analyzer check {root}`"
        ) from error
    if not entry["stored"].endswith(".zst"):
        return file
    reader = zstandard.ZstdDecompressor(max_window_size=WINDOW).stream_reader(
        file, closefd=True, read_across_frames=True
    )
    return io.BufferedReader(reader, 1 << 20)
