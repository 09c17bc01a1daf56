"""Prediction-powered inference: a share from all posts' predictions, made right by an audit sample of people's labels.

Angelopoulos, Duchi & Zrnic (2023), PPI++: Efficient prediction-powered inference, arXiv 2311.01453.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_Z = 1.959963984540054
#: With fewer audited posts the normal interval cannot be trusted.
MIN_AUDIT = 30


def ppi_mean(
    predicted: Floats,
    audited: Floats,
    truth: Floats,
    *,
    strata: NDArray | None = None,
    audited_strata: NDArray | None = None,
) -> tuple[float, float, float]:
    """Return the estimated mean of the truth and its 95 % interval, cut to 0-1.

    Parameters
    ----------
    predicted
        (N,) predictions of all posts.
    audited, truth
        (n,) predictions and true values of the audited posts.
    strata, audited_strata
        Strata of both (such as the decided class) when the audit sample was drawn evenly over them: each audited post
        then stands for its stratum's share of all posts.
    """
    big, small = len(predicted), len(truth)
    weight = np.ones(small) / small if strata is None else _weights(strata, np.asarray(audited_strata))
    mean_f, mean_y = float(weight @ audited), float(weight @ truth)
    spread = weight @ (audited - mean_f) ** 2
    together = weight @ ((audited - mean_f) * (truth - mean_y))
    power = float(np.clip(together / ((1 + small / big) * spread), 0, 1)) if spread > 0 else 0.0
    estimate = power * float(predicted.mean()) + float(weight @ (truth - power * audited))
    residual = truth - power * audited
    groups = np.zeros(small) if strata is None else np.asarray(audited_strata)
    variance = power**2 * float(predicted.var()) / big
    for group in np.unique(groups):
        part = groups == group
        share, n = float(weight[part].sum()), int(part.sum())
        # One more success and failure each keep the variance from vanishing in pure strata.
        padded = np.append(residual[part], [residual.max(), residual.min()])
        variance += share**2 * float(padded.var()) / n
    half = _Z * np.sqrt(variance)
    return float(np.clip(estimate, 0, 1)), max(0.0, estimate - half), min(1.0, estimate + half)


def _weights(strata: NDArray, audited: NDArray) -> Floats:
    """Return the weight of each audited post: its stratum's share of all posts over its audited posts."""
    weight = np.zeros(len(audited))
    for group in np.unique(audited):
        part = audited == group
        weight[part] = np.mean(strata == group) / part.sum()
    return weight / weight.sum()
