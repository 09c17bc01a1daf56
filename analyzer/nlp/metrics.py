"""Metrics of a classifier on labelled posts, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
#: Bootstrap replicates of each metric.
REPLICATES = 300
#: Equal bins of the expected calibration error.
ECE_BINS = 10


def auc(y: Array, p: Array) -> float:
    """Return the area under the ROC curve; NaN if only one class is there. Ties count half.

    >>> auc(np.array([0, 0, 1]), np.array([0.1, 0.5, 0.5]))
    0.75
    """
    positive = y == 1
    n1, n0 = int(positive.sum()), int((~positive).sum())
    if not n1 or not n0:
        return float("nan")
    _, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2
    return float((rank[inverse][positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def f1(y: Array, decided: Array) -> float:
    """Return the F1 of the positives; 0 if nothing is right."""
    hit = float(np.sum((y == 1) & decided))
    return 2 * hit / max(float(np.sum(y == 1) + np.sum(decided)), 1.0)


def kappa(a: Array, b: Array, *, levels: int = 4) -> float:
    """Return quadratic-weighted kappa of two ratings 0…levels-1 (Cohen 1968).

    >>> kappa(np.array([0, 1, 2, 3]), np.array([0, 1, 2, 3]))
    1.0
    """
    if not len(a):
        return float("nan")
    seen = np.bincount(np.asarray(a, int) * levels + np.asarray(b, int), minlength=levels**2).reshape(levels, levels)
    weight = np.subtract.outer(np.arange(levels), np.arange(levels)) ** 2
    chance = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / len(a)
    expected = float((weight * chance).sum())
    return 1 - float((weight * seen).sum()) / expected if expected else float("nan")


def ece(y: Array, p: Array) -> float:
    """Return the expected calibration error over ten equal bins of probability (Naeini et al. 2015).

    >>> ece(np.array([0, 1]), np.array([0.25, 0.75]))
    0.25
    """
    if not len(p):
        return float("nan")
    which = np.minimum((p * ECE_BINS).astype(int), ECE_BINS - 1)
    gap = np.bincount(which, p, ECE_BINS) - np.bincount(which, y, ECE_BINS)
    return float(np.abs(gap).sum() / len(p))


def reliability(y: Array, p: Array) -> list[dict[str, float]]:
    """Return mean probability, share of positives and n of each bin that is not empty (for a reliability plot)."""
    which = np.minimum((p * ECE_BINS).astype(int), ECE_BINS - 1)
    return [
        {"p": float(p[which == b].mean()), "share": float(y[which == b].mean()), "n": int((which == b).sum())}
        for b in range(ECE_BINS)
        if (which == b).any()
    ]


def interval(metric: Callable[..., float], *columns: Array, seed: int = 0) -> dict[str, Any]:
    """Return a metric with its 95 % percentile bootstrap interval over posts: value, low, high, n.

    Parameters
    ----------
    metric
        Function of the columns.
    columns
        Arrays of one length, resampled together.
    """
    n = len(columns[0])
    value = metric(*columns) if n else float("nan")
    if not n or np.isnan(value):
        return {"value": None, "low": None, "high": None, "n": n}
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(REPLICATES):
        rows = rng.integers(n, size=n)
        drawn.append(metric(*(c[rows] for c in columns)))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {"value": float(value), "low": float(low), "high": float(high), "n": n}


def share(yes: Array) -> dict[str, Any]:
    """Return a share with its Wilson interval: value, low, high, n."""
    from analyzer.nlp.quantify import wilson

    n = len(yes)
    low, high = wilson(float(np.sum(yes)), n)
    return {"value": float(np.mean(yes)) if n else None, "low": low, "high": high, "n": n}


def show(found: Mapping[str, Any]) -> str:
    """Return a metric as text: ``.905 [.884, .924]``."""
    if found["value"] is None:
        return f"– (n = {found['n']})"
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
