from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.timeline import facts
from analyzer.timeline.detection import around, detect_series, records
from analyzer.timeline.official import words
from analyzer.timeline.series import Series
from benchmarks.timeline import START, Outage, simulate
from tests.timeline.test_official import FULL, at


def test_cadence_and_longest_silence() -> None:
    said = words(FULL, onset=at("10:05"), end=at("12:30"))
    found = facts.cadence(said, start=at("10:05"), end=at("12:30"))
    # 10:05 to the word "resolved" at 12:00: four updates in 115 minutes, the longest pause from 11:00 to 12:00.
    assert found["longest_silence_s"]["value"] == 3600
    assert found["updates_per_hour"]["value"] == pytest.approx(4 / (115 / 60))
    assert (
        facts.cadence(words(FULL.iloc[:0], onset=at("10:05"), end=at("12:30")), start=at("10:05"), end=at("12:30"))
        == {}
    )


def test_false_resolved_counts_from_the_word_to_recovery() -> None:
    said = words(FULL, onset=at("10:05"), end=at("13:00"))
    row = {"recovery": at("13:00"), "recovery_low": at("12:40"), "recovery_high": at("13:30")}
    found = facts.false_resolved(said, row)["resolved_to_recovery_s"]
    assert (found["value"], found["low"], found["high"]) == (3600, 2400, 5400)
    assert "went on" in found["note"]
    assert facts.false_resolved(said, dict.fromkeys(row)) == {}


def test_excess_covers_the_truth() -> None:
    inside = []
    for seed in range(12):
        series, truth = simulate(Outage(base=60, ratio=8, noise=0.0), seed=seed)
        found = detect_series(series)
        (row,) = records(found.incidents)
        span = tuple(int((row[k] - START).total_seconds() // 300) for k in ("onset", "recovery"))
        excess = facts.excess(series, found.usual, (span[0], span[1] + 12))
        inside.append(excess["low"] <= truth.posts <= excess["high"])
    assert np.mean(inside) >= 0.75


def test_half_life_is_censored_when_the_data_end() -> None:
    series, truth = simulate(Outage(base=60, ratio=20, lasts=240, half_life=120), seed=1)
    cut = int((truth.onset + 245) // 5)
    short = Series("s", START, 300, series.count[:cut], series.covered[:cut])
    found = detect_series(short)
    (row,) = records(found.incidents)
    peak = int((row["peak"] - START).total_seconds() // 300)
    life = facts.half_life(around(short, found.usual, (int(truth.onset // 5), cut)), peak=peak)
    assert life["value"] is None
    assert "censored" in life["note"]


def test_a_flat_top_has_a_wide_peak_and_a_sharp_one_does_not() -> None:
    rng = np.random.default_rng(0)
    widths = []
    for shape in (np.full(60, 40.0), 5 + 200 * np.exp(-np.abs(np.arange(60) - 30) / 4)):
        rate = np.r_[np.full(400, 5.0), shape, np.full(200, 5.0)]
        series = Series("s", START, 300, rng.poisson(rate).astype(float), np.ones(len(rate)))
        usual = detect_series(series).usual
        low, middle, high = facts.peak_interval(series, usual, (400, 460), seed=0)
        assert 400 <= low <= middle <= high < 460
        widths.append(high - low)
    assert widths[0] > 25
    assert widths[1] <= 4


def test_talk_that_stays_in_its_band_has_no_return() -> None:
    rng = np.random.default_rng(2)
    quiet = Series("s", START, 300, rng.poisson(0.5, 800).astype(float), np.ones(800))
    assert "did not clearly leave" in facts.back_in_band(quiet, span=(500, 560), limits=(0, 800), what="talk")["note"]
    rate = np.full(800, 0.5)
    rate[500:560] = 8
    loud = Series("s", START, 300, rng.poisson(rate).astype(float), np.ones(800))
    back = facts.back_in_band(loud, span=(500, 560), limits=(0, 800), what="talk")
    assert back["low"] <= 60 * 300 <= back["high"]


def test_weighted_series_adds_up_probabilities() -> None:
    series = Series("s", START, 300, np.zeros(3), np.ones(3))
    first = START.as_unit("us").asm8.view("i8")
    time = np.array([first, first + 10, first + 300_000_000, first - 5, first + 10**12])
    found = facts.weighted_series(series, time, np.array([0.5, 0.25, 1.0, 9.0, 9.0]))
    np.testing.assert_allclose(found.count, [0.75, 1.0, 0.0])
    assert isinstance(found.start, pd.Timestamp)


def test_the_peak_without_luck_holds_the_true_height() -> None:
    inside, raw = [], []
    for seed in range(24):
        series, _ = simulate(Outage(base=30, ratio=12, lasts=240, noise=0.05, season=0.0), seed=seed)
        found = detect_series(series)
        (row,) = records(found.incidents)
        span = tuple(int((row[k] - START).total_seconds() // 300) for k in ("onset", "recovery"))
        peak = facts.peak_posts(series, found.usual, (span[0], span[1]), seed=seed)
        # The rate at the top: twelve times 30 posts an hour, in 5 minutes.
        inside.append(peak["low"] <= 30.0 <= peak["high"])
        raw.append(row["peak_count"] / 30.0)
        assert peak["n"] == row["peak_count"]
    assert np.mean(inside) >= 0.85
    assert np.mean(raw) > 1.25
