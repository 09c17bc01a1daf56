from __future__ import annotations

import itertools

import pandas as pd

from analyzer.timeline.official import words
from analyzer.timeline.phases import phase_at, phases
from tests.timeline.test_official import FULL, at, made

DAY = {"start": at("00:00"), "end": pd.Timestamp("2024-06-05T00:00Z")}


def names(rows: list[dict[str, object]]) -> list[str]:
    return [str(r["phase"]) for r in rows]


def test_observed_and_official_times_make_the_phases() -> None:
    said = words(FULL, onset=at("10:05"), end=at("12:30"))
    rows = phases([(at("10:05"), at("12:30"), said)], **DAY)
    assert names(rows) == [
        "baseline",
        "unacknowledged",
        "acknowledged",
        "identified",
        "resolved_but_reported",
        "recovered",
        "aftermath",
    ]
    assert [r["start"] for r in rows[1:5]] == [at("10:05"), at("10:20"), at("11:00"), at("12:00")]
    assert all(a["end"] == b["start"] for a, b in itertools.pairwise(rows))
    assert rows[0]["start"] == DAY["start"]
    assert rows[-1]["end"] == DAY["end"]


def test_recovery_before_the_word_resolved_leaves_no_resolved_but_reported() -> None:
    said = words(FULL, onset=at("10:05"), end=at("11:30"))
    assert "resolved_but_reported" not in names(phases([(at("10:05"), at("11:30"), said)], **DAY))


def test_without_official_words_all_is_unacknowledged() -> None:
    said = words(FULL.iloc[:0], onset=at("10:05"), end=at("12:30"))
    rows = phases([(at("10:05"), at("12:30"), said)], **DAY)
    assert names(rows) == ["baseline", "unacknowledged", "recovered", "aftermath"]
    assert {r["basis"] for r in rows} == {"observed"}


def test_a_provider_who_spoke_first_leaves_nothing_unacknowledged() -> None:
    said = words(FULL, onset=at("10:30"), end=at("12:30"))
    assert names(phases([(at("10:30"), at("12:30"), said)], **DAY))[:2] == ["baseline", "acknowledged"]


def test_stages_out_of_order_are_ignored() -> None:
    table = made(
        ("investigating", "investigating", "10:20", None),
        ("monitoring", "monitoring", "10:40", None),
        ("identified", "identified", "11:10", None),
        ("resolved", "resolved", "12:00", None),
    )
    said = words(table, onset=at("10:05"), end=at("12:30"))
    inside = names(phases([(at("10:05"), at("12:30"), said)], **DAY))
    assert "identified" in inside or "monitoring" in inside
    order = ["acknowledged", "identified", "monitoring", "resolved_but_reported"]
    kept = [order.index(p) for p in inside if p in order]
    assert kept == sorted(kept)


def test_a_censored_incident_runs_to_the_end() -> None:
    said = words(FULL.iloc[:1], onset=at("10:05"), end=DAY["end"])
    rows = phases([(at("10:05"), None, said)], **DAY)
    assert names(rows) == ["baseline", "unacknowledged", "acknowledged"]
    assert rows[-1]["end"] == DAY["end"]


def test_two_incidents_do_not_overlap() -> None:
    none = words(FULL.iloc[:0], onset=at("10:05"), end=at("12:30"))
    rows = phases([(at("02:00"), at("03:00"), none), (at("03:30"), at("05:00"), none)], **DAY)
    assert all(a["end"] == b["start"] for a, b in itertools.pairwise(rows))
    assert [r["incident"] for r in rows if r["phase"] == "unacknowledged"] == [0, 1]


def test_phase_of_times() -> None:
    table = pd.DataFrame(phases([(at("10:05"), None, words(FULL.iloc[:0], onset=at("10:05"), end=DAY["end"]))], **DAY))
    times = pd.DatetimeIndex([at("09:00"), at("10:05"), at("23:00"), pd.Timestamp("2024-06-06T00:00Z")])
    assert phase_at(table, times).tolist() == ["baseline", "unacknowledged", "unacknowledged", "baseline"]
    assert phase_at(table.iloc[:0], times).tolist() == ["baseline"] * 4
