"""Which rows of a timeline answer which question. Everything is plain Python: dicts, aware datetimes, None."""

from __future__ import annotations

import datetime as dt
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from analyzer.report.names import phase_name
from analyzer.schema import PHASES, Timeline

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
#: A correction that moves a share further than this (0-1) from its count, and whose interval leaves the count out,
#: settles nothing: neither is claimed.
FAR = 0.2


def unsettled(row: Row) -> bool:
    """Say whether the corrected share and the count are so far apart that neither should be claimed."""
    if row["estimate"] is None or row["naive"] is None or abs(row["estimate"] - row["naive"]) <= FAR:
        return False
    return row["low"] is None or row["high"] is None or not row["low"] <= row["naive"] <= row["high"]


def rows(table: pd.DataFrame) -> list[Row]:
    """Return a frame as a list of dicts; missing values are None, times are aware and in UTC."""
    import pyarrow as pa

    data: list[Row] = pa.Table.from_pandas(table, preserve_index=False).to_pylist()
    for row in data:
        for key, value in row.items():
            if isinstance(value, float) and value != value:
                row[key] = None
            elif isinstance(value, dt.datetime):
                row[key] = value.astimezone(dt.UTC)
    return data


class View:
    """A timeline as lists of dicts, each table read once."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._cache: dict[str, list[Row]] = {}

    def __getattr__(self, name: str) -> list[Row]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._cache:
            self._cache[name] = rows(getattr(self.timeline, name))
        return self._cache[name]

    @cached_property
    def _shares(self) -> dict[tuple[str, str], list[Row]]:
        found: dict[tuple[str, str], list[Row]] = {}
        for row in self.shares:
            found.setdefault((row["scope"], row["measure"]), []).append(row)
        return found

    @property
    def incident(self) -> Row | None:
        """The incident with most posts above the usual number; None where there is none."""
        return max(self.incidents, key=lambda r: r["n_excess"] or 0.0) if self.incidents else None

    @property
    def incident_number(self) -> int:
        """Row number of that incident."""
        found = self.incident
        return next((i for i, r in enumerate(self.incidents) if r is found), 0)

    def share(self, measure: str, *, scope: str = "incident", group: str | None = None) -> Row | None:
        """Return one row of shares; for the incident scope, that of the main incident."""
        found = self._shares.get((scope, measure), [])
        if group is not None:
            found = [r for r in found if r["group"] == group]
        elif scope == "incident" and len(found) > 1:
            names = {str(self.incident_number), f"{self.incident_number}"}
            found = [r for r in found if r["group"] in names] or found
        return found[0] if found else None

    def settled(self, measure: str) -> Row | None:
        """Return the main incident's share of a measure if it can be claimed: estimated, and near its count."""
        row = self.share(measure)
        return row if row is not None and row["estimate"] is not None and not unsettled(row) else None

    def total(self, name: str) -> int:
        """Return `n_relevant` or `n_selected` as the quality counts give it, or from the bins."""
        known = self.timeline.quality.get(name)
        column = {"n_relevant": "n_relevant", "n_selected": "n_posts"}[name]
        return int(known) if known is not None else sum(b[column] for b in self.bins)

    def groups(self, scope: str) -> list[str]:
        """Return the groups of a scope that shares are known of, in their order; phases in the order of an incident."""
        found = list(dict.fromkeys(r["group"] for r in self.shares if r["scope"] == scope))
        if scope == "phase":
            return sorted(found, key=lambda g: PHASES.index(g) if g in PHASES else len(PHASES))
        return found

    def step(self, name: str) -> Row | None:
        """Return one step of the lag ladder that has a time; else None."""
        return next((r for r in self.ladder if r["step"] == name and r["time"] is not None), None)

    def main_phases(self) -> list[Row]:
        """Return the phases of the main incident, in order of time."""
        number = self.incident_number
        return sorted((p for p in self.phases if p["incident"] == number), key=lambda p: p["start"])

    def phase_name(self, phase: str) -> str:
        """Return how a phase is called here: where no official word is known, nothing can be called unacknowledged."""
        return "during the incident" if phase == "unacknowledged" and not self.updates else phase_name(phase)

    def fact(self, name: str) -> Row | None:
        """Return one fact that has a value."""
        found = self.timeline.facts.get(name)
        return dict(found) if found and found.get("value") is not None else None

    @property
    def window(self) -> tuple[dt.datetime, dt.datetime] | None:
        """The whole window that the bins span."""
        if not self.bins:
            return None
        return self.bins[0]["start"], self.bins[-1]["start"] + dt.timedelta(seconds=self.timeline.bin_s)

    @property
    def focus(self) -> tuple[dt.datetime, dt.datetime] | None:
        """The stretch that time charts show: the incident with some room, or the whole window where that is short."""
        window, found = self.window, self.incident
        if not window or not found:
            return window
        ends = [found["recovery"], found["recovery_high"], *(u["posted_at"] for u in self.updates)]
        near = [e for e in ends if e and e < found["onset"] + dt.timedelta(days=14)]
        last = window[1] if found["censored"] else max([found["peak"], *near])
        span = max(last - found["onset"], dt.timedelta(seconds=12 * self.timeline.bin_s))
        start, end = max(window[0], found["onset"] - 0.6 * span), min(window[1], last + 0.5 * span)
        whole = window[1] - window[0]
        return window if whole <= 1.6 * (end - start) else (start, end)


@lru_cache(maxsize=8)
def _view(key: int, timeline: _Same) -> View:
    return View(timeline.timeline)


class _Same:
    """Makes a timeline hashable by identity."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline

    def __hash__(self) -> int:
        return id(self.timeline)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.timeline is self.timeline


def view(timeline: Timeline) -> View:
    """Return the view of a timeline; the last few are kept, so that each table is read once a report."""
    return _view(id(timeline), _Same(timeline))
