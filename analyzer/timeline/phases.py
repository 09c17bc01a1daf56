"""Phases of an incident, from observed and official times, both kept.

Source: stages of an incident as status pages use them (Statuspage's investigating, identified, monitoring, resolved),
with observed ones of our own. Assumes that a word counts from when it was posted. Times are UTC, intervals ``[start,
end)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.timeline.evidence import Evidence
    from analyzer.timeline.official import Words

_STAGE_PHASE = {"investigating": "acknowledged", "identified": "identified", "monitoring": "monitoring"}


def phases(
    found: list[tuple[pd.Timestamp, pd.Timestamp | None, Words]], *, start: pd.Timestamp, end: pd.Timestamp
) -> list[dict[str, Any]]:
    """Cut the window ``[start, end)`` into phases.

    Parameters
    ----------
    found
        Per incident its observed onset, observed recovery (None if censored) and official words.

    Returns
    -------
    list of dicts
        `incident`, `phase`, `start`, `end`, `basis`; without gaps or overlaps, in order.

    Notes
    -----
    `baseline` runs to the first onset. Within an incident the official stages cut the time (posted times, and only
    forwards: a stage that is posted after a later one is ignored); "resolved" before the observed recovery opens
    `resolved_but_reported`. `recovered` lasts as long as the incident did (1 to 24 h), `aftermath` up to the next
    onset or the end of the window.
    """
    cuts: list[tuple[pd.Timestamp, str, str, int]] = [(start, "baseline", "observed", 0)]
    for number, (onset, recovery, words) in enumerate(found):
        last = recovery if recovery is not None else end
        cuts.append((onset, *_opening(onset, words), number))
        cuts += [(t, p, b, number) for t, p, b in _inside(onset, last, words)]
        if recovery is None:
            continue
        cuts.append((recovery, "recovered", "observed", number))
        lasted = min(max(recovery - onset, pd.Timedelta(hours=1)), pd.Timedelta(hours=24))
        later = found[number + 1][0] if number + 1 < len(found) else end
        if recovery + lasted < later:
            cuts.append((recovery + lasted, "aftermath", "observed", number))
    return _rows(cuts, start, end)


def _opening(onset: pd.Timestamp, words: Words) -> tuple[str, str]:
    if words.first is None or words.first > onset:
        return "unacknowledged", "observed"
    # The provider spoke before the public did: the stage in force at onset opens the incident.
    order = ("acknowledged", "identified", "monitoring", "resolved_but_reported")
    current = "acknowledged"
    for stage, time in words.stages.items():
        phase = "resolved_but_reported" if stage == "resolved" else _STAGE_PHASE.get(stage)
        if phase and time <= onset and order.index(phase) > order.index(current):
            current = phase
    return current, "both"


def _inside(onset: pd.Timestamp, last: pd.Timestamp, words: Words) -> list[tuple[pd.Timestamp, str, str]]:
    order = ("acknowledged", "identified", "monitoring", "resolved_but_reported")
    times: dict[str, pd.Timestamp] = {}
    if words.first is not None:
        times["acknowledged"] = words.first
    for stage, phase in _STAGE_PHASE.items():
        if stage in words.stages and phase != "acknowledged":
            times[phase] = words.stages[stage]
    if words.resolved is not None:
        times["resolved_but_reported"] = words.resolved
    cuts = []
    for rank, phase in enumerate(order):
        time = times.get(phase)
        if time is None or not onset < time < last:
            continue
        if any(times.get(p) is not None and times[p] < time for p in order[rank + 1 :]):
            continue
        cuts.append((time, phase, "official"))
    return cuts


def _rows(
    cuts: list[tuple[pd.Timestamp, str, str, int]], start: pd.Timestamp, end: pd.Timestamp
) -> list[dict[str, Any]]:
    cuts = sorted(cuts, key=lambda c: c[0])
    rows: list[dict[str, Any]] = []
    for (time, phase, basis, number), following in zip(cuts, [c[0] for c in cuts[1:]] + [end], strict=True):
        a, b = max(time, start), min(following, end)
        if a >= b:
            continue
        if rows and rows[-1]["phase"] == phase and rows[-1]["incident"] == number:
            rows[-1]["end"] = b
        else:
            rows.append({"incident": number, "phase": phase, "start": a, "end": b, "basis": basis})
    return rows


def count_posts(rows: list[dict[str, Any]], evidence: Evidence) -> list[dict[str, Any]]:
    """Return the rows with `n_posts` and `n_relevant` added."""
    from analyzer.timeline.series import stamp

    counted = []
    for row in rows:
        inside = (evidence.time >= stamp(row["start"])) & (evidence.time < stamp(row["end"]))
        n_relevant = int((inside & evidence.relevant).sum())
        counted.append({**row, "n_posts": int(inside.sum()), "n_relevant": n_relevant})
    return counted


def phase_at(table: pd.DataFrame, times: pd.DatetimeIndex) -> NDArray[np.object_]:
    """(n,) name of the phase that each time lies in; times outside all phases are `baseline`."""
    names = np.full(len(times), "baseline", dtype=object)
    if not len(table):
        return names
    starts = pd.DatetimeIndex(pd.to_datetime(table["start"], utc=True)).as_unit("us")
    ends = pd.DatetimeIndex(pd.to_datetime(table["end"], utc=True)).as_unit("us")
    place = starts.searchsorted(times.as_unit("us"), side="right") - 1
    inside = (place >= 0) & (times < ends[np.maximum(place, 0)])
    names[inside] = table["phase"].astype(object).to_numpy()[place[inside]]
    return names
