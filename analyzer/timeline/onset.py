"""When a rise began and when it was over, each as a posterior with a 95 % interval.

Method: Bayesian change-point location on a grid, with the shape of the rise (power of time, from a step to a late
surge) and of the decay (stretched exponential, from a heavy tail over exponential to a sudden end) averaged over
rather than chosen. The likelihood is Poisson, tempered by the dispersion and by an allowance for real curves being
no textbook shapes (`SHAPE_ERROR`). Sources: Carlin, Gelfand & Smith 1992 (change-point posterior); Crane & Sornette
2008 (families of attention decay). Assumes one rise and one decay within the stretch; positions lie within bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Relative departure of real curves from the shapes used here, added to the spread of each bin.
SHAPE_ERROR = 0.12
_RISES = (0.0, 0.5, 1.0, 2.0, 3.0)
_DECAYS = (0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 40.0)
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
    """Counts around an incident: `count` (NaN in holes), usual `mean`, `dispersion`; `origin` is its first bin."""

    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    dispersion: float
    origin: int


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
    grid = np.arange(first, stop + 1, 0.25 if stop - first <= 60 else (stop - first) / 240)
    grid = grid[grid < stop + 0.99]
    y, m = y[: stop + 1], m[: stop + 1]
    observed = np.maximum(np.nanmax(y[max(first, stop - 2) :] - m[max(first, stop - 2) :], initial=0.0), 2.0)
    scale = observed * np.geomspace(0.3, 3.0, 16)
    edges = np.arange(len(y) + 1.0)
    log_p = np.full(len(grid), -np.inf)
    end = stop + 1.0
    u = np.clip((edges[None, :] - grid[:, None]) / (end - grid[:, None]), 0, 1)
    for power in _RISES:
        # Excess per bin: integral of the rising rate over the bin; unit rate at the end of the window.
        unit = np.diff(u ** (power + 1), axis=1) * (end - grid[:, None]) / (power + 1)
        fit = _log_likelihood(y, m, unit[:, None, :] * scale[None, :, None], window.dispersion)
        log_p = np.logaddexp(log_p, np.logaddexp.reduce(fit, axis=1))
    return _edge(grid + window.origin, log_p)


#: A rise is over when its excess has fallen under this share of its height, or under the usual level if that is more.
OVER_SHARE = 0.05


@dataclass(frozen=True)
class Decay:
    """When the rise was over, and when its excess was down to half, both in bins from the start of the series."""

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
    y, m = window.count, window.mean
    start = _last_high(y, m, peak - window.origin)
    y, m = y[start:], m[start:]
    step = max(1, ceil(len(y) / _MAX_WINDOW))
    y, m = _coarse(y, m, step)
    n = len(y)
    observed = max(float(np.nanmax(y[: max(2, n // 20)] - m[: max(2, n // 20)], initial=0.0)), 2.0)
    scale = observed * np.geomspace(0.35, 3.0, 14)
    tau = np.geomspace(0.2, max(3.0 * n, 2.0), 80)
    t = np.arange(n)[:, None] + np.array([0.125, 0.375, 0.625, 0.875])[None, :]
    usual = np.minimum(np.maximum(float(np.median(m)), OVER_SHARE * scale), 0.5 * scale)
    over, half, logs = [], [], []
    for beta in _DECAYS:
        unit = np.exp(-np.minimum((t[None] / tau[:, None, None]) ** beta, 700)).mean(2)
        fit = _log_likelihood(y, m, unit[:, None, :] * scale[None, :, None], window.dispersion)
        over.append(tau[:, None] * np.log(scale / usual)[None, :] ** (1 / beta))
        half.append(np.broadcast_to(tau[:, None] * np.log(2) ** (1 / beta), fit.shape))
        # Even prior on times themselves rather than on log tau: weight by d tau.
        logs.append(fit + np.log(tau)[:, None])
    log_p = np.concatenate([p.ravel() for p in logs])
    offset, last = start + window.origin, window.origin + len(window.count)
    return Decay(
        *(_posterior(np.concatenate([v.ravel() for v in w]) * step + offset, log_p, last) for w in (over, half))
    )


def _posterior(where: NDArray, log_p: NDArray, last: float) -> Edge:
    """Sort a posterior by position; `beyond` is its mass after `last`, the end of the data."""
    order = np.argsort(where)
    found = _edge(where[order], log_p[order], spread=False)
    return Edge(found.point, found.low, found.high, float(_weights(log_p)[where >= last].sum()))


def _half_way(y: NDArray, m: NDArray, top: int) -> int:
    """First bin from which the smoothed excess is half of the peak's: what comes later says little of the start."""
    excess = np.nan_to_num(y - m)
    if top < 2:
        return top
    smooth = np.convolve(excess[: top + 1], [0.25, 0.5, 0.25], "same")
    above = np.flatnonzero(smooth < 0.5 * excess[top])
    return int(min(top, (above[above < top].max() + 2) if (above < top).any() else top))


def _last_high(y: NDArray, m: NDArray, top: int) -> int:
    """Last bin from the peak on at which the smoothed excess is still 60 % of the peak's: the decay starts there."""
    excess = np.nan_to_num(y - m)
    smooth = np.convolve(excess, [0.25, 0.5, 0.25], "same")
    high = np.flatnonzero(smooth >= 0.6 * max(smooth[top:].max(initial=0.0), 1e-9))
    high = high[high >= top]
    return int(high.max()) if len(high) else top


def _log_likelihood(y: NDArray, m: NDArray, excess: NDArray, phi: float) -> NDArray[np.float64]:
    """Tempered Poisson log-likelihood (...) of bins `y` (n,) under usual `m` (n,) plus `excess` (..., n)."""
    seen = np.isfinite(y) & (m > 0)
    y, m = y[seen], np.maximum(m[seen], 0.02)
    above = np.maximum(np.convolve(y, [0.25, 0.5, 0.25], "same")[: len(y)] - m, 0.0)
    temper = phi + (SHAPE_ERROR * above) ** 2 / (m + above)
    rate = m + excess[..., seen]
    return ((y * np.log(rate) - rate) / temper).sum(-1)


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
