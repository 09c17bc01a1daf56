"""Single numbers of an incident, each with its interval: excess, half-lives, cadence of the provider.

Sources: named in each function; where none is, plain counts and differences of times. Assumes a Poisson spread
widened by the series' dispersion. Durations are seconds.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.timeline import onset as edges
from analyzer.timeline.series import Series, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from analyzer.timeline.baseline import Baseline
    from analyzer.timeline.official import Words
Fact = dict[str, Any]


def fact(value: float | None, low: float | None, high: float | None, *, unit: str, n: int, note: str = "") -> Fact:
    """Build one fact; NaN becomes None."""
    numbers = (None if v is None or not np.isfinite(v) else float(v) for v in (value, low, high))
    return dict(zip(("value", "low", "high"), numbers, strict=True)) | {"unit": unit, "n": int(n), "note": note}


def peak_interval(
    series: Series, usual: Baseline, span: tuple[int, int], *, seed: int, draws: int = 400
) -> tuple[int, int, int]:
    """Bin of the underlying peak (2.5 %, 50 %, 97.5 %): argmax over redrawn rates.

    Method: parametric bootstrap. Counts are smoothed over three bins; redrawn with the variance that leaves, and with
    departures of `onset.SHAPE_ERROR`; the place of the largest is noted. A flat top thus has a wide interval.

    Parameters
    ----------
    span
        First and last + 1 bin of the rise.
    """
    a, b = span
    _, smooth = _smoothed(series, span)
    spread = np.sqrt(usual.dispersion * np.maximum(smooth, 1) * 0.375 + (edges.SHAPE_ERROR * smooth) ** 2)
    drawn = smooth + np.random.default_rng(seed).standard_normal((draws, b - a)) * spread
    low, middle, high = np.quantile(drawn.argmax(1), [0.025, 0.5, 0.975])
    return a + int(low), a + int(middle), a + int(high)


def peak_posts(series: Series, usual: Baseline, span: tuple[int, int], *, seed: int, draws: int = 400) -> Fact:
    """Posts that the busiest bin would hold without luck: the largest of many counts is mostly a lucky one.

    Method: parametric bootstrap (Efron & Tibshirani 1993, ch. 10) of the maximum. Counts smoothed over three bins are
    taken for the truth; counts are drawn from them with the series' dispersion and slow departures of
    `onset.SHAPE_ERROR`, smoothed alike, and their maximum compared with the truth's: its bias is taken off, its spread
    makes the 95 % interval. Assumes a peak wider than a bin. Over simulated outages the interval covers in .92, where
    the count itself is .15 to .5 too high.

    Parameters
    ----------
    span
        First and last + 1 bin of the rise.
    """
    from scipy.signal import lfilter

    a, b = span
    y, smooth = _smoothed(series, span)
    memory = np.exp(-series.bin_s / edges.SHAPE_MEMORY_S)
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((draws, b - a))
    steps[:, 1:] *= np.sqrt(1 - memory**2)
    rate = smooth * np.exp(edges.SHAPE_ERROR * lfilter([1.0], [1.0, -memory], steps, axis=1))
    noise = rng.standard_normal((draws, b - a)) * np.sqrt(usual.dispersion * np.maximum(rate, 1))
    top = _three(np.maximum(rate + noise, 0)).max(1)
    value = max(0.0, 2 * float(smooth.max()) - float(top.mean()))
    error = float(np.hypot(top.std(), 0.5 * edges.SHAPE_ERROR * smooth.max()))
    note = f"posts in {series.bin_s / 60:g} minutes, with the luck of the highest count taken off"
    low, high = max(0.0, value - 1.96 * error), value + 1.96 * error
    return fact(value, low, high, unit="posts", n=int(y.max(initial=0.0)), note=note)


def _smoothed(series: Series, span: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Posts per fully covered bin within a stretch of bins, and the same smoothed over three."""
    part = slice(*span)
    y = np.nan_to_num(series.count[part]) / np.maximum(series.covered[part], 0.2)
    return y, _three(y)


def _three(rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over three bins (1 : 2 : 1) along the last axis."""
    wide = np.concatenate([rate[..., :1], rate, rate[..., -1:]], axis=-1)
    return 0.25 * wide[..., :-2] + 0.5 * wide[..., 1:-1] + 0.25 * wide[..., 2:]


def excess(series: Series, usual: Baseline, span: tuple[int, int]) -> Fact:
    """Posts above the usual number within a stretch of bins, with a normal interval from the dispersion."""
    part = slice(*span)
    seen = series.seen[part]
    y, m = np.nan_to_num(series.count[part]).sum(), usual.mean[part][seen].sum()
    error = np.sqrt(usual.dispersion * max(y, 1) + (usual.slow - 1) * m)
    holes = int((~seen).sum())
    note = f"{holes} bins of it were not collected; nothing is added for them" if holes else ""
    return fact(y - m, y - m - 1.96 * error, y - m + 1.96 * error, unit="posts", n=int(y), note=note)


def half_life(window: edges.Window, *, peak: int) -> Fact:
    """Time in which the excess halves once it falls (from 80 to 40 % of its height), seconds; see `onset.Decay`.

    Parameters
    ----------
    window
        Counts around the incident, up to the end of the data or well after it.
    peak
        Bin of the peak. Right-censored (no value, a lower bound only) when the data end before.
    """
    half = edges.recovery(window, peak=peak).half
    n = int(np.nansum(window.count[max(0, peak - window.origin) :]))
    low = max(0.0, half.low) * window.bin_s
    if half.beyond > 0.5:
        return fact(None, low, None, unit="s", n=n, note="censored: the data end before the excess is down to half")
    high = None if half.beyond > 0.025 else half.high * window.bin_s
    return fact(half.point * window.bin_s, low, high, unit="s", n=n)


def cadence(words: Words, *, start: pd.Timestamp, end: pd.Timestamp) -> dict[str, Fact]:
    """Official updates per hour and the longest official silence between `start` and `end` (or "resolved")."""
    posted = [t for t in words.updates["posted_at"] if start <= t <= max(end, words.resolved or end)]
    if not posted:
        return {}
    stop = words.resolved if words.resolved is not None and words.resolved > start else end
    hours = max((max(stop, posted[-1]) - start).total_seconds() / 3600, 1 / 60)
    inside = [t for t in posted if t <= stop]
    points = sorted({start, *inside, stop})
    silence = max((b - a).total_seconds() for a, b in pairwise(points)) if len(points) > 1 else 0.0
    rate = len(inside) / hours
    return {
        "updates_per_hour": fact(rate, None, None, unit="per hour", n=len(inside), note="a count, not a sample"),
        "longest_silence_s": fact(silence, None, None, unit="s", n=len(inside), note="between onset and the last word"),
    }


def false_resolved(words: Words, incident: Mapping[str, Any]) -> dict[str, Fact]:
    """How long after "resolved" reports were still above their usual level, seconds (negative: they were not)."""
    if words.resolved is None or incident["recovery"] is None:
        return {}

    def after(key: str) -> float | None:
        return None if incident[key] is None else (incident[key] - words.resolved).total_seconds()

    note = "reports went on after the provider's last `resolved`" if (after("recovery_low") or 0) > 0 else ""
    value = fact(after("recovery"), after("recovery_low"), after("recovery_high"), unit="s", n=1, note=note)
    return {"resolved_to_recovery_s": value}


def weighted_series(series: Series, time: NDArray[np.int64], weight: NDArray[np.float64]) -> Series:
    """Posts of one kind (summed calibrated probabilities) on the bins of another series."""
    origin = stamp(series.start)
    place = (time - origin) // (series.bin_s * 1_000_000)
    inside = (place >= 0) & (place < len(series))
    count = np.bincount(place[inside], weights=weight[inside], minlength=len(series)).astype(float)
    return Series(series.name, series.start, series.bin_s, np.where(series.seen, count, np.nan), series.covered)


def frustration(angry: Series, *, span: tuple[int, int], limits: tuple[int, int]) -> dict[str, Fact]:
    """Area under the excess of frustrated posts, and the half-life of that excess.

    Parameters
    ----------
    angry
        Frustrated posts per bin.
    span
        Bins of the incident, from onset to recovery.
    limits
        End of the incident before and start of the next one, bins.
    """
    from analyzer.timeline.baseline import baseline
    from analyzer.timeline.detection import around

    usual = baseline(angry)
    area = excess(angry, usual, span)
    area["note"] = "posts with frustration of level 2 or 3 above their usual number"
    peak = span[0] + int(np.argmax(np.nan_to_num(angry.count[slice(*span)])))
    life = half_life(around(angry, usual, span, limits=limits), peak=peak)
    return {"excess_frustrated_posts": area, "half_life_frustration_s": life}


def back_in_band(series: Series, *, span: tuple[int, int], limits: tuple[int, int], what: str) -> Fact:
    """Time after the onset until talk of one kind is back at its usual level, seconds.

    Method: `onset.recovery` on the posts of that kind alone. No value where it never left its band; a lower bound only
    (right-censored) where the data end before.

    Parameters
    ----------
    series
        Posts of that kind per bin.
    span
        Bins of the incident.
    limits
        End of the incident before and start of the next one, bins.
    what
        Name of the talk, for the note.
    """
    from analyzer.timeline.baseline import baseline
    from analyzer.timeline.detection import MIN_EXCESS, around

    usual = baseline(series)
    above = excess(series, usual, span)
    n = above["n"]
    if above["value"] < MIN_EXCESS or (above["low"] or 0) <= 0:
        return fact(None, None, None, unit="s", n=n, note=f"{what} did not clearly leave its usual band")
    peak = span[0] + int(np.argmax(np.nan_to_num(series.count[slice(*span)])))
    over = edges.recovery(around(series, usual, span, limits=limits), peak=peak).over
    low, high = ((v - span[0]) * series.bin_s for v in (over.low, over.high))
    if over.beyond > 0.5:
        least = max(0.0, min(low, (len(series) - span[0]) * series.bin_s))
        return fact(
            None, least, None, unit="s", n=n, note=f"censored: {what} is above its usual band when the data end"
        )
    return fact(
        (over.point - span[0]) * series.bin_s, max(0.0, low), None if over.beyond > 0.025 else high, unit="s", n=n
    )
