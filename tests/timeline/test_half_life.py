"""Half-life and recovery on the project's own simulator, whose surge sags to a lasting level before the repair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analyzer.simulate.rates import arrivals, rate_noise, rates, wave_times
from analyzer.simulate.scenario import SCENARIOS
from analyzer.timeline import bins, facts
from analyzer.timeline.detection import around, detect_series, records
from analyzer.timeline.series import Series

START = pd.Timestamp("2025-03-10", tz="UTC").as_unit("us")


def judged(name: str, *, size: float, seed: int) -> dict[str, float]:
    """Draw one outage; say whether the intervals hold its half-life and recovery, and how far the value is off."""
    scenario = replace(SCENARIOS[name], size=size)
    rate, rng = rates(scenario), np.random.default_rng([seed, len(name)])
    noise = rate_noise(len(rate.chatter), scenario.noise, rng)
    minute = np.concatenate([arrivals(rate.usual, noise, rng), arrivals(rate.excess, noise, rng)])
    width = bins.choose_minutes((minute * 60e6).astype(np.int64), 0, len(noise) * 60_000_000)
    n = len(noise) // width
    count = np.bincount((minute // width).astype(int), minlength=n)[:n].astype(float)
    series = Series("s", START, width * 60, count, np.ones(n))
    found = detect_series(series)
    row = max(records(found.incidents), key=lambda r: r["n_excess"])
    onset, peak, end = (int((row[k] - START).total_seconds() // series.bin_s) for k in ("onset", "peak", "recovery"))
    life = facts.half_life(around(series, found.usual, (onset, end + 1)), peak=peak)
    (truth,) = wave_times(scenario, rate)
    seconds = float(truth["half_life_min"] or 0) * 60
    over = START + pd.Timedelta(minutes=float(truth["recovery_min"] or 0))
    return {
        "half_in": life["low"] <= seconds <= (np.inf if life["high"] is None else life["high"]),
        "recovery_in": row["recovery_low"] <= over <= row["recovery_high"],
        "ratio": life["value"] / seconds,
    }


def coverage(seeds: range) -> pd.DataFrame:
    names = ("chatgpt", "mobile", "payments", "collateral")
    return pd.DataFrame([judged(n, size=s, seed=k) for n in names for s in (1.0, 0.3) for k in seeds])


def test_the_half_life_of_a_rise_that_sagged_before_it_fell() -> None:
    table = coverage(range(2))
    assert table["half_in"].mean() >= 0.88
    assert table["recovery_in"].mean() >= 0.88
    assert 0.85 <= table["ratio"].median() <= 1.15


@pytest.mark.slow
def test_its_interval_covers() -> None:
    table = coverage(range(100, 140))
    assert 0.92 <= table["half_in"].mean() <= 0.99
    assert 0.90 <= table["recovery_in"].mean() <= 0.995
    assert 0.9 <= table["ratio"].median() <= 1.1
