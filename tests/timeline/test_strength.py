from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.timeline.detection import detect_series, records
from analyzer.timeline.series import Series
from analyzer.timeline.strength import grade, largest_of_month

START = pd.Timestamp("2024-01-01", tz="UTC").as_unit("us")
ALL = ["scan", "threshold", "kleinberg", "pelt", "bocpd"]


@pytest.mark.parametrize(
    ("excess", "height", "level", "agree", "strength"),
    [
        (250, 60, 1.0, ALL, "strong"),
        (150, 60, 1.0, ALL, "moderate"),
        (250, 12, 1.0, ALL, "moderate"),
        (250, 60, 1.0, ALL[:3], "weak"),
        (25, 4, 1.0, ALL, "moderate"),
        (9_000, 4_200, 1000.0, ALL, "strong"),
        (9_000, 3_000, 1000.0, ALL, "moderate"),
        (12, 4, 3.0, ALL, "weak"),
    ],
)
def test_grades(excess: float, height: float, level: float, agree: list[str], strength: str) -> None:
    assert grade(excess, np.array([level, height, level]), np.full(3, level), (0, 3), agree) == strength


def row(day: str, excess: float, strength: str = "strong") -> dict[str, object]:
    return {"onset": pd.Timestamp(day, tz="UTC"), "n_excess": excess, "strength": strength, "evidence": "much"}


def test_only_the_largest_of_a_calendar_month_stays_strong() -> None:
    rows = [row("2024-01-03", 300), row("2024-01-20", 500), row("2024-02-01", 250), row("2024-02-02", 9000, "weak")]
    graded = largest_of_month(rows, span_s=90 * 86400)
    assert [r["strength"] for r in graded] == ["moderate", "strong", "strong", "weak"]
    assert "2024-01-20 00:00 UTC in the same month is larger" in graded[0]["evidence"]
    assert [r["strength"] for r in rows] == ["strong", "strong", "strong", "weak"]
    assert largest_of_month(rows, span_s=14 * 86400) == rows


def test_a_restless_service_has_at_most_one_strong_rise_a_month() -> None:
    rng = np.random.default_rng(7)
    rate = np.full(90 * 72, 3.0)
    for at in range(200, len(rate), 330):
        rate[at : at + 6] += rng.uniform(90, 300)
    found = records(
        detect_series(Series("s", START, 1200, rng.poisson(rate).astype(float), np.ones(len(rate)))).incidents
    )
    assert len(found) >= 15
    strong = pd.Series([r["onset"].month for r in found if r["strength"] == "strong"])
    assert strong.value_counts().tolist() == [1, 1, 1]
