"""Clusters of copies against exact Jaccard similarity."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from analyzer.nlp.duplicates import clusters

WORDS = [
    f"{a}{b}" for a in ("ba", "ce", "di", "fo", "gu", "ha", "ki", "lo") for b in ("lan", "mer", "nit", "por", "rus")
]


def _texts(n: int, seed: int) -> list[str]:
    """Invented texts: families of one original with a few changed words each, and loners."""
    rng = np.random.default_rng(seed)
    out: list[str] = []
    while len(out) < n:
        base = rng.choice(WORDS, rng.integers(8, 20)).tolist()
        out.append(" ".join(base))
        for _ in range(rng.integers(0, 4)):
            copy = list(base)
            for _ in range(rng.integers(0, 3)):
                copy[rng.integers(len(copy))] = str(rng.choice(WORDS))
            out.append(" ".join(copy))
    return out[:n]


def _shingles(text: str) -> set[object]:
    words = re.findall(r"\w+", text.lower())
    return set(words) | set(pairwise(words))


def test_near_copies_are_found_and_others_are_not() -> None:
    texts = _texts(500, 3)
    found = clusters(texts)
    sets = [_shingles(t) for t in texts]
    together = alike = both = 0
    for i in range(len(texts)):
        for j in range(i):
            similar = len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= 0.7
            same = found[i] == found[j]
            together, alike, both = together + same, alike + similar, both + (same and similar)
    assert alike > 100
    assert both / alike >= 0.93  # recall
    assert both / together >= 0.88  # precision; copies of copies may differ by more


def test_copies_in_another_dress_are_copies() -> None:
    found = clusters(
        ["Is it DOWN?? https://t.co/x1", "@someone is it down", "is it down for you", "", None, "https://a.b"]
    )
    assert found.tolist() == [0, 0, 2, 3, 3, 5]


def test_long_and_odd_texts_are_taken() -> None:
    long = "word " * 300_000
    assert clusters([long, long + "!", "x" * 1_000_000, "👋", "👋", "\x00"]).tolist() == [0, 0, 2, 3, 3, 5]
    assert clusters([]).tolist() == []


def test_the_same_input_gives_the_same_clusters() -> None:
    texts = _texts(500, 9)
    assert (clusters(texts) == clusters(texts)).all()
