from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analyzer import nlp
from analyzer.study import Study
from analyzer.timeline import replay
from analyzer.timeline.replay import arrivals, watch
from analyzer.timeline.series import Series, microseconds
from benchmarks.timeline import START, Outage, simulate
from tests.timeline.conftest import Built
from tests.timeline.real import posts_of, vodafone


def test_the_alarm_comes_soon_after_the_onset_and_once(chatgpt: Built) -> None:
    events = replay(chatgpt.study, chatgpt.posts, chatgpt.labels)
    assert [e["event"] for e in events] == ["alarm", "all clear"]
    alarm = events[0]
    assert pd.Timedelta(0) < alarm["time"] - chatgpt.true("onset") <= pd.Timedelta(minutes=20)
    assert alarm["delay_low_s"] <= alarm["delay_s"] <= alarm["delay_high_s"]
    assert events[1]["time"] > chatgpt.true("recovery")


def test_no_alarm_on_a_quiet_study(quiet: Built) -> None:
    assert replay(quiet.study, quiet.posts, quiet.labels) == []


def test_false_alarms_are_rare_and_outages_are_caught() -> None:
    alarms = hours = 0
    for seed in range(8):
        series, _ = simulate(Outage(base=(6, 60)[seed % 2], bin_min=20, days=7), seed=seed, quiet=True)
        alarms += sum(e["event"] == "alarm" for e in watch(series))
        hours += 7 * 24
    assert alarms / hours * 1000 <= 1
    delays = []
    for seed in range(5):
        series, truth = simulate(Outage(base=60, ratio=8, bin_min=10, days=7), seed=seed)
        at = [(e["time"] - START).total_seconds() / 60 for e in watch(series) if e["event"] == "alarm"]
        delays += [a - truth.onset for a in at if truth.onset <= a <= truth.recovery]
    assert len(delays) == 5
    assert np.median(delays) <= 20


def test_each_bin_is_judged_by_the_past_only() -> None:
    series, truth = simulate(Outage(base=60, ratio=8, bin_min=5, days=5), seed=3)
    whole = watch(series)
    cut = int(truth.onset // 5) + 12
    part = watch(Series("s", START, 300, series.count[:cut], series.covered[:cut]))
    assert part == [e for e in whole if e["time"] <= series.at(cut)]


def test_posts_arrive_when_collected_live_and_when_written_otherwise() -> None:
    written = pd.Series(pd.to_datetime(["2024-06-04T10:00Z", "2024-06-04T11:00Z"]))
    live = pd.DataFrame({"created_at": written, "observed_at": written + pd.Timedelta(minutes=5)})
    np.testing.assert_array_equal(arrivals(live), microseconds(live["observed_at"]))
    archive = live.assign(observed_at=written + pd.Timedelta(days=900))
    np.testing.assert_array_equal(arrivals(archive), microseconds(written))
    np.testing.assert_array_equal(arrivals(live.assign(observed_at=pd.NaT)), microseconds(written))


def test_a_hole_is_neither_learned_nor_alarming() -> None:
    rng = np.random.default_rng(4)
    count, covered = rng.poisson(3.0, 700).astype(float), np.ones(700)
    count[200:400], covered[200:400] = np.nan, 0
    assert watch(Series("s", START, 600, count, covered)) == []


def test_data_that_begin_after_the_window_are_waited_for() -> None:
    rng = np.random.default_rng(4)
    count, covered = rng.poisson(3.0, 700).astype(float), np.ones(700)
    count[:300], covered[:300] = np.nan, 0
    count[600:606] += 40
    (alarm, *_) = watch(Series("s", START, 600, count, covered))
    assert START + 600 * pd.Timedelta(minutes=10) < alarm["time"] <= START + 603 * pd.Timedelta(minutes=10)


def test_the_first_morning_is_no_outage_and_the_second_is_known() -> None:
    hours = np.arange(4 * 96) / 4
    day = 0.1 + 1.9 * np.clip(np.minimum(hours % 24 - 6, 24 - hours % 24) / 6, 0, 1)
    for seed in range(4):
        count = np.random.default_rng(seed).poisson(day).astype(float)
        assert watch(Series("s", START, 900, count, np.ones(len(count)))) == []
        count[3 * 96 + 40 : 3 * 96 + 46] += 12
        assert [e["event"] for e in watch(Series("s", START, 900, count, np.ones(len(count))))] == [
            "alarm",
            "all clear",
        ]


def test_real_posts_raise_an_alarm_when_it_mattered_and_no_other(shared: Path) -> None:
    folder = shared / "data" / "posts"
    for study, name, since, until in (
        (vodafone("2019-11-25"), "uk_mobile_2019", "2019-12-02T11:00Z", "2019-12-02T12:30Z"),
        (Study(service="power outage"), "power_outage_2019", "2019-10-17T06:00Z", "2019-10-17T12:00Z"),
    ):
        posts = study.select(posts_of(folder / f"{name}.csv.gz"))
        alarms = [e for e in replay(study, posts, nlp.classify(posts)) if e["event"] == "alarm"]
        assert pd.Timestamp(since) <= alarms[0]["time"] <= pd.Timestamp(until), name
        assert all(a["time"] - alarms[0]["time"] < pd.Timedelta(hours=12) for a in alarms), name
