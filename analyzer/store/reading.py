"""What can be asked of a corpus; nothing here writes or takes a lock."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from analyzer import schema
from analyzer.errors import CorpusError
from analyzer.store import check, layout, views
from analyzer.store.raw import open_raw

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from analyzer.study import Study


_NOT_LABELLED = "ANTI JOIN (SELECT source, post_id FROM labels WHERE model = ?) l USING (source, post_id)"


class Reading:
    """The reading half of `Corpus`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._mapper: Any = None

    # Reading -----------------------------------------------------------------------------------------------------

    def posts(
        self,
        *,
        columns: tuple[str, ...] | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
    ) -> pd.DataFrame:
        """Return the posts (POSTS) with ``since <= created_at < until``, by time, source and id."""
        chosen = ", ".join(f'"{c}"' for c in columns) if columns else "*"
        where = [f"created_at {op} ?" for op, t in ((">=", since), ("<", until)) if t]
        sql = f"SELECT {chosen} FROM posts" + (" WHERE " + " AND ".join(where) if where else "")
        return self.query(sql + " ORDER BY created_at, source, post_id", [t for t in (since, until) if t])

    def updates(self) -> pd.DataFrame:
        """Return the provider's own words (UPDATES), by time."""
        return self.query("SELECT * FROM updates ORDER BY posted_at, provider, incident_id, update_id")

    def labels(self, *, model: str | None = None) -> pd.DataFrame:
        """Return the labels (LABELS and `source`), of one model if given, by source and post."""
        where, values = ("WHERE model = ?", [model]) if model else ("", [])
        return self.query(f"SELECT * EXCLUDE (run_id) FROM labels {where} ORDER BY source, post_id, model", values)

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        return int(self.arrow(f'SELECT count(*) FROM "{table}"')[0][0].as_py())

    def audit(self) -> pd.DataFrame | None:
        """Return the labels that people gave (those whose model begins with ``human``), or None."""
        found = self.query(
            "SELECT * EXCLUDE (run_id) FROM labels WHERE model LIKE 'human%' ORDER BY source, post_id, model"
        )
        return found if len(found) else None

    def unlabelled(self, model: str) -> pd.DataFrame:
        """Return the posts that `model` has not labelled yet, by time, source and id."""
        return self.query(f"SELECT p.* FROM posts p {_NOT_LABELLED} ORDER BY created_at, source, post_id", [model])

    def n_unlabelled(self, model: str) -> int:
        """Return how many posts `model` has not labelled yet."""
        return int(self.arrow(f"SELECT count(*) FROM posts p {_NOT_LABELLED}", [model])[0][0].as_py())

    def unlabelled_batches(self, model: str, *, rows: int = 200_000) -> Iterator[pd.DataFrame]:
        """Yield source, id and text of the posts that `model` has not labelled yet, so many at a time."""
        sql = f"SELECT p.source, p.post_id, p.text FROM posts p {_NOT_LABELLED}"
        for batch in self.batches(sql, [model], rows=rows):
            yield schema.frame(batch)

    def rejects(self) -> pd.DataFrame:
        """Return the rows that could not be read (REJECTS)."""
        return self.query("SELECT * FROM rejects ORDER BY run_id, file, line")

    def coverage(self) -> pd.DataFrame:
        """Return what was looked at (COVERAGE)."""
        return self.query('SELECT * FROM coverage ORDER BY source, "start", "end", kind')

    def query(self, sql: str, params: list[Any] | None = None) -> pd.DataFrame:
        """Answer an SQL question over the views posts, updates, labels, rejects and coverage.

        Parameters
        ----------
        sql
            DuckDB's SQL; ``?`` stands for a value of `params`.

        Raises
        ------
        CorpusError
            If there is no corpus here, a file of it is missing, or the SQL is wrong.
        """
        return schema.frame(self.arrow(sql, params))

    def arrow(self, sql: str, params: list[Any] | None = None) -> pa.Table:
        """Answer an SQL question with an Arrow table."""
        for last in (False, True):
            try:
                with self._connected() as con:
                    return _answer(con, sql, params)
            except Exception as error:
                if type(error).__name__ in ("IOException", "HTTPException") and not last:
                    continue  # a writer removed a file between our reading the state and the file: look again
                if type(error).__module__.partition(".")[0] in ("_duckdb", "duckdb"):
                    raise CorpusError(self._explain(error)) from error
                raise
        raise AssertionError("unreachable")

    def batches(self, sql: str, params: list[Any] | None = None, *, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """Answer an SQL question in batches, so that memory does not grow with the answer."""
        with self._connected() as con:
            relation = con.sql(sql, params=params or [])
            reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader  # its name before 2.0
            yield from reader(rows)

    def transform(self, sql: str, params: list[Any] | None = None, **tables: pa.Table) -> pa.Table:
        """Run SQL over the given Arrow tables (not over the corpus): a fast mapper for readers of archives."""
        if self._mapper is None:
            self._mapper = views.bare(ordered=True)
        for name, table in tables.items():
            self._mapper.register(name, table)
        try:
            return _answer(self._mapper, sql, params)
        finally:
            for name in tables:
                self._mapper.unregister(name)

    def _explain(self, error: Exception) -> str:
        text = str(error)
        if "No files found" in text or "No such file" in text or "Cannot open file" in text:
            return f"{self.path}: a file of the corpus is missing; run `outage-analyzer check {self.path}` ({text})"
        return f"{self.path}: {text}"

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        state = self.state()
        con = views.connect(self.path, state)
        try:
            yield con
        finally:
            con.close()

    def exists(self) -> bool:
        """Tell whether there is a corpus at the path."""
        return layout.read_state(self.path) is not None

    def state(self) -> dict[str, Any]:
        """Return the corpus's state (plain data).

        Raises
        ------
        CorpusError
            If there is none.
        """
        state = layout.read_state(self.path)
        if state is None:
            raise CorpusError(
                f"{self.path}: there is no corpus here; "
                f"`outage-analyzer import STUDY FILE --corpus {self.path}` makes one"
            )
        return state

    # Raw input ---------------------------------------------------------------------------------------------------

    def raw(self) -> list[dict[str, Any]]:
        """Return the entries of all raw inputs, in the order they came, with the `run_id` that brought them."""
        return [{**e, "run_id": run["run_id"]} for run in self.state()["runs"] for e in run["raw"]]

    def open_raw(self, entry: Mapping[str, Any]) -> IO[bytes]:
        """Return a stream of an input's bytes, as they came."""
        return open_raw(self.path, dict(entry))

    def inputs(self) -> list[dict[str, Any]]:
        """Return name, size and hash of all inputs, for a manifest."""
        seen: dict[str, dict[str, Any]] = {}
        for e in self.raw():
            seen.setdefault(e["sha256"], {k: e[k] for k in ("name", "sha256", "bytes", "format")})
        return list(seen.values())

    def check(self) -> dict[str, Any]:
        """Prove by hashes that all files are as they were written; see `analyzer.store.check.check`."""
        return check.check(self.path)

    def remake_state(self) -> bool:
        """Make a missing or damaged ``corpus.json`` again from the runs' records; True if that was needed."""
        return check.repair_state(self.path)

    def post_ids(self) -> Iterator[tuple[str, str]]:
        """Yield ``(source, post_id)`` of all posts, by source and id: what may be passed on."""
        for batch in self.batches("SELECT source, post_id FROM posts ORDER BY source, post_id"):
            yield from zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)

    def ids(self) -> pd.DataFrame:
        """Return ids that were imported but whose posts are not held: what is left to collect."""
        return self.query(
            "SELECT source, post_id FROM ids ANTI JOIN posts USING (source, post_id) ORDER BY source, post_id"
        )

    def study_of(self, run_id: str) -> Study | None:
        """Return the study that a run was made with, or None if its record holds none."""
        from analyzer.study import Study

        try:
            record = json.loads((self.path / "runs" / f"{run_id}.json").read_bytes())
        except (OSError, ValueError) as error:
            raise CorpusError(f"{self.path}: the record of run {run_id} cannot be read ({error})") from error
        return Study.from_dict(record["study"]) if record.get("study") else None


def _answer(con: Any, sql: str, params: list[Any] | None) -> pa.Table:
    relation = con.sql(sql, params=params or [])
    if relation is None:
        raise CorpusError(f"not a question: {sql!r} gives no table")
    return relation.to_arrow_table()
