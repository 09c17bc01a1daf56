"""Kleinberg's two-state burst automaton in its batched form.

Source: Kleinberg 2002. Assumes two levels, the usual one and `s` times of it. Costs are nats a bin.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.timeline.baseline import Baseline
    from analyzer.timeline.series import Series


def kleinberg(series: Series, baseline: Baseline, *, s: float = 2.0, gamma: float = 1.0) -> NDArray[np.bool_]:
    """Mark the bins that the cheapest state sequence puts in the burst state.

    Method: Kleinberg 2002 (Bursty and hierarchical structure in streams), section on enumerating bursts in batched
    data, with the Poisson limit of the binomial: state 0 emits the usual level, state 1 `s` times of it; going up
    costs ``gamma * log(n)``, coming down nothing. The likelihood is divided by the dispersion (quasi-Poisson), so
    that a restless series needs more evidence. Holes cost nothing in either state.

    Returns
    -------
    (n,) mask of bins in the burst state.
    """
    y = np.nan_to_num(series.count)
    gain = np.where(series.seen, y * log(s) - baseline.mean * (s - 1), 0.0) / baseline.dispersion
    return two_state(gain, up=gamma * log(max(len(series), 2)))


def two_state(gain: NDArray[np.float64], *, up: float) -> NDArray[np.bool_]:
    """Viterbi path of two states: `gain` is the log-likelihood of state 1 over 0 per bin, `up` the cost of 0 -> 1."""
    low, high = 0.0, -up
    from_low: list[bool] = []
    from_high: list[bool] = []
    for g in gain.tolist():
        enter, leave = low - up > high, high > low
        from_low.append(enter)
        from_high.append(leave)
        low, high = (high if leave else low), (low - up if enter else high) + g
    state, path = high > low, np.zeros(len(gain), dtype=bool)
    for t in range(len(gain) - 1, -1, -1):
        path[t] = state
        state = (not from_low[t]) if state else from_high[t]
    return path
