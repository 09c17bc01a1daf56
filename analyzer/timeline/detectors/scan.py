"""Likelihood-ratio scan: stretches whose counts fit a raised level far better than the usual one.

Sources: Page 1954, Lorden 1971. Assumes independent bins once the scores are shrunk by the slow dispersion. Scores
are nats.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.timeline.baseline import Baseline
    from analyzer.timeline.series import Series

#: Multiples of the usual level that are looked for. Rises below about 1.5 have no growing score at 2 and stay unseen.
RATIOS = (2.0, 4.0, 10.0, 40.0)
#: Wanted false alarms per 1,000 hours on a quiet series, for the bound ARL >= exp(h).
FALSE_PER_1000_H = 0.3
#: A rise without anything new for so long is over.
_PATIENCE_S = 12 * 3600


@dataclass(frozen=True)
class Stretch:
    """Bins ``[start, end)`` with their score (log-likelihood ratio, nats)."""

    start: int
    end: int
    score: float


def scan(series: Series, baseline: Baseline, *, dispersion: float | None = None) -> list[Stretch]:
    """Return the stretches in which a raised level fits better, in order, without overlaps.

    Method: Page's CUSUM on the log-likelihood ratio (`gain`) against several multiples of the usual level; the
    alarm height ``h = log(bins per 1,000 h x multiples / wanted false alarms)`` bounds the false-alarm rate
    (Lorden 1971). Scores shrink by the ratio of the slow dispersion to that of single bins: slow swings are no rise.

    Parameters
    ----------
    dispersion
        Variance over mean over slow swings; None takes the baseline's.
    """
    phi = dispersion or baseline.slow
    h = height(series.bin_s)
    y = np.nan_to_num(series.count)
    found: list[Stretch] = []
    for ratio in RATIOS:
        score = gain(y, baseline.mean, ratio, baseline.dispersion) * baseline.dispersion / phi
        found += _excursions(np.where(series.seen, score, 0.0), h, patience=max(12, _PATIENCE_S // series.bin_s))
    return merge(found, gap=0)


def gain(y: NDArray[np.float64], mean: NDArray[np.float64], ratio: float, dispersion: float) -> NDArray[np.float64]:
    """Log-likelihood ratio of `ratio` times the usual level over the usual level, nats per bin.

    Negative binomial with variance = dispersion x mean under both (Poisson at 1), so that one bin's outlier in a
    restless series weighs as little as it should.
    """
    safe = np.maximum(mean, 1e-9)
    if dispersion < 1.01:
        return y * log(ratio) - safe * (ratio - 1)
    low, high = safe / (dispersion - 1), ratio * safe / (dispersion - 1)
    tails = gammaln(y + high) - gammaln(high) - gammaln(y + low) + gammaln(low)
    return tails - (high - low) * log(dispersion)


def height(bin_s: int) -> float:
    """Alarm height in nats for bins of this width."""
    return log(3.6e6 / bin_s * len(RATIOS) / FALSE_PER_1000_H)


def merge(stretches: list[Stretch], *, gap: int) -> list[Stretch]:
    """Join stretches that overlap or lie at most `gap` bins apart; the score is the best of the parts."""
    merged: list[Stretch] = []
    for part in sorted(stretches, key=lambda s: (s.start, s.end)):
        if merged and part.start - merged[-1].end <= gap:
            last = merged[-1]
            merged[-1] = Stretch(last.start, max(last.end, part.end), max(last.score, part.score))
        else:
            merged.append(part)
    return merged


def _excursions(score: NDArray[np.float64], h: float, *, patience: int) -> list[Stretch]:
    """Excursions of the CUSUM above `h`, each from its last zero to its maximum.

    A fall by `h` ends one, and so do `patience` bins without a new maximum: where next to nothing is usual, silence
    takes weeks to bring the sum down, and two outages of one month would be one.
    """
    found: list[Stretch] = []
    level, start, best, end = 0.0, 0, 0.0, 0
    for t, s in enumerate(score.tolist()):
        level += s
        if level > best:
            best, end = level, t + 1
        if level <= 0 or level < best - h or (best >= h and t - end >= patience):
            if best >= h:
                found.append(Stretch(start, end, best))
            level, best, start = 0.0, 0.0, t + 1
    if best >= h:
        found.append(Stretch(start, end, best))
    return found
