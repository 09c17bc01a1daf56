"""From posts to the LABELS table, by any classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analyzer.errors import SchemaError
from analyzer.nlp.classifier import DEFAULT, SCORES, load
from analyzer.schema import LABELS, TOPICS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa


#: A post less likely than this to be about a disruption has no level of frustration at one.
LEAST_RELEVANT = 0.25


def classify(posts: pd.DataFrame, *, model: str | Any = DEFAULT, **options: Any) -> pd.DataFrame:
    """Judge posts.

    Parameters
    ----------
    posts
        Any frame with `text`; `post_id` (else row numbers from 0) and `source` are passed through.
    model
        A name or a classifier, see `analyzer.nlp.classifier.load`.
    options
        Passed to the model's loader (`auto` knows `budget_s`).

    Returns
    -------
    pandas.DataFrame
        A LABELS table in the order of the input, with `source` in front where the input has it.
    """
    import pyarrow as pa

    if "text" not in posts.columns:
        raise SchemaError(f"posts have no column 'text' (they have {', '.join(map(str, posts.columns))})")
    texts = text_array(posts["text"])
    classifier = load(model, **options)
    scores = classifier.scores(texts)
    ids = posts["post_id"].astype(str) if "post_id" in posts else [str(i) for i in range(len(posts))]
    labels = decide(scores, ids=ids, name=classifier.name, thresholds=classifier.thresholds)
    if "source" in posts:
        source = pa.array(posts["source"], type=pa.string(), from_pandas=True)
        labels.insert(0, "source", _arrow(source))
    return labels


def text_array(texts: Any) -> pa.StringArray:
    """Return texts as one Arrow string array without nulls (null is the empty text)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pa.array(texts, type=pa.string(), from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return pc.fill_null(array, "") if array.null_count else array


def decide(scores: pd.DataFrame, *, ids: Any, name: str, thresholds: Mapping[str, float]) -> pd.DataFrame:
    """Turn a classifier's scores into a LABELS table: ordered levels, decided level and topics, nulls where not ok."""
    import numpy as np
    import pyarrow as pa

    ok = (scores["status"] == "ok").to_numpy(dtype=bool)
    null = ~ok
    columns: dict[str, Any] = {
        "post_id": pa.array(ids, type=pa.string(), from_pandas=True),
        "status": pa.array(scores["status"], type=pa.string(), from_pandas=True),
        "language": pa.array(scores["language"], type=pa.string(), from_pandas=True),
        "model": pa.repeat(pa.scalar(name, pa.string()), len(scores)),
    }
    given: dict[str, np.ndarray] = {
        c: np.asarray(scores[c].to_numpy(dtype=np.float32, na_value=np.nan)) for c in SCORES if c in scores
    }
    for column in SCORES:
        values = given.get(column)
        missing = null if values is None else null | np.isnan(values)
        data = np.zeros(len(scores), np.float32) if values is None else values
        columns[column] = pa.array(data, pa.float32(), mask=missing if values is not None else np.ones(len(ok), bool))
    level, expected = levels(given, thresholds)
    known = "p_frustration_ge1" in given
    mask = null if known else np.ones(len(ok), bool)
    columns["frustration"] = pa.array(expected, pa.float32(), mask=mask)
    columns["frustration_level"] = pa.array(level, pa.int64(), mask=mask)
    columns["topics"] = _topics(given, thresholds, null)
    from analyzer.schema import frame

    return frame(pa.table([columns[n] for n in LABELS.names], schema=LABELS.arrow()))


def levels(given: Mapping[str, Any], thresholds: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the decided frustration level (0-3) and the expected level / 3.

    The level is decided given that the post is about a disruption, as people give it: it is the highest whose
    probability among relevant posts (`given_relevant`), and that of every level below, reaches its threshold.
    """
    import numpy as np

    names = [f"p_frustration_ge{k}" for k in (1, 2, 3)]
    size = len(next(iter(given.values()))) if given else 0
    level, expected = np.zeros(size, np.int64), np.zeros(size, np.float32)
    about = given.get("p_relevant", np.ones(size, np.float32))
    reached = about >= np.float32(LEAST_RELEVANT)
    for name in names:
        p = given.get(name)
        if p is None:
            break
        expected = expected + p / np.float32(3)
        reached = reached & (given_relevant(p, about) >= np.float32(thresholds.get(name, 0.5)))
        level = level + reached
    return level, expected


def given_relevant(p: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Return a label's probability among relevant posts: what implies relevance, over the probability of that."""
    import numpy as np

    return p / np.maximum(np.maximum(relevant, p), 1e-9).astype(p.dtype)


def decided(given: Mapping[str, Any], name: str, thresholds: Mapping[str, float]) -> np.ndarray:
    """Return which posts reach a label's threshold; a topic is decided of posts decided relevant alone.

    `given` holds the probabilities that the model knows, by name.
    """
    import numpy as np

    reached: np.ndarray = given[name] >= np.float32(thresholds.get(name, 0.5))
    if name.startswith("p_topic_") and "p_relevant" in given:
        reached = reached & decided(given, "p_relevant", thresholds)
    return reached


def _topics(given: Mapping[str, Any], thresholds: Mapping[str, float], null: np.ndarray) -> pa.Array:
    """Return the decided topics of posts decided relevant, as comma-separated text.

    Distinct sets are few, so each is spelled out once.
    """
    import numpy as np
    import pyarrow as pa

    code = np.zeros(len(null), np.int64)
    for bit, topic in enumerate(TOPICS):
        if f"p_topic_{topic}" in given:
            code |= decided(given, f"p_topic_{topic}", thresholds).astype(np.int64) << bit
    sets = np.flatnonzero(np.bincount(code, minlength=1))
    where = np.searchsorted(sets, code)
    names = [",".join(t for bit, t in enumerate(TOPICS) if s >> bit & 1) for s in sets]
    indices = pa.array(where.astype(np.int32), mask=null)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string())).cast(pa.string())


def _arrow(array: Any) -> Any:
    import pandas as pd

    return pd.Series(pd.arrays.ArrowExtensionArray(array))
