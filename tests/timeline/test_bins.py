from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from analyzer import schema
from analyzer.study import Study
from analyzer.timeline import bins
from analyzer.timeline.evidence import Evidence

HOUR = 3_600_000_000


def evidence(hours: list[float], *, source: str = "x") -> Evidence:
    n = len(hours)
    no = np.zeros(n, dtype=bool)
    return Evidence(
        time=(np.array(hours) * HOUR).astype(np.int64),
        relevant=np.ones(n, dtype=bool),
        labels=pd.DataFrame(index=range(n)),
        text=pd.Series(["down"] * n),
        source=pd.Categorical([source] * n),
        language=pd.Categorical(["en"] * n),
        author=np.arange(n),
        cluster=np.arange(n),
        first_hand=no,
        news=no,
        repost=no,
    )


def coverage(*rows: tuple[float, float, str]) -> pd.DataFrame:
    def at(hours: float) -> pd.Timestamp:
        return pd.Timestamp(int(hours * 3600), unit="s", tz="UTC")

    return schema.make(
        schema.COVERAGE,
        [{"source": "x", "start": at(a), "end": at(b), "kind": k, "run_id": "r"} for a, b, k in rows],
    )


def test_windows_come_from_the_study_or_the_posts() -> None:
    time = evidence([1, 5]).time
    assert bins.window(Study(service="X"), time) == (HOUR, 5 * HOUR + 1)
    since = dt.datetime(1970, 1, 1, 2, tzinfo=dt.UTC)
    assert bins.window(Study(service="X", since=since), time)[0] == 2 * HOUR


@pytest.mark.parametrize(
    ("per_hour", "days", "minutes"), [(400, 5, 5), (27, 5, 15), (6, 5, 60), (0.2, 60, 240), (400, 0.3, 1)]
)
def test_width_follows_the_busiest_hours(per_hour: float, days: float, minutes: int) -> None:
    end = int(days * 24 * HOUR)
    time = np.linspace(0, end - 1, int(per_hour * days * 24)).astype(np.int64)
    assert bins.choose_minutes(time, 0, end) == minutes


def test_counts_and_partly_covered_edges() -> None:
    series = bins.make(evidence([0.6, 0.7, 1.2]), coverage(), start=HOUR // 2, end=2 * HOUR, bin_minutes=60)
    np.testing.assert_array_equal(series.count, [2, 1])
    np.testing.assert_allclose(series.covered, [0.5, 1])


def test_gaps_are_holes() -> None:
    seen = coverage((0, 4, "covered"), (5.5, 10, "covered"), (4, 5.5, "gap"))
    series = bins.make(evidence([0.5, 1.5, 9.5]), seen, start=0, end=10 * HOUR, bin_minutes=60)
    assert np.isnan(series.count[4])
    assert series.covered[5] == pytest.approx(0.5)
    assert series.covered[7] == 1


def test_a_hole_that_a_later_run_filled_is_none_and_imports_count_as_seen() -> None:
    filled = coverage((0, 4, "covered"), (4, 6, "rate_limited"), (4, 10, "covered"))
    assert bins.make(evidence([0.5, 9.5]), filled, start=0, end=10 * HOUR, bin_minutes=60).seen.all()
    both = coverage((0, 4, "covered"), (4, 10, "unknown"), (7, 8, "gap"))
    series = bins.make(evidence([0.5, 9.5]), both, start=0, end=10 * HOUR, bin_minutes=60)
    assert series.seen.tolist() == [True] * 7 + [False] + [True] * 2


def test_what_was_not_covered_is_a_hole_and_unknown_coverage_is_not() -> None:
    part = bins.make(evidence([0.5, 9.5]), coverage((0, 3, "covered")), start=0, end=10 * HOUR, bin_minutes=60)
    assert part.seen.tolist() == [True] * 3 + [False] * 7
    none = bins.make(evidence([0.5, 9.5]), coverage((0, 3, "unknown")), start=0, end=10 * HOUR, bin_minutes=60)
    assert none.seen.all()


def test_overlapping_spans_count_once() -> None:
    np.testing.assert_allclose(bins.share_of(3, 0, 10, [(0, 5), (2, 8), (15, 40)]), [0.8, 0.5, 1.0])


def test_a_silence_is_found_where_the_stream_never_pauses_so_long() -> None:
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 72 * HOUR, 3000)).astype(np.int64)
    cut = time[(time < 20 * HOUR) | (time > 25 * HOUR)]
    assert bins.silences(time, 0, 72 * HOUR) == []
    ((start, end),) = bins.silences(cut, 0, 72 * HOUR)
    assert start == pytest.approx(20 * HOUR, abs=HOUR / 5)
    assert end == pytest.approx(25 * HOUR, abs=HOUR / 5)


def test_a_quiet_night_is_no_silence() -> None:
    rng = np.random.default_rng(1)
    hours = np.arange(240)
    rate = np.where(hours % 24 < 6, 1.0, 30.0)
    time = np.sort(
        np.concatenate([h * HOUR + rng.uniform(0, HOUR, rng.poisson(r)) for h, r in zip(hours, rate, strict=True)])
    )
    assert bins.silences(time.astype(np.int64), 0, 240 * HOUR) == []
