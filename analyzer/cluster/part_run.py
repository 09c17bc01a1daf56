"""What an importer writes to on a worker: one partition's rows, as files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cluster import shuffle
from analyzer.store.tables import STORED, conform

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Posts held before they are written out.
_HELD = 200_000
_BUCKET = "SELECT (hash(source, post_id) % ?)::BIGINT AS bucket FROM posts"


class PartRun:
    """Stands for `analyzer.store.run.Run` in a task.

    Parameters
    ----------
    corpus
        The corpus, for its SQL.
    stem
        Path and start of the names of the files that are written.
    run_id
        Of the run that the partition belongs to.
    n_buckets
        Posts are written by the hash of their key in so many buckets.
    place
        Number of the input file.
    """

    def __init__(self, corpus: Any, stem: Path, *, run_id: str, n_buckets: int, place: int) -> None:
        self._corpus, self._stem, self._run_id, self._n_buckets = corpus, stem, run_id, n_buckets
        self.raw: list[Any] = [None] * place  # its length marks the rows of an input
        self.notes: dict[str, Any] = {}
        self.posts: list[dict[str, Any]] = []
        self._waiting: list[pa.Table] = []
        self._n_waiting = 0
        self._others: dict[str, list[pa.Table]] = {}

    def add_posts(self, data: pa.Table) -> int:
        """Take posts."""
        table = conform(data, STORED["posts"], self._run_id)
        self._waiting.append(table)
        self._n_waiting += len(table)
        if self._n_waiting >= _HELD:
            self._write()
        return len(table)

    def _write(self) -> None:
        import pyarrow as pa

        if not self._n_waiting:
            return
        table = pa.concat_tables(self._waiting)
        self._waiting, self._n_waiting = [], 0
        keys = table.select(["source", "post_id"]).combine_chunks()
        bucket = self._corpus.transform(_BUCKET, [self._n_buckets], posts=keys)["bucket"].to_numpy()
        path = self._stem.with_name(f"{self._stem.name}-{len(self.posts):04d}.parquet")
        self.posts.append(shuffle.write(table, bucket, path))

    def add_updates(self, data: pd.DataFrame | pa.Table) -> int:
        """Take official updates."""
        return self._keep("updates", data)

    def add_rejects(self, data: pd.DataFrame | pa.Table) -> int:
        """Take rows that could not be read."""
        return self._keep("rejects", data)

    def add_ids(self, ids: Iterable[tuple[str, str]]) -> int:
        """Take ids of posts yet to be collected."""
        import pyarrow as pa

        pairs = list(ids)
        names = ("source", "post_id")
        return self._keep("ids", pa.table({n: pa.array([p[i] for p in pairs]) for i, n in enumerate(names)}))

    def _keep(self, name: str, data: pd.DataFrame | pa.Table) -> int:
        self._others.setdefault(name, []).append(conform(data, STORED[name], self._run_id))
        return len(data)

    def finish(self) -> dict[str, Any]:
        """Write what is held and return the files, by table."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._write()
        files: dict[str, Any] = {"posts": self.posts}
        for name, tables in self._others.items():
            path = self._stem.with_name(f"{self._stem.name}-{name}.parquet")
            pq.write_table(pa.concat_tables(tables), path, compression="zstd")
            files[name] = str(path)
        return files

    # The input's bytes are kept by a task of their own.

    def raw_writer(self, **about: Any) -> Nowhere:
        """Return a writer that writes nothing."""
        return Nowhere()

    def redact_raw(self, entry: Any, redact: Any) -> Any:
        """Leave it to the driver."""
        return entry

    def keep_raw(self, entry: Any) -> None:
        """Leave it to the driver."""


class Nowhere:
    """A writer of raw input that lets all of it pass by."""

    def write(self, block: bytes) -> None:
        """Pass a block by."""

    def close(self, **about: Any) -> dict[str, Any]:
        """Return an entry of nothing."""
        return {"sha256": ""}
