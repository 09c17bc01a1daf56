"""`Corpus`: one folder with posts, official updates, labels, coverage and rejected rows of a study."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import CorpusError
from analyzer.store import commit, copies, keys, layout, manifest, rewrite, views
from analyzer.store.lock import WriterLock
from analyzer.store.reading import Reading
from analyzer.store.run import Run, Screen
from analyzer.store.tables import STORED

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.study import Study


log = logging.getLogger(__name__)
#: Files of one table beyond which they are joined.
_MANY = 64
#: … if they hold fewer rows than this on the average; files of a cluster are large and stay apart.
_SMALL = 50_000


class Corpus(Reading):
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
        super().__init__(path)
        self._key: bytes | None = None
        self._pseudonyms: keys.Pseudonyms | None = None
        self._writing: dict[str, Any] | None = None  # the state that an open run started from
        self._buried: tuple[str, frozenset[str]] = ("", frozenset())

    # Pseudonyms --------------------------------------------------------------------------------------------------

    def pseudonym(self, source: str, author: str) -> str:
        """Return the keyed pseudonym of an author; the same author of a platform always has the same."""
        return keys.pseudonym(self.key(), source, author)

    def pseudonyms(self, source: str, authors: list[str]) -> list[str]:
        """Return the pseudonyms of many authors of a platform."""
        if self._pseudonyms is None:
            self._pseudonyms = keys.Pseudonyms(self.key())
        return self._pseudonyms.of(source, authors)

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

    def forgotten_copies(self, rows: Sequence[copies.Row]) -> list[bool]:
        """Tell which rows, ``(source, post_id, text, pseudonym, created_at)``, are copies of forgotten posts."""
        marks = self._tombstones()
        kinds = {kind for kind in (copies.OF_MADE, copies.OF_OWN) if any(m.startswith(kind) for m in marks)}
        if not kinds:
            return [False] * len(rows)
        key = self.key()
        return [
            any(
                copies.mark(key, kind, what) in marks for kind, what in copies.said(copies.Known(*row)) if kind in kinds
            )
            for row in rows
        ]

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

    def forget(
        self,
        posts: Sequence[tuple[str, str]],
        *,
        redact: rewrite.Redactor,
        reason: str = "request",
        now: dt.datetime | None = None,
    ) -> dict[str, int]:
        """Remove posts from all tables and inputs; they cannot come back, and nothing left names them.

        Parameters
        ----------
        posts
            ``(source, post_id)``; an empty source stands for any. Reposts of them go too, and copies from inputs that
            give posts no id (see `analyzer.store.copies`).
        redact
            Rewrites an input without them (`analyzer.collect.forget` has it).
        reason
            For the redaction record.

        Returns
        -------
        dict
            ``n_posts`` removed, ``n_copies`` of them that have no id of their own, ``n_raw`` rows removed from inputs,
            ``n_unknown`` ids that were not held, ``n_alike`` other posts of the same author and words, which stay.
        """
        with self._rewriting("forget") as change:
            asked = list(dict.fromkeys(posts))
            going = rewrite.resolve(self.path, change.state, asked)
            now = now or dt.datetime.now(dt.UTC)
            counts = rewrite.forget(change, going, key=self.key(), redact=redact, reason=reason, now=now)
            change.state["key"] = keys.mark(self.key())
        return counts

    def drop(self, run_ids: Sequence[str]) -> None:
        """Give up the damaged tables of runs (`check` names them); their inputs stay, to be read again."""
        with self._rewriting("drop") as change:
            for run in [{"run_id": "base", **change.state.get("base", {})}, *change.state["runs"]]:
                if run["run_id"] in run_ids:
                    run.get("tables", {}).clear()

    def compact(self) -> None:
        """Join the many small files of many runs; nothing that is read changes."""
        with self._rewriting("compact") as change:
            for name in STORED:
                rewrite.compact(change, name)

    @contextlib.contextmanager
    def _rewriting(self, verb: str) -> Iterator[rewrite.Rewrite]:
        with WriterLock(self.path, verb):
            state = self.state()
            layout.sweep(self.path, state)
            folder = self.path / "tmp" / verb
            with layout.writing(self.path):
                folder.mkdir(parents=True)
                try:
                    change = rewrite.Rewrite(self.path, state, folder)
                    yield change
                    change.commit()
                finally:
                    layout.sweep(self.path, layout.read_state(self.path) or state)

    # Writing -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def run(
        self,
        verb: str,
        *,
        study: Study | None = None,
        params: Mapping[str, Any] | None = None,
        replaces: Sequence[str] = (),
        now: dt.datetime | None = None,
    ) -> Iterator[Run]:
        """One atomic run: what is added inside becomes visible together at the end; after an error, nothing does.

        Parameters
        ----------
        verb
            What is done, such as ``"import"``; part of the run's id.
        study, params
            What the run's manifest records.
        replaces
            Ids of runs that this one takes the place of (`rebuild` reads their inputs again).
        now
            The clock, for tests.

        Raises
        ------
        CorpusError
            If another process writes, or the disk refuses; the corpus is unharmed.
        """
        with WriterLock(self.path, verb):
            state = layout.read_state(self.path) or self._blank()
            full = state
            layout.sweep(self.path, state)
            run = Run(self.path, f"{state['seq'] + 1:06d}-{verb}", self._screen(state))
            with layout.writing(self.path):
                run.folder.mkdir(parents=True)
            if replaces:
                state = {**state, "runs": [r for r in state["runs"] if r["run_id"] not in replaces]}
            self._writing = state
            try:
                yield run
                self._commit(run, state, full, study=study, params=params, now=now or dt.datetime.now(dt.UTC))
            finally:
                self._writing = None
                run.drop()

    def _blank(self) -> dict[str, Any]:
        return {"format": layout.FORMAT, "seq": 0, "key": None, "runs": [], "redactions": []}

    def _commit(
        self,
        run: Run,
        state: dict[str, Any],
        full: dict[str, Any],
        *,
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
                    if name != "rejects":
                        files, run.counts[name] = commit.merge(con, self.path, run.staged(name), name, run.run_id)
                        entry["tables"] |= files
                for name, (files, counts) in run.parts.items():
                    entry["tables"] |= files
                    run.counts[name] = counts
                rejects = run.staged("rejects") if "rejects" in tables else None
                idle = state is full and not entry["tables"] and all(self._held(state, e) for e in run.raw)
                if idle and commit.same_rejects(con, self.path, state, rejects, run.raw):
                    return
                if rejects is not None:
                    files, run.counts["rejects"] = commit.merge(con, self.path, rejects, "rejects", run.run_id)
                    entry["tables"] |= files
            finally:
                con.close()
            if state is not full and self._same(full, {**state, "runs": [*state["runs"], entry]}):
                layout.sweep(self.path, full)
                return
            run.changed = True
            record = manifest.make(None, study, inputs=run.raw, parameters=params, now=now)
            record |= {"run": entry, "counts": {k: vars(v) for k, v in run.counts.items()}, "notes": run.notes}
            layout.write_atomic(self.path / "runs" / f"{run.run_id}.json", layout.dump(record))
            state = {**state, "seq": state["seq"] + 1, "runs": [*state["runs"], entry]}
            state["key"] = state["key"] or (keys.mark(self._key) if self._key else None)
            layout.write_state(self.path, state)
            if state is not full:
                layout.sweep(self.path, state)
        if any(self._crumbly(state, name) for name in STORED):
            self._compact(state)

    @staticmethod
    def _crumbly(state: dict[str, Any], name: str) -> bool:
        rows = [f["rows"] for f in views.entries(state, name)]
        return len(rows) > _MANY and sum(rows) < _SMALL * len(rows)

    def _compact(self, state: dict[str, Any]) -> None:
        """Join small files inside a run's lock."""
        folder = self.path / "tmp" / "compact"
        with layout.writing(self.path):
            folder.mkdir(parents=True, exist_ok=True)
            change = rewrite.Rewrite(self.path, state, folder)
            for name in STORED:
                rewrite.compact(change, name)
            change.commit()

    def _same(self, before: dict[str, Any], after: dict[str, Any]) -> bool:
        """Tell whether two states show the same rows, but for the runs that brought them."""
        con = views.bare()
        try:
            for stored in STORED.values():
                columns = ", ".join(f'"{c}"' for c in stored.shown if c != "run_id")
                one, two = (f"SELECT {columns} FROM ({views.select(self.path, s, stored)})" for s in (before, after))
                differing = f"(({one} EXCEPT ALL {two}) UNION ALL ({two} EXCEPT ALL {one}))"
                if con.execute(f"SELECT count(*) FROM {differing}").fetchone()[0]:
                    return False
        except Exception as error:
            log.info("what was stored cannot be compared (%s)", error)
            return False
        finally:
            con.close()
        return True

    @staticmethod
    def _held(state: dict[str, Any], entry: dict[str, Any]) -> bool:
        mark = (entry["sha256"], entry["format"])
        return any((e["sha256"], e["format"]) == mark for run in state["runs"] for e in run["raw"])
