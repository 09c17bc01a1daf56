"""Joining a run's staged rows to the corpus: the newest row of a key wins, an unchanged row adds nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from analyzer.store.layout import sha256, sync_file
from analyzer.store.run import Counts
from analyzer.store.tables import STORED, Stored
from analyzer.store.views import PARQUET, quote


def merge(
    con: Any, root: Path, staged: Path, name: str, run_id: str, *, part: str = ""
) -> tuple[dict[str, list[dict[str, Any]]], Counts]:
    """Reduce a staged file to what it adds, put the result in `tables`, and describe it for the state.

    Parameters
    ----------
    con
        Connection with the views of the corpus as it is before the run.
    root, staged
        The corpus folder, and the staged Parquet file.
    name, run_id
        The table, and the run.
    part
        Mark in the names of files, where a run's table comes in several.

    Returns
    -------
    files
        ``{table: [{file, rows, bytes, sha256}]}``, with ``<table>_superseded`` where older rows are replaced.
    counts
        What became of the staged rows.
    """
    stored = STORED[name]
    source = f"read_parquet({quote(str(staged))}, file_row_number = true)"
    n, n_keys = con.execute(f"SELECT count(*), count(DISTINCT hash({_columns(stored.key)})) FROM {source}").fetchone()
    if name == "rejects":
        return place(root, staged, name, run_id + part, n), Counts(n_new=n)
    held = con.execute(f"SELECT count(*) FROM {name} SEMI JOIN {source} s USING ({_columns(stored.key)})").fetchone()[0]
    if n == n_keys and not held:
        return place(root, staged, name, run_id + part, n), Counts(n_new=n)
    return _reduce(con, root, staged, stored, run_id + part)


def _reduce(
    con: Any, root: Path, staged: Path, stored: Stored, stem: str
) -> tuple[dict[str, list[dict[str, Any]]], Counts]:
    """Keep the last row of each key, and of those only what is new or changed."""
    name, keys = stored.name, _columns(stored.key)
    source = f"read_parquet({quote(str(staged))}, file_row_number = true)"
    same = " AND ".join(f's."{c}" IS NOT DISTINCT FROM h."{c}"' for c in stored.content)
    on = " AND ".join(f's."{k}" = h."{k}"' for k in stored.key)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE fate AS
        WITH last AS (SELECT {keys}, max(file_row_number) file_row_number FROM {source} GROUP BY {keys}),
        s AS (SELECT s.* FROM {source} s JOIN last USING ({keys}, file_row_number))
        SELECT s.file_row_number AS n_row, h."{stored.key[0]}" IS NOT NULL AS held, ({same}) AS same
        FROM s LEFT JOIN (SELECT h.* FROM {name} h SEMI JOIN last USING ({keys})) h ON {on}"""
    )
    total = con.execute(f"SELECT count(*) FROM {source}").fetchone()[0]
    new, updated, unchanged = con.execute(
        "SELECT count(*) FILTER (NOT held), count(*) FILTER (held AND NOT same), count(*) FILTER (held AND same) "
        "FROM fate"
    ).fetchone()
    counts = Counts(new, updated, unchanged, total - new - updated - unchanged)
    files: dict[str, list[dict[str, Any]]] = {}
    if new + updated:
        kept = staged.with_suffix(".kept")
        chosen = f"SELECT s.* EXCLUDE (file_row_number) FROM {source} s JOIN fate ON n_row = file_row_number"
        _copy(con, f"{chosen} WHERE NOT (held AND same) ORDER BY n_row", kept)
        files |= place(root, kept, name, stem, new + updated)
    if updated:
        hidden = staged.with_suffix(".superseded")
        _copy(con, f"SELECT {keys}, run_id FROM ({chosen} WHERE held AND NOT same)", hidden)
        files |= place(root, hidden, f"{name}_superseded", stem, updated)
    con.execute("DROP TABLE fate")
    return files, counts


def same_rejects(con: Any, root: Path, state: dict[str, Any], staged: Path | None, raw: list[dict[str, Any]]) -> bool:
    """Tell whether the corpus already holds just these rejections of these inputs.

    Parameters
    ----------
    con
        Any connection.
    state
        The state before the run.
    staged, raw
        The run's rejections (None for none) and inputs.
    """
    now = _rejections(con, [] if staged is None else [str(staged)], {str(i): e["sha256"] for i, e in enumerate(raw)})
    shas = {e["sha256"] for e in raw}
    last = {e["sha256"]: run for run in state["runs"] for e in run["raw"] if e["sha256"] in shas}
    held: set[Any] = set()
    for run in {r["run_id"]: r for r in last.values()}.values():
        found = [str(root / f["file"]) for f in run["tables"].get("rejects", [])]
        places = {str(i): e["sha256"] for i, e in enumerate(run["raw"]) if last.get(e["sha256"]) is run}
        held |= _rejections(con, found, places)
    return held == now


def _rejections(con: Any, files: list[str], inputs: dict[str, str]) -> set[Any]:
    if not files:
        return set()
    listed = ", ".join(quote(f) for f in files)
    rows = con.execute(f"SELECT _input, line, reason FROM read_parquet([{listed}])").fetchall()
    return {
        (inputs.get(place, place), line, reason) for place, line, reason in rows if place is None or place in inputs
    }


def _copy(con: Any, sql: str, out: Path) -> None:
    con.execute(f"COPY ({sql}) TO {quote(str(out))} ({PARQUET})")


def place(root: Path, made: Path, name: str, stem: str, rows: int) -> dict[str, list[dict[str, Any]]]:
    """Move a finished file to its place; until the state names it, it is not part of the corpus."""
    folder = "raw/rejects" if name == "rejects" else f"tables/{name}"
    final = root / folder / f"{stem}.parquet"
    final.parent.mkdir(parents=True, exist_ok=True)
    sync_file(made)
    described = {"file": f"{folder}/{final.name}", "rows": rows, "bytes": made.stat().st_size, "sha256": sha256(made)}
    os.replace(made, final)
    return {name: [described]}


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{n}"' for n in names)
