"""How large a share is, when the classifier that counts it errs: ACC, PACC and EMQ.

All take the scores of the posts in question (the target) and the scores of posts whose truth is known (the calibration
sample, from another mixture). They assume that scores are distributed alike given the truth in both (prior shift).

References
----------
Forman (2008), Quantifying counts and costs via classification: ACC. Bella et al. (2010): PACC.
Saerens, Latinne & Decaestecker (2002), Neural Computation 14:21: EMQ, also called SLD.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Bisection steps: the share is found to 2^-30.
_STEPS = 30


def acc(decided: float, true_rate: float, false_rate: float) -> float:
    """Adjusted count: the share that explains `decided` positives under the known rates, cut to 0-1.

    >>> round(acc(0.35, 0.8, 0.2), 3)
    0.25
    """
    gap = true_rate - false_rate
    return float(np.clip((decided - false_rate) / gap, 0, 1)) if gap > 0 else float(decided)


def pacc(mean: float, mean_positive: float, mean_negative: float) -> float:
    """Probabilistic adjusted count: as `acc`, with mean probabilities instead of rates."""
    return acc(mean, mean_positive, mean_negative)


def emq(p: Floats, prior: float, *, tol: float = 1e-10, max_iter: int = 10_000) -> float:
    """Expectation maximisation of the share (SLD).

    Parameters
    ----------
    p
        Calibrated probabilities of the target posts.
    prior
        Share of positives in the sample that the probabilities were calibrated on.
    """
    share = prior
    for _ in range(max_iter):
        positive = p * share / prior
        negative = (1 - p) * (1 - share) / (1 - prior)
        new = float(np.mean(positive / (positive + negative)))
        if abs(new - share) < tol:
            return new
        share = new
    return share


def emq_binned(counts: Floats, ratio: Floats) -> Floats:
    """EMQ on binned scores: the share that makes the target's bins likeliest, for many replicates at once.

    With ``ratio = p (1 - prior) / ((1 - p) prior)`` the fixed point of `emq` is this maximum of the mixture
    likelihood; it is found by bisection on the derivative, which falls with the share.

    Parameters
    ----------
    counts
        (replicates, bins) target posts in each bin.
    ratio
        (replicates, bins) density of the positives over that of the negatives.

    Returns
    -------
    (replicates,)
    """
    gap = ratio - 1
    low, high = np.zeros(len(counts)), np.ones(len(counts))
    for _ in range(_STEPS):
        mid = (low + high) / 2
        rising = np.sum(counts * gap / (1 + mid[:, None] * gap), axis=1) > 0
        low, high = np.where(rising, mid, low), np.where(rising, high, mid)
    return (low + high) / 2


def emq_classes(counts: Floats, ratios: Floats, *, steps: int = 300) -> Floats:
    """EMQ for several classes on binned scores.

    Parameters
    ----------
    counts
        (replicates, bins).
    ratios
        (replicates, classes, bins) density of each class over that of any one of them.

    Returns
    -------
    (replicates, classes)
        Shares; sum to 1.
    """
    share = np.full(ratios.shape[:2], 1 / ratios.shape[1])
    part = counts / np.maximum(counts.sum(axis=1), 1e-300)[:, None]
    for _ in range(steps):
        weight = part / np.maximum(np.einsum("rc,rcb->rb", share, ratios), 1e-300)
        new = share * np.einsum("rcb,rb->rc", ratios, weight)
        if np.abs(new - share).max() < 1e-6:
            return new
        share = new
    return share


def wilson(positive: float, n: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the Wilson interval of a share.

    >>> tuple(round(v, 3) for v in wilson(8, 10))
    (0.49, 0.943)
    """
    if n <= 0:
        return 0.0, 1.0
    p = positive / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
