"""Changing what is already stored: removing forgotten posts everywhere, and joining many small files into one."""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError
from analyzer.store import copies, keys, layout, views
from analyzer.store.raw import RawWriter
from analyzer.store.tables import STORED
from analyzer.store.views import PARQUET, quote

#: Rewrites one input: takes its entry, its path and where to write; returns how many rows it removed.
Redactor = Callable[[dict[str, Any], Path, Callable[[bytes], Any]], int]


class Rewrite:
    """New files beside the old ones, and a new state that names them; the old ones go once the state is replaced.

    Parameters
    ----------
    root, state
        The corpus, and its state before.
    folder
        Where to write.
    """

    def __init__(self, root: Path, state: dict[str, Any], folder: Path) -> None:
        self.root, self.folder = root, folder
        self.state = copy.deepcopy(state)
        self._con = views.bare(folder / "spill", ordered=True)
        self._mark = secrets.token_hex(4)
        self._old: set[str] = set()

    def tables(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield ``(table, file entry)`` of all live files; an entry may be changed in place."""
        for run in [self.state.get("base", {}), *self.state["runs"]]:
            for name, files in run.get("tables", {}).items():
                for entry in files:
                    yield name, entry

    def filter(self, entry: dict[str, Any], sql: str) -> int:
        """Replace a file by what ``SELECT … FROM old`` gives; returns how many rows fewer there are."""
        old = self.root / entry["file"]
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW old AS SELECT * FROM read_parquet({quote(str(old))})")
        made = self.folder / f"{secrets.token_hex(8)}.parquet"
        self._con.execute(f"COPY ({sql}) TO {quote(str(made))} ({PARQUET})")
        rows = self._con.execute(f"SELECT count(*) FROM read_parquet({quote(str(made))})").fetchone()[0]
        layout.sync_file(made)
        final = old.with_name(f"{old.stem.partition('.')[0]}.{self._mark}{old.suffix}")
        gone = entry["rows"] - rows
        self._old.add(entry["file"])
        entry.update(
            file=str(final.relative_to(self.root)), rows=rows, bytes=made.stat().st_size, sha256=layout.sha256(made)
        )
        os.replace(made, final)
        return int(gone)

    def count(self, entry: dict[str, Any], where: str) -> int:
        """Return how many rows of a file hold a condition."""
        path = quote(str(self.root / entry["file"]))
        return int(self._con.execute(f"SELECT count(*) FROM read_parquet({path}) WHERE {where}").fetchone()[0])

    def rows(self, sql: str) -> list[Any]:
        """Return the rows of a question."""
        return list(self._con.execute(sql).fetchall())

    def register(self, name: str, table: Any) -> None:
        """Make an Arrow table known to the SQL."""
        self._con.register(name, table)

    def raw(self, redact: Redactor, gone: copies.Gone, ids: set[str]) -> tuple[int, list[dict[str, str]]]:
        """Rewrite the inputs.

        Parameters
        ----------
        gone, ids
            The posts, so that copies in inputs that give them no id can be found, and all ids that go.

        Returns
        -------
        n_rows, changed
            Rows that went, and ``{old, new}`` hashes of the inputs that changed.
        """
        done: dict[str, dict[str, Any]] = {}
        names = ids | {i[3:] for i in ids if i.startswith(("t1_", "t3_"))}
        n_rows, changed = 0, []
        for run in self.state["runs"]:
            for place, entry in enumerate(run["raw"]):
                sha = entry["sha256"]
                if sha not in done:
                    about = {**entry, "_run": run["run_id"], "_gone": gone, "_ids": ids}
                    done[sha], removed = self._redacted(about, redact)
                    n_rows += removed
                    if removed:
                        changed.append({"old": sha, "new": done[sha]["sha256"]})
                run["raw"][place] = {**entry, **done[sha], "info": _without(entry["info"], names)}
        return n_rows, changed

    def _redacted(self, entry: dict[str, Any], redact: Redactor) -> tuple[dict[str, Any], int]:
        writer = RawWriter(self.root, self.folder, name=entry["name"], format=entry["format"])
        removed = redact(entry, self.root / entry["stored"], writer.write)
        if not removed:
            writer.discard()
            return {}, 0
        new = writer.close()
        self._old.add(entry["stored"])
        return {k: new[k] for k in ("sha256", "stored", "bytes")}, removed

    def bury(self, marks: Iterable[str]) -> None:
        """Add tombstones."""
        old = self.state.get("tombstones")
        held = set((self.root / old["file"]).read_text().split()) if old else set()
        held |= set(marks)
        name = f"tombstones/{self._mark}.txt"
        data = ("\n".join(sorted(held)) + "\n").encode()
        layout.write_atomic(self.root / name, data)
        if old:
            self._old.add(old["file"])
        self.state["tombstones"] = {"file": name, "rows": len(held), "sha256": layout.sha256(self.root / name)}

    def commit(self) -> None:
        """Replace the state, then remove what it no longer names."""
        self._con.close()
        self.state["seq"] += 1
        for run in self.state["runs"]:
            path = self.root / "runs" / f"{run['run_id']}.json"
            if path.exists():
                record = json.loads(path.read_bytes())
                if record.get("run") != run:
                    layout.write_atomic(path, layout.dump({**record, "run": run, "inputs": run["raw"]}))
        layout.write_state(self.root, self.state)
        live = layout.named(self.state)
        for name in self._old - live:
            (self.root / name).unlink(missing_ok=True)


def forget(
    rewrite: Rewrite,
    going: Going,
    *,
    key: bytes,
    redact: Redactor,
    reason: str,
    now: dt.datetime,
) -> dict[str, int]:
    """Remove posts from all tables and inputs, and remember them by keyed marks only.

    Parameters
    ----------
    going
        What `resolve` found.
    key
        The corpus's key, for the tombstones.
    redact
        Rewrites an input without the posts.
    reason, now
        For the redaction record, which names no post.
    """
    import pyarrow as pa

    posts, gone = going.posts, copies.Gone(going.known)
    sources = pa.array([s for s, _ in posts], pa.string())
    ids = pa.array([i for _, i in posts], pa.string())
    rewrite.register("gone", pa.table({"s": sources, "i": ids}))
    hit = "EXISTS (SELECT 1 FROM gone g WHERE g.i = {0} AND (g.s = '' OR g.s = old.source))"
    own = hit.format("old.post_id")
    repost = f"(old.kind = 'repost' AND old.parent_id IS NOT NULL AND {hit.format('old.parent_id')})"
    n_posts = 0
    for name, entry in rewrite.tables():
        if name == "posts":
            points = f"({hit.format('old.parent_id')} OR {hit.format('old.thread_id')})"
            columns = ", ".join(
                # Reddit's address of a comment holds the id of its thread.
                f"CASE WHEN {points if c.name == 'url' else hit.format('old.' + c.name)} "
                f"THEN NULL ELSE {c.name} END AS {c.name}"
                if c.name in ("parent_id", "thread_id", "url")
                else f'"{c.name}"'
                for c in (*STORED["posts"].table.columns, *STORED["posts"].hidden)
            )
            touched = "post_id IN (SELECT i FROM gone) OR parent_id IN (SELECT i FROM gone) OR thread_id IN "
            if rewrite.count(entry, touched + "(SELECT i FROM gone)"):
                n_posts += rewrite.filter(entry, f"SELECT {columns} FROM old WHERE NOT ({own} OR {repost})")
        elif name in ("labels", "ids", "posts_superseded", "labels_superseded"):
            if rewrite.count(entry, "post_id IN (SELECT i FROM gone)"):
                rewrite.filter(entry, f"SELECT * FROM old WHERE NOT {own}")
        elif name in ("updates", "updates_superseded"):
            if rewrite.count(entry, "update_id IN (SELECT i FROM gone)"):
                rewrite.filter(entry, "SELECT * FROM old WHERE update_id NOT IN (SELECT i FROM gone)")
        elif name == "rejects":
            pattern = quote("|".join(re.escape(i) for i in sorted({i for _, i in posts})))
            speaks = f"regexp_matches(coalesce(raw, '') || ' ' || detail, {pattern})"
            rewrite.register("said", pa.table({"raw": pa.array(_saying(rewrite, entry, gone), pa.string())}))
            speaks = f"({speaks} OR coalesce(raw, '') IN (SELECT raw FROM said))"
            if rewrite.count(entry, speaks):
                rewrite.filter(entry, f"SELECT * FROM old WHERE NOT {speaks}")
    n_raw, changed = rewrite.raw(redact, gone, {i for _, i in posts})
    marks = {keys.tombstone(key, source, post_id) for source, post_id in posts}
    rewrite.bury(marks | {copies.mark(key, kind, what) for post in going.known for kind, what in copies.buried(post)})
    rewrite.state["redactions"].append(
        {
            "at": now.isoformat().replace("+00:00", "Z"),
            "reason": reason,
            "n_asked": len(posts),
            "n_posts": n_posts,
            "n_raw_rows": n_raw,
            "raw": changed,
        }
    )
    counts = {"n_copies": going.n_copies, "n_alike": going.n_alike, "n_unknown": going.n_unknown}
    return {"n_posts": n_posts, "n_raw": n_raw, **counts}


def _without(value: Any, names: set[str]) -> Any:
    """Return what is noted of an input without the names of posts: as keys, or as values."""
    if isinstance(value, dict):
        return {k: _without(v, names) for k, v in value.items() if k not in names}
    if isinstance(value, list):
        return [_without(v, names) for v in value if not (isinstance(v, str) and v in names)]
    return value


def _saying(rewrite: Rewrite, entry: dict[str, Any], gone: copies.Gone) -> list[str]:
    """Return the rejected rows that hold the words of a forgotten post."""
    path = quote(str(rewrite.root / entry["file"]))
    rows = rewrite.rows(f"SELECT DISTINCT raw FROM read_parquet({path}) WHERE raw IS NOT NULL")
    return [raw for (raw,) in rows if gone.quotes(raw)]


def compact(rewrite: Rewrite, name: str) -> None:
    """Join all files of a table into one, with the newest row of each key only."""
    stored = STORED[name]
    live = [rewrite.root / f for f in views.files(rewrite.state, name)]
    if len(live) < 2 or name == "rejects":
        return
    hidden = views.files(rewrite.state, name + "_superseded")
    listed = "[" + ", ".join(quote(str(p)) for p in live) + "]"
    sql = f"SELECT t.* FROM read_parquet({listed}) t"
    if hidden:
        on = " AND ".join(f's."{k}" = t."{k}"' for k in stored.key)
        dead = "[" + ", ".join(quote(str(rewrite.root / p)) for p in hidden) + "]"
        sql += f" ANTI JOIN read_parquet({dead}) s ON {on} AND t.run_id < s.run_id"
    made = rewrite.folder / f"{secrets.token_hex(8)}.parquet"
    order = ", ".join(f'"{k}"' for k in (("created_at",) if name == "posts" else ()) + stored.key)
    rewrite._con.execute(f"COPY ({sql} ORDER BY {order}) TO {quote(str(made))} ({PARQUET})")
    rows = rewrite._con.execute(f"SELECT count(*) FROM read_parquet({quote(str(made))})").fetchone()[0]
    final = rewrite.root / "tables" / name / f"base.{rewrite._mark}.parquet"
    layout.sync_file(made)
    entry = {"file": str(final.relative_to(rewrite.root)), "rows": rows, "bytes": made.stat().st_size}
    entry["sha256"] = layout.sha256(made)
    final.parent.mkdir(parents=True, exist_ok=True)
    os.replace(made, final)
    for run in [rewrite.state.get("base", {}), *rewrite.state["runs"]]:
        for table in (name, name + "_superseded"):
            rewrite._old |= {f["file"] for f in run.get("tables", {}).pop(table, [])}
    rewrite.state.setdefault("base", {}).setdefault("tables", {})[name] = [entry]


@dataclass(frozen=True)
class Going:
    """What is to be forgotten: ``(source, post_id)`` with an empty source for any, and what is known of those held."""

    posts: list[tuple[str, str]]
    known: list[copies.Known]
    n_copies: int = 0
    n_alike: int = 0
    n_unknown: int = 0


def resolve(root: Path, state: dict[str, Any], posts: list[tuple[str, str]]) -> Going:
    """Return the posts to forget: with reposts of them, and copies that have no id of their own."""
    import pyarrow as pa

    con = views.connect(root, state)
    try:
        con.register("asked", pa.table({"s": [s for s, _ in posts], "i": [i for _, i in posts]}))
        held = "FROM posts p JOIN asked a ON p.post_id = a.i AND (a.s = '' OR a.s = p.source)"
        found = set(con.execute(f"SELECT DISTINCT a.s, a.i {held}").fetchall())
        again = con.execute(
            "SELECT DISTINCT p.source, p.post_id FROM posts p JOIN asked a ON p.kind = 'repost' "
            "AND p.parent_id = a.i AND (a.s = '' OR a.s = p.source)"
        ).fetchall()
        known, twins, n_alike = copies.find(con, f"SELECT DISTINCT p.source, p.post_id {held}")
    except Exception as error:
        raise CorpusError(f"{root}: cannot look up the posts to forget ({error})") from error
    finally:
        con.close()
    more = [*((str(s), str(i)) for s, i in again), *((c.source, c.post_id) for c in twins)]
    return Going(
        list(dict.fromkeys([*posts, *more])),
        known,
        n_copies=len(twins),
        n_alike=n_alike,
        n_unknown=len(set(posts) - found),
    )
