"""How much likelier each class makes a score: likelihood ratios by logistic regression on binned scores.

Histogram densities from a few hundred calibration posts are noisy, and their noise pulls shares towards the middle; a
logistic curve (with a square, which lets classes differ in spread) has three numbers to learn and no such pull.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_NEWTON = 12
#: Ridge on the slope and, stronger, on the square.
_RIDGE = (1e-9, 1.0, 5.0)


def log_ratio(score: Floats, positive: Floats, negative: Floats) -> Floats:
    """Return the log of the ratio of densities, positives over negatives, in each bin.

    Parameters
    ----------
    score
        (bins,) mean score of each bin, on a scale where a straight line is a fair guess (log odds).
    positive, negative
        (replicates, bins) calibration posts in each bin.

    Returns
    -------
    (replicates, bins)
    """
    x = (score - score.mean()) / max(float(score.std()), 1e-9)
    features = np.stack([np.ones_like(x), x, x * x], axis=1)
    ridge = np.diag(_RIDGE)
    n = positive + negative
    weights = np.zeros((len(positive), 3))
    for _ in range(_NEWTON):
        p = 1 / (1 + np.exp(-np.clip(weights @ features.T, -30, 30)))
        slope = (positive - n * p) @ features - weights @ ridge
        curve = np.einsum("rb,bi,bj->rij", n * p * (1 - p), features, features, optimize=True) + ridge
        weights = weights + np.clip(np.linalg.solve(curve, slope[..., None])[..., 0], -3, 3)
    prior = np.log(np.maximum(positive.sum(axis=1), 0.5) / np.maximum(negative.sum(axis=1), 0.5))
    return np.clip(weights @ features.T - prior[:, None], -30, 30)


def log_odds(p: Floats) -> Floats:
    """Return log(p / (1 - p)), p kept within 1e-4 of 0 and 1."""
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))
