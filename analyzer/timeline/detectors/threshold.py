"""Threshold against the baseline: a bin that the usual level hardly ever yields, alone or with its neighbour.

Sources: Gnip's trend detection, Downdetector and SPOONS (see `threshold`). Assumes a negative binomial spread around
the usual level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.timeline.baseline import upper_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.timeline.baseline import Baseline
    from analyzer.timeline.series import Series


def threshold(series: Series, baseline: Baseline, *, alone: float = 1e-6, paired: float = 1e-3) -> NDArray[np.bool_]:
    """Mark bins above the usual level.

    Method: upper tail of the negative binomial around the baseline; a bin counts if its tail probability is below
    `alone`, or if it and a neighbour are both below `paired` (Downdetector, Gnip and SPOONS all use such a rule).

    Returns
    -------
    (n,) mask; holes are False.
    """
    tail = upper_tail(series.count, baseline.mean, baseline.dispersion)
    odd = tail < paired
    beside = np.r_[odd[1:], False] | np.r_[False, odd[:-1]]
    return (tail < alone) | (odd & beside)
