"""`detect`: from a count series to incidents, or to a plain word why there are none.

Sources: those of `baseline`, `detectors` and `onset`. Assumes that most of the covered time is usual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.schema import INCIDENTS, make
from analyzer.timeline import onset as edges
from analyzer.timeline.baseline import Baseline, baseline
from analyzer.timeline.detectors import LOCAL, WHOLE, scan
from analyzer.timeline.detectors.scan import Stretch, height, merge
from analyzer.timeline.series import Series, regular
from analyzer.timeline.strength import grade, largest_of_month
from analyzer.timeline.waves import split

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Fewer covered bins than this, or fewer posts, decide nothing.
MIN_BINS = 12
MIN_POSTS = 8
#: A rise must hold this many posts above the usual number.
MIN_EXCESS = 8.0
#: Rises closer than this belong together.
JOIN_S = 3600
#: No more than this is looked at on either side of a rise.
_WIDEST_S = 4 * 86400
#: Of five detectors, so many must agree.
MIN_AGREE = 3


@dataclass(frozen=True)
class Detection:
    """What was found in one series."""

    series: Series
    usual: Baseline
    verdict: str
    reason: str
    incidents: pd.DataFrame
    spans: tuple[tuple[int, int], ...] = ()


def detect(counts: pd.DataFrame, *, series: str = "", bin_s: int | None = None, seed: int = 0) -> dict[str, Any]:
    """Find rises in a count series.

    Parameters
    ----------
    counts
        Columns `time` (aware), `count` (posts or reports per bin; null is a hole) and optional `covered` (0-1).
        Steps that are absent are holes, never zero.
    series
        Name that the incidents carry.
    bin_s
        Width of a bin, seconds; None takes the commonest step.
    seed
        Kept for the contract: nothing here is random, the same input gives the same answer.

    Returns
    -------
    dict
        Plain data, ready for JSON: `series`, `verdict` (incidents, no incident found, not enough data), `reason`,
        `bin_s` and `incidents`, a list of dicts with the columns of INCIDENTS, times as ISO 8601 text in UTC. For
        frames and the usual level per bin, see `detect_series`.

    Notes
    -----
    Method: see `baseline`, `detectors` and `onset`. Assumes that most of the covered time is usual. Times are UTC.
    """
    found = detect_series(regular(counts, name=series, bin_s=bin_s))
    return {
        "series": series,
        "verdict": found.verdict,
        "reason": found.reason,
        "bin_s": found.series.bin_s,
        "incidents": plain(found.incidents),
    }


def plain(incidents: pd.DataFrame) -> list[dict[str, Any]]:
    """Return INCIDENTS rows as dicts ready for JSON; times are ISO 8601 text in UTC, null is None."""
    rows = records(incidents)
    for row in rows:
        for key, value in row.items():
            if isinstance(value, pd.Timestamp):
                row[key] = value.tz_convert("UTC").isoformat().replace("+00:00", "Z")
            elif isinstance(value, np.ndarray | list):
                row[key] = [str(v) for v in value]
    return rows


def bins_frame(found: Detection) -> pd.DataFrame:
    """Return the series with its usual level as a frame, one row a bin."""
    return pd.DataFrame(
        {
            "start": found.series.times,
            "count": found.series.count,
            "covered": found.series.covered,
            "expected": found.usual.mean,
            "expected_low": found.usual.low,
            "expected_high": found.usual.high,
        }
    )


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dicts; null is None."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(k): v for k, v in row.items()} for row in rows]


def detect_series(series: Series, *, kind: str = "unknown") -> Detection:
    """Find rises in counts that are already on a grid; spans of the incidents are in bins (see `detect`)."""
    seen = series.seen
    total = float(np.nansum(series.count))
    usual = baseline(series) if seen.sum() >= 3 else _flat(series)
    if seen.sum() < MIN_BINS or total < MIN_POSTS:
        reason = (
            f"{int(seen.sum())} covered bins and {total:.0f} posts; a rise can be told from chance from "
            f"{MIN_BINS} bins and {MIN_POSTS} posts on"
        )
        return Detection(series, usual, "not enough data", reason, make(INCIDENTS, []))
    masks = {name: rule(series, usual) for name, rule in WHOLE.items()}
    gap = max(1, round(JOIN_S / series.bin_s))
    rows, spans = [], []
    proposed = [part for whole in merge(scan(series, usual), gap=gap) for part in split(series, usual, whole)]
    for i, stretch in enumerate(proposed):
        limits = (
            proposed[i - 1].end if i else 0,
            proposed[i + 1].start if i + 1 < len(proposed) else len(series),
        )
        row = _incident(series, usual, stretch, masks, kind, limits)
        if row is not None:
            rows.append(row)
            spans.append((stretch.start, stretch.end))
    kept = [i for i, row in enumerate(rows) if not _maybe_rhythm(row, series, usual)]
    early = len(rows) - len(kept)
    rows, spans = [rows[i] for i in kept], [spans[i] for i in kept]
    rows = largest_of_month(rows, span_s=len(series) * series.bin_s)
    if rows:
        word = "rise" if len(rows) == 1 else "rises"
        return Detection(
            series, usual, "incidents", f"{len(rows)} {word} above the usual level", make(INCIDENTS, rows), tuple(spans)
        )
    reason = _why_none(series, usual) + (
        "; the busy hours that the data begin with may be the daily rhythm" * (early > 0)
    )
    return Detection(series, usual, "no incident found", reason, make(INCIDENTS, []))


def _maybe_rhythm(row: dict[str, Any], series: Series, usual: Baseline) -> bool:
    """Tell whether a rise may be the fall of an ordinary day: it is there when the data begin, and no rhythm is known.

    A plain rule of our own; what is strong is no daily rhythm.
    """
    return usual.season == "none" and row["strength"] != "strong" and row["onset_low"] <= series.times[0]


def _flat(series: Series) -> Baseline:
    zero = np.zeros(len(series))
    return Baseline(zero, zero, zero, 1.0, 1.0, "none", series.seen)


def _why_none(series: Series, usual: Baseline) -> str:
    """Say what the busiest stretch looked like, and how large a rise would have been seen."""
    level = float(usual.mean[series.seen].mean())
    top = int(np.nanargmax(series.count - usual.mean))
    hour = max(1.0, 3600 / series.bin_s)
    smallest = _smallest_visible(level * hour, usual.slow, series.bin_s)
    return (
        f"no stretch stands out: usual level {level:.2g} posts per {_width(series.bin_s)}, at most "
        f"{series.count[top]:.0f} ({series.times[top]:%Y-%m-%d %H:%M} UTC, where up to {usual.high[top]:.0f} "
        f"is usual); "
        f"an hour with about {smallest:.0f} posts above the usual would have been seen"
    )


def _smallest_visible(level: float, phi: float, bin_s: int) -> float:
    """Excess posts within an hour whose likelihood ratio reaches the alarm height, posts."""
    h = height(bin_s) * phi
    excess = max(MIN_EXCESS, level)
    for _ in range(200):
        if (level + excess) * np.log1p(excess / max(level, 0.01)) - excess >= h:
            return excess
        excess *= 1.05
    return excess


def _width(bin_s: int) -> str:
    return f"{bin_s // 60} min" if bin_s % 60 == 0 else f"{bin_s} s"


def _incident(
    series: Series,
    usual: Baseline,
    stretch: Stretch,
    masks: dict[str, NDArray[np.bool_]],
    kind: str,
    limits: tuple[int, int],
) -> dict[str, Any] | None:
    """Judge one proposed stretch; return an INCIDENTS row, or None where too little supports it."""
    a, b = stretch.start, stretch.end
    y, m = series.count, usual.mean
    excess = float(np.nansum(y[a:b] - m[a:b] * series.seen[a:b]))
    if excess < MIN_EXCESS:
        return None
    window = around(series, usual, (a, b), limits=limits)
    lo, hi = window.origin, window.origin + len(window.count)
    agree = ["scan", *(name for name, mask in masks.items() if mask[a:b].any())]
    for name, rule in LOCAL.items():
        if rule(y[lo:hi], m[lo:hi], usual.dispersion, span=(a - lo, b - lo))[a - lo : b - lo].any():
            agree.append(name)
    if len(agree) < MIN_AGREE:
        return None
    return _row(series, usual, stretch, window, agree, limits[1]) | {"kind": kind}


def around(
    series: Series, usual: Baseline, span: tuple[int, int], *, limits: tuple[int, int] | None = None
) -> edges.Window:
    """Counts of a stretch with as much again on both sides (three hours and twelve bins at least, four days at most).

    `limits` are the end of the rise before and the start of the next one: their posts are not this one's.
    """
    a, b = span
    first, last = limits or (0, len(series))
    wide = max(12, round(3 * 3600 / series.bin_s), min(b - a, _WIDEST_S // series.bin_s))
    lo, hi = max(first, a - wide), min(last, b + wide)
    level = float(usual.mean[series.seen].mean())
    return edges.Window(series.count[lo:hi], usual.mean[lo:hi], usual.dispersion, lo, level, series.bin_s)


def _row(
    series: Series, usual: Baseline, stretch: Stretch, window: edges.Window, agree: list[str], cap: int
) -> dict[str, Any]:
    a, b, lo, hi = stretch.start, stretch.end, window.origin, window.origin + len(window.count)
    y, m = series.count, usual.mean
    rate = np.where(series.seen[a:b], y[a:b] / np.maximum(series.covered[a:b], 1e-9), -1)
    peak = a + int(np.argmax(rate))
    back = max(6, round(2 * 3600 / series.bin_s))
    start = edges.onset(window, peak=peak, earliest=max(lo, a - back))
    end = edges.recovery(window, peak=peak).over
    censored = hi == len(series) and end.beyond > 0.5
    if cap < len(series):
        # The next rise may begin before this one has surely died down.
        end = edges.Edge(min(end.point, cap), min(end.low, cap), min(end.high, cap))
    last = min(len(series), int(np.ceil(end.point))) if not censored else len(series)
    first = int(start.point)
    n_excess = float(np.nansum((y - m)[first:last]))
    return {
        "series": series.name,
        "onset": series.at(start.point),
        "onset_low": series.at(max(start.low, 0)),
        "onset_high": series.at(start.high),
        "peak": series.times[peak],
        "peak_count": int(y[peak]),
        "recovery": None if censored else series.at(end.point),
        "recovery_low": None if censored and end.low > len(series) else series.at(min(end.low, len(series))),
        "recovery_high": None if censored or (hi == len(series) and end.high >= hi) else series.at(end.high),
        "censored": bool(censored),
        "strength": grade(n_excess, y, m, (first, max(last, first + 1)), agree),
        "detectors": agree,
        "n_excess": n_excess,
        "evidence": _evidence(series, usual, peak, n_excess, agree),
    }


def _evidence(series: Series, usual: Baseline, peak: int, excess: float, agree: list[str]) -> str:
    y, m = series.count[peak], usual.mean[peak]
    return (
        f"{y:.0f} posts in the {_width(series.bin_s)} from {series.times[peak]:%Y-%m-%d %H:%M} UTC, "
        f"where {m:.2g} are usual (up to {usual.high[peak]:.0f}); {excess:.0f} above the usual number in all; "
        f"{len(agree)} of 5 detectors agree ({', '.join(agree)})"
    )
