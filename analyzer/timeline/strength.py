"""How strong a rise is: by its size, by its height against its own usual level, and by the service's own history.

Sources: block maxima (Gumbel 1958); else plain rules of our own. Assumes counts of one kind throughout the series.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: An unmistakable rise holds so many posts above the usual number ...
STRONG_EXCESS = 200.0
#: ... and is so many times as high as the usual level, where that is 10 posts a bin or fewer.
STRONG_RATIO = 20.0
#: From this much history on, a strong rise must also be the largest of its month.
HISTORY_S = 28 * 86400


def grade(
    excess: float, y: NDArray[np.float64], m: NDArray[np.float64], span: tuple[int, int], agree: list[str]
) -> str:
    """Grade a rise alone: `strong`, `moderate` or `weak`.

    `strong` is unmistakable: four detectors, `STRONG_EXCESS` posts above the usual number, and a height of
    `STRONG_RATIO` times the usual level (less where that is above 10 posts a bin: 20 / sqrt(level / 10), 4 at least,
    for chance spreads by the root of the level). `moderate` is clear: four detectors, and 20 posts or three times the
    level. Source: plain rules of our own, no estimates.

    Parameters
    ----------
    excess
        Posts above the usual number, onset to recovery.
    y, m
        (n,) counts and usual level of the series, posts a bin.
    span
        First and last + 1 bin of the rise.
    agree
        Names of the detectors that agree.
    """
    part = slice(*span)
    level = float(np.nanmedian(m[part]))
    ratio = (np.nanmax(y[part], initial=0) + 0.5) / (level + 0.5)
    if len(agree) >= 4 and excess >= STRONG_EXCESS and ratio >= max(4.0, STRONG_RATIO / sqrt(max(1.0, level / 10))):
        return "strong"
    return "moderate" if len(agree) >= 4 and (excess >= 20 or ratio >= 3) else "weak"


def largest_of_month(rows: list[dict[str, Any]], *, span_s: float) -> list[dict[str, Any]]:
    """Leave `strong` only to the largest rise of each calendar month (UTC), where there are four weeks of history.

    Method: block maxima (Gumbel 1958; Coles 2001, ch. 3) with a block of one month: what a service sees more often than
    monthly is no strong rise *of that service*, however large it is in posts. No threshold is tuned to any service.

    Parameters
    ----------
    rows
        INCIDENTS rows of one series.
    span_s
        Length of the series, seconds. A shorter one is no history to measure against; the rows stay as they are.

    Returns
    -------
    the rows; those that are outdone are `moderate`, and their evidence says by what.
    """
    if span_s < HISTORY_S:
        return rows
    largest: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        month = (row["onset"].year, row["onset"].month)
        if row["strength"] == "strong" and row["n_excess"] > largest.get(month, {"n_excess": 0.0})["n_excess"]:
            largest[month] = row
    out = []
    for row in rows:
        top = largest.get((row["onset"].year, row["onset"].month))
        if row["strength"] == "strong" and top is not None and row is not top:
            why = f"not strong for this series: that of {top['onset']:%Y-%m-%d %H:%M} UTC in the same month is larger"
            row = row | {"strength": "moderate", "evidence": f"{row['evidence']}; {why}"}
        out.append(row)
    return out
