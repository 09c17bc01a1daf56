"""What a notebook shows for a study, a timeline and an incident: short, and inert whatever their words hold."""

from __future__ import annotations

import pandas as pd

from analyzer import schema
from analyzer.study import Study

EVIL = "<script>alert(1)</script>"
TABLES = {
    "bins": schema.BINS,
    "incidents": schema.INCIDENTS,
    "phases": schema.PHASE_TABLE,
    "shares": schema.SHARES,
    "updates": schema.UPDATES,
    "ladder": schema.LADDER,
    "effects": schema.EFFECTS,
    "keywords": schema.KEYWORDS,
    "robustness": schema.ROBUSTNESS,
    "extractions": schema.EXTRACTIONS,
    "coverage": schema.COVERAGE,
}
ONSET = pd.Timestamp("2024-06-04T07:21Z")
INCIDENT = {
    "series": EVIL,
    "onset": ONSET,
    "onset_low": ONSET,
    "onset_high": ONSET,
    "peak": ONSET,
    "peak_count": 12,
    "censored": True,
    "strength": "strong",
    "kind": "outage",
    "detectors": ["scan"],
    "n_excess": 40.0,
    "evidence": EVIL,
}


def timeline(**changes: pd.DataFrame) -> schema.Timeline:
    tables = {name: schema.empty(table) for name, table in TABLES.items()} | changes
    return schema.Timeline(study=Study(service=EVIL), verdict="incidents", reason=EVIL, bin_s=300, **tables)


def test_a_timeline_is_shown_with_its_incidents() -> None:
    shown = timeline(incidents=schema.make(schema.INCIDENTS, [INCIDENT]))
    html = shown._repr_html_()
    assert "incidents" in html and "2024-06-04" in html and "strong" in html
    assert "<script" not in html and "&lt;script&gt;" in html
    assert len(repr(shown)) < 200 and "bins of 300 s" in repr(shown)


def test_an_empty_timeline_is_shown_too() -> None:
    assert "<table" not in timeline()._repr_html_()
    assert "0 posts" in repr(timeline())


def test_an_incident_and_a_study_are_shown_as_tables() -> None:
    (incident,) = timeline(incidents=schema.make(schema.INCIDENTS, [INCIDENT])).incident_objects()
    for html in (incident._repr_html_(), Study(service=EVIL)._repr_html_()):
        assert html.startswith("<table>") and "<script" not in html
    assert "peak_count" in incident._repr_html_() and "12" in incident._repr_html_()
