"""First layer of the fast tier: one logistic regression a lane on hashed features, then small integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.nlp.heads import EMOTIONS, LANE_NAMES, SUPPORTED
from analyzer.nlp.kernel import BUCKETS, LANES

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

#: Largest integer of a lane's weight.
_TOP = 127


def inverse_frequency(counts: csr_matrix) -> np.ndarray:
    """Return ``ln((1 + n) / (1 + df)) + 1`` of each bucket, rounded so that its square is a small integer / 4."""
    n = counts.shape[0]
    df = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log((1 + n) / (1 + df)) + 1
    return np.sqrt(np.clip(np.round(idf**2 / _NORM_UNIT), 1, _TOP) * _NORM_UNIT)


_NORM_UNIT = 1.5


def weighted(counts: csr_matrix, idf: np.ndarray) -> csr_matrix:
    """Return ``count idf / sqrt(sum count idf²)``, as `heads.lane_values` scores it."""
    from scipy.sparse import diags

    norm = np.sqrt(np.asarray(counts @ (idf**2)).ravel())
    return (diags(1 / np.maximum(norm, 1e-9)) @ counts @ diags(idf)).tocsr().astype(np.float64)


def emotion_targets(goemotions: pd.DataFrame) -> np.ndarray:
    """Return the targets of the GoEmotions lanes, (n, len(EMOTIONS)) 0/1."""
    return np.stack([goemotions[list(names)].max(axis=1).to_numpy() for names in EMOTIONS.values()], axis=1)


def language_targets(languages: pd.Series) -> np.ndarray:
    """Return one column a supported language, (n, len(SUPPORTED)) 0/1."""
    return np.stack([(languages == code).to_numpy(dtype=np.int64) for code in SUPPORTED], axis=1)


def fit(x: csr_matrix, target: np.ndarray, *, c: float, weight: np.ndarray | None = None) -> np.ndarray:
    """Fit one lane by logistic regression and return its weights and offset, (BUCKETS + 1,).

    Parameters
    ----------
    x
        Weighted features.
    target
        0/1, or a probability between (a row then counts as both, in proportion).
    c
        Inverse strength of the L2 penalty.
    weight
        Weight of each row; None is 1.
    """
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    weight = np.ones(len(target)) if weight is None else weight
    between = (target > 0) & (target < 1)
    soft = np.flatnonzero(between)
    y = np.concatenate([np.where(between, 1, target), np.zeros(len(soft))]).astype(int)
    w = np.concatenate([np.where(between, target, 1) * weight, (1 - target[soft]) * weight[soft]])
    if y.min() == y.max():  # nothing to tell apart
        return np.append(np.zeros(x.shape[1]), 5.0 if y[0] else -5.0)
    rows = vstack([x, x[soft]]).tocsr() if len(soft) else x
    model = LogisticRegression(C=c, solver="liblinear", tol=3e-3).fit(rows, y, sample_weight=w)
    return np.concatenate([model.coef_[0], model.intercept_])


def fit_scaled(x: csr_matrix, target: np.ndarray, *, c: float) -> np.ndarray:
    """Fit one lane with features scaled by how much they tell the classes apart (Wang & Manning 2012, NBSVM)."""
    from scipy.sparse import diags

    if target.min() == target.max():
        return fit(x, target, c=c)
    positive, negative = x.T @ target + 0.02, x.T @ (1 - target) + 0.02
    tells = np.abs(np.log(positive / positive.sum()) - np.log(negative / negative.sum()))
    scale = 0.3 + 2 * tells / tells.max()
    lane = fit((x @ diags(scale)).tocsr(), target, c=c)
    return np.append(lane[:-1] * scale, lane[-1])


def fit_soft(x: csr_matrix, p: np.ndarray) -> np.ndarray:
    """Fit one lane to a teacher's probabilities by ridge regression on their log odds (Ba & Caruana 2014)."""
    from sklearn.linear_model import Ridge

    p = np.clip(p, 1e-4, 1 - 1e-4)
    target = np.clip(np.log(p / (1 - p)), -5, 5)
    model = Ridge(alpha=1.0, solver="sparse_cg", tol=1e-3).fit(x, target)
    return np.append(model.coef_, model.intercept_)


def apply(x: csr_matrix, lanes: np.ndarray) -> np.ndarray:
    """Return the decision values of lanes (k, BUCKETS + 1) for rows of x, (n, k)."""
    return x @ lanes[:, :-1].T + lanes[:, -1]


def rarity_weight(languages: np.ndarray) -> np.ndarray:
    """Return weights of rows that lift rare languages: one over the root of their number, mean 1."""
    _, inverse, counts = np.unique(languages, return_inverse=True, return_counts=True)
    weight = 1 / np.sqrt(counts[inverse])
    return weight / weight.mean()


def quantise(lanes: np.ndarray, idf: np.ndarray) -> dict[str, np.ndarray]:
    """Turn lanes (LANES - 1, BUCKETS + 1) into the integer table, its scales and offsets.

    Notes
    -----
    Weights beyond 127 steps are cut; a step is the 99.998 % quantile of a lane's weights in use, over 127.
    """
    weights = lanes[:, :-1] * idf
    top = np.array([np.quantile(np.abs(w[w != 0]), 0.99998) if (w != 0).any() else 1.0 for w in weights])
    scale = np.append(top / _TOP, _NORM_UNIT).astype(np.float32)
    table = np.zeros((BUCKETS, LANES), np.int8)
    table[:, :-1] = np.clip(np.round(weights.T / scale[:-1]), -_TOP, _TOP)
    table[:, -1] = np.round(idf**2 / _NORM_UNIT)
    offset = np.append(lanes[:, -1], 0).astype(np.float32)
    assert len(offset) == len(LANE_NAMES)
    return {"table": table, "scale": scale, "offset": offset}
