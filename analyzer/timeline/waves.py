"""Waves: a rise that was over in between is two, the second a relapse.

Sources: plain rules of our own over the scan's likelihood ratio (Page 1954). Assumes that a service that is well
again is so for half an hour. Positions are bins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.timeline.detectors.scan import RATIOS, Stretch, gain, height
from analyzer.timeline.onset import OVER_SHARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.timeline.baseline import Baseline
    from analyzer.timeline.series import Series

#: The level must be back for this long, and for three bins.
_VALLEY_S = 1800


def split(series: Series, usual: Baseline, stretch: Stretch) -> list[Stretch]:
    """Cut a stretch where it was over in between.

    Method: the excess, averaged over half an hour (three bins at least), falls under `onset.OVER_SHARE` of the lower of
    the heights before and after, or under the usual level; and either side, taken alone, still reaches the alarm height
    of the scan. The deepest such valley is cut first.

    Returns
    -------
    list of stretches in order; the stretch itself where there is no such valley.
    """
    a, b = stretch.start, stretch.end
    width = max(3, round(_VALLEY_S / series.bin_s))
    if b - a < 3 * width:
        return [stretch]
    excess = np.nan_to_num(series.count[a:b] - usual.mean[a:b])
    mean = np.convolve(excess, np.ones(width) / width, "same")
    lower = np.minimum(np.maximum.accumulate(mean), np.maximum.accumulate(mean[::-1])[::-1])
    level = float(usual.mean[series.seen].mean())
    floor = np.maximum(level, OVER_SHARE * lower)
    inside = np.arange(b - a)
    deep = (mean <= floor) & (lower >= 4 * floor) & (inside >= width) & (inside < b - a - width)
    # Half of a valley next to a hole is not seen to be one.
    deep &= np.convolve(~series.seen[a:b], np.ones(width), "same") == 0
    if not deep.any():
        return [stretch]
    at = int(np.argmin(np.where(deep, mean / lower, np.inf)))
    first, last = _run(deep, at)
    parts = [Stretch(a, a + first, 0.0), Stretch(a + last, b, 0.0)]
    scored = [Stretch(p.start, p.end, _score(series, usual, p)) for p in parts]
    if min(p.score for p in scored) < height(series.bin_s):
        return [stretch]
    return [part for p in scored for part in split(series, usual, p)]


def _run(mask: NDArray[np.bool_], at: int) -> tuple[int, int]:
    """First and last + 1 of the run of True around `at`."""
    before, after = np.flatnonzero(~mask[:at]), np.flatnonzero(~mask[at:])
    return (int(before[-1]) + 1 if len(before) else 0), (at + int(after[0]) if len(after) else len(mask))


def _score(series: Series, usual: Baseline, part: Stretch) -> float:
    """Best log-likelihood ratio of a stretch over the scan's multiples of the usual level."""
    where = slice(part.start, part.end)
    seen = series.seen[where]
    y, m = series.count[where][seen], usual.mean[where][seen]
    shrink = usual.dispersion / usual.slow
    return max(float(gain(y, m, r, usual.dispersion).sum()) * shrink for r in RATIOS)
