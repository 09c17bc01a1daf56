"""Topics found in the posts themselves, beside the fixed ones of the codebook.

Non-negative matrix factorisation of TF-IDF (Lee & Seung 1999); words by class-based TF-IDF (Grootendorst 2022,
arXiv 2203.05794). Near-copies count once, so that a repeated text is no topic.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.nlp.classify import text_array
from analyzer.nlp.quantify import wilson

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Texts that the topics are learnt from at most (evenly spaced in the input); all texts are then assigned.
MAX_TEXTS = 20_000
#: A text belongs to its strongest topic if that has this share of its weight, else it is an outlier.
CLEAR = 0.5
#: Fewer distinct texts give no topics.
MIN_TEXTS = 50
_OFF = re.compile(r"https?://\S+|@\w+|&\w+;")
_TOKEN = r"(?u)(?<![@\w])[^\W\d_][^\W_]*(?:['’][^\W_]+)?"


@dataclass(frozen=True)
class Discovered:
    """Topics and where each text belongs.

    Attributes
    ----------
    topics
        `id` (made of its words, so that it stays where the topic stays), `n`, `share` (of all texts) with its
        95 % Wilson interval `low`, `high`, in which copies count as one, `n_authors`, `words` (list), by falling n.
    assigned
        (n texts,) row of `topics`, or -1 for an outlier.
    outlier_share
        Share of texts in no topic, 0-1.
    """

    topics: pd.DataFrame
    assigned: np.ndarray
    outlier_share: float


def discover(
    texts: Any, *, n_topics: int = 10, authors: Any | None = None, k: int = 5, words: int = 8, seed: int = 0
) -> Discovered:
    """Find topics.

    Parameters
    ----------
    texts
        Texts of the (relevant) posts.
    n_topics
        Topics looked for; those with fewer than `k` authors are dropped.
    authors
        Author of each text; without, each distinct text counts as an author.
    k
        Least number of authors of a topic, and of texts of a word.
    words
        Words shown of each topic.
    seed
        Seed of the factorisation; the same texts and seed give the same topics.
    """
    import numpy as np
    import pandas as pd

    from analyzer.nlp.duplicates import clusters

    array = text_array(texts)
    cluster = clusters(array)
    unique = np.unique(cluster)
    none = pd.DataFrame({"id": [], "n": [], "share": [], "low": [], "high": [], "n_authors": [], "words": []})
    if len(unique) < MIN_TEXTS:
        return Discovered(none, np.full(len(array), -1), 1.0)
    all_texts = [_OFF.sub(" ", t.lower()) for t in array.to_pylist()]
    sample = unique[np.unique(np.linspace(0, len(unique) - 1, min(len(unique), MAX_TEXTS)).astype(int))]
    counts, vocabulary, weights = _factorise(all_texts, sample, n_topics, k, seed)
    total = weights.sum(axis=1)
    best = weights.argmax(axis=1)
    clear = (total > 1e-9) & (weights[np.arange(len(best)), best] >= CLEAR * np.maximum(total, 1e-9))
    assigned = np.where(clear, best, -1)
    who = cluster.astype(str) if authors is None else _known(authors, cluster)
    rows: list[dict[str, Any]] = []
    effective = _effective(cluster)
    shown = _class_words(counts, assigned, weights.shape[1], vocabulary, words)
    for topic in range(weights.shape[1]):
        member = assigned == topic
        n_authors = len(set(who[member]))
        if n_authors >= k and shown[topic]:
            share = float(member.mean())
            low, high = wilson(share * effective, effective)
            rows.append(
                {"id": _name(shown[topic]), "n": int(member.sum()), "share": share, "low": low, "high": high,
                 "n_authors": n_authors, "words": shown[topic], "number": topic}
            )  # fmt: skip
    rows.sort(key=lambda r: (-r["n"], r["id"]))
    place = {row.pop("number"): i for i, row in enumerate(rows)}
    final = np.array([place.get(int(t), -1) for t in assigned])
    return Discovered(pd.DataFrame(rows, columns=none.columns), final, float((final < 0).mean()))


def _effective(cluster: np.ndarray) -> float:
    """Return how many posts of their own all are worth: copies of a text fall together (Kish 1965)."""
    import numpy as np

    sizes = np.unique(cluster, return_counts=True)[1].astype(float)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def _factorise(
    texts: list[str], sample: np.ndarray, n_topics: int, k: int, seed: int
) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return word counts of all texts, the words, and the topic weights of all texts."""
    import warnings

    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

    from analyzer.nlp.keywords import stop_words

    vectoriser = CountVectorizer(token_pattern=_TOKEN, lowercase=False, stop_words=sorted(stop_words()))
    # Texts are cut once; then the words of too few or more than half of the sample's texts go.
    everything = vectoriser.fit_transform([*texts, "a-word-for-texts-without"])[:-1]
    holding = np.bincount(everything[sample].indices, minlength=everything.shape[1])
    kept = (holding >= k) & (holding <= 0.5 * len(sample))
    if not kept.any():
        return csr_matrix((len(texts), 1)), np.array([""]), np.zeros((len(texts), 1))
    counts = everything[:, np.flatnonzero(kept)]
    counts.sort_indices()
    scaled = TfidfTransformer(sublinear_tf=True).fit(counts[sample]).transform(counts)
    n_topics = min(n_topics, counts.shape[1])
    model = NMF(n_topics, init="nndsvda", random_state=seed, max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(scaled[sample])
        weights = model.transform(scaled)
    return counts, vectoriser.get_feature_names_out()[kept], weights


def _class_words(counts: Any, assigned: np.ndarray, n: int, vocabulary: np.ndarray, words: int) -> list[list[str]]:
    """Return each topic's words by class-based TF-IDF: ``tf_class ln(1 + mean class size / tf)``."""
    import numpy as np

    binary = (counts > 0).astype(np.int64)
    per_class = np.stack([np.asarray(binary[assigned == t].sum(axis=0)).ravel() for t in range(n)])
    everywhere = np.maximum(per_class.sum(axis=0), 1)
    mean = per_class.sum() / n
    score = per_class / np.maximum(per_class.sum(axis=1, keepdims=True), 1) * np.log1p(mean / everywhere)
    order = np.argsort(-score, axis=1, kind="stable")[:, :words]
    return [[str(vocabulary[w]) for w in row if score[t, w] > 0] for t, row in enumerate(order)]


def _name(words: list[str]) -> str:
    """Return an id made of the three first words and a digest of the five first, whatever their order."""
    digest = hashlib.blake2b(" ".join(sorted(words[:5])).encode(), digest_size=2).hexdigest()
    return "-".join([*words[:3], digest])


def _known(authors: Any, cluster: np.ndarray) -> np.ndarray:
    import numpy as np

    given = np.asarray(authors, dtype=object)
    return np.array(
        [a if isinstance(a, str) else f"text {c}" for a, c in zip(given, cluster, strict=True)], dtype=object
    )
