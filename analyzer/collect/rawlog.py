"""The raw log of one source: each page is appended here before anything reads it.

One line a page, ``{"key", "kind", "url", "at", "page"}``, after a header line that freezes what the collection
started from. The log is also the checkpoint: a request whose key is in it is answered from it, so a collection that
was killed at any instant is simply run again and goes on where it stopped. A line that was cut short is dropped.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from analyzer.collect.plainjson import dumps, loads
from analyzer.errors import CorpusError

VERSION = 1
_MARK = b',"page":'


@dataclass(frozen=True)
class Page:
    """One recorded page: `page` is the platform's own JSON (or a feed's text)."""

    key: str
    kind: str
    url: str
    at: dt.datetime
    page: Any
    line: int = 0


class RawLog:
    """An append-only file of pages, locked against other processes while open.

    Parameters
    ----------
    path
        Made where absent, with `header`; an existing log keeps its own header.
    header
        Plain values: `source`, `started` (ISO 8601), `study` (digest).

    Raises
    ------
    CorpusError
        If another process collects this source into this corpus.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _disk(path, error) from error
        self._asked: Counter[str] = Counter()
        self._at: dict[str, tuple[int, int]] = {}
        try:
            _lock(self._fd, path)
            self.header = self._open(header)
        except BaseException:
            os.close(self._fd)
            raise

    def _open(self, header: Mapping[str, Any]) -> dict[str, Any]:
        """Read the log, cut a torn tail off, and write the header where there is none."""
        end, found = 0, None
        with open(self.path, "rb") as file:
            for line in file:
                entry = _entry(line)
                if entry is None:
                    break
                if found is None:
                    if "rawlog" not in entry:
                        break
                    found = entry
                elif "key" in entry:
                    self._at[entry["key"]] = (end, len(line))
                end += len(line)
        os.ftruncate(self._fd, end)
        os.lseek(self._fd, end, os.SEEK_SET)
        self._end = end
        if found is None:
            found = {"rawlog": VERSION, "session": uuid.uuid4().hex, **header}
            self._write(dumps(found) + b"\n")
        return found

    def __len__(self) -> int:
        return len(self._at)

    @property
    def session(self) -> str:
        """Identity of this collection; a run that was committed from it carries the same."""
        return str(self.header["session"])

    @property
    def started(self) -> dt.datetime:
        """The moment the collection began, which stays the same when it is resumed."""
        return dt.datetime.fromisoformat(self.header["started"])

    def key(self, method: str, url: str, body: bytes | None) -> str:
        """Return the key of the next request: what is asked, and how many times it was asked before."""
        parts = urlsplit(url)
        query = sorted(parse_qsl(parts.query, keep_blank_values=True))
        text = f"{method} {parts.path} {query!r} {body!r}"
        digest = hashlib.blake2b(text.encode(), digest_size=10).hexdigest()
        self._asked[digest] += 1
        return f"{digest}.{self._asked[digest]}"

    def get(self, key: str) -> bytes | None:
        """Return the recorded body of a request, or None."""
        place = self._at.get(key)
        if place is None:
            return None
        line = os.pread(self._fd, place[1], place[0])
        # Quotes inside the fields before it are escaped, so that the first mark is the page's.
        page = line[line.index(_MARK) + len(_MARK) : -2]
        return str(loads(page)).encode() if page.startswith(b'"') else page

    def append(self, key: str, *, kind: str, url: str, at: dt.datetime, body: bytes, is_json: bool) -> None:
        """Record one page, in one write."""
        meta = dumps({"key": key, "kind": kind, "url": url, "at": at.isoformat()})
        # A line break outside a string is only white space in JSON, and inside one it cannot stand: the platform's
        # own bytes are kept, on one line.
        page = body.replace(b"\r", b" ").replace(b"\n", b" ") if is_json else dumps(body.decode("utf-8", "replace"))
        line = meta[:-1] + _MARK + page + b"}\n"
        start = self._end
        self._write(line)
        self._at[key] = (start, len(line))

    def _write(self, line: bytes) -> None:
        view = memoryview(line)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            # What was written of the line is taken back, so that the log stays whole.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._end)
                os.lseek(self._fd, self._end, os.SEEK_SET)
            raise _disk(self.path, error) from error
        self._end += len(line)

    def pages(self) -> Iterator[Page]:
        """Yield all pages in the order they came."""
        yield from read_pages(self.path)

    def sync(self) -> None:
        """Make what was written survive a power cut."""
        os.fsync(self._fd)

    def close(self, *, remove: bool = False) -> None:
        """Close, and remove the file once its pages are committed."""
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._fd)


def read_pages(path: Path) -> Iterator[Page]:
    """Yield the pages of a raw log; lines that are no page (header, torn tail) are passed over."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            page = as_page(line, number)
            if page is not None:
                yield page


def as_page(line: bytes, number: int = 0) -> Page | None:
    """Read one line of a raw log; None for the header and for anything that is no page."""
    entry = _entry(line)
    if entry is None or "page" not in entry:
        return None
    try:
        at = dt.datetime.fromisoformat(entry["at"])
        return Page(str(entry["key"]), str(entry["kind"]), str(entry["url"]), at, entry["page"], number)
    except (KeyError, TypeError, ValueError):
        return None


def _entry(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        entry = loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _disk(path: Path, error: OSError) -> CorpusError:
    return CorpusError(
        f"{path}: cannot be written ({error.strerror or error}). Pages that were written are kept; free some space or "
        "give a --corpus folder that may be written, then run the same command again"
    )


def _lock(fd: int, path: Path) -> None:
    """Lock a file for this process; the lock goes when the process does, however it ends."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows has no fcntl
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise CorpusError(
            f"{path}: another process collects this source into this corpus; wait for it, or use another --corpus"
        ) from error
