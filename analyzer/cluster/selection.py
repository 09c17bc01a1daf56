"""A study's posts and their labels, over a cluster: all posts of an author come together, as the signals need them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.cluster import partitions, shuffle, tasks
from analyzer.schema import LABELS, POSTS, frame
from analyzer.study import Study

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_SIGNALS = ("first_hand", "news", "bot", "repost")
#: Columns of the labels stand beside those of the posts, some of which have the same name.
_OF_LABELS = "label."


def select_part(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Select the study's posts of one partition, put their labels beside them, and write them by author."""
    import pyarrow as pa

    from analyzer import api

    job = tasks.job(folder)
    root = Path(job["root"])
    posts = partitions.read(root, job["state"], job["plan"][part])
    selected = Study.from_dict(job["study"]).select(frame(posts))
    if not len(selected):
        return {"n_posts": len(posts), "file": None, "buckets": []}
    table = pa.Table.from_pandas(selected, schema=POSTS.arrow(), preserve_index=False)
    labels = api.align(frame(partitions.labels_of(root, job["state"], table, job["name"])), selected)
    for column in LABELS.columns:
        values = pa.array(labels[column.name], type=LABELS.arrow().field(column.name).type, from_pandas=True)
        table = table.append_column(_OF_LABELS + column.name, values)
    bucket = shuffle.spread(_hash(selected["author"].fillna(selected["post_id"])), job["n_buckets"])
    path = folder / "select_part" / f"{part:06d}.{token}.parquet"
    return {"n_posts": len(posts), **shuffle.write(table, bucket, path)}


def _hash(names: pd.Series) -> np.ndarray:
    import pandas as pd

    return np.asarray(pd.util.hash_array(names.to_numpy(object), categorize=True)).astype(np.int64)


def judge_part(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Tell who speaks in the posts of one bucket of authors, and fingerprint their texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from analyzer.nlp import duplicates, signals
    from analyzer.nlp.classify import text_array

    job = tasks.job(folder)
    table = pa.concat_tables([piece for _, piece in shuffle.read(folder / "selected", part)])
    table = table.take(ordered(table)).replace_schema_metadata(None)
    flags = signals.signals(frame(table.select(POSTS.names)))
    for name in _SIGNALS:
        table = table.append_column("signal." + name, pa.array(flags[name].to_numpy(bool)))
    marks, sizes = duplicates.prints(text_array(table["text"]))
    path = folder / "judge_part" / f"{part:06d}.{token}.parquet"
    pq.write_table(table.append_column("size", pa.array(sizes)), path, compression="zstd", compression_level=1)
    place = pa.table({"mark": marks, "part": np.full(len(marks), part), "row": np.arange(len(marks))})
    beside = path.with_name(f"{part:06d}.{token}.marks.parquet")
    bucket = shuffle.spread(marks, job["n_buckets"])
    return {"selected": str(path), "rows": len(table), "marks": shuffle.write(place, bucket, beside)}


def ordered(table: pa.Table) -> pa.Array:
    """Return the rows of posts in the order of `Corpus.posts`."""
    import pyarrow.compute as pc

    return pc.sort_indices(table, [(c, "ascending") for c in ("created_at", "source", "post_id")])


def gather(parts: list[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return posts, labels and signals of all judged parts, in the order of `Corpus.posts`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not parts:
        empty = LABELS.arrow().empty_table().add_column(0, "source", pa.array([], pa.string()))
        flags = pa.table({n: pa.array([], pa.bool_()) for n in _SIGNALS})
        return frame(POSTS.arrow().empty_table()), frame(empty), flags.to_pandas()
    table = pa.concat_tables([pq.read_table(p["selected"], memory_map=True) for p in parts])
    table = table.take(ordered(table))
    labels = {"source": table["source"], **{n: table[_OF_LABELS + n] for n in LABELS.names}}
    flags = pa.table({n: table["signal." + n] for n in _SIGNALS})
    return frame(table.select(POSTS.names)), frame(pa.table(labels)), flags.to_pandas()


def ranks(parts: list[dict[str, Any]], folder: Path) -> np.ndarray:
    """Return the place of each row of the parts among all selected posts, and keep it for the workers."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = ["created_at", "source", "post_id"]
    table = pa.concat_tables([pq.read_table(p["selected"], columns=columns, memory_map=True) for p in parts])
    rank = np.empty(len(table), np.int64)
    rank[ordered(table).to_numpy()] = np.arange(len(table))
    np.save(folder / "rank.npy", rank)
    np.save(folder / "start.npy", np.cumsum([0, *(p["rows"] for p in parts)]))
    return rank


def ranks_of(folder: Path, part: int) -> np.ndarray:
    """Return the places of one part's rows."""
    start = np.load(folder / "start.npy")
    return np.load(folder / "rank.npy", mmap_mode="r")[start[part] : start[part + 1]]
