from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.timeline.baseline import baseline, bounds, upper_tail
from analyzer.timeline.series import Series
from benchmarks.timeline import Outage, simulate

START = pd.Timestamp("2024-01-01", tz="UTC").as_unit("us")


def drawn(rate: np.ndarray, *, bin_s: int = 600, dispersion: float = 1.0, seed: int = 0) -> Series:
    rng = np.random.default_rng(seed)
    odds = max(dispersion - 1, 1e-9)
    count = rng.negative_binomial(rate / odds, 1 / dispersion) if dispersion > 1 else rng.poisson(rate)
    return Series("s", START, bin_s, count.astype(float), np.ones(len(count)))


@pytest.mark.parametrize("dispersion", [1.0, 2.0, 4.0])
def test_level_and_dispersion_are_those_of_the_truth(dispersion: float) -> None:
    usual = baseline(drawn(np.full(3000, 6.0), dispersion=dispersion))
    assert usual.mean.mean() == pytest.approx(6, rel=0.08)
    assert usual.dispersion == pytest.approx(dispersion, rel=0.15)


def test_prediction_bounds_hold_95_percent_of_quiet_bins() -> None:
    series = drawn(np.full(4000, 9.0), dispersion=2.0)
    usual = baseline(series)
    inside = (series.count >= usual.low) & (series.count <= usual.high)
    # Counts are whole numbers: the bounds hold at least 95 %, and not much more.
    assert 0.94 <= inside.mean() <= 0.985


def test_a_burst_does_not_lift_the_usual_level() -> None:
    rate = np.full(1440, 5.0)
    rate[1000:1060] += 80
    usual = baseline(drawn(rate))
    assert usual.mean[1030] == pytest.approx(5, rel=0.15)
    assert not usual.quiet[1000:1055].any()


def test_the_hour_of_the_day_is_learned_from_days_and_the_hour_of_the_week_from_weeks() -> None:
    hours = np.arange(28 * 144) / 6
    rate = 8 * (1 + 0.7 * np.cos(hours / 24 * 2 * np.pi)) * np.where(hours // 24 % 7 >= 5, 0.4, 1.0)
    month = baseline(drawn(rate))
    assert month.season == "hour of week"
    assert np.corrcoef(month.mean, rate)[0, 1] > 0.97
    assert baseline(drawn(rate[: 5 * 144])).season == "hour of day"
    assert baseline(drawn(rate[:200])).season == "none"


def test_a_level_that_stays_up_for_days_becomes_the_usual_one() -> None:
    rate = np.full(40 * 144, 4.0)
    rate[20 * 144 :] = 9.0
    usual = baseline(drawn(rate))
    assert usual.mean[10 * 144] == pytest.approx(4, rel=0.1)
    assert usual.mean[32 * 144] == pytest.approx(9, rel=0.1)


def test_holes_are_neither_learned_from_nor_expected_in() -> None:
    series = drawn(np.full(600, 5.0))
    count, covered = series.count.copy(), series.covered.copy()
    count[200:400], covered[200:400] = np.nan, 0
    usual = baseline(Series("s", START, 600, count, covered))
    assert usual.mean[100] == pytest.approx(5, rel=0.1)
    assert (usual.mean[200:400] == 0).all()


def test_half_covered_bins_are_expected_to_hold_half() -> None:
    rate = np.full(600, 10.0)
    rate[300:] = 5
    covered = np.ones(600)
    covered[300:] = 0.5
    usual = baseline(Series("s", START, 600, np.random.default_rng(0).poisson(rate).astype(float), covered))
    assert usual.mean[320:580].mean() == pytest.approx(5, rel=0.05)


def test_tails_and_bounds_agree() -> None:
    mean = np.array([0.3, 5.0, 80.0])
    for phi in (1.0, 3.0):
        low, high = bounds(mean, phi)
        assert (upper_tail(high + 1, mean, phi) <= 0.025 + 1e-12).all()
        assert (upper_tail(low, mean, phi) >= 0.975 - 1e-12).all()
    assert upper_tail(np.array([np.nan]), np.array([1.0]), 1.0)[0] == 1


def test_slow_swings_widen_the_slow_dispersion_only() -> None:
    series, _ = simulate(Outage(base=600, noise=0.2, season=0.0, bin_min=5), seed=3, quiet=True)
    usual = baseline(series)
    assert usual.slow > 1.5 * usual.dispersion
