"""The usual level: what a bin would hold if nothing happened, with its spread.

Method: a local level (rolling mean over quiet bins) times a season (hour of week where at least three weeks are
there, hour of day from two days on, day of week for daily bins, shrunk towards 1), with bursts masked out by their own
prediction bound and the fit repeated. The spread is over-dispersed Poisson (variance = dispersion x mean), estimated
from quiet bins; the prediction bounds are quantiles of the negative binomial with that mean and variance.
Assumes that more than half of the covered time is usual. Means and bounds are posts a bin.
Sources: cycle-corrected Poisson of Gnip's trend detection; Downdetector's same-weekday baseline; McCullagh & Nelder
1989, ch. 6 (quasi-Poisson); Farrington et al. 1996 (down-weighting past outbreaks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.timeline.series import Series

_HOUR = 3600
#: A burst that lasts longer than this is a new usual level.
_LONGEST_S = 48 * _HOUR
#: The same in bins, where these are as wide as a day.
_LONGEST_BINS = 8
#: Without a season (less than two days) the level may drift: it is that of so many seconds around.
_SHORT_S = 12 * _HOUR
#: Posts that a season's factor must outweigh before it moves far from 1.
_SEASON_PRIOR = 8.0


@dataclass(frozen=True)
class Baseline:
    """The usual level of a series.

    Parameters
    ----------
    mean
        (n,) usual count in a fully covered bin, scaled by `covered` (0 in holes).
    low, high
        (n,) 95 % prediction bounds of the count.
    dispersion
        Variance over mean of single quiet bins, >= 1.
    slow
        The same for sums over up to two hours, >= dispersion: slow swings of the level are no incident.
    season
        `hour of week`, `hour of day`, `day of week` (bins of a day) or `none`.
    quiet
        (n,) bins that the level was learned from.
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    dispersion: float
    slow: float
    season: str
    quiet: NDArray[np.bool_]


def baseline(series: Series, *, rounds: int = 5) -> Baseline:
    """Estimate the usual level of a series.

    Assumes that more than half of the covered time is usual, and that the usual level drifts over days, not minutes.

    Parameters
    ----------
    series
        Counts on a grid; holes are ignored.
    rounds
        How often bursts are masked and the level fitted again.
    """
    count, covered = np.nan_to_num(series.count), series.covered
    seen = series.seen
    level = np.full(len(series), _first_level(count, covered, seen, series.bin_s))
    season, kind = _first_season(series), "none"
    quiet = seen.copy()
    phi = 1.0
    for _ in range(rounds):
        mean = np.maximum(level * season * covered, 1e-9)
        quiet = seen & ~_short(_burst(count, mean, phi, series.bin_s), series.bin_s)
        if quiet.sum() < max(6, 0.3 * seen.sum()):
            quiet = seen & (count <= np.quantile(count[seen], 0.6))
        season, kind = _season(count, level * covered, quiet, series)
        level = _local_level(count, season * covered, quiet, series.bin_s)
        mean = np.maximum(level * season * covered, 1e-9)
        phi = _dispersion(count, mean, quiet, 1)
    slow = max([phi, *(_dispersion(count, mean, quiet, w) for w in _widths(series.bin_s, int(quiet.sum())))])
    mean = np.where(seen, mean, 0.0)
    low, high = bounds(mean, phi)
    return Baseline(mean, low, high, phi, slow, kind, quiet)


def bounds(mean: NDArray[np.float64], phi: float, *, level: float = 0.95) -> tuple[NDArray, NDArray]:
    """Prediction bounds of a count with this mean and variance `phi * mean` (negative binomial; Poisson at 1)."""
    half = (1 - level) / 2
    safe = np.maximum(mean, 1e-9)
    if phi < 1.01:
        return stats.poisson.ppf(half, safe), stats.poisson.ppf(1 - half, safe)
    # scipy's parameters: variance / mean = 1 / p, so p = 1 / phi and n = mean / (phi - 1)
    size = safe / (phi - 1)
    return stats.nbinom.ppf(half, size, 1 / phi), stats.nbinom.ppf(1 - half, size, 1 / phi)


def upper_tail(count: NDArray[np.float64], mean: NDArray[np.float64], phi: float) -> NDArray[np.float64]:
    """P(a usual bin holds `count` or more), 1 where the count is missing."""
    safe = np.maximum(mean, 1e-9)
    whole = np.nan_to_num(np.ceil(count)) - 1
    tail = stats.poisson.sf(whole, safe) if phi < 1.01 else stats.nbinom.sf(whole, safe / (phi - 1), 1 / phi)
    return np.where(np.isfinite(count) & (mean > 0), tail, 1.0)


def _first_level(count: NDArray, covered: NDArray, seen: NDArray, bin_s: int) -> float:
    """Median over coarse bins that hold a few posts each: bursts of less than half of the time do not move it."""
    rate = count[seen].sum() / max(covered[seen].sum(), 1e-9)
    if rate == 0:
        return 1e-3
    per = int(np.clip(np.ceil(10 / rate), 1, max(1, seen.sum() // 8)))
    n = len(count) // per * per
    sums = count[:n].reshape(-1, per).sum(1)
    weights = (covered[:n] * seen[:n]).reshape(-1, per).sum(1)
    full = weights > 0.5 * per
    median = float(np.median(sums[full] / weights[full])) if full.any() else rate
    return max(median, 0.1 * rate, 1e-3)


def _burst(count: NDArray, mean: NDArray, phi: float, bin_s: int) -> NDArray:
    """Bins in or beside a burst: unusual alone, or within an hour-wide (and a four-hour) window that is unusual."""
    mask = upper_tail(count, mean, phi) < 1e-3
    for hours in (1, 4):
        w = max(1, round(hours * _HOUR / bin_s))
        if w == 1 or w > len(count) // 3:
            continue
        kernel = np.ones(w)
        total, usual = np.convolve(count, kernel, "same"), np.convolve(mean, kernel, "same")
        # A window must also stand out in size, lest the day's own swing be cut off before a season is known.
        hot = (upper_tail(total, usual, max(phi, 1.5)) < 1e-4) & (total > 1.6 * usual)
        mask |= np.convolve(hot, kernel, "same") > 0
    # The shoulders of a burst are not usual either.
    moat = np.ones(min(2 * max(1, round(0.5 * _HOUR / bin_s)) + 1, len(count)))
    core = upper_tail(count, mean, phi) < 1e-6
    return mask | (np.convolve(core, moat, "same") > 0)


def _short(mask: NDArray, bin_s: int) -> NDArray:
    """Keep bursts of up to `_LONGEST_S` (eight bins at least): what lasts longer is a new usual level."""
    edges = np.flatnonzero(np.diff(np.r_[0, mask.astype(np.int8), 0]))
    kept = mask.copy()
    longest = max(_LONGEST_S, _LONGEST_BINS * bin_s)
    if len(mask) * bin_s < 4 * longest:
        return kept
    starts, ends = edges[::2], edges[1::2]
    # Runs with less than six hours between them are one: a level does not come back for a moment only.
    joined: NDArray | list[int] = (
        np.flatnonzero(np.r_[True, (starts[1:] - ends[:-1]) * bin_s > 6 * _HOUR]) if len(starts) else []
    )
    for i, first in enumerate(joined):
        last = joined[i + 1] if i + 1 < len(joined) else len(starts)
        a, b = starts[first], ends[last - 1]
        if (b - a) * bin_s > longest:
            kept[a:b] = False
    return kept


def _has_days(series: Series) -> bool:
    """Two days at least, in bins that tell the hour of the day: enough for a rhythm."""
    return bool(series.seen.sum() * series.bin_s >= 1.9 * 86400 and series.bin_s <= 6 * _HOUR)


def _hours(series: Series) -> NDArray[np.int64]:
    """(n,) hours since 1970 of the bins' starts."""
    return ((series.start.timestamp() + np.arange(len(series)) * series.bin_s) // _HOUR).astype(np.int64)


def _first_season(series: Series) -> NDArray[np.float64]:
    """Factor per bin before bursts are known: for each hour of the day the (lower) median over the days."""
    if not _has_days(series):
        return np.ones(len(series))
    hours = _hours(series)
    first = hours.min() - hours.min() % 24
    size = (int(hours.max() - first) // 24 + 1) * 24
    total = np.bincount(hours - first, weights=np.nan_to_num(series.count), minlength=size).reshape(-1, 24)
    covered = np.bincount(hours - first, weights=series.covered, minlength=size).reshape(-1, 24)
    rate = np.where(covered > 0, total / np.maximum(covered, 1e-9), np.nan)
    ordered = np.sort(rate, axis=0)
    known = np.isfinite(rate).sum(0)
    middle = np.take_along_axis(ordered, np.maximum(known - 1, 0)[None, :] // 2, axis=0)[0]
    middle = np.where(known > 0, middle, np.nanmean(middle))
    smooth = np.convolve(np.r_[middle[-1], middle, middle[0]], [0.25, 0.5, 0.25], "valid")
    posts = smooth * covered.sum(0)
    factor = (posts + _SEASON_PRIOR) / (posts.mean() * covered.sum(0) / covered.sum(0).mean() + _SEASON_PRIOR)
    return factor[hours % 24]


def _season(count: NDArray, usual: NDArray, quiet: NDArray, series: Series) -> tuple[NDArray, str]:
    """Factor per bin, mean 1 over the quiet bins; neighbours in the cycle are smoothed."""
    days = quiet.sum() * series.bin_s / 86400
    if series.bin_s == 86400 and days >= 21:
        # Days have no hours: each day of the week has its factor.
        slot = _hours(series) // 24 % 7
        total, expected = (np.bincount(slot[quiet], weights=v[quiet], minlength=7) for v in (count, usual))
        return ((total + _SEASON_PRIOR) / (expected + _SEASON_PRIOR))[slot], "day of week"
    if not _has_days(series):
        return np.ones(len(count)), "none"
    hours = _hours(series)
    cycle, kind = (168, "hour of week") if days >= 21 else (24, "hour of day")
    slot = hours % cycle
    total = np.bincount(slot[quiet], weights=count[quiet], minlength=cycle)
    expected = np.bincount(slot[quiet], weights=usual[quiet], minlength=cycle)
    kernel = np.array([0.25, 0.5, 0.25])
    total, expected = (np.convolve(np.r_[v[-1], v, v[0]], kernel, "valid") for v in (total, expected))
    factor = (total + _SEASON_PRIOR) / (expected + _SEASON_PRIOR)
    if kind == "hour of week" and total.sum() < 20 * cycle:
        # Too few posts for 168 factors: the hour of the day carries most of the season.
        factor = np.tile(_fold(total, 24) + _SEASON_PRIOR, 7) / np.tile(_fold(expected, 24) + _SEASON_PRIOR, 7)
        kind = "hour of day"
    return factor[slot], kind


def _fold(values: NDArray, period: int) -> NDArray:
    return values.reshape(-1, period).sum(0)


def _local_level(count: NDArray, exposure: NDArray, quiet: NDArray, bin_s: int) -> NDArray:
    """Rolling mean over quiet bins, some days wide where the history is long, else a good part of it."""
    n = len(count)
    span = n * bin_s / 86400
    width = 7 * 86400 if span >= 21 else (86400 if span >= 4 else (span * 86400 if span >= 1.9 else _SHORT_S))
    half = max(1, round(width / bin_s / 2))
    top = np.concatenate([[0.0], np.cumsum(np.where(quiet, count, 0.0))])
    bottom = np.concatenate([[0.0], np.cumsum(np.where(quiet, exposure, 0.0))])
    lo = np.maximum(np.arange(n) - half, 0)
    hi = np.minimum(np.arange(n) + half + 1, n)
    overall = (top[-1] + 0.5) / (bottom[-1] + 1e-9)
    # A prior of a few posts at the overall level keeps a window without quiet bins sensible.
    prior = 10 / max(overall, 1e-9)
    return (top[hi] - top[lo] + overall * prior) / (bottom[hi] - bottom[lo] + prior)


def _widths(bin_s: int, n: int) -> list[int]:
    """Widths (in bins) of the sums at which slow swings are looked for: up to two hours, ten sums at least."""
    widest = max(1, round(2 * _HOUR / bin_s))
    return sorted({w for w in (2, 4, 8, widest // 2, widest) if 1 < w <= max(widest, 4) and n // w >= 10})


def _dispersion(count: NDArray, mean: NDArray, quiet: NDArray, width: int) -> float:
    """Mean squared Pearson residual of sums over `width` consecutive quiet bins, >= 1."""
    n = len(count) // width * width
    full = quiet[:n].reshape(-1, width).all(1)
    y = count[:n].reshape(-1, width).sum(1)[full]
    m = mean[:n].reshape(-1, width).sum(1)[full]
    if len(y) < 5 or m.sum() < 1:
        return 1.0
    # Weighted by the mean: sums with next to nothing expected carry no information on the spread.
    # A rate that swings by its own size is as restless as can be told from a rise.
    return float(np.clip(((y - m) ** 2).sum() / m.sum(), 1.0, max(50.0, m.mean())))
