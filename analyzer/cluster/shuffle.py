"""Handing rows from the partitions that make them to the buckets that need them, through Parquet files.

Dask's own shuffle keeps rows in the workers' memory, where the death of one worker undoes all of it. Here each
partition writes one file with a row group a bucket, and each bucket reads its row group of every file: what is written
survives its worker.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.cluster import tasks

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


def write(table: pa.Table, bucket: NDArray[Any], path: Path) -> dict[str, Any]:
    """Write rows by bucket, in their order within each; return what `index` needs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    order = np.argsort(bucket, kind="stable")
    found, first = np.unique(bucket[order], return_index=True)
    table = table.take(pa.array(order))
    path.parent.mkdir(exist_ok=True)
    with pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1) as file:
        for start, stop in zip(first, [*first[1:], len(order)], strict=True):
            file.write_table(table.slice(start, stop - start), row_group_size=max(1, stop - start))
    return {"file": str(path), "buckets": found.tolist()}


def index(files: Sequence[dict[str, Any]], folder: Path) -> list[int]:
    """Write for each bucket where its rows lie, and return the buckets that have any.

    Parameters
    ----------
    files
        What `write` returned, in the order in which rows shall be read; other keys are kept for the reader.
    """
    folder.mkdir(exist_ok=True)
    places: dict[int, list[Any]] = {}
    for about in files:
        more = {k: v for k, v in about.items() if k != "buckets"}
        for group, bucket in enumerate(about["buckets"]):
            places.setdefault(bucket, []).append({**more, "group": group})
    for number, bucket in enumerate(sorted(places)):
        tasks.put(folder / f"{number:06d}.index", places[bucket])
    return sorted(places)


def read(folder: Path, number: int) -> list[tuple[dict[str, Any], pa.Table]]:
    """Return the pieces of the `number`-th bucket that has rows, each with what is said of its file."""
    import pyarrow.parquet as pq

    pieces = []
    for place in json.loads((folder / f"{number:06d}.index").read_bytes()):
        with pq.ParquetFile(place["file"], memory_map=True) as file:
            pieces.append((place, file.read_row_group(place["group"])))
    return pieces


def spread(values: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the bucket (of n) of each 64-bit value; near values come apart (Fibonacci hashing)."""
    mixed = values.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(33)) % np.uint64(n)).astype(np.int64)
