"""The corpus folder on disk: names, the state file, and writing that is either whole or not there.

A corpus is a folder::

    corpus.json        the state: which files of which runs make up the corpus (replaced in one rename)
    runs/ID.json       what one run read, with which versions and parameters
    tables/NAME/       Parquet files, written once and never changed
    raw/               input as it came, compressed, named by the hash of its content
    raw/rejects/       rows that could not be read (they may hold names, so they stay under raw/)
    tmp/               what an unfinished run has written; emptied by the next writer
    lock               held by the process that writes

A file that `corpus.json` does not name is not part of the corpus; so a kill at any instant leaves the old state or
the new one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError

STATE = "corpus.json"
FORMAT = 1
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextlib.contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn failures of the disk into a `CorpusError` that names the folder and the remedy."""
    try:
        yield
    except OSError as error:
        raise disk_error(root, error) from error
    except Exception as error:
        # DuckDB and Arrow put the cause into the message only.
        text = str(error)
        if type(error).__module__.partition(".")[0] in {"_duckdb", "duckdb", "pyarrow"}:
            for code in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
                if os.strerror(code) in text:
                    raise disk_error(root, OSError(code, os.strerror(code))) from error
        if type(error).__name__ == "OutOfMemoryException":
            raise CorpusError(
                f"{root}: the memory allowed to DuckDB does not do; nothing was changed. Give more, such as "
                "OUTAGE_DUCKDB_MEMORY=2GB"
            ) from error
        raise


def disk_error(root: Path, error: OSError) -> CorpusError:
    """Say what the disk refused, and that the corpus is as it was."""
    if error.errno in _FULL:
        return CorpusError(f"{root}: the disk is full; nothing was changed. Free some space and run the command again")
    if error.errno in _READ_ONLY:
        return CorpusError(
            f"{root}: the folder cannot be written ({os.strerror(error.errno or 0)}); nothing was changed. "
            "Reading still works; to write, give a --corpus folder that you may change"
        )
    return CorpusError(f"{root}: writing failed ({error}); nothing was changed")


def read_state(root: Path) -> dict[str, Any] | None:
    """Return the state of the corpus, or None where there is no corpus yet."""
    path = root / STATE
    try:
        state = json.loads(path.read_bytes())
    except FileNotFoundError:
        if root.is_dir():
            _refuse_foreign(root)
        return None
    except NotADirectoryError:
        raise CorpusError(f"{root} is a file; a corpus is a folder") from None
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error})") from error
    except ValueError as error:
        raise CorpusError(
            f"{path} is damaged ({error}); `outage-analyzer check {root}` repairs what runs/ and raw/ allow"
        ) from error
    found = state.get("format") if isinstance(state, dict) else None
    if found != FORMAT:
        raise CorpusError(
            f"{path}: this version reads corpus format {FORMAT}, not {found}; use the version that wrote it"
        )
    return state


def _refuse_foreign(root: Path) -> None:
    """A folder that holds other things is never turned into a corpus."""
    ours = {"runs", "tables", "raw", "tmp", "tombstones", "lock", STATE + ".new", "lost+found"}
    foreign = sorted(p.name for p in root.iterdir() if p.name not in ours)
    if foreign:
        raise CorpusError(f"{root} is not a corpus (it holds {foreign[0]!r}); give an empty or a new folder")


def named(state: dict[str, Any]) -> set[str]:
    """Return all files that a state names, relative to the corpus."""
    runs = [state.get("base", {}), *state["runs"]]
    files = {f["file"] for run in runs for fs in run.get("tables", {}).values() for f in fs}
    files |= {e["stored"] for run in state["runs"] for e in run["raw"]}
    files |= {f"runs/{run['run_id']}.json" for run in state["runs"]}
    return files | ({state["tombstones"]["file"]} if state.get("tombstones") else set())


def sweep(root: Path, state: dict[str, Any]) -> None:
    """Remove what a killed writer left: files of ours that the state does not name. The holder of the lock may."""
    live = named(state)
    shutil.rmtree(root / "tmp", ignore_errors=True)
    ours = ("runs/*.json*", "tables/*/*", "raw/rejects/*", "raw/[0-9a-f][0-9a-f]/*", "tombstones/*")
    for pattern in ours:
        for path in root.glob(pattern):
            if path.relative_to(root).as_posix() not in live:
                with contextlib.suppress(OSError):
                    path.unlink()


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` beside `path`, flush it to the disk, and put it in place in one rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    with open(new, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
    sync_folder(path.parent)


def write_state(root: Path, state: dict[str, Any]) -> None:
    """Replace the state: the one instant at which a run becomes visible."""
    write_atomic(root / STATE, dump(state))


def dump(value: Any) -> bytes:
    """Return `value` as readable JSON bytes."""
    return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False) + "\n").encode()


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries (a no-op where the system does not offer it)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_file(path: Path) -> None:
    """Flush a file's content to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
