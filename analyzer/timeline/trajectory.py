"""How a share moves through the incident: smoothed and corrected, with intervals, not raw jitter.

Sources: overlapping runs of equal numbers (k nearest in time; Fan & Gijbels 1996, ch. 2) and empirical Bayes
(DerSimonian & Laird 1986). Assumes that a share moves little within one run. Shares are 0-1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.timeline.shares import among

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analyzer.timeline.evidence import Evidence
    from analyzer.timeline.shares import Estimate

#: Posts per point of the curve; each point shares half of its posts with each neighbour.
PER_POINT = 60
MOST_POINTS = 48
#: Fewer relevant posts than this make no curve.
LEAST = 20


def trajectory(
    evidence: Evidence, times: pd.DatetimeIndex, bin_s: int, measure: str, *, estimate: Estimate
) -> NDArray[np.float64]:
    """Estimate a share per bin.

    Method: the relevant posts in order of time are cut into overlapping runs of `PER_POINT` or more; the share of each
    run is estimated (corrected for the classifier's errors) and stands at its median time; runs are pulled towards
    the overall share as far as their own uncertainty asks for it (empirical Bayes, DerSimonian & Laird 1986), and bins
    take the straight line between neighbours. Bins before the first and after the last point, and bins more than a
    few hours from any post, are null.

    Returns
    -------
    (n_bins, 3) estimate, low, high; NaN where nothing is known.
    """
    out = np.full((len(times), 3), np.nan)
    place = evidence.ordered
    if len(place) < LEAST:
        return out
    size = min(len(place), max(PER_POINT, -(-2 * len(place) // MOST_POINTS)))
    starts = range(0, max(1, len(place) - size + 1), max(1, size // 2))
    centre, found = [], []
    for start in starts:
        run = place[start : start + size]
        row = among(estimate, evidence.labels, run)(measure)
        if row.get("estimate") is None or np.isnan(row["estimate"]):
            continue
        centre.append(float(np.median(evidence.time[run])))
        found.append((row["estimate"], row["low"], row["high"]))
    if not found:
        return out
    points = pool(np.array(found, dtype=float))
    middle = times.tz_convert(None).to_numpy().astype("datetime64[us]").astype(np.int64) + bin_s * 500_000
    for column in range(3):
        out[:, column] = np.interp(middle, centre, points[:, column])
    first, last = evidence.time[place[0]], evidence.time[place[-1]]
    outside = (middle < first - bin_s * 1e6) | (middle > last + bin_s * 1e6)
    out[outside | _far(middle, evidence.time[place])] = np.nan
    return out


def pool(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pull estimates (n, 3: estimate, low, high) towards their common mean by empirical Bayes; bounds stay in 0-1."""
    if len(points) < 3:
        return points
    value = points[:, 0]
    variance = np.maximum(((points[:, 2] - points[:, 1]) / 3.92) ** 2, 1e-6)
    weight = 1 / variance
    mean = (weight * value).sum() / weight.sum()
    q = (weight * (value - mean) ** 2).sum()
    between = max(0.0, (q - (len(value) - 1)) / (weight.sum() - (weight**2).sum() / weight.sum()))
    keep = between / (between + variance)
    # The common mean is itself uncertain; its variance remains where a point is pulled onto it.
    spread = np.sqrt(keep * variance + (1 - keep) ** 2 / weight.sum())
    centre = keep * value + (1 - keep) * mean
    return np.clip(np.column_stack([centre, centre - 1.96 * spread, centre + 1.96 * spread]), 0, 1)


def _far(middle: NDArray[np.int64], time: NDArray[np.int64], *, hours: float = 6.0) -> NDArray[np.bool_]:
    """(n,) True for bins further than `hours` from any relevant post."""
    right = np.clip(np.searchsorted(time, middle), 0, len(time) - 1)
    left = np.maximum(right - 1, 0)
    near = np.minimum(np.abs(time[right] - middle), np.abs(middle - time[left]))
    return near > hours * 3.6e9
