"""One run of a verb that writes: everything it adds is staged, and becomes visible in one rename or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from analyzer.errors import CorpusError
from analyzer.store.layout import writing
from analyzer.store.raw import RawWriter
from analyzer.store.tables import STORED, conform

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_BLOCK = 1 << 20
# Columns with few values; a dictionary of any other is built in vain.
_REPEATING = [
    "source",
    "author",
    "language",
    "kind",
    "service",
    "run_id",
    "_input",
    "status",
    "model",
    "topics",
    "stage",
]
#: Leaves out the rows of forgotten posts.
Screen = Callable[[Any], Any]


@dataclass(frozen=True)
class Counts:
    """What became of the rows that a run added to one table."""

    n_new: int = 0
    n_updated: int = 0
    n_unchanged: int = 0
    n_duplicates: int = 0
    n_forgotten: int = 0


class Run:
    """What a verb adds to the corpus; made by `Corpus.run`.

    Attributes
    ----------
    run_id
        Sorts in the order of the runs.
    counts
        After the run: what became of the added rows, by table (`Counts`).
    changed
        After the run: False if the corpus already held all of it, and nothing was written.
    notes
        Plain data that goes into the run's manifest.
    n_forgotten
        Rows left out because their posts were forgotten.
    """

    def __init__(self, root: Path, run_id: str, screen: Screen | None = None) -> None:
        self.run_id = run_id
        self.folder = root / "tmp" / run_id
        self.raw: list[dict[str, Any]] = []
        self.counts: dict[str, Counts] = {}
        self.changed = False
        self.notes: dict[str, Any] = {}
        self.n_forgotten = 0
        #: Tables written in parts elsewhere (`analyzer.cluster`), already in their place: files and counts by table.
        self.parts: dict[str, tuple[dict[str, list[dict[str, Any]]], Counts]] = {}
        self._screen = screen
        self._root = root
        self._writers: dict[str, Any] = {}
        self._inputs: list[RawWriter] = []
        self._open = True

    def add_posts(self, data: pd.DataFrame | pa.Table | pa.RecordBatch) -> int:
        """Stage posts (POSTS; `run_id` is filled in); of two with one key the later wins. Returns their number."""
        return self._add("posts", data)

    def add_updates(self, data: pd.DataFrame | pa.Table) -> int:
        """Stage official updates (UPDATES)."""
        return self._add("updates", data)

    def add_labels(self, data: pd.DataFrame | pa.Table) -> int:
        """Stage labels (LABELS, and `source`)."""
        return self._add("labels", data)

    def add_rejects(self, data: pd.DataFrame | pa.Table) -> int:
        """Stage rows that could not be read (REJECTS; `_input` names the input's hash)."""
        return self._add("rejects", data)

    def add_coverage(self, data: pd.DataFrame | pa.Table) -> int:
        """Stage what was looked at (COVERAGE)."""
        return self._add("coverage", data)

    def add_ids(self, ids: Iterable[tuple[str, str]]) -> int:
        """Stage ``(source, post_id)`` of posts that are yet to be collected."""
        import pyarrow as pa

        pairs = list(ids)
        sources, names = ([p[0] for p in pairs], [p[1] for p in pairs])
        return self._add("ids", pa.table({"source": pa.array(sources, pa.string()), "post_id": pa.array(names)}))

    def raw_writer(self, *, name: str, format: str = "", info: dict[str, Any] | None = None) -> RawWriter:
        """Return a writer for one input, for those who read it block by block; pass its entry to `keep_raw`."""
        self._check_open()
        writer = RawWriter(self._root, self.folder, name=name, format=format, info=info)
        self._inputs.append(writer)
        return writer

    def keep_raw(self, entry: dict[str, Any]) -> None:
        """Make an input that a `raw_writer` stored part of this run."""
        self._check_open()
        self.raw.append(entry)

    def add_raw(
        self, source: bytes | str | Path | IO[bytes], *, name: str = "", format: str = "", **info: Any
    ) -> dict[str, Any]:
        """Store an input under the hash of its content, and return its entry.

        Parameters
        ----------
        source
            Bytes, a path, or a binary stream.
        name
            Name shown to the user; the file's own name by default.
        format
            Name of the reader or collector that can parse it again (`rebuild` uses it).
        info
            Plain data that the reader needs again.
        """
        if isinstance(source, str | Path):
            path = Path(source)
            with open(path, "rb") as file:
                return self.add_raw(file, name=name or path.name, format=format, **info)
        writer = self.raw_writer(name=name, format=format, info=info)
        if isinstance(source, bytes):
            writer.write(source)
        else:
            while block := source.read(_BLOCK):
                writer.write(block)
        entry = writer.close()
        self.keep_raw(entry)
        return entry

    def redact_raw(self, entry: dict[str, Any], redact: Callable[..., int]) -> dict[str, Any]:
        """Rewrite an input just stored (not yet kept) and return its new entry."""
        writer = self.raw_writer(name=entry["name"], format=entry["format"], info=entry["info"])
        if not redact(entry, self._root / entry["stored"], writer.write):
            writer.discard()
            return entry
        new = writer.close()
        if new["stored"] != entry["stored"]:
            (self._root / entry["stored"]).unlink(missing_ok=True)
        return new

    def _add(self, name: str, data: pd.DataFrame | pa.Table | pa.RecordBatch) -> int:
        import pyarrow.parquet as pq

        self._check_open()
        table = conform(data, STORED[name], self.run_id)
        if self._screen is not None and name in ("posts", "labels", "ids"):
            kept = self._screen(table)
            self.n_forgotten += len(table) - len(kept)
            table = kept
        if not len(table):
            return 0
        with writing(self._root):
            if name not in self._writers:
                self._writers[name] = pq.ParquetWriter(
                    self.staged(name), table.schema, compression="zstd", compression_level=1, use_dictionary=_REPEATING
                )
            self._writers[name].write_table(table, row_group_size=122_880)
        return len(table)

    def staged(self, name: str) -> Path:
        """Path of the staged file of a table."""
        return self.folder / f"{name}.parquet"

    def _check_open(self) -> None:
        if not self._open:
            raise CorpusError(f"run {self.run_id} has ended; open a new one with `corpus.run(...)`")

    def close(self) -> list[str]:
        """Finish the staged files and return the names of their tables."""
        self._open = False
        with writing(self._root):
            for writer in self._writers.values():
                writer.close()
        return list(self._writers)

    def drop(self) -> None:
        """Remove what was staged; the corpus is as before."""
        self._open = False
        for writer in self._writers.values():
            # A writer that met a full disk raises again on closing; what it wrote is removed anyway.
            try:
                writer.close()
            except OSError:
                continue
        for open_input in self._inputs:
            open_input.discard()
        shutil.rmtree(self.folder, ignore_errors=True)
