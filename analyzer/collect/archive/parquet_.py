"""Parquet as a stream of batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analyzer.collect.archive.csv_ import BATCH, Batch
from analyzer.collect.archive.times import plain_list
from analyzer.errors import InputError


def batches(path: Path, *, size: int = BATCH) -> Iterator[Batch]:
    """Yield batches of all flat columns; nested ones are read by their dotted names.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            number = 1
            if not file.metadata.num_rows:
                yield Batch({name: () for name in file.schema_arrow.names}, ())
            for batch in file.iter_batches(batch_size=size):
                table = pa.Table.from_batches([batch])
                while any(pa.types.is_struct(f.type) for f in table.schema):
                    table = table.flatten()
                rows = range(number, number + len(table))
                number += len(table)
                yield Batch({name: _list(table[name]) for name in table.column_names}, rows)
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: damaged Parquet file ({error}); write or download it again") from error


def _list(column: Any) -> list[Any]:
    import pyarrow as pa

    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    return plain_list(plain)
