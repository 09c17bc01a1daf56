"""From a change in mean probability to a change in the share itself: what a classifier's errors take away."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from analyzer.timeline.evidence import probability

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analyzer.timeline.shares import Estimate

#: Standard deviation of the log gain, as a share of the log gain: what was seen over simulated updates of nine studies.
DOUBT = 0.5
#: A classifier that would need more than this tells nothing.
MOST = 12.0
#: Posts that the gain is read off; more would not change it.
_SAMPLE = 20_000
#: How far the mixture is tilted either way, in standard deviations of the probability.
_TILT = 0.5


@dataclass(frozen=True)
class Gain:
    """Factor from a change in mean probability to one in share, with the standard deviation of its logarithm."""

    value: float = 1.0
    spread: float = 0.0

    def interval(self, change: float, error: float) -> tuple[float, float]:
        """95 % interval of the corrected change: the product of a normal change and a log-normal gain.

        Its quantiles are read off a grid of 201 x 41 equally likely pairs. As a gain is positive, the interval holds 0
        where that of the change alone does.
        """
        from scipy.special import ndtri

        first, second = (ndtri((np.arange(n) + 0.5) / n) for n in (201, 41))
        product = np.outer(change + error * first, self.value * np.exp(self.spread * second))
        low, high = np.quantile(product, [0.025, 0.975])
        return float(low), float(high)


def some_of(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return as many rows as `gain` reads, evenly spread. A plain rule of our own; nothing is assumed."""
    return rows[:: max(1, -(-len(rows) // _SAMPLE))]


def gain(labels: pd.DataFrame, measure: str, estimate: Estimate) -> Gain:
    """Find by how much a change in mean probability must be raised to be one in the share.

    Method: the adjustment of Forman 2008 and Bella et al. 2010 (a change in the mean score over tpr - fpr), with the
    slope read off the study's own estimator: the posts are weighted towards those with a high probability and away from
    them, and the change of the estimate is divided by that of the mean probability. It is 1 for labels without error.
    Assumes that the classifier errs alike before and after. How far it does not is `DOUBT`.

    Parameters
    ----------
    labels
        LABELS of the incident's relevant posts.
    measure
        As in `shares.MEASURES`.
    estimate
        Estimator of shares (labels, measure, weights) -> dict.
    """
    some = labels.iloc[some_of(np.arange(len(labels)))]
    p = probability(some, f"p_{measure}")
    spread = float(p.std()) if len(p) else 0.0
    if spread < 1e-6:
        return Gain()
    tilt = _TILT * (p - p.mean()) / spread
    shares, means = [], []
    for sign in (1.0, -1.0):
        weight = np.clip(1 + sign * tilt, 0.05, None)
        found = estimate(some, measure, weight).get("estimate")
        shares.append(np.nan if found is None else float(found))
        means.append(float(np.average(p, weights=weight)))
    value = (shares[0] - shares[1]) / (means[0] - means[1])
    if not np.isfinite(value):
        return Gain()
    value = float(np.clip(value, 1.0, MOST))
    return Gain(value, DOUBT * log(value))
