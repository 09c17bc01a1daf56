"""Several incidents side by side, aligned at their onset, with the same numbers and intervals for each.

Sources: empirical Bayes shrinkage (DerSimonian & Laird 1986; Efron & Morris 1975). Assumes that the incidents are a
sample of one kind of incident, and that each was counted the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.timeline.trajectory import pool

if TYPE_CHECKING:
    from analyzer.schema import Timeline

#: Shares that are compared, of the main incident.
MEASURES = (
    "frustration",
    "frustration_ge2",
    "humor",
    "report",
    "topic_transparency",
    "topic_switching",
    "topic_dependence",
)
_FACTS = (
    "excess_posts",
    "half_life_volume_s",
    "half_life_frustration_s",
    "updates_per_hour",
    "longest_silence_s",
    "resolved_to_recovery_s",
)


def compare(timelines: Sequence[Timeline]) -> pd.DataFrame:
    """Put the main incidents of several timelines side by side.

    Parameters
    ----------
    timelines
        Timelines; those without an incident have a row that says so.

    Returns
    -------
    DataFrame
        One row a study and metric: `study`, `onset`, `metric`, `estimate`, `low`, `high`, `n`, `unit`, `shrunk`,
        `shrunk_low`, `shrunk_high`, `note`. Seconds for times, 0-1 for shares.

    Notes
    -----
    Assumes that the incidents are a sample of one kind, each counted in the same way.
    `shrunk` pulls the share of a small incident towards the common mean as far as its own uncertainty asks for it
    (empirical Bayes, DerSimonian & Laird 1986; three studies at least). Rank by it, not by the raw share: the extremes
    of a league table are mostly its smallest members.
    """
    rows = [row for timeline in timelines for row in _rows(timeline)]
    columns = ["study", "onset", "metric", "estimate", "low", "high", "n", "unit", "note"]
    table = pd.DataFrame(rows, columns=columns)
    for name in ("shrunk", "shrunk_low", "shrunk_high"):
        table[name] = np.nan
    for metric in MEASURES:
        part = table[(table["metric"] == metric) & table["estimate"].notna()]
        if len(part) >= 3:
            pulled = pool(part[["estimate", "low", "high"]].to_numpy(dtype=float))
            table.loc[part.index, ["shrunk", "shrunk_low", "shrunk_high"]] = pulled
    return table


def aligned(timelines: Sequence[Timeline], *, minutes_before: int = 60, minutes_after: int = 720) -> pd.DataFrame:
    """Volume and frustration against the time since onset.

    Plain bookkeeping; assumes that the onsets are right, each within its interval. Minutes, posts over usual posts.

    Returns
    -------
    DataFrame
        `study`, `minute` (start of the bin after the onset), `ratio` (posts over the usual number), `n_relevant`,
        `frustration`, `frustration_low`, `frustration_high`; bins that were not collected are left out.
    """
    parts = []
    for timeline in timelines:
        main = _main(timeline)
        if main is None:
            continue
        table = timeline.bins
        minute = (pd.to_datetime(table["start"], utc=True) - main["onset"]).dt.total_seconds() / 60
        covered = table["covered"].to_numpy(dtype=float)
        keep = (minute >= -minutes_before) & (minute < minutes_after) & (covered > 0)
        counts = table["n_relevant"].to_numpy(dtype=float)
        usual = table["expected"].to_numpy(dtype=float, na_value=np.nan)
        part = pd.DataFrame({"study": _name(timeline), "minute": minute, "ratio": (counts + 0.5) / (usual + 0.5)})
        part["n_relevant"] = counts
        for name in ("frustration", "frustration_low", "frustration_high"):
            part[name] = table[name].to_numpy(dtype=float, na_value=np.nan)
        parts.append(part[keep.to_numpy()])
    columns = ["study", "minute", "ratio", "n_relevant", "frustration", "frustration_low", "frustration_high"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _name(timeline: Timeline) -> str:
    study = timeline.study
    when = f" {study.since:%Y-%m-%d}" if study.since else ""
    return study.title or f"{study.service}{when}"


def _main(timeline: Timeline) -> dict[str, Any] | None:
    from analyzer.timeline.detection import records

    rows = records(timeline.incidents)
    for number, row in enumerate(rows):
        row["number"] = number
    return max(rows, key=lambda r: r["n_excess"], default=None)


def _rows(timeline: Timeline) -> list[dict[str, Any]]:
    name, main = _name(timeline), _main(timeline)
    if main is None:
        return [{"study": name, "metric": "verdict", "note": f"{timeline.verdict}: {timeline.reason}"}]
    base = {"study": name, "onset": main["onset"]}
    rows = [base | row for row in (_duration(main), *_lags(timeline))]
    for key in _FACTS:
        found = timeline.facts.get(key)
        if found:
            numbers = {k: found.get(k) for k in ("low", "high", "n", "unit", "note")}
            rows.append(base | {"metric": key, "estimate": found.get("value")} | numbers)
    shares = timeline.shares[
        (timeline.shares["scope"] == "incident") & (timeline.shares["group"] == str(main["number"]))
    ]
    for row in shares.astype(object).where(shares.notna(), None).to_dict("records"):
        if row["measure"] in MEASURES:
            numbers = {k: row[k] for k in ("estimate", "low", "high", "n")}
            note = "suppressed: too few authors" if row["suppressed"] else ""
            rows.append(base | {"metric": row["measure"], "unit": "0-1", "note": note} | numbers)
    return rows


def _duration(main: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"metric": "duration_s", "unit": "s", "note": ""}
    if main["recovery"] is None:
        return row | {"note": "censored: the data end before recovery"}
    row["estimate"] = (main["recovery"] - main["onset"]).total_seconds()
    if main["recovery_low"] is not None:
        row["low"] = max(0.0, (main["recovery_low"] - main["onset_high"]).total_seconds())
    if main["recovery_high"] is not None:
        row["high"] = (main["recovery_high"] - main["onset_low"]).total_seconds()
    return row


def _lags(timeline: Timeline) -> list[dict[str, Any]]:
    table = timeline.ladder
    rows = []
    for row in table.astype(object).where(table.notna(), None).to_dict("records"):
        if row["step"] in ("first_word", "first_content", "resolved_word"):
            numbers = {"estimate": row["lag_s"], "low": row["lag_low_s"], "high": row["lag_high_s"]}
            rows.append({"metric": f"lag_{row['step']}_s", "unit": "s", "note": row["note"]} | numbers)
    return rows
