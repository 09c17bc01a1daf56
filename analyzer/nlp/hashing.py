"""Texts to hashed features: a sparse matrix for training, summed weights for scoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp import kernel
from analyzer.nlp.tables import fold_table, name_table

if TYPE_CHECKING:
    import pyarrow as pa
    from scipy.sparse import csr_matrix


def buffers(texts: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes (uint8) and the offsets (int64, n + 1) of an Arrow string array, without copying the text."""
    kind = np.int64 if str(texts.type) == "large_string" else np.int32
    _, places, data = texts.buffers()
    offsets = np.frombuffer(places, kind, len(texts) + 1, texts.offset * np.dtype(kind).itemsize).astype(np.int64)
    return (np.frombuffer(data, np.uint8) if data is not None else np.zeros(1, np.uint8)), offsets


def features(texts: pa.StringArray) -> csr_matrix:
    """Return counts of hashed features, (n texts, BUCKETS) float32; needs numba."""
    from scipy.sparse import csr_matrix

    data, offsets = buffers(texts)
    counts = np.zeros(len(texts), np.int64)
    kernel.count_features(data, offsets, fold_table(), name_table(), counts)
    places = np.concatenate([[0], np.cumsum(counts)])
    columns = np.zeros(places[-1], np.int32)
    kernel.list_features(data, offsets, fold_table(), name_table(), places, columns)
    matrix = csr_matrix((np.ones(len(columns), np.float32), columns, places), (len(texts), kernel.BUCKETS))
    matrix.sum_duplicates()
    return matrix


def sums(texts: pa.StringArray, table: np.ndarray, *, compiled: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return the summed rows of `table` over each text's features, and the counts named in `kernel.INFO`.

    Parameters
    ----------
    table
        (BUCKETS, LANES) integers.
    compiled
        False takes the pure-Python path, as where numba is missing; the numbers are the same.

    Returns
    -------
    (n, LANES) int32, (n, 5) int64
    """
    data, offsets = buffers(texts)
    total = np.zeros((len(texts), kernel.LANES), np.int32)
    info = np.zeros((len(texts), len(kernel.INFO)), np.int64)
    if compiled and kernel.numba is not None:
        kernel.score(data, offsets, fold_table(), name_table(), table, total, info)
        return total, info
    fold: Any = fold_table().tolist()
    names: Any = name_table().tolist()
    for t in range(len(texts)):
        text = data[offsets[t] : offsets[t + 1]].tobytes()
        total[t], info[t] = kernel.score_one(text, 0, len(text), fold, names, table)
    return total, info
