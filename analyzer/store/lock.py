"""One writer at a time: an advisory lock that ends with its process, so that none can go stale."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from types import TracebackType
from typing import Any

from analyzer.errors import CorpusError
from analyzer.store.layout import writing


class WriterLock:
    """Hold `root`/lock while writing; readers never look at it.

    The lock is the operating system's own (`flock`): it is released when the process ends, however it ends. The
    file's content only tells others who holds it.

    Raises
    ------
    CorpusError
        On entering, if another process (or another run of this one) is writing.
    """

    def __init__(self, root: Path, verb: str) -> None:
        self._root = root
        self._path = root / "lock"
        self._verb = verb
        self._handle: int | None = None

    def __enter__(self) -> WriterLock:
        with writing(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            raise CorpusError(self._busy()) from error
        self._handle = handle
        with writing(self._root):
            holder = {"pid": os.getpid(), "host": platform.node(), "verb": self._verb}
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(holder).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _busy(self) -> str:
        holder: Any = {}
        try:
            holder = json.loads(self._path.read_text())
            who = f"by process {holder['pid']} on {holder['host']} ({holder['verb']})"
        except (OSError, ValueError, KeyError, TypeError):
            who = "by another process"
        return f"{self._root} is being written {who}; wait until it ends, then run the command again. Reading is free"


def _lock(handle: int) -> None:
    """Take the lock or raise OSError at once."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
