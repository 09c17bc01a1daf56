"""Time bins of posts: how wide, how many posts in each, and how much of each was in fact looked at.

Sources: plain counts; rules of our own for the width. Assumes that a source without a word on its coverage was
collected throughout. Times are microseconds since 1970, UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.timeline.series import Series, holes, microseconds, stamp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.study import Study
    from analyzer.timeline.evidence import Evidence

#: Widths to choose from, minutes; each divides a day.
WIDTHS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240)
#: The busiest hours should hold about this many relevant posts a bin, so that a bin says something on its own.
PER_BIN = 6.0
#: More bins than this make no picture.
MOST_BINS = 4000
#: A silence is a hole of collection if a slow hour of this stream would have brought so many posts meanwhile.
_SILENT = 18.0
_US = 1_000_000


def window(study: Study, time: NDArray[np.int64]) -> tuple[int, int]:
    """Return the window ``[since, until)`` in microseconds: the study's where given, else that of the posts."""
    first = int(time.min()) if len(time) else 0
    last = int(time.max()) + 1 if len(time) else first + 3600 * _US
    start = stamp(pd.Timestamp(study.since)) if study.since else first
    end = stamp(pd.Timestamp(study.until)) if study.until else last
    return int(start), max(int(end), int(start) + _US)


def choose_minutes(time: NDArray[np.int64], start: int, end: int) -> int:
    """Choose a width of bins from the times of relevant posts.

    The narrowest of `WIDTHS` (5 minutes or more, unless the window is under 12 hours) at which the busiest hours hold
    about `PER_BIN` posts a bin, with at most `MOST_BINS` and, where possible, at least 24 bins.

    Parameters
    ----------
    time
        (n,) microseconds.
    start, end
        The window, microseconds.
    """
    minutes = (end - start) / (60 * _US)
    per_hour = np.bincount(((time - start) // (3600 * _US)).clip(0)) if len(time) else np.zeros(1)
    # The mean of the three busiest hours: an incident fills at least as much.
    busiest = float(np.sort(per_hour)[-3:].mean())
    wanted = 60 * PER_BIN / max(busiest, 1e-9)
    least = 1 if minutes <= 720 else 5
    fits = [w for w in WIDTHS if w >= least and minutes / w <= MOST_BINS]
    many = [w for w in fits if minutes / w >= 24] or fits[:1] or [WIDTHS[-1]]
    return next((w for w in many if w >= wanted), many[-1])


def silences(time: NDArray[np.int64], start: int, end: int) -> list[tuple[int, int]]:
    """Find stretches in which the whole stream stopped: holes of collection, not quiet.

    A slow hour is the 10 % quantile of hourly counts over hours with any post; a silence counts if at that pace
    `_SILENT` posts would have come (chance of none below 1e-7 for a Poisson stream).

    Returns
    -------
    list of (start, end) in microseconds.
    """
    if len(time) < 50:
        return []
    ordered = np.sort(time)
    hourly = np.bincount((ordered - ordered[0]) // (3600 * _US))
    slow = max(float(np.quantile(hourly[hourly > 0], 0.1)), 0.5)
    points = np.r_[start, ordered, end]
    gaps = np.diff(points) / (3600 * _US)
    # A silence must also be long against the stream's own lulls.
    usual = np.quantile(gaps[1:-1], 0.999)
    found = np.flatnonzero((gaps * slow >= _SILENT) & (gaps > 3 * usual))
    return [(int(points[i]) + int(i > 0), int(points[i + 1])) for i in found]


def make(evidence: Evidence, coverage: pd.DataFrame, *, start: int, end: int, bin_minutes: int) -> Series:
    """Count relevant posts per bin, with the share of each bin that was collected.

    Parameters
    ----------
    coverage
        COVERAGE table; sources without a row are taken as collected throughout. Silences of the whole stream (see
        `silences`) are holes as well.
    start, end
        The window, microseconds; bins are aligned to the clock.
    """
    width = bin_minutes * 60 * _US
    origin = start - start % width
    size = max(1, -(-(end - origin) // width))
    inside = evidence.relevant & (evidence.time >= origin) & (evidence.time < end)
    count = np.bincount((evidence.time[inside] - origin) // width, minlength=size)[:size].astype(float)
    covered = covered_share(evidence, coverage, origin=origin, width=width, size=size)
    first = pd.Timestamp(origin, unit="us", tz="UTC")
    # The window's own edges cut the first and last bin.
    lost = share_of(size, origin, width, [(origin, start), (end, origin + size * width)])
    for gap in silences(evidence.time, start, end):
        lost = np.maximum(lost, share_of(size, origin, width, [gap]))
    return holes(Series("", first, bin_minutes * 60, count, np.minimum(covered, 1 - lost)))


def covered_share(
    evidence: Evidence, coverage: pd.DataFrame, *, origin: int, width: int, size: int
) -> NDArray[np.float64]:
    """(size,) share of each bin that was collected, sources weighted by their posts."""
    if not len(coverage):
        return np.ones(size)
    sources = evidence.source.value_counts()
    total = np.zeros(size)
    for name, weight in sources.items():
        rows = coverage[(coverage["source"] == name).to_numpy(dtype=bool, na_value=False)]
        total += weight * _one_source(rows, origin, width, size)
    return total / sources.sum() if len(sources) else np.ones(size)


def _one_source(rows: pd.DataFrame, origin: int, width: int, size: int) -> NDArray[np.float64]:
    kind = rows["kind"].astype(str).to_numpy()
    spans = list(zip(microseconds(rows["start"]).tolist(), microseconds(rows["end"]).tolist(), strict=True))

    def share(*kinds: str) -> NDArray[np.float64]:
        return share_of(size, origin, width, [s for s, k in zip(spans, kind, strict=True) if k in kinds])

    holes = ("gap", "rate_limited", "truncated")
    seen = share("covered")
    # Imports say "unknown": seen, as far as nobody knows otherwise. Where nothing says "covered", all is taken as seen.
    taken = share("covered", "unknown") if "covered" in kind else np.ones(size)
    # A hole that a later run filled stays in the table; it counts only where nothing says "covered".
    lost = share("covered", *holes) - seen
    return np.clip(np.maximum(taken - lost, seen), 0, 1)


def share_of(size: int, origin: int, width: int, spans: list[tuple[int, int]]) -> NDArray[np.float64]:
    """(size,) share of each bin that lies in the union of `spans` (microseconds)."""
    share = np.zeros(size)
    last = origin
    for a, b in sorted(spans):
        a, b = max(a, last, origin), min(b, origin + size * width)
        if b <= a:
            continue
        last = b
        i, j = (a - origin) // width, (b - 1 - origin) // width
        if i == j:
            share[i] += (b - a) / width
            continue
        share[i] += 1 - ((a - origin) % width) / width
        share[i + 1 : j] += 1
        share[j] += (b - origin - j * width) / width
    return np.clip(share, 0, 1)
