"""Which official updates belong to an observed incident, and what they say."""

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
