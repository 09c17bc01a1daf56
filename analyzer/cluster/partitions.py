"""The posts of a corpus in partitions: ranges of row groups of its Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.store import views
from analyzer.store.tables import STORED

if TYPE_CHECKING:
    import pyarrow as pa

#: Posts of a partition, about; a task of a second or so, against which the scheduler's millisecond is nothing.
ROWS = 250_000


def of(root: Path, state: dict[str, Any], *, rows: int = ROWS) -> list[dict[str, Any]]:
    """Return the partitions: ``{file, groups, hidden}``, groups of about `rows` rows."""
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = []
    for name in views.files(state, "posts"):
        with pq.ParquetFile(root / name) as file:
            groups: list[int] = []
            held = 0
            for group in range(file.metadata.num_row_groups):
                groups.append(group)
                held += file.metadata.row_group(group).num_rows
                if held >= rows:
                    found.append({"file": name, "groups": groups})
                    groups, held = [], 0
            if groups:
                found.append({"file": name, "groups": groups})
    return found


def read(root: Path, state: dict[str, Any], part: dict[str, Any]) -> pa.Table:
    """Return the posts of a partition (POSTS) that no later run replaced."""
    import pyarrow.parquet as pq

    stored = STORED["posts"]
    with pq.ParquetFile(root / part["file"], memory_map=True) as file:
        table = file.read_row_groups(part["groups"], columns=stored.shown)
    table = table.select(stored.shown).cast(stored.table.arrow())
    if not views.files(state, "posts_superseded"):
        return table
    return _asked(root, state, table, _HIDDEN, only="posts_superseded")


_HIDDEN = (
    "SELECT p.* FROM part p ANTI JOIN hidden s ON p.source = s.source AND p.post_id = s.post_id AND p.run_id < s.run_id"
)


def unlabelled(root: Path, state: dict[str, Any], table: pa.Table, model: str) -> pa.Table:
    """Return the posts of a partition that `model` has not labelled."""
    if not views.files(state, "labels"):
        return table
    sql = (
        "SELECT p.* FROM part p ANTI JOIN (SELECT source, post_id FROM labels WHERE model = ?) l "
        "USING (source, post_id)"
    )
    return _asked(root, state, table, sql, [model])


def labels_of(root: Path, state: dict[str, Any], table: pa.Table, model: str) -> pa.Table:
    """Return the labels that `model` gave to some posts, in no order."""
    sql = (
        "SELECT l.* EXCLUDE (run_id) FROM labels l SEMI JOIN part p "
        "ON l.source = p.source AND l.post_id = p.post_id WHERE l.model = ?"
    )
    return _asked(root, state, table.select(["source", "post_id"]), sql, [model])


def _asked(
    root: Path, state: dict[str, Any], table: pa.Table, sql: str, params: list[Any] | None = None, *, only: str = ""
) -> pa.Table:
    """Ask about a partition (the view ``part``) and the corpus."""
    con = views.connect(root, state)
    try:
        con.register("part", table)
        if only:
            files = ", ".join(views.quote(str(root / f)) for f in views.files(state, only))
            con.execute(f"CREATE VIEW hidden AS SELECT * FROM read_parquet([{files}])")
        found = con.sql(sql, params=params or []).to_arrow_table()
    finally:
        con.close()
    return found.cast(table.schema) if found.column_names == table.column_names else found
