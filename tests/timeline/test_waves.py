from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.timeline.baseline import baseline
from analyzer.timeline.detection import detect_series
from analyzer.timeline.detectors.scan import Stretch
from analyzer.timeline.series import Series
from analyzer.timeline.waves import split
from benchmarks.timeline import START
from tests.timeline.conftest import Built


def series(pause: int, *, valley: float = 2.0, seed: int = 0) -> Series:
    rate = np.full(900, 2.0)
    rate[400:420] = 60
    rate[420 : 420 + pause] = valley
    rate[420 + pause : 440 + pause] = 50
    count = np.random.default_rng(seed).poisson(rate).astype(float)
    return Series("s", START, 300, count, np.ones(900))


@pytest.mark.parametrize(("pause", "valley", "parts"), [(24, 2.0, 2), (2, 2.0, 1), (24, 30.0, 1)])
def test_only_a_rise_that_was_over_is_two(pause: int, valley: float, parts: int) -> None:
    data = series(pause, valley=valley)
    found = split(data, baseline(data), Stretch(400, 440 + pause, 99.0))
    assert len(found) == parts
    if parts == 2:
        assert abs(found[0].end - 420) <= 4
        assert abs(found[1].start - (420 + pause)) <= 4


def test_a_hole_is_no_valley() -> None:
    data = series(24)
    count, covered = data.count.copy(), data.covered.copy()
    count[420:444], covered[420:444] = np.nan, 0
    holed = Series("s", START, 300, count, covered)
    assert len(split(holed, baseline(holed), Stretch(400, 464, 99.0))) == 1


def test_one_long_outage_stays_one() -> None:
    rng = np.random.default_rng(1)
    rate = np.full(900, 2.0)
    rate[400:600] = 30 * np.exp(rng.normal(0, 0.3, 200))
    assert len(detect_series(Series("s", START, 300, rng.poisson(rate).astype(float), np.ones(900))).incidents) == 1


def test_the_second_wave_is_a_relapse_with_times_of_its_own() -> None:
    built = Built("two_waves")
    rows = built.timeline.incident_objects()
    assert len(rows) == 2
    for i, row in enumerate(rows):
        assert row.onset_low <= built.true("onset", i) <= row.onset_high
        assert row.recovery_low is not None and row.recovery_high is not None
        assert row.recovery_low <= built.true("recovery", i) <= row.recovery_high
    assert "perhaps a relapse" in rows[1].evidence
    life = built.timeline.facts["half_life_volume_s"]
    main = max(range(2), key=lambda i: rows[i].n_excess)
    assert life["low"] <= built.truth["incidents"][main]["half_life_min"] * 60 <= life["high"]
    phases = built.timeline.phases
    starts, ends = (pd.to_datetime(phases[c], utc=True) for c in ("start", "end"))
    assert (starts.iloc[1:].to_numpy() == ends.iloc[:-1].to_numpy()).all()
    assert {0, 1} == set(phases["incident"])


def test_faint_talk_after_a_great_outage_does_not_put_off_recovery() -> None:
    rate = np.full(1200, 1.0)
    rate[400:405] = 800
    rate[405:520] = 5
    count = np.random.default_rng(0).poisson(rate).astype(float)
    row = detect_series(Series("s", START, 1200, count, np.ones(1200))).incidents.to_dict("records")[0]
    hours = (row["recovery"] - row["onset"]).total_seconds() / 3600
    assert 1.5 <= hours <= 2.5
