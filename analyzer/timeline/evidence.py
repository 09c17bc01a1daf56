"""`Evidence`: posts, labels, clusters and signals side by side as plain arrays, made once and sliced often.

Sources: plain bookkeeping. Assumes tables with one row a post, in one order.

A post is decided relevant from a *calibrated* probability of 0.5 on: more likely than not. That is not the
classifier's own threshold, which is set for the best F1 on its test posts (.42 in the shipped one), decides levels
and topics, and lets more doubtful posts in: among the talk of a quiet day these would be most of the count.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    return np.nan_to_num(labels[name].to_numpy(dtype=float, na_value=np.nan))


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
    source: NDArray[np.object_]
    language: NDArray[np.object_]
    author: NDArray[np.int64]
    cluster: NDArray[np.int64]
    first_hand: NDArray[np.bool_]
    news: NDArray[np.bool_]
    repost: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time)

    def between(self, start: pd.Timestamp, end: pd.Timestamp) -> NDArray[np.bool_]:
        """(n,) True for relevant posts in ``[start, end)``."""
        return self.relevant & (self.time >= stamp(start)) & (self.time < stamp(end))

    def decided(self, name: str, *, least: float = DECIDED) -> NDArray[np.bool_]:
        """(n,) True where the label's probability is `least` or more."""
        return probability(self.labels, name) >= least

    def voices(self, mask: NDArray[np.bool_], *, most: int) -> int:
        """Distinct authors among the posts of a mask (distinct texts where authors are unknown), up to `most`."""
        place = np.flatnonzero(mask)
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
    labels = _lean(labels)
    code, _ = _coded(posts["author"]) if "author" in posts.columns else (np.full(n, -1), None)

    def flag(name: str) -> NDArray[np.bool_]:
        if signals is None or name not in signals.columns:
            return np.zeros(n, dtype=bool)
        return signals[name].to_numpy(dtype=bool, na_value=False)

    language = labels["language"] if "language" in labels.columns else posts["language"]
    reposted = (posts["kind"] == "repost").to_numpy(dtype=bool, na_value=False) | flag("repost")
    return Evidence(
        time=microseconds(posts["created_at"]),
        relevant=relevant(labels),
        labels=labels,
        text=posts["text"].reset_index(drop=True),
        source=_words(posts["source"]),
        language=_words(language),
        author=np.asarray(code, dtype=np.int64),
        cluster=np.arange(n) if clusters is None else np.asarray(clusters, dtype=np.int64),
        first_hand=flag("first_hand") if signals is not None else probability(labels, "p_report") >= DECIDED,
        news=flag("news"),
        repost=reposted,
    )


def _coded(column: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return texts as codes (n,), -1 for null, and the texts that they stand for."""
    import pyarrow as pa

    array = pa.array(column, type=pa.string(), from_pandas=True)
    coded = (array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array).dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, np.asarray(coded.dictionary.to_pylist(), dtype=object)


def _words(column: pd.Series) -> NDArray[np.object_]:
    """Return texts as plain objects, `und` for null; few distinct ones are made, and shared."""
    codes, words = _coded(column)
    return np.append(words, "und")[codes]


def _lean(labels: pd.DataFrame) -> pd.DataFrame:
    """Labels with plain numbers and categories, which are cheap to slice; texts about the labels are left out."""
    columns: dict[str, Any] = {}
    for name in labels.columns:
        if name in ("status", "language", "source"):
            codes, words = _coded(labels[name])
            columns[name] = pd.Categorical.from_codes(codes, pd.Index(words))
        elif name == "post_id":
            columns[name] = labels[name].astype(object).to_numpy()
        elif name == "frustration_level" or name == "frustration" or name.startswith("p_"):
            columns[name] = labels[name].to_numpy(dtype=np.float32, na_value=np.nan)
    return pd.DataFrame(columns, index=range(len(labels)))


def _same(left: pd.Series, right: pd.Series) -> bool:
    """Say whether two columns of ids are equal row by row."""
    import pyarrow as pa

    a, b = (pa.chunked_array(pa.array(v, type=pa.string(), from_pandas=True)) for v in (left, right))
    return bool(a.equals(b))
