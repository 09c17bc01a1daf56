"""Which official updates belong to an observed incident, and what they say.

Sources: plain rules of our own on posted times; no statistics. Assumes that the provider speaks from three hours
before the observed onset to twelve after the recovery. Times are UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

#: An official incident belongs to an observed one if it begins at most this long before the onset …
BEFORE = pd.Timedelta(hours=3)
#: … and speaks first at most this long after the recovery.
AFTER = pd.Timedelta(hours=12)
#: Words of scope, cause or expected end; the first update with one of them is the first with content.
CONTENT = re.compile(
    r"\b(caus|root|because|due to|result of|identified|region|countr|customers in|users in|only|all users|some users|"
    r"subset|affect|impact|eta\b|expect|within|by \d|minutes|hours|workaround|rolled? back|deploy|database|network|dns|"
    r"config|capacity|fiber|fibre|cable)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Words:
    """Official updates of one observed incident, in order of posting; times may be None where unknown."""

    updates: pd.DataFrame
    first: pd.Timestamp | None
    content: pd.Timestamp | None
    stages: Mapping[str, pd.Timestamp]

    @property
    def resolved(self) -> pd.Timestamp | None:
        """When the provider last called it resolved."""
        return self.stages.get("resolved")


def words(updates: pd.DataFrame, *, onset: pd.Timestamp, end: pd.Timestamp) -> Words:
    """Pick the updates of the official incidents that overlap an observed one.

    Parameters
    ----------
    updates
        UPDATES table.
    onset, end
        The observed incident; `end` is its recovery, or the end of the data.

    Notes
    -----
    Posted times decide, not claimed ones: what counts for the public is when the word was out. Stages may be missing or
    out of order; for each the first posting counts, for `resolved` the last.
    """
    if not len(updates):
        return Words(updates, None, None, {})
    table = updates.sort_values("posted_at", kind="stable")
    keep = pd.Series(False, index=table.index)
    key = table["provider"].astype(str) + "\x00" + table["incident_id"].astype(str)
    for _, part in table.groupby(key, sort=False):
        posted = part["posted_at"]
        early = pd.to_datetime(pd.concat([posted, part["claimed_at"].dropna()]), utc=True).min()
        live = part[(part["stage"] != "postmortem").fillna(True).to_numpy(dtype=bool)]
        last = (live if len(live) else part)["posted_at"].max()
        if early <= end + AFTER and last >= onset - pd.Timedelta(hours=1) and early >= onset - 8 * BEFORE:
            keep[part.index] = True
    table = table[keep]
    stages: dict[str, pd.Timestamp] = {}
    for stage, time in zip(table["stage"], table["posted_at"], strict=True):
        if pd.isna(stage) or (stage in stages and stage != "resolved"):
            continue
        stages[str(stage)] = pd.Timestamp(time)
    live = table[(table["stage"] != "postmortem").fillna(True).to_numpy(dtype=bool)]
    first = pd.Timestamp(live["posted_at"].iloc[0]) if len(live) else None
    return Words(table.reset_index(drop=True), first, _content(live), stages)


def _content(updates: pd.DataFrame) -> pd.Timestamp | None:
    """First update that names scope, cause or an expected end (by its stage, components or words)."""
    for row in updates.astype(object).to_dict("records"):
        body = row["body"] if isinstance(row["body"], str) else ""
        parts = row["components"]
        named = isinstance(parts, list | tuple | np.ndarray) and len(parts) > 0
        if row["stage"] in ("identified", "monitoring", "resolved") or named or CONTENT.search(body):
            return pd.Timestamp(row["posted_at"])
    return None


def no_rise(updates: pd.DataFrame, *, start: pd.Timestamp, end: pd.Timestamp) -> str:
    """Say which official incidents lie in a window in which no rise was found; empty where there are none."""
    if not len(updates):
        return ""
    time = pd.to_datetime(updates["claimed_at"].fillna(updates["posted_at"]), utc=True)
    live = (updates["stage"] != "postmortem").fillna(True).to_numpy(dtype=bool)
    spans = time[live].groupby(updates["incident_id"].astype(str)[live]).agg(["min", "max"]).sort_values("min")
    spans = spans[(spans["min"] < end) & (spans["max"] >= start)]
    if not len(spans):
        return ""
    named = [f"{a:%Y-%m-%d %H:%M} to {b:%H:%M}" if a.date() == b.date() else f"{a:%Y-%m-%d %H:%M} to {b:%Y-%m-%d %H:%M}"
             for a, b in zip(spans["min"], spans["max"], strict=True)]  # fmt: skip
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    word = "incident" if len(named) == 1 else "incidents"
    return f"; the provider's {word} of {'; '.join(named[:3])} UTC{more} left no public rise"


def durations(updates: pd.DataFrame) -> pd.DataFrame:
    """Stages of every official incident, for the provider's own statistics.

    Parameters
    ----------
    updates
        UPDATES table.

    Returns
    -------
    DataFrame
        One row an incident: `provider`, `incident_id`, `started` (earliest claimed or posted time), `investigating`,
        `identified`, `monitoring`, `resolved` (first posting of each stage, last of `resolved`; NaT where absent),
        `investigating_to_resolved_s` and `start_to_resolved_s` (seconds; null where a stage is missing).

    Notes
    -----
    Plain bookkeeping, nothing is estimated; assumes that posted times are right. Medians of these differ from
    published ones where an incident lacks a stage, or was written up afterwards.

    Stages may be missing or out of order in the source: a resolution posted before its investigation gives null. A
    resolved time that the provider claims counts for `start_to_resolved_s`, posted times for the other.
    """
    table = updates[updates["posted_at"].notna()].sort_values("posted_at", kind="stable")
    key = ["provider", "incident_id"]
    posted = pd.to_datetime(table["posted_at"], utc=True)
    claimed = pd.to_datetime(table["claimed_at"], utc=True)
    frame = table[key].astype(str).assign(stage=table["stage"].astype(object), posted=posted)
    frame["early"] = claimed.fillna(posted).where(claimed.isna() | (claimed < posted), posted)
    frame["late"] = claimed.fillna(posted)
    out = frame.groupby(key, sort=False)["early"].min().to_frame("started")
    for stage in ("investigating", "identified", "monitoring", "resolved"):
        part = frame[frame["stage"] == stage].groupby(key, sort=False)["posted"]
        out[stage] = part.last() if stage == "resolved" else part.first()
    end = frame[frame["stage"] == "resolved"].groupby(key, sort=False)["late"].last()
    out["investigating_to_resolved_s"] = _forward(out["resolved"] - out["investigating"])
    out["start_to_resolved_s"] = _forward(end.reindex(out.index) - out["started"])
    return out.reset_index()


def _forward(span: pd.Series) -> pd.Series:
    seconds = span.dt.total_seconds()
    return seconds.where(seconds >= 0)
