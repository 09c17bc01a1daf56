"""`Evidence`: posts, labels, clusters and signals side by side as plain arrays, made once and sliced often.

Sources: plain bookkeeping. Assumes tables with one row a post, in one order.

A post is decided relevant from a *calibrated* probability of 0.5 on: more likely than not. That is not the
classifier's own threshold, which is set for the best F1 on its test posts (.42 in the shipped one), decides levels
and topics, and lets more doubtful posts in: among the talk of a quiet day these would be most of the count.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.errors import SchemaError
from analyzer.timeline.series import microseconds, stamp

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A post is decided relevant (or a report) from this calibrated probability on.
DECIDED = 0.5


def relevant(labels: pd.DataFrame) -> NDArray[np.bool_]:
    """(n,) True where a post is judged (status ok) and its probability of being about a disruption is >= 0.5.

    A plain rule of our own. It assumes calibrated probabilities (0-1): 0.5 is then more likely than not.
    """
    ok = (labels["status"] == "ok").to_numpy(dtype=bool, na_value=False)
    return ok & (probability(labels, "p_relevant") >= DECIDED)


def probability(labels: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """(n,) probabilities of one label, 0 where it is null or the column is absent."""
    if name not in labels.columns:
        return np.zeros(len(labels))
    values = _numbers(labels[name]).astype(np.float64)
    values[np.isnan(values)] = 0.0
    return values


def _numbers(column: pd.Series) -> NDArray[Any]:
    """Return a column as plain numbers, NaN where it is null; without a copy where that can be."""
    import pyarrow as pa

    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
        return column.to_numpy()
    if isinstance(column.dtype, pd.ArrowDtype):
        return np.asarray(pa.chunked_array(pa.array(column)).to_numpy())
    return column.to_numpy(dtype=float, na_value=np.nan)


@dataclass(frozen=True)
class Evidence:
    """What is known of each selected post; all arrays are (n,) and in the order of the posts.

    `time` is microseconds since 1970, UTC; `author` is a number for each author, -1 where the source names none;
    `cluster` numbers posts of the same or nearly the same text.
    """

    time: NDArray[np.int64]
    relevant: NDArray[np.bool_]
    labels: pd.DataFrame
    text: pd.Series
    source: pd.Categorical
    language: pd.Categorical
    author: NDArray[np.int64]
    cluster: NDArray[np.int64]
    first_hand: NDArray[np.bool_]
    news: NDArray[np.bool_]
    repost: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time)

    @cached_property
    def ordered(self) -> NDArray[np.int64]:
        """(n_relevant,) places of the relevant posts in order of time."""
        place = np.flatnonzero(self.relevant)
        return place[np.argsort(self.time[place], kind="stable")]

    def between(self, start: pd.Timestamp, end: pd.Timestamp) -> NDArray[np.bool_]:
        """(n,) True for relevant posts in ``[start, end)``."""
        return self.relevant & (self.time >= stamp(start)) & (self.time < stamp(end))

    def decided(self, name: str, *, least: float = DECIDED) -> NDArray[np.bool_]:
        """(n,) True where the label's probability is `least` or more."""
        if name not in self.labels.columns:
            return np.full(len(self), least <= 0)
        return _numbers(self.labels[name]) >= np.float64(least)

    def voices(self, place: NDArray[np.int64], *, most: int) -> int:
        """Distinct authors among the posts at these places (distinct texts where authors are unknown), up to `most`."""
        group = self.author if len(place) and (self.author[place] >= 0).all() else self.cluster
        for part in (place[: 50 * most], place):
            n = len(np.unique(group[part]))
            if n >= most:
                break
        return min(n, most)


def gather(
    posts: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    clusters: NDArray[np.int64] | None = None,
    signals: pd.DataFrame | None = None,
) -> Evidence:
    """Put posts and what is said of them side by side.

    Raises
    ------
    SchemaError
        The tables do not have one row a post each.
    """
    n = len(posts)
    for name, table in (("labels", labels), ("clusters", clusters), ("signals", signals)):
        if table is not None and len(table) != n:
            raise SchemaError(f"{name}: {len(table):,} rows for {n:,} posts; give one row a post, in the posts' order")
    if n and not _same(labels["post_id"], posts["post_id"]):
        raise SchemaError("labels: post_id differs from the posts' row by row; put both in the same order")
    language = labels["language"] if "language" in labels.columns else posts["language"]
    labels = _lean(labels)
    code = _coded(posts["author"])[0] if "author" in posts.columns else np.full(n, -1)

    def flag(name: str) -> NDArray[np.bool_]:
        if signals is None or name not in signals.columns:
            return np.zeros(n, dtype=bool)
        return signals[name].to_numpy(dtype=bool, na_value=False)

    reposted = (posts["kind"] == "repost").to_numpy(dtype=bool, na_value=False) | flag("repost")
    return Evidence(
        time=microseconds(posts["created_at"]),
        relevant=relevant(labels),
        labels=labels,
        text=posts["text"].reset_index(drop=True),
        source=_words(posts["source"]),
        language=_words(language),
        author=code,
        cluster=np.arange(n) if clusters is None else np.asarray(clusters, dtype=np.int64),
        first_hand=flag("first_hand") if signals is not None else probability(labels, "p_report") >= DECIDED,
        news=flag("news"),
        repost=reposted,
    )


def _coded(column: pd.Series) -> tuple[NDArray[np.int64], Any]:
    """Return texts as codes (n,), -1 for null, and the texts that they stand for (an Arrow array)."""
    import pyarrow as pa

    array = pa.array(column, type=pa.string(), from_pandas=True)
    coded = (array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array).dictionary_encode()
    return coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), coded.dictionary


def _words(column: pd.Series) -> pd.Categorical:
    """Return texts of which few are distinct, `und` for null."""
    codes, words = _coded(column)
    names = words.to_pylist()
    if (codes < 0).any() and "und" not in names:
        names.append("und")
    if (codes < 0).any():
        codes = np.where(codes < 0, names.index("und"), codes)
    return pd.Categorical.from_codes(codes, pd.Index(names, dtype=object))


def _lean(labels: pd.DataFrame) -> pd.DataFrame:
    """Labels with plain numbers, which are cheap to read at some rows; texts about the labels are left out."""
    columns: dict[str, Any] = {}
    for name in labels.columns:
        if name == "status":
            codes, words = _coded(labels[name])
            columns[name] = pd.Categorical.from_codes(codes, pd.Index(words.to_pylist(), dtype=object))
        elif name in ("source", "post_id"):
            columns[name] = labels[name].array
        elif name == "frustration_level" or name == "frustration" or name.startswith("p_"):
            columns[name] = np.asarray(_numbers(labels[name]), np.float32)
    return pd.DataFrame(columns, index=range(len(labels)), copy=False)


def _same(left: pd.Series, right: pd.Series) -> bool:
    """Say whether two columns of ids are equal row by row."""
    import pyarrow as pa

    a, b = (pa.chunked_array(pa.array(v, type=pa.string(), from_pandas=True)) for v in (left, right))
    return bool(a.equals(b))
