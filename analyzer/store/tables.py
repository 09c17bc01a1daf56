"""The tables of a corpus as they are stored: the declared columns, and a few that only the store uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.errors import SchemaError
from analyzer.schema import COVERAGE, LABELS, POSTS, REJECTS, UPDATES, Column, Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_RUN = Column("run_id", "string", "the run that brought the row")
_LABELS = Table(
    "labels",
    LABELS.meaning,
    ("source", "post_id", "model"),
    (Column("source", "string", "platform of the post judged"), *LABELS.columns, _RUN),
)


@dataclass(frozen=True)
class Stored:
    """A table of the corpus.

    `hidden` columns are stored but not shown; `ignored` ones do not make a row another one.
    """

    table: Table
    hidden: tuple[Column, ...] = ()
    ignored: tuple[str, ...] = ("run_id",)

    @property
    def name(self) -> str:
        """Name of the table and of its view."""
        return self.table.name

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that identify a row."""
        return self.table.key

    @property
    def shown(self) -> list[str]:
        """Columns of the view."""
        return self.table.names

    @property
    def content(self) -> list[str]:
        """Columns whose change makes a row an updated one."""
        return [n for n in self.shown if n not in self.key and n not in self.ignored]

    def arrow(self) -> pa.Schema:
        """Return the Arrow schema of the stored file."""
        return Table(self.name, "", (), (*self.table.columns, *self.hidden)).arrow()


_IDS = Table(
    "ids",
    "Posts known by id only, to be filled by collecting.",
    ("source", "post_id"),
    (Column("source", "string", "platform"), Column("post_id", "string", "the platform's own id"), _RUN),
)
_PLACE = (
    Column("_input", "string", "the run's input that the row came from: its number from 0, or its SHA-256"),
    Column("_line", "int", "its line or row there, from 1"),
)

STORED: dict[str, Stored] = {
    "posts": Stored(POSTS, _PLACE, ("run_id", "observed_at")),
    "updates": Stored(UPDATES),
    "labels": Stored(_LABELS),
    "coverage": Stored(COVERAGE),
    "rejects": Stored(REJECTS, _PLACE[:1]),
    "ids": Stored(_IDS),
}


def conform(data: pd.DataFrame | pa.Table | pa.RecordBatch, stored: Stored, run_id: str) -> pa.Table:
    """Return `data` as an Arrow table of the stored schema, `run_id` filled in.

    Raises
    ------
    SchemaError
        If a needed column is missing or null, or a type does not fit.
    """
    import pyarrow as pa

    table = data
    if isinstance(data, pa.RecordBatch):
        table = pa.Table.from_batches([data])
    elif not isinstance(data, pa.Table):
        table = _from_frame(data, stored)
    columns: list[Any] = []
    needed = {c.name for c in stored.table.columns if not c.nullable} - {"run_id"}
    for field in stored.arrow():
        if field.name == "run_id":
            column = pa.repeat(pa.scalar(run_id, pa.string()), len(table))
        elif field.name in table.column_names:
            column = table[field.name]
            if field.name == "source" and field.name in needed and pa.types.is_null(column.type):
                raise SchemaError(f"table {stored.name!r}: column 'source' holds nulls")
            if column.type != field.type:
                column = _cast(column, field, stored.name)
        elif field.name in needed:
            raise SchemaError(f"table {stored.name!r} lacks column {field.name!r}")
        else:
            column = pa.nulls(len(table), field.type)
        if field.name in needed and column.null_count:
            raise SchemaError(f"table {stored.name!r}: column {field.name!r} holds nulls; it must not")
        columns.append(column)
    return pa.table(columns, schema=stored.arrow())


def _cast(column: Any, field: pa.Field, table: str) -> Any:
    import pyarrow as pa

    if pa.types.is_timestamp(field.type) and pa.types.is_timestamp(column.type) and column.type.tz is None:
        raise SchemaError(f"table {table!r}, column {field.name!r}: times have no zone; give UTC times")
    try:
        return column.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SchemaError(f"table {table!r}, column {field.name!r}: {error}") from error


def _naive(column: pd.Series[Any]) -> bool:
    """Tell whether a column holds times without a zone."""
    import pyarrow as pa

    found = pa.array(column, from_pandas=True).type
    return pa.types.is_timestamp(found) and found.tz is None


def _from_frame(data: pd.DataFrame, stored: Stored) -> pa.Table:
    import pyarrow as pa

    schema = stored.arrow()
    known = [f for f in schema if f.name in data.columns and f.name != "run_id"]
    for f in known:
        if pa.types.is_timestamp(f.type) and _naive(data[f.name]):
            raise SchemaError(f"table {stored.name!r}, column {f.name!r}: times have no zone; give UTC times")
    try:
        return pa.Table.from_pandas(
            data[[f.name for f in known]], schema=pa.schema(known), preserve_index=False
        ).replace_schema_metadata(None)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise SchemaError(f"table {stored.name!r}: {error}") from error
