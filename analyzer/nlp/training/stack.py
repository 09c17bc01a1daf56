"""Second layer of the fast tier: a small network on the lanes, its calibration and its thresholds."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.heads import LANE_NAMES, N_LABELS, WAYS

if TYPE_CHECKING:
    import pandas as pd

HIDDEN = 32
MEMBERS = 3
EPOCHS = 50
PENALTY = 3.0


def truth(labels: pd.DataFrame) -> np.ndarray:
    """Return the true 0/1 of each of SCORES, (n, len(SCORES))."""
    return np.stack([_truth(labels, name).to_numpy(dtype=np.int64) for name in SCORES], axis=1)


def _truth(labels: pd.DataFrame, name: str) -> pd.Series:
    if name.startswith("p_frustration_ge"):
        return labels["frustration"] >= int(name[-1])
    return labels[name.removeprefix("p_")]


def fit_network(z: np.ndarray, y: np.ndarray, weight: np.ndarray, *, seed: int) -> dict[str, np.ndarray]:
    """Fit a few networks with one hidden layer and join them into one (their mean), scaled to raw lanes.

    Parameters
    ----------
    z
        (n, N_CONTENT) lanes, out of fold.
    y
        (n, len(SCORES)) 0/1.
    weight
        (n,) weights of rows.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    mean, std = z.mean(axis=0), z.std(axis=0) + 1e-9
    parts = []
    for member in range(MEMBERS):
        network = MLPClassifier(
            (HIDDEN,), alpha=PENALTY, learning_rate_init=3e-3, max_iter=EPOCHS, random_state=seed + member
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit((z - mean) / std, y, sample_weight=weight)
        (w1, w2), (b1, b2) = network.coefs_, network.intercepts_
        parts.append((w1 / std[:, None], b1 - (mean / std) @ w1, w2 / MEMBERS, b2 / MEMBERS))
    w1, b1, w2, b2 = zip(*parts, strict=True)
    arrays = {"w1": np.hstack(w1), "b1": np.hstack(b1), "w2": np.vstack(w2), "b2": np.sum(b2, axis=0)}
    return {k: v.astype(np.float32) for k, v in arrays.items()}


def network_raw(arrays: dict[str, np.ndarray], z: np.ndarray) -> np.ndarray:
    """Return the network's uncalibrated scores, (n, len(SCORES))."""
    return np.maximum(z.astype(np.float32) @ arrays["w1"] + arrays["b1"], 0) @ arrays["w2"] + arrays["b2"]


def own_lanes(z: np.ndarray) -> np.ndarray:
    """Return the weights that make each label's own lanes one score, (N_CONTENT, len(SCORES)).

    The lanes of a label with several are brought to one spread; the teacher's counts half.
    """
    out = np.zeros((z.shape[1], len(SCORES)))
    spread = z.std(axis=0)
    for lane, name in enumerate(LANE_NAMES[:N_LABELS]):
        label, _, way = name.rpartition("_")
        known = label in SCORES and way in WAYS
        if spread[lane] > 0:
            out[lane, SCORES.index(label if known else name)] = (0.5 if way == "soft" else 1.0) / spread[lane]
    return out


def fit_calibration(raw: np.ndarray, own: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how much network and own lanes count for each label, and its offset, (3, len(SCORES)).

    Platt's calibration on two inputs: logistic regression on scores of posts that neither has seen.
    """
    from sklearn.linear_model import LogisticRegression

    out = np.zeros((3, raw.shape[1]))
    for k in range(raw.shape[1]):
        if y[:, k].min() == y[:, k].max():
            out[2, k] = 5.0 if y[0, k] else -5.0
            continue
        model = LogisticRegression(C=1e3).fit(np.stack([raw[:, k], own[:, k]], axis=1), y[:, k])
        out[:, k] = [*model.coef_[0], model.intercept_[0]]
    return out


def join(network: dict[str, np.ndarray], own: np.ndarray, calibration: np.ndarray) -> dict[str, np.ndarray]:
    """Put the calibration into the weights, as `heads.Heads` reads them."""
    return {
        "w0": (own * calibration[1]).astype(np.float32),
        "w1": network["w1"],
        "b1": network["b1"],
        "w2": network["w2"] * calibration[0].astype(np.float32),
        "b2": (network["b2"] * calibration[0] + calibration[2]).astype(np.float32),
    }


#: Difference of kappa within which two thresholds do equally well; its standard error is about four times as large.
EVEN = 0.003


def fit_thresholds(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the probability from which each label is decided, from out-of-fold probabilities.

    Most labels: the best expected F1, which for calibrated probabilities is reached at half that F1 (Lipton et al.
    2014). Frustration, given relevance: the best quadratic kappa of the level among relevant posts, while at most 8 %
    of neutral fault reports are called level 2 or more.
    """
    from analyzer.nlp.classify import given_relevant

    out = np.array([_f1_threshold(p[:, k]) for k in range(p.shape[1])], np.float32)
    where = [SCORES.index(f"p_frustration_ge{k}") for k in (1, 2, 3)]
    levels = given_relevant(p[:, where], p[:, :1])
    out[where] = level_thresholds(levels, y[:, where].sum(axis=1), y[:, 0] == 1, y[:, 1] == 1)
    return out


def _f1_threshold(p: np.ndarray) -> float:
    falling = np.sort(p)[::-1]
    f1 = 2 * np.cumsum(falling) / (falling.sum() + np.arange(1, len(p) + 1))
    return float(f1.max() / 2)


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
    # The curve is flat about level 1. Of what does as well, the lowest: it is annoyance hidden in jokes that is missed.
    lower = (np.r_[g, t[1:]] for g in np.unique(np.quantile(p[relevant, 0], np.linspace(0.3, 0.995, 60))))
    t = next((option for option in lower if value(option) >= value(t) - EVEN), t)
    return t.astype(np.float32)
