from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer import schema
from analyzer.timeline.effect import (
    Change,
    effects,
    half_width,
    holm,
    p_value,
    share_change,
    slope_change,
    volume_change,
    windows,
)
from benchmarks.timeline import update_effects


def updates(*minutes: float) -> pd.DataFrame:
    posted = [pd.Timestamp(60 * m, unit="s", tz="UTC") for m in minutes]
    stage = ["identified"] * len(posted)
    return pd.DataFrame({"update_id": [str(i) for i in range(len(posted))], "posted_at": posted, "stage": stage})


def posts(n: int, *, hours: float = 1.0, seed: int = 0) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).uniform(-hours * 3600, hours * 3600, n))


def test_without_an_effect_few_p_values_are_small_and_with_one_most_are() -> None:
    none = update_effects(150, before=0.3, after=0.3)
    assert 0.005 <= (none["p_value"] < 0.05).mean() <= 0.10
    falls = update_effects(60, before=0.4, after=0.2)
    assert (falls["p_value"] < 0.05).mean() >= 0.8
    assert ((falls["low"] <= -0.2) & (falls["high"] >= -0.2)).mean() >= 0.85
    assert falls["change"].mean() == pytest.approx(-0.2, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("hours", [1.0, 4.0])
def test_size_power_and_coverage(hours: float) -> None:
    none = update_effects(1000, before=0.3, after=0.3, hours=hours)
    assert 0.03 <= (none["p_value"] < 0.05).mean() <= 0.07
    falls = update_effects(300, before=0.4, after=0.2, hours=hours)
    assert (falls["p_value"] < 0.05).mean() >= 0.8
    assert 0.90 <= ((falls["low"] <= -0.2) & (falls["high"] >= -0.2)).mean() <= 0.98


def test_a_decline_that_goes_on_anyway_is_no_effect() -> None:
    small = 0
    for seed in range(40):
        time = posts(2400, hours=4, seed=seed)
        hit = (np.random.default_rng(seed + 1000).random(2400) < 0.45 - 0.06 * time / 3600).astype(float)
        (row,) = effects(updates(0), time, {"frustration_ge2": hit}, span=(-14400, 14400), seed=seed)
        assert row["placebo_low"] < row["placebo_high"] < 0.1
        small += row["p_value"] < 0.05
    assert small <= 6


def test_few_posts_and_close_updates_are_refused() -> None:
    time = posts(40)
    (row,) = effects(updates(0), time, {"frustration_ge2": np.ones(40)}, span=(-3600, 3600))
    assert row["verdict"].startswith("refused")
    assert "change" not in row
    near = effects(updates(0, 5), posts(900), {"frustration_ge2": np.ones(900)}, span=(-3600, 3600))
    assert [r["verdict"] for r in near] == ["refused: another update 5 min away"] * 2


def test_rows_follow_the_schema_and_are_the_same_for_the_same_seed() -> None:
    time = posts(1200, hours=2)
    measures = {"frustration_ge2": (np.arange(1200) % 3 == 0).astype(float), "volume": None}
    rows = [effects(updates(-40, 40), time, measures, span=(-7200, 7200), seed=4) for _ in range(2)]
    table = schema.make(schema.EFFECTS, rows[0])
    pd.testing.assert_frame_equal(table, schema.make(schema.EFFECTS, rows[1]))
    assert table["measure"].tolist() == ["frustration_ge2"] * 2 + ["volume"] * 2
    assert (table["p_adjusted"] >= table["p_value"]).all()


def test_windows_shrink_to_the_neighbours() -> None:
    assert half_width(0, np.array([0.0])) == 3600
    assert half_width(0, np.array([0.0, 1200.0])) == 1200
    assert half_width(0, np.array([0.0, 300.0])) == 0
    assert windows(np.array([0.0]), 3600, (-14400, 14400)) == pytest.approx(4, abs=0.2)


def test_holm_matches_the_textbook() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    assert np.isnan(holm(np.array([np.nan, 0.02]))[0])
    assert holm(np.array([np.nan, 0.02]))[1] == 0.02


def test_volume_change_is_a_log_ratio() -> None:
    time = np.sort(np.r_[np.linspace(-3599, -1, 400), np.linspace(1, 3599, 200)])
    change = volume_change(time, 0.0, 3600)
    assert change.value == pytest.approx(np.log(0.5), abs=0.01)
    assert (change.n_before, change.n_after) == (400, 200)


def test_share_change_counts_both_sides() -> None:
    time = np.r_[np.linspace(-100, -1, 50), np.linspace(0, 99, 50)]
    hit = np.r_[np.ones(20), np.zeros(30), np.ones(5), np.zeros(45)]
    change = share_change(time, hit, 0.0, 100.5)
    assert change.value == pytest.approx(-0.3)
    assert change.error == pytest.approx(np.sqrt(0.4 * 0.6 / 49 + 0.1 * 0.9 / 49), rel=0.02)


def test_slope_change_finds_a_turn() -> None:
    rng, time = np.random.default_rng(0), posts(6000)
    hours = time / 3600
    hit = (rng.random(6000) < 0.3 + 0.25 * np.where(hours < 0, hours, -hours)).astype(float)
    found = slope_change(time, hit, 0.0, 3600)
    assert found is not None
    value, low, high = found
    assert low <= -0.5 <= high
    assert value == pytest.approx(-0.5, abs=0.25)
    assert slope_change(time[:50], hit[:50], 0.0, 3600) is None


def test_placebo_scale_and_centre_enter_the_p_value() -> None:
    change = Change(0.1, 0.03, 300, 300)
    alone = p_value(change, np.array([]))
    wide = p_value(change, np.random.default_rng(0).normal(0, 3, 200))
    shifted = p_value(change, np.random.default_rng(0).normal(3.3, 1, 200))
    assert alone < 0.001 < wide
    assert shifted > 0.5
