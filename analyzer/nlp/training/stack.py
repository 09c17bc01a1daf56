"""Second layer of the fast tier: a small network on the lanes, its calibration and its thresholds."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.heads import ordered, sigmoid

if TYPE_CHECKING:
    import pandas as pd

HIDDEN = 32
MEMBERS = 3


def truth(labels: pd.DataFrame) -> np.ndarray:
    """Return the true 0/1 of each of SCORES, (n, len(SCORES))."""
    return np.stack([_truth(labels, name).to_numpy(dtype=np.int64) for name in SCORES], axis=1)


def _truth(labels: pd.DataFrame, name: str) -> pd.Series:
    if name.startswith("p_frustration_ge"):
        return labels["frustration"] >= int(name[-1])
    return labels[name.removeprefix("p_")]


def fit_network(z: np.ndarray, y: np.ndarray, *, seed: int) -> dict[str, np.ndarray]:
    """Fit a few networks with one hidden layer and join them into one (their mean), scaled to raw lanes.

    Parameters
    ----------
    z
        (n, N_CONTENT) lanes, out of fold.
    y
        (n, len(SCORES)) 0/1.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    mean, std = z.mean(axis=0), z.std(axis=0) + 1e-9
    parts = []
    for member in range(MEMBERS):
        network = MLPClassifier((HIDDEN,), alpha=3.0, learning_rate_init=3e-3, max_iter=60, random_state=seed + member)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit((z - mean) / std, y)
        (w1, w2), (b1, b2) = network.coefs_, network.intercepts_
        parts.append((w1 / std[:, None], b1 - (mean / std) @ w1, w2 / MEMBERS, b2 / MEMBERS))
    w1, b1, w2, b2 = zip(*parts, strict=True)
    arrays = {"w1": np.hstack(w1), "b1": np.hstack(b1), "w2": np.vstack(w2), "b2": np.sum(b2, axis=0)}
    return {k: v.astype(np.float32) for k, v in arrays.items()}


def network_raw(arrays: dict[str, np.ndarray], z: np.ndarray) -> np.ndarray:
    """Return the network's uncalibrated scores, (n, len(SCORES))."""
    return np.maximum(z.astype(np.float32) @ arrays["w1"] + arrays["b1"], 0) @ arrays["w2"] + arrays["b2"]


def fit_calibration(raw: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and shift of Platt's calibration of each score, (len(SCORES),) each."""
    from sklearn.linear_model import LogisticRegression

    slope, shift = np.ones(raw.shape[1], np.float32), np.zeros(raw.shape[1], np.float32)
    for k in range(raw.shape[1]):
        model = LogisticRegression(C=1e4).fit(raw[:, k : k + 1], y[:, k])
        slope[k], shift[k] = model.coef_[0, 0], model.intercept_[0]
    return slope, shift


def calibrated(raw: np.ndarray, slope: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return ordered, calibrated probabilities."""
    return ordered(sigmoid(raw * slope + shift))


def fit_thresholds(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the probability from which each label is decided.

    Most labels: the best F1. Frustration: the best quadratic kappa of the level among relevant posts, while at most
    8 % of neutral fault reports are called level 2 or more.
    """
    from sklearn.metrics import f1_score

    out = np.full(p.shape[1], 0.5, np.float32)
    for k, name in enumerate(SCORES):
        if not name.startswith("p_frustration"):
            grid = np.unique(np.quantile(p[:, k], np.linspace(0.2, 0.998, 150)))
            out[k] = max(grid, key=lambda t, k=k: f1_score(y[:, k], p[:, k] >= t, zero_division=0))
    where = [SCORES.index(f"p_frustration_ge{k}") for k in (1, 2, 3)]
    out[where] = level_thresholds(p[:, where], y[:, where].sum(axis=1), y[:, 0] == 1, y[:, 1] == 1)
    return out


def level_thresholds(p: np.ndarray, level: np.ndarray, relevant: np.ndarray, report: np.ndarray) -> np.ndarray:
    """Search the three thresholds of frustration by coordinate ascent on quadratic kappa."""
    from sklearn.metrics import cohen_kappa_score

    neutral = report & (level == 0)

    def value(t: np.ndarray) -> float:
        decided = (np.cumprod(p >= t, axis=1)).sum(axis=1)
        kappa = cohen_kappa_score(level[relevant], decided[relevant], weights="quadratic")
        excess = max(0.0, float((decided[neutral] >= 2).mean()) - 0.08)
        return float(kappa) - 5 * excess

    t = np.array([0.5, 0.5, 0.5])
    for _ in range(3):
        for k in range(3):
            grid = np.unique(np.quantile(p[relevant, k], np.linspace(0.3, 0.995, 60)))
            options = [np.where(np.arange(3) == k, g, t) for g in grid]
            t = max([t, *options], key=value)
    return t.astype(np.float32)
