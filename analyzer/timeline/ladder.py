"""The lag ladder: from the first signal over the provider's words to recovery, counted from the observed onset.

Sources: plain bookkeeping of times; bounds of a lag add the outer bounds of both ends (Bonferroni's idea: they hold
at least 95 %). Assumes that official times are exact. Lags are seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analyzer.schema import LADDER, make
from analyzer.timeline.series import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.timeline.evidence import Evidence
    from analyzer.timeline.official import Words

Times = tuple[pd.Timestamp | None, pd.Timestamp | None, pd.Timestamp | None]


def ladder(incident: Mapping[str, Any], words: Words, evidence: Evidence, *, peak: Times) -> pd.DataFrame:
    """Build the ladder of one incident.

    Parameters
    ----------
    incident
        A row of INCIDENTS as a dict.
    words
        Its official updates.
    peak
        Time of the peak with its interval.

    Returns
    -------
    LADDER table. Lags are seconds after the observed onset; their bounds combine the outer bounds of both times, so
    that they hold at least 95 %. Official times are exact, their lags carry the onset's uncertainty.
    """
    onset = (incident["onset"], incident["onset_low"], incident["onset_high"])
    first, note = first_signal(incident, evidence)
    note += _later(first, onset) if first is not None else ""
    said = f"{len(words.updates)} official updates belong to the incident" if len(words.updates) else "no official word"
    rows = [
        _step("first_signal", (first, first, first), onset, "observed", note),
        _step("onset", onset, onset, "observed", "when reports left their usual level"),
        _step("first_word", _exact(words.first), onset, "official", said),
        _step(
            "first_content",
            _exact(words.content),
            onset,
            "official",
            "first update that names scope, cause or an expected end" if words.content is not None else "none found",
        ),
        _step("peak", peak, onset, "observed", f"{incident['peak_count']} posts in the bin"),
        _step("resolved_word", _exact(words.resolved), onset, "official", _resolved_note(incident, words)),
        _step(
            "recovery",
            (incident["recovery"], incident["recovery_low"], incident["recovery_high"]),
            onset,
            "observed",
            "the data end before recovery" if incident["censored"] else "when reports were back at their usual level",
        ),
    ]
    return make(LADDER, rows)


def _later(first: pd.Timestamp, onset: Times) -> str:
    """Why a first post can stand after the onset: a rate rises before anybody is heard."""
    time, _, high = onset
    if time is None or high is None or first <= time:
        return ""
    if first <= high:
        return "; after the estimated onset, yet within its interval: the rate rose first, then somebody wrote"
    return "; after the onset's interval: what came before speaks of the outage without a fault of its own"


def first_signal(incident: Mapping[str, Any], evidence: Evidence) -> tuple[pd.Timestamp | None, str]:
    """First post that reports a fault, from the lower bound of the onset on; any relevant post where none does."""
    early = (evidence.time >= stamp(incident["onset_low"])) & (
        evidence.time <= stamp(incident["peak"]) + 86_400_000_000
    )
    for mask, note in (
        (evidence.relevant & early & evidence.decided("p_report"), "first post that reports a fault"),
        (evidence.relevant & early, "first post about the outage; none before the peak reports a fault of its own"),
    ):
        if mask.any():
            return pd.Timestamp(int(evidence.time[mask].min()), unit="us", tz="UTC"), note
    return None, "no post in the run-up"


def _exact(time: pd.Timestamp | None) -> Times:
    return time, time, time


def _resolved_note(incident: Mapping[str, Any], words: Words) -> str:
    if words.resolved is None:
        return "never called resolved, as far as the updates say"
    low = incident["recovery_low"]
    if incident["censored"] or (low is not None and words.resolved < low):
        return "called resolved while reports were still above their usual level"
    return "called resolved"


def _step(name: str, times: Times, onset: Times, basis: str, note: str) -> dict[str, Any]:
    time, low, high = times
    start, start_low, start_high = onset
    row: dict[str, Any] = {"step": name, "time": time, "low": low, "high": high, "basis": basis, "note": note}
    if time is None or start is None:
        return row
    row["lag_s"] = (time - start).total_seconds()
    if name == "onset":
        row |= {
            "lag_s": 0.0,
            "lag_low_s": (start_low - start).total_seconds() if start_low is not None else None,
            "lag_high_s": (start_high - start).total_seconds() if start_high is not None else None,
        }
    elif None not in (low, high, start_low, start_high):
        row |= {
            "lag_low_s": (low - start_high).total_seconds(),  # type: ignore[operator]
            "lag_high_s": (high - start_low).total_seconds(),  # type: ignore[operator]
        }
    return row
