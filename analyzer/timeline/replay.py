"""Replay: the posts in the order of their arrival through the online detector, as on the day.

Sources: Page 1954 (CUSUM), Lorden 1971 (its alarm height), Adams & MacKay 2007 (the level). Assumes that posts arrive
when collected, and that the next hours are like the same hours of the days before. Times are UTC, counts posts a bin.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.timeline import bins
from analyzer.timeline.baseline import baseline
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
#: An alarm this long may be a new level.
_LONG_S = 12 * 3600
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
    Source: CUSUM (Page 1954) for the alarm, Adams & MacKay 2007 for the level; see `Watch` and `Forecast`. Assumes that
    the hours to come are like the same hours before. Counts are posts a bin.

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
    """Run the online detector over a series, each bin judged by the bins before it only.

    Method: see `Watch`; the usual number of a bin is a forecast from the past (`Forecast`), raised while little is
    known.

    Returns
    -------
    list of dicts as in `replay`, without the delays.
    """
    warm = max(_WARM_UP, _WARM_UP_S // series.bin_s)
    known = np.concatenate([[0], np.cumsum(series.seen)])
    state: Watch | None = None
    past: Forecast | None = None
    alarmed = 0
    events = []
    for t in range(len(series)):
        if known[t] < warm or not series.seen[t]:
            continue
        # An alarm that goes on for half a day may be a new level: only then is it learned from.
        calm = state is None or not state.on or (t - alarmed) * series.bin_s >= _LONG_S
        if past is None or ((t - past.learned) * series.bin_s >= past.lasts_s and calm):
            past = Forecast.learn(series, t)
        forecast = past.at(series, t)
        if not np.isfinite(forecast):
            continue
        expected = max(forecast, 1e-3)
        state = state or Watch(series.bin_s)
        state.dispersion = past.dispersion
        event = state.step(float(series.count[t]), expected)
        if event:
            alarmed = t if event == "alarm" else alarmed
            ratio = float(np.exp(state.level.log_p) @ (state.level.a / state.level.b))
            what = {"time": series.at(t + 1), "event": event, "count": int(series.count[t])}
            events.append(what | {"usual": expected, "ratio": ratio})
    return events


@dataclass(frozen=True)
class Forecast:
    """What is usual in bins to come, from the bins before `learned`.

    Method: usual level per hour of the day (of the week, with three weeks) from `baseline`, times the last day's level;
    without a daily rhythm the level of the last six hours collected. Hours seen seldom are raised by the standard error
    of their own posts, and all by one part in the days known (four times on the first day): a forecast from little must
    not alarm by its own error.

    Parameters
    ----------
    rate, posts
        (cycle,) usual number per bin of each hour, NaN where unknown, and the usual posts that it rests on.
    level
        Usual number per bin without a rhythm.
    days
        Days collected so far.
    """

    learned: int
    dispersion: float
    rate: NDArray[np.float64]
    posts: NDArray[np.float64]
    level: float
    days: float

    @property
    def lasts_s(self) -> int:
        """How long it may be used, seconds: an hour without a rhythm, when night turns to day for the first time."""
        return _RELEARN_S if len(self.rate) else 3600

    @classmethod
    def learn(cls, series: Series, t: int) -> Forecast:
        """Learn from the `_MEMORY_S` before bin `t`."""
        first = max(0, t - max(_WARM_UP, _MEMORY_S // series.bin_s))
        usual = baseline(_part(series, first, t))
        covered = series.covered[first:t]
        days = float((covered > 0).sum() * series.bin_s / 86400)
        recent = np.flatnonzero(covered > 0)[-max(6, _RELEARN_S // series.bin_s) :]
        level = float(usual.mean[recent].sum() / covered[recent].sum())
        if usual.season == "none":
            # Nothing tells a morning from an outage yet: what was there lately is usual.
            level = max(level, float(np.nansum(series.count[first:t][recent]) / covered[recent].sum()))
        cycle = {"none": 0, "hour of week": 168}.get(usual.season, 24)
        slot = _hours(series, np.arange(first, t)) % max(cycle, 1)
        posts = np.bincount(slot, weights=usual.mean, minlength=cycle)[:cycle].astype(float)
        exposure = np.bincount(slot, weights=np.where(usual.mean > 0, covered, 0.0), minlength=cycle)[:cycle]
        rate = np.where(exposure > 0, posts / np.maximum(exposure, 1e-9), np.nan)
        if cycle:
            last = np.flatnonzero(covered > 0)[-max(6, 86400 // series.bin_s) :]
            shape = float((rate[slot[last]] * covered[last]).sum())
            rate = rate * (usual.mean[last].sum() / max(shape, 1e-9))
        return cls(t, usual.slow, rate, posts, level, days)

    def at(self, series: Series, t: int) -> float:
        """Usual number in bin `t`, on the safe side."""
        n = len(self.rate)
        slot = int(_hours(series, np.array([t]))[0] % n) if n else 0
        rhythm = n > 0 and bool(np.isfinite(self.rate[slot]))
        rate = float(self.rate[slot]) if rhythm else self.level
        few = 1 / sqrt(max(1.0, float(self.posts[slot]))) if rhythm else 1.0
        doubt = 4.0 if self.days < 1 else (1 + few) * (1 + 1 / self.days)
        return rate * float(series.covered[t]) * doubt


def _part(series: Series, a: int, b: int) -> Series:
    return Series(series.name, series.at(a), series.bin_s, series.count[a:b], series.covered[a:b])


def _hours(series: Series, bins: NDArray[np.int64]) -> NDArray[np.int64]:
    return ((series.start.timestamp() + bins * series.bin_s) // 3600).astype(np.int64)


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
