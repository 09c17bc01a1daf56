"""Replay: the posts in the order of their arrival through the online detector, as on the day."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.timeline import bins
from analyzer.timeline.baseline import Baseline, baseline
from analyzer.timeline.detection import MIN_EXCESS, detect_series, records
from analyzer.timeline.detectors.bocpd import Online
from analyzer.timeline.detectors.scan import RATIOS, height
from analyzer.timeline.evidence import gather
from analyzer.timeline.series import Series, microseconds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.study import Study

#: The usual level is learned anew this often, from the days before.
_RELEARN_S = 6 * 3600
_MEMORY_S = 14 * 86400
#: No alarm before so many bins and seconds: there is no usual level yet.
_WARM_UP = 24
_WARM_UP_S = 4 * 3600
#: All clear once the level has been back for this long.
_CALM_S = 1800


@dataclass
class Watch:
    """The online detector: Page's CUSUM for the alarm, Bayesian change points for the level and the all-clear.

    Both as in `detectors.scan` and `detectors.bocpd`; the alarm height keeps false alarms under about 0.3 per 1,000
    hours on a quiet stream. Feed it closed bins one after another.
    """

    bin_s: int
    dispersion: float = 1.0
    on: bool = False
    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(RATIOS)))
    excess: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(RATIOS)))
    level: Online = field(default_factory=Online)
    calm: int = 0

    def step(self, count: float, usual: float) -> str | None:
        """Take one bin; return `alarm`, `all clear` or None."""
        gain = np.array([count * log(r) - usual * (r - 1) for r in RATIOS]) / self.dispersion
        self.sums = np.maximum(self.sums + gain, 0)
        self.excess = np.where(self.sums > 0, self.excess + count - usual, 0)
        self.level.update(count / self.dispersion, usual / self.dispersion)
        if not self.on:
            if ((self.sums >= height(self.bin_s)) & (self.excess >= MIN_EXCESS)).any():
                self.on, self.calm = True, 0
                return "alarm"
            return None
        self.calm = self.calm + 1 if self.level.chance_above(2.0) < 0.5 else 0
        if self.calm * self.bin_s >= _CALM_S and self.calm >= 2:
            self.on = False
            self.sums[:] = 0
            return "all clear"
        return None


def replay(
    study: Study, posts: pd.DataFrame, labels: pd.DataFrame, *, bin_minutes: int | None = None
) -> list[dict[str, Any]]:
    """Feed the relevant posts of a study to the online detector, in the order of their arrival.

    Parameters
    ----------
    posts, labels
        POSTS (selected by the study) and LABELS, row by row.
    bin_minutes
        Width of the bins; None takes the study's, or lets the data decide.

    Returns
    -------
    list of dicts
        `time` (UTC; the end of the bin that decided), `event` (alarm, all clear), `count` and `usual` (posts in that
        bin), `ratio` (posterior mean level over the usual one), and for alarms `onset`, `delay_s`, `delay_low_s`,
        `delay_high_s` against the onset that the whole data show (null where hindsight finds no incident).

    Notes
    -----
    A post arrives when it was collected if it was collected live (within a day of being written), else when it was
    written. The detector sees only what has arrived: the usual level is that of the days before.
    """
    evidence = gather(posts, labels)
    arrival = arrivals(posts)
    start, end = bins.window(study, evidence.time)
    minutes = bin_minutes or study.bin_minutes or bins.choose_minutes(evidence.time[evidence.relevant], start, end)
    from dataclasses import replace as copy

    empty = pd.DataFrame({"source": [], "kind": []})
    live = bins.make(copy(evidence, time=arrival), empty, start=start, end=end, bin_minutes=minutes)
    seen = records(detect_series(bins.make(evidence, empty, start=start, end=end, bin_minutes=minutes)).incidents)
    return [_with_delay(event, seen) for event in watch(live)]


def arrivals(posts: pd.DataFrame) -> NDArray[np.int64]:
    """(n,) when each post arrived, microseconds: when collected if collected live, else when written."""
    written = microseconds(posts["created_at"])
    if "observed_at" not in posts.columns or posts["observed_at"].isna().all():
        return written
    collected = microseconds(posts["observed_at"].fillna(posts["created_at"]))
    live = np.median(collected - written) < 86_400_000_000
    return np.maximum(collected, written) if live else written


def watch(series: Series) -> list[dict[str, Any]]:
    """Run the online detector over a series, each bin judged by the bins before it only."""
    relearn = max(1, _RELEARN_S // series.bin_s)
    memory = max(_WARM_UP, _MEMORY_S // series.bin_s)
    state: Watch | None = None
    usual: Baseline | None = None
    learned = 0
    events = []
    for t in range(len(series)):
        if t < max(_WARM_UP, _WARM_UP_S // series.bin_s) or not series.seen[t]:
            continue
        if usual is None or (t - learned >= relearn and not (state and state.on)):
            usual, learned, first = baseline(_part(series, max(0, t - memory), t)), t, max(0, t - memory)
        forecast = _forecast(series, usual, first, t)
        if not np.isfinite(forecast):
            continue
        expected = max(forecast, 1e-3) * _doubt(usual, (t - first) * series.bin_s)
        state = state or Watch(series.bin_s)
        state.dispersion = usual.slow
        event = state.step(float(series.count[t]), expected)
        if event:
            ratio = float(np.exp(state.level.log_p) @ (state.level.a / state.level.b))
            what = {"time": series.at(t + 1), "event": event, "count": int(series.count[t])}
            events.append(what | {"usual": expected, "ratio": ratio})
    return events


def _doubt(usual: Baseline, known_s: float) -> float:
    """Factor on the usual number while little is known: few posts so far, no whole day, or no daily rhythm yet."""
    posts = max(1.0, float(usual.mean.sum()))
    rhythm = 4 if known_s < 86400 else (2 if usual.season == "none" else 1)
    return (1 + 1.5 / sqrt(posts)) * rhythm


def _part(series: Series, a: int, b: int) -> Series:
    return Series(series.name, series.at(a), series.bin_s, series.count[a:b], series.covered[a:b])


def _forecast(series: Series, usual: Baseline, first: int, t: int) -> float:
    """Usual number in bin `t`: that of the same hour a day before, or of the last six hours without a season."""
    n, day = len(usual.mean), round(86400 / series.bin_s)
    place = t - first
    if usual.season != "none" and day <= place:
        while place >= n:
            place -= day
        rate = usual.mean[place] / max(series.covered[first + place], 0.2) if usual.mean[place] else np.nan
        if np.isfinite(rate):
            return float(rate * series.covered[t])
    # The last six hours that were collected: a hole says nothing.
    known = np.flatnonzero(usual.mean > 0)[-max(6, _RELEARN_S // series.bin_s) :]
    covered = series.covered[first + known].sum()
    return float(usual.mean[known].sum() / covered * series.covered[t]) if covered > 0 else np.nan


def _with_delay(event: dict[str, Any], incidents: list[dict[str, Any]]) -> dict[str, Any]:
    out = event | {"onset": None, "delay_s": None, "delay_low_s": None, "delay_high_s": None}
    if event["event"] != "alarm":
        return out
    time = event["time"]
    near = [r for r in incidents if r["onset_low"] <= time and (r["recovery"] is None or time <= r["recovery"])]
    if near:
        row = min(near, key=lambda r: abs((time - r["onset"]).total_seconds()))
        low, high = ((time - row[k]).total_seconds() for k in ("onset_high", "onset_low"))
        out |= {"onset": row["onset"], "delay_s": (time - row["onset"]).total_seconds()}
        out |= {"delay_low_s": low, "delay_high_s": high}
    return out
