"""Copies and near-copies of a text as clusters: exact fingerprints first, MinHash with verification on the rest."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.nlp.classify import text_array

#: Jaccard similarity of word shingles from which two texts are near-copies.
SIMILAR = 0.7
#: Earlier members of a bucket that a text is compared with.
_LOOK_BACK = 4


def clusters(texts: Any, *, similar: float = SIMILAR) -> NDArray[np.int64]:
    """Return the cluster of each text: the row of its first member.

    Parameters
    ----------
    texts
        Texts (a Series, list or Arrow array); null is the empty text.
    similar
        Jaccard similarity (words and pairs of words, mentions and links left out) of near-copies.

    Returns
    -------
    (n,) int64
        Equal numbers for copies; copies of copies belong together.

    Examples
    --------
    >>> clusters(["Down again!", "down again", "what a nice day"]).tolist()
    [0, 0, 2]
    """
    array = text_array(texts)
    marks, sizes = prints(array)
    _, first, inverse = np.unique(marks, return_index=True, return_inverse=True)
    kept = np.sort(first)
    near = _near(array.take(_indices(kept)), sizes[kept], similar)
    return kept[near][np.searchsorted(kept, first)][inverse]


def prints(array: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return fingerprint and number of shingles of each text (an Arrow array)."""
    from analyzer.nlp import shingles as s
    from analyzer.nlp.hashing import buffers

    data, offsets = buffers(array)
    marks, sizes = np.zeros(len(array), np.int64), np.zeros(len(array), np.int64)

    def work(a: int, b: int) -> None:
        s.fingerprints(data, offsets[a : b + 1], marks[a:b], sizes[a:b])

    _in_parts(len(array), work)
    return marks, sizes


def _near(unique: Any, sizes: NDArray[np.int64], similar: float) -> NDArray[np.int64]:
    """Return the representative of each of the distinct texts, as a position among them."""
    n = len(unique)
    sketch, bands = sketches(unique, sizes)
    parent = np.arange(n)
    filled = np.flatnonzero(sizes)
    for keys in bands:
        # Sorting key and row as one number is many times faster than an indirect sort, and ties keep their order.
        bits = row_bits(n)
        packed = np.sort(((keys[filled] << bits) & 0x7FFFFFFFFFFFFFFF) | filled)
        link(packed & ((1 << bits) - 1), packed >> bits, sketch, parent, similar=similar)
    return roots(parent)


@dataclass(frozen=True)
class Sketch:
    """Shingles of texts: those of text t are ``sets[places[t]:ends[t]]``, sorted; `bits` tell quickly."""

    places: NDArray[np.int64]
    ends: NDArray[np.int64]
    sets: NDArray[np.uint32]
    bits: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        from analyzer.nlp import shingles as s

        bits = np.zeros((len(self.ends), 8), np.int64)
        _in_parts(len(bits), lambda a, b: s.bit_sets(self.sets, self.places[a:b], self.ends[a:b], bits[a:b]))
        object.__setattr__(self, "bits", bits)


def sketches(texts: Any, sizes: NDArray[np.int64]) -> tuple[Sketch, NDArray[np.int64]]:
    """Return the shingles of texts (an Arrow array), and their band keys (BANDS, n).

    Parameters
    ----------
    sizes
        Number of shingles that each can have, as `prints` gives it.
    """
    from analyzer.nlp import shingles as s
    from analyzer.nlp.hashing import buffers

    n = len(texts)
    data, offsets = buffers(texts)
    places = np.concatenate([[0], np.cumsum(sizes)])
    ends, sets = np.zeros(n, np.int64), np.zeros(int(places[-1]) + 1, np.uint32)
    factors = np.random.default_rng(20240604).integers(1 << 20, 1 << 31, s.BANDS * s.ROWS) | 1
    bands = np.zeros((s.BANDS, n), np.int64)

    def work(a: int, b: int) -> None:
        s.shingle_sets(data, offsets[a : b + 1], places[a:b], ends[a:b], sets)
        s.signatures(sets, places[a:b], ends[a:b], factors, bands[:, a:b])

    _in_parts(n, work)
    return Sketch(places, ends, sets), bands


def row_bits(n: int) -> int:
    """Return how many bits the row of one of n distinct texts takes beside its key; the key has the rest of 63."""
    return max(n - 1, 1).bit_length()


def link(
    order: NDArray[np.int64], keys: NDArray[np.int64], sketch: Sketch, parent: NDArray[np.int64], *, similar: float
) -> None:
    """Join near-copies of one band in `parent`; `order` are texts in the order of their keys, then of their rows."""
    from analyzer.nlp import shingles as s

    s.link_band(order, keys, sketch.sets, sketch.places, sketch.ends, sketch.bits, parent, similar, _LOOK_BACK)


def _in_parts(n: int, work: Callable[[int, int], None]) -> None:
    """Call ``work(start, stop)`` over [0, n) in parts, one thread a core; the kernels hold no lock."""
    size = max(1, -(-n // 16))
    starts = range(0, n, size)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda a: work(a, min(a + size, n)), starts))


def roots(parent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Follow all parents to their roots at once."""
    while True:
        above = parent[parent]
        if (above == parent).all():
            return above
        parent = above


def _indices(rows: NDArray[np.int64]) -> Any:
    import pyarrow as pa

    return pa.array(rows)
