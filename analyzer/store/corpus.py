"""`Corpus`: one folder with posts, official updates, labels, coverage and rejected rows of a study."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from analyzer import schema
from analyzer.errors import CorpusError
from analyzer.store import commit, keys, layout, manifest, views
from analyzer.store.lock import WriterLock
from analyzer.store.raw import open_raw
from analyzer.store.run import Run, Screen

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from analyzer.study import Study


class Corpus:
    """A corpus folder; made on the first write, read without a lock.

    Parameters
    ----------
    path
        The folder. The key of the pseudonyms lies beside it (``corpus.key`` for ``corpus/``).

    Examples
    --------
    >>> import tempfile
    >>> from analyzer import schema
    >>> corpus = Corpus(tempfile.mkdtemp() + "/corpus")
    >>> row = {"source": "x", "post_id": "1", "text": "it is down", "kind": "original", "has_link": False}
    >>> row["created_at"] = dt.datetime(2024, 6, 4, 7, tzinfo=dt.UTC)
    >>> with corpus.run("import") as run:
    ...     n = run.add_posts(schema.make(schema.POSTS, [row]))
    >>> corpus.query("SELECT text FROM posts")["text"].tolist()
    ['it is down']
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._key: bytes | None = None
        self._mapper: Any = None
        self._writing: dict[str, Any] | None = None  # the state that an open run started from
        self._buried: tuple[str, frozenset[str]] = ("", frozenset())

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

    def audit(self) -> pd.DataFrame | None:
        """Return the labels that people gave (those whose model begins with ``human``), or None."""
        found = self.query(
            "SELECT * EXCLUDE (run_id) FROM labels WHERE model LIKE 'human%' ORDER BY source, post_id, model"
        )
        return found if len(found) else None

    def unlabelled(self, model: str) -> pd.DataFrame:
        """Return the posts that `model` has not labelled yet, by time, source and id."""
        return self.query(
            "SELECT p.* FROM posts p ANTI JOIN (SELECT source, post_id FROM labels WHERE model = ?) l "
            "USING (source, post_id) ORDER BY created_at, source, post_id",
            [model],
        )

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
            yield from con.sql(sql, params=params or []).fetch_arrow_reader(rows)

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

    # Pseudonyms --------------------------------------------------------------------------------------------------

    def pseudonym(self, source: str, author: str) -> str:
        """Return the keyed pseudonym of an author; the same author of a platform always has the same."""
        return keys.pseudonym(self.key(), source, author)

    def key(self) -> bytes:
        """Return the key of the pseudonyms; it is made on first use."""
        if self._key is None:
            state = layout.read_state(self.path)
            self._key = keys.load(self.path, state.get("key") if state else None)
        return self._key

    # Forgotten posts -------------------------------------------------------------------------------------------

    @property
    def has_tombstones(self) -> bool:
        """Whether any post was ever forgotten."""
        return bool(self._tombstones())

    def forgotten(self, source: str, post_ids: Sequence[str]) -> list[bool]:
        """Tell which posts of a platform were forgotten and must not come back."""
        marks = self._tombstones()
        if not marks:
            return [False] * len(post_ids)
        key = self.key()
        return [keys.tombstone(key, source, i) in marks or keys.tombstone(key, "", i) in marks for i in post_ids]

    def _tombstones(self, state: dict[str, Any] | None = None) -> frozenset[str]:
        state = state or self._writing or layout.read_state(self.path) or {}
        entry = state.get("tombstones")
        if not entry:
            return frozenset()
        if self._buried[0] != entry["file"]:
            try:
                marks = frozenset((self.path / entry["file"]).read_text().split())
            except OSError as error:
                raise CorpusError(f"{self.path / entry['file']}: the list of forgotten posts cannot be read") from error
            self._buried = (entry["file"], marks)
        return self._buried[1]

    def _screen(self, state: dict[str, Any]) -> Screen | None:
        """Return what leaves out the rows of forgotten posts, or None if there are none."""
        if not self._tombstones(state):
            return None

        def screen(table: pa.Table) -> pa.Table:
            import pyarrow as pa

            out = [False] * len(table)
            sources = table["source"].to_pylist()
            for source in set(sources):
                rows = [i for i, s in enumerate(sources) if s == source]
                ids = table["post_id"].take(pa.array(rows)).to_pylist()
                for i, gone in zip(rows, self.forgotten(source, ids), strict=True):
                    out[i] = gone
            return table.filter(pa.array([not gone for gone in out])) if any(out) else table

        return screen

    # Writing -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def run(
        self,
        verb: str,
        *,
        study: Study | None = None,
        params: Mapping[str, Any] | None = None,
        now: dt.datetime | None = None,
    ) -> Iterator[Run]:
        """One atomic run: what is added inside becomes visible together at the end; after an error, nothing does.

        Parameters
        ----------
        verb
            What is done, such as ``"import"``; part of the run's id.
        study, params
            What the run's manifest records.
        now
            The clock, for tests.

        Raises
        ------
        CorpusError
            If another process writes, or the disk refuses; the corpus is unharmed.
        """
        with WriterLock(self.path, verb):
            state = layout.read_state(self.path) or self._blank()
            self._sweep(state)
            run = Run(self.path, f"{state['seq'] + 1:06d}-{verb}", self._screen(state))
            with layout.writing(self.path):
                run.folder.mkdir(parents=True)
            self._writing = state
            try:
                yield run
                self._commit(run, state, study, params, now or dt.datetime.now(dt.UTC))
            finally:
                self._writing = None
                run.drop()

    def _blank(self) -> dict[str, Any]:
        return {"format": layout.FORMAT, "seq": 0, "key": None, "runs": [], "redactions": []}

    def _sweep(self, state: dict[str, Any]) -> None:
        """Remove what a killed writer left. Only the holder of the lock may."""
        shutil.rmtree(self.path / "tmp", ignore_errors=True)

    def _commit(
        self,
        run: Run,
        state: dict[str, Any],
        study: Study | None,
        params: Mapping[str, Any] | None,
        now: dt.datetime,
    ) -> None:
        tables = run.close()
        entry: dict[str, Any] = {
            "run_id": run.run_id,
            "verb": run.run_id.partition("-")[2],
            "tables": {},
            "raw": run.raw,
        }
        with layout.writing(self.path):
            con = views.connect(self.path, state, spill=run.folder / "spill")
            try:
                for name in tables:
                    if name == "rejects" and commit.same_rejects(con, self.path, state, run.staged(name), run.raw):
                        continue
                    files, run.counts[name] = commit.merge(con, self.path, run.staged(name), name, run.run_id)
                    entry["tables"] |= files
                fixed = "rejects" not in tables and not commit.same_rejects(con, self.path, state, None, run.raw)
            finally:
                con.close()
            if not entry["tables"] and not fixed and all(self._held(state, e) for e in run.raw):
                return
            run.changed = True
            record = manifest.make(None, study, inputs=run.raw, parameters=params, now=now)
            record |= {"run": entry, "counts": {k: vars(v) for k, v in run.counts.items()}, "notes": run.notes}
            layout.write_atomic(self.path / "runs" / f"{run.run_id}.json", layout.dump(record))
            state = {**state, "seq": state["seq"] + 1, "runs": [*state["runs"], entry]}
            state["key"] = state["key"] or (keys.mark(self._key) if self._key else None)
            layout.write_state(self.path, state)

    @staticmethod
    def _held(state: dict[str, Any], entry: dict[str, Any]) -> bool:
        mark = (entry["sha256"], entry["format"])
        return any((e["sha256"], e["format"]) == mark for run in state["runs"] for e in run["raw"])


def _answer(con: Any, sql: str, params: list[Any] | None) -> pa.Table:
    relation = con.sql(sql, params=params or [])
    if relation is None:
        raise CorpusError(f"not a question: {sql!r} gives no table")
    return relation.to_arrow_table()
