"""When a rise began and when it was over, each as a posterior with a 95 % interval.

Method: Bayesian change-point location on a grid, with the shape of the rise (power of time, from a step to a late
surge) and of the decay (stretched exponential, from a heavy tail over exponential to a sudden end) averaged over
rather than chosen. The likelihood is Poisson, tempered by the dispersion and by an allowance for real curves being
no textbook shapes (`SHAPE_ERROR`). Sources: Carlin, Gelfand & Smith 1992 (change-point posterior); Crane & Sornette
2008 (families of attention decay). Assumes one rise and one decay within the stretch; positions lie within bins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Relative departure of real curves from the shapes used here, added to the spread of each bin.
SHAPE_ERROR = 0.12
#: The same for decays, which are ruled by news, fixes and fatigue more than rises are.
DECAY_ERROR = 0.2
#: Departures last about this long, so that neighbouring bins err together.
SHAPE_MEMORY_S = 1800
#: Powers of time of the rise, with their prior weights: a rise that creeps for long is rarer than a quick one.
_RISES = {0.0: 1.0, 0.5: 1.0, 1.0: 1.0, 2.0: 0.3}
#: Stretches of the decay (0.6 heavy tail, 1 exponential, 20 a sudden end), with their prior weights.
_DECAYS = {0.6: 1.0, 1.0: 2.0, 2.0: 0.5, 20.0: 1.0}
#: Longer windows are made coarser up to this many bins, so that cost does not grow with their length.
_MAX_WINDOW = 120


@dataclass(frozen=True)
class Edge:
    """A time in bins from the series' start, with its 95 % interval; `beyond`: chance that it is after the data."""

    point: float
    low: float
    high: float
    beyond: float = 0.0


@dataclass(frozen=True)
class Window:
    """Counts around an incident.

    `count` (n,) posts per bin, NaN in holes; `mean` (n,) usual number; `dispersion` variance over mean; `origin` the
    window's first bin in the series; `level` the usual number per bin over the whole series; `bin_s` seconds.
    """

    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    dispersion: float
    origin: int
    level: float
    bin_s: int = 300
    shape_error: float = SHAPE_ERROR

    @property
    def shape_variance(self) -> float:
        """Squared relative departure from the shapes, times the number of bins that share one departure."""
        return self.shape_error**2 * max(1.0, SHAPE_MEMORY_S / self.bin_s)


def onset(window: Window, *, peak: int, earliest: int) -> Edge:
    """Locate the start of the rise.

    Parameters
    ----------
    window
        Counts from well before the rise to the peak or later.
    peak
        Bin of the peak, counted as in the series.
    earliest
        First bin that the rise may have started in.
    """
    y, m = window.count, window.mean
    first, top = max(earliest - window.origin, 0), peak - window.origin
    stop = _half_way(y, m, top)
    y, m = y[: stop + 1], m[: stop + 1]
    step = 0.25 if stop - first <= 60 else (stop - first) / 240
    grid = np.arange(first, stop + 0.99, step)
    log_p = _start_posterior(y, m, grid, window)
    if step > 0.25:
        # Where the run-up is long, a second look at the likely part of it, a quarter of a bin apart if it is short.
        total = np.cumsum(_weights(log_p))
        low, high = grid[np.searchsorted(total, [0.001, 0.999]).clip(0, len(grid) - 1)]
        low, high = max(float(first), low - 2 * step), min(stop + 0.99, high + 2 * step)
        grid = np.arange(low, high, max(0.25, (high - low) / 240))
        log_p = _start_posterior(y, m, grid, window)
    return _edge(grid + window.origin, log_p)


def _start_posterior(y: NDArray, m: NDArray, grid: NDArray, window: Window) -> NDArray[np.float64]:
    """(len(grid),) log-posterior of a start at each place, shapes of the rise averaged over."""
    bounds, end = np.arange(len(y) + 1.0), float(len(y))
    u = np.clip((bounds[None, :] - grid[:, None]) / (end - grid[:, None]), 0, 1)
    log_p = np.full(len(grid), -np.inf)
    for power, weight in _RISES.items():
        # Excess per bin: integral of the rising rate over the bin; unit rate at the end of the window.
        unit = np.diff(u ** (power + 1), axis=1) * (end - grid[:, None]) / (power + 1)
        log_p = np.logaddexp(log_p, np.log(weight) + _profile(y, m, unit, window)[0])
    return log_p


#: A rise is over when its excess has fallen under this share of its height, or under the usual level if that is more.
OVER_SHARE = 0.05


@dataclass(frozen=True)
class Decay:
    """When the rise was over (bins from the start of the series), and how long its excess took to halve (bins).

    Halving is counted from 80 to 40 % of the height: for an exponential decay that is its half-life, and it does not
    hang on where a flat top is said to end.
    """

    over: Edge
    half: Edge


def recovery(window: Window, *, peak: int) -> Decay:
    """Locate the return to the usual level, and the half-way point of the decay.

    Over means: the fitted excess has fallen for good under `OVER_SHARE` of its height, or under the usual level itself
    where that is more (but never at more than half of the height).

    Parameters
    ----------
    window
        Counts from the peak or earlier to well after the decay, or to the end of the data.
    peak
        Bin of the peak, counted as in the series.
    """
    window = replace(window, shape_error=DECAY_ERROR)
    y, m = window.count, window.mean
    top = peak - window.origin
    high = _last_high(y, m, top)
    start = max(top, high - max(18, round(SHAPE_MEMORY_S / window.bin_s)))
    smooth = _smooth(y - m)
    latest = _latest_turn(smooth, start, high, window)
    # Where the rise had sagged before it fell, its height is that of its top, not of its last stretch.
    sag = max(1.0, _summit(smooth[top:]) / _summit(smooth[start : high + 2]))
    stop = _died_down(smooth[start:], window)
    y, m = y[start : start + stop], m[start : start + stop]
    step = max(1, ceil(len(y) / _MAX_WINDOW))
    y, m = _coarse(y, m, step)
    n = len(y)
    tau = np.geomspace(0.2, max(3.0 * n, 2.0), 48)[:, None]
    turn = np.arange(0, (latest - start) / step + 2.01, 0.5 if latest - start <= 8 else 1.0)[None, :]
    t = np.arange(n)[:, None] + np.array([0.125, 0.375, 0.625, 0.875])[None, :]
    over, half, down, logs = [], [], [], []
    for beta, weight in _DECAYS.items():
        since = np.maximum(t[None, None] - turn[..., None, None], 0) / tau[..., None, None]
        unit = np.exp(-np.minimum(since**beta, 700)).mean(-1)
        fit, height = _profile(y, m, unit, window)
        usual = np.minimum(
            np.maximum(window.level * step, OVER_SHARE * sag * height), np.minimum(0.5 * sag, 0.9) * height
        )
        over.append(turn + tau * np.log(height / usual) ** (1 / beta))
        from_top, to_low = (tau * np.log(1 / share) ** (1 / beta) for share in (0.8, 0.4))
        half.append(np.broadcast_to(to_low - from_top, fit.shape))
        down.append(turn + to_low)
        logs.append(fit + np.log(weight))
    log_p = np.concatenate([p.ravel() for p in logs])
    over_at, half_in, down_at = (np.concatenate([v.ravel() for v in w]) * step for w in (over, half, down))
    offset, last = start + window.origin, window.origin + len(window.count)
    lost = float(_weights(log_p)[down_at + offset >= last].sum())
    return Decay(
        _posterior(over_at + offset, log_p, float(_weights(log_p)[over_at + offset >= last].sum()), 0.2 * step),
        _posterior(half_in, log_p, lost, 0.2 * step),
    )


def _posterior(where: NDArray, log_p: NDArray, beyond: float, cell: float) -> Edge:
    """Sort a posterior by place, take median and 95 % bounds, and widen these by half a grid `cell`."""
    order = np.argsort(where)
    found = _edge(where[order], log_p[order], spread=False)
    return Edge(found.point, found.low - cell, found.high + cell, beyond)


def _died_down(smooth: NDArray, window: Window) -> int:
    """Bins to fit: three times the way to where the smoothed excess is plainly over (half an hour at least).

    A faint talk that goes on for a day would otherwise outweigh the fall itself.
    """
    few = max(6, round(SHAPE_MEMORY_S / window.bin_s))
    over = max(window.level, OVER_SHARE * _summit(smooth))
    ahead = np.convolve(smooth, np.ones(few) / few, "full")[few - 1 :]
    below = np.flatnonzero((smooth < over) & (ahead < over))
    return min(len(smooth), 3 * (int(below[0]) + few)) if len(below) else len(smooth)


def _smooth(excess: NDArray) -> NDArray[np.float64]:
    return np.convolve(np.nan_to_num(excess), [0.25, 0.5, 0.25], "same")


def _summit(excess: NDArray) -> float:
    """Height of a rise from its smoothed excess: the 80 % quantile of the bins above half of the largest."""
    high = excess[excess >= 0.5 * excess.max(initial=0.0)]
    return max(float(np.quantile(high, 0.8)), 1.0) if len(high) else 1.0


def _half_way(y: NDArray, m: NDArray, top: int) -> int:
    """First bin from which the smoothed excess is half of the peak's: what comes later says little of the start."""
    if top < 2:
        return top
    excess = (y - m)[: top + 1]
    above = np.flatnonzero(_smooth(excess) < 0.5 * excess[top])
    above = above[above < top]
    return int(min(top, above.max() + 2)) if len(above) else top


def _last_high(y: NDArray, m: NDArray, top: int) -> int:
    """Last bin from the peak on at which the smoothed excess is near half of the peak's: the decay began before."""
    smooth = _smooth(y - m)
    high = np.flatnonzero(smooth >= 0.5 * max(smooth[top:].max(initial=0.0), 1e-9))
    high = high[high >= top]
    return int(high.max()) if len(high) else top


def _latest_turn(smooth: NDArray, start: int, high: int, window: Window) -> int:
    """Last bin in which the fall can have begun: the last near half of the level just before, up to half an hour on.

    A rise that sagged to half of its peak before it fell is near half of the peak long before the fall.
    """
    lasting = float(np.median(smooth[start : high + 1]))
    still = np.flatnonzero(smooth[high:] >= 0.5 * lasting)
    further = int(still[-1]) if len(still) else 0
    return high + min(further, max(6, round(SHAPE_MEMORY_S / window.bin_s)))


def _tempering(y: NDArray, m: NDArray, window: Window) -> NDArray[np.float64]:
    """Weight of each bin's log-likelihood: one over its dispersion, with the allowance for shapes."""
    above = np.maximum(_smooth(y)[: len(y)] - m, 0.0)
    return 1 / (window.dispersion + window.shape_variance * above**2 / (m + above))


def _profile(y: NDArray, m: NDArray, unit: NDArray, window: Window) -> tuple[NDArray, NDArray]:
    """Fit the height of an excess of given shape.

    Parameters
    ----------
    y, m
        (n,) counts and usual level.
    unit
        (..., n) excess per bin for a height of one.

    Returns
    -------
    (...) tempered Poisson log-likelihood with the height integrated out (Laplace), and (...) the best height.
    """
    seen = np.isfinite(y) & (m > 0)
    y, m, unit = y[seen], np.maximum(m[seen], 0.02), unit[..., seen]
    weight = _tempering(y, m, window)
    total = (unit * weight).sum(-1)
    height = np.maximum((np.maximum(y - m, 0) * weight).sum(-1) / np.maximum(total, 1e-9), 0.5)
    for _ in range(12):
        # EM for a sum of two Poisson parts (Lange & Carson 1984): steady, never negative.
        height = height * ((y * weight) * unit / (m + height[..., None] * unit)).sum(-1) / np.maximum(total, 1e-9)
        height = np.maximum(height, 1e-6)
    rate = m + height[..., None] * unit
    information = (y * weight * (unit / rate) ** 2).sum(-1) * height**2
    fit = ((y * np.log(rate) - rate) * weight).sum(-1) - 0.5 * np.log1p(information)
    return fit, height


def _coarse(y: NDArray, m: NDArray, step: int) -> tuple[NDArray, NDArray]:
    if step == 1:
        return y, m
    n = len(y) // step * step
    return y[:n].reshape(-1, step).sum(1), m[:n].reshape(-1, step).sum(1)


def _weights(log_p: NDArray) -> NDArray[np.float64]:
    p = np.exp(log_p - log_p.max())
    return p / p.sum()


def _edge(where: NDArray, log_p: NDArray, *, spread: bool = True) -> Edge:
    """Median and 95 % quantiles of a discrete posterior over sorted positions."""
    total = np.cumsum(_weights(log_p))
    step = float(np.median(np.diff(where))) if spread and len(where) > 1 else 0.0
    low, point, high = (float(np.interp(q, total, where)) for q in (0.025, 0.5, 0.975))
    return Edge(point, low - step / 2, high + step / 2)
