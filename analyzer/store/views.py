"""DuckDB over the Parquet files that the state names: one view a table, the newest row of each key."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from analyzer.store.tables import STORED, Stored

#: Memory that DuckDB may use before it goes to disk, when answering and when writing.
MEMORY = os.environ.get("OUTAGE_DUCKDB_MEMORY", "1GB")
WRITING = os.environ.get("OUTAGE_DUCKDB_MEMORY", "512MB")
#: How tables are copied: small row groups, so that long texts fit the memory.
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20480"


def connect(root: Path, state: dict[str, Any] | None, *, spill: Path | None = None) -> Any:
    """Return an in-memory DuckDB connection with one view a table of the corpus."""
    con = bare(spill)
    for stored in STORED.values():
        con.execute(f"CREATE VIEW {stored.name} AS {select(root, state, stored)}")
    return con


def bare(spill: Path | None = None, *, ordered: bool = False) -> Any:
    """Return a DuckDB connection that works in UTC and asks the network for nothing.

    Parameters
    ----------
    spill
        Where it goes when memory does not do: a run's own folder, or (None) the system's place for such files.
    ordered
        Keep the order of rows.
    """
    import duckdb

    config = {
        "memory_limit": WRITING if spill else MEMORY,
        "autoinstall_known_extensions": "false",
        "preserve_insertion_order": "true" if ordered else "false",
        "temp_directory": str(spill or Path(tempfile.gettempdir()) / f"outage-analyzer-{os.getpid()}"),
    }
    con = duckdb.connect(":memory:", config=config)
    con.execute("SET TimeZone = 'UTC'")
    with suppress(duckdb.InvalidInputException):  # in Jupyter without ipywidgets there is no bar to turn off
        con.execute("SET enable_progress_bar = false")
    return con


def files(state: dict[str, Any] | None, table: str) -> list[str]:
    """Return the live files of a table, relative to the corpus."""
    return [f["file"] for f in entries(state, table)]


def entries(state: dict[str, Any] | None, table: str) -> list[dict[str, Any]]:
    """Return the live files of a table with their number of rows, size and hash."""
    if state is None:
        return []
    runs = [state.get("base", {}), *state["runs"]]
    return [f for run in runs for f in run.get("tables", {}).get(table, [])]


def select(root: Path, state: dict[str, Any] | None, stored: Stored) -> str:
    """Return the SQL that shows the newest row of each key of a table."""
    live = files(state, stored.name)
    columns = ", ".join(f'"{c}"' for c in stored.shown)
    if not live:
        return f"SELECT {columns} FROM ({_nothing(stored)})"
    source = f"read_parquet({_list(root / f for f in live)})"
    if stored.name == "rejects":
        return f"SELECT {columns} FROM {source} r {_newest_reading(state)}"
    hidden = files(state, stored.name + "_superseded")
    if not hidden:
        return f"SELECT {columns} FROM {source}"
    on = " AND ".join(f's."{k}" = t."{k}"' for k in stored.key)
    return (
        f"SELECT {columns} FROM {source} t ANTI JOIN read_parquet({_list(root / f for f in hidden)}) s "
        f"ON {on} AND t.run_id < s.run_id"
    )


def _newest_reading(state: dict[str, Any] | None) -> str:
    """An input read again replaces what was rejected of it before."""
    runs = (state or {"runs": []})["runs"]
    newest = {raw["sha256"]: run["run_id"] for run in runs for raw in run["raw"]}
    old = [
        f"('{run['run_id']}', '{mark}')"
        for run in runs
        if "rejects" in run["tables"]
        for place, raw in enumerate(run["raw"])
        if newest[raw["sha256"]] != run["run_id"]
        for mark in (place, raw["sha256"])
    ]
    if not old:
        return ""
    return (
        f"ANTI JOIN (SELECT * FROM (VALUES {', '.join(old)}) AS v(run_id, _input)) o "
        "ON r.run_id = o.run_id AND r._input = o._input"
    )


def _nothing(stored: Stored) -> str:
    types = {
        "string": "VARCHAR",
        "int": "BIGINT",
        "float": "DOUBLE",
        "float32": "FLOAT",
        "bool": "BOOLEAN",
        "time": "TIMESTAMPTZ",
        "strings": "VARCHAR[]",
    }
    return "SELECT " + ", ".join(f'NULL::{types[c.type]} "{c.name}"' for c in stored.table.columns) + " WHERE false"


def _list(paths: Iterable[Path]) -> str:
    return "[" + ", ".join(quote(str(p)) for p in paths) + "]"


def quote(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
