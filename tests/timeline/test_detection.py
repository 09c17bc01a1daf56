from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analyzer import schema
from analyzer.timeline import detect
from analyzer.timeline.detection import detect_series, plain
from analyzer.timeline.series import Series
from benchmarks.timeline import START, Outage, outages, quiet, simulate


def frame(series: Series) -> pd.DataFrame:
    return pd.DataFrame({"time": series.times, "count": series.count})


def test_an_outage_is_found_where_it_was() -> None:
    series, truth = simulate(Outage(base=120, ratio=8), seed=1)
    result = detect(frame(series), series="demo")
    assert result["verdict"] == "incidents"
    assert result["series"] == "demo"
    (row,) = result["incidents"]
    onset = (pd.Timestamp(row["onset"]) - START).total_seconds() / 60
    assert abs(onset - truth.onset) <= 5
    assert row["onset_low"] <= row["onset"] <= row["onset_high"] <= row["recovery"]
    assert len(row["detectors"]) >= 4
    json.dumps(result)


def test_the_same_input_gives_the_same_answer_and_is_not_changed() -> None:
    series, _ = simulate(Outage(), seed=2)
    table = frame(series)
    before = table.copy()
    assert detect(table) == detect(table)
    pd.testing.assert_frame_equal(table, before)


def test_incidents_follow_the_schema() -> None:
    series, _ = simulate(Outage(), seed=2)
    schema.check(detect_series(series).incidents, schema.INCIDENTS)


def test_a_quiet_series_says_what_would_have_been_seen() -> None:
    series, _ = simulate(Outage(base=30), seed=3, quiet=True)
    result = detect(frame(series))
    assert result["verdict"] == "no incident found"
    assert result["incidents"] == []
    assert "would have been seen" in result["reason"]


@pytest.mark.parametrize("values", [[1, 0, 2, 1], [0] * 100, [1, 2] + [0] * 60])
def test_too_little_is_said_to_be_too_little(values: list[int]) -> None:
    table = pd.DataFrame({"time": pd.date_range(START, periods=len(values), freq="10min"), "count": values})
    assert detect(table)["verdict"] == "not enough data"


def test_a_hole_is_neither_an_incident_nor_a_recovery() -> None:
    series, truth = simulate(Outage(base=120, ratio=8, lasts=240), seed=4)
    count, covered = series.count.copy(), series.covered.copy()
    middle = int(truth.onset // 5) + 20
    for part in (slice(300, 500), slice(middle, middle + 6)):
        count[part], covered[part] = np.nan, 0
    found = detect_series(Series("s", START, 300, count, covered))
    assert len(found.incidents) == 1
    assert found.incidents["recovery"].iloc[0] > series.at(middle + 6)


def test_data_that_end_within_the_outage_are_censored() -> None:
    series, truth = simulate(Outage(base=120, ratio=8, lasts=240), seed=5)
    cut = int(truth.onset // 5) + 30
    (row,) = plain(detect_series(Series("s", START, 300, series.count[:cut], series.covered[:cut])).incidents)
    assert row["censored"]
    assert row["recovery"] is None
    assert row["recovery_high"] is None


def test_two_outages_are_two_and_the_scale_of_strength_orders_them() -> None:
    big, _ = simulate(Outage(base=60, ratio=40, lasts=120), seed=6)
    count = big.count.copy()
    count[400:412] += np.random.default_rng(0).poisson(12, 12)
    rows = plain(detect_series(Series("s", START, 300, count, big.covered)).incidents)
    assert [r["strength"] for r in rows] == ["moderate", "strong"]


def test_rises_close_together_do_not_overlap() -> None:
    rate = np.full(900, 2.0)
    rate[400:412] = 40
    rate[442:450] = 300
    count = np.random.default_rng(3).poisson(rate).astype(float)
    rows = plain(detect_series(Series("s", START, 600, count, np.ones(900))).incidents)
    assert len(rows) == 2
    assert rows[0]["recovery"] <= rows[1]["onset_high"]
    assert rows[0]["n_excess"] == pytest.approx(12 * 38, rel=0.15)
    assert rows[1]["n_excess"] == pytest.approx(8 * 298, rel=0.15)


def test_acceptance_in_short() -> None:
    table = outages(25)
    assert table["hit"].mean() >= 0.95
    assert table["hit"].sum() / (table["hit"].sum() + table["false"].sum()) >= 0.95
    width = np.array([o.bin_min for o in table["outage"]])
    assert (table["onset_error_min"].abs() / width).median() <= 1
    for name in ("onset_in", "recovery_in", "half_life_in"):
        assert table[name].dropna().astype(float).mean() >= 0.80
    alarms, hours = quiet(2000)
    assert alarms / hours * 1000 <= 1


@pytest.mark.slow
def test_acceptance() -> None:
    table = outages(300)
    assert table["hit"].mean() >= 0.95
    assert table["hit"].sum() / (table["hit"].sum() + table["false"].sum()) >= 0.95
    width = np.array([o.bin_min for o in table["outage"]])
    assert (table["onset_error_min"].abs() / width).median() <= 1
    assert table["onset_error_min"].abs()[width == 5].median() <= 5
    for name in ("onset_in", "recovery_in", "half_life_in"):
        assert 0.90 <= table[name].dropna().astype(float).mean() <= 0.98, name
    alarms, hours = quiet(20_000)
    assert alarms / hours * 1000 <= 1


def rising(level: float, *, n: int, at: int, size: float, lasts: int = 6, dispersion: float = 1.0) -> np.ndarray:
    """Counts with a weekly rhythm where n is in 20-minute bins, and a rise by `size` times the level."""
    rng = np.random.default_rng(12)
    day = np.arange(n) / 72
    rate = level * (1 + 0.6 * np.cos(2 * np.pi * day)) * np.where(day % 7 >= 5, 0.5, 1.0)
    since = np.arange(n) - at
    rate[at:] += size * level * np.where(since[at:] < lasts, 1.0, np.exp2(-(since[at:] - lasts) / 3))
    if dispersion > 1:
        return rng.negative_binomial(rate / (dispersion - 1) + 1e-12, 1 / dispersion)
    return rng.poisson(rate)


@pytest.mark.parametrize(
    ("level", "size", "dispersion"),
    [(0.05, 300, 1.0), (1.0, 40, 1.0), (50.0, 10, 5.0), (1e4, 6, 200.0), (1e6, 5, 1e5)],
)
def test_services_of_any_size(level: float, size: float, dispersion: float) -> None:
    values = rising(level, n=6000, at=4500, size=size, dispersion=dispersion)
    table = pd.DataFrame({"time": pd.date_range(START, periods=6000, freq="20min"), "count": values})
    (row,) = detect(table)["incidents"]
    assert abs(pd.Timestamp(row["onset"]) - table["time"][4500]) <= pd.Timedelta(minutes=20)
    assert detect(table.iloc[:4400])["incidents"] == []


def test_daily_bins_know_the_day_of_the_week() -> None:
    rng = np.random.default_rng(3)
    rate = np.where(np.arange(365) % 7 >= 5, 20.0, 100.0)
    table = pd.DataFrame({"time": pd.date_range(START, periods=365, freq="1D"), "count": rng.poisson(rate)})
    assert detect(table)["incidents"] == []
    # 80 on a Sunday would be quiet on any Monday.
    table.loc[300 - 300 % 7 + 6, "count"] = 80
    (row,) = detect(table)["incidents"]
    assert row["peak"] == table["time"][300 - 300 % 7 + 6].isoformat().replace("+00:00", "Z")


def test_an_outage_of_days_in_daily_bins_is_no_new_level() -> None:
    rng = np.random.default_rng(4)
    rate = np.full(60, 10.0)
    rate[40:45] = [110, 120, 60, 35, 20]
    table = pd.DataFrame({"time": pd.date_range(START, periods=60, freq="1D"), "count": rng.poisson(rate)})
    (row,) = detect(table)["incidents"]
    assert abs(pd.Timestamp(row["onset"]) - table["time"][40]) <= pd.Timedelta(days=1)


@pytest.mark.parametrize("kept", [0.5, 0.1])
def test_counts_that_are_mostly_zero_raise_no_alarm(kept: float) -> None:
    rng = np.random.default_rng(5)
    values = rng.poisson(20.0, 6000) * (rng.random(6000) < kept)
    table = pd.DataFrame({"time": pd.date_range(START, periods=6000, freq="20min"), "count": values})
    assert detect(table)["incidents"] == []


@pytest.mark.parametrize(("height", "verdict"), [(12.0, "no incident found"), (300.0, "incidents")])
def test_busy_first_hours_are_no_rise_unless_they_are_strong(height: float, verdict: str) -> None:
    """Eight hours that begin busy: without a daily rhythm to compare, that may be the fall of an ordinary day."""
    rng = np.random.default_rng(5)
    rate = np.r_[np.full(12, height), np.full(36, 4.0)]
    found = detect_series(Series("s", START, 600, rng.poisson(rate).astype(float), np.ones(48)))
    assert found.verdict == verdict
    later = detect_series(Series("s", START, 600, rng.poisson(rate[::-1]).astype(float), np.ones(48)))
    assert later.verdict == "incidents"
