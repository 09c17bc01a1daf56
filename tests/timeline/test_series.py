from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.errors import InputError
from analyzer.timeline.series import commonest_step, regular, stamp, usual_step


def counts(values: list[float | None], *, minutes: int = 10, start: str = "2024-06-04T00:00Z") -> pd.DataFrame:
    times = pd.date_range(start, periods=len(values), freq=f"{minutes}min", tz=None)
    return pd.DataFrame({"time": times, "count": values})


def test_absent_steps_and_nulls_are_holes_and_not_zero() -> None:
    table = counts([1, 2, None, 4, 5, 6]).drop(index=4)
    series = regular(table)
    assert series.bin_s == 600
    np.testing.assert_array_equal(series.count, [1, 2, np.nan, 4, np.nan, 6])
    np.testing.assert_array_equal(series.seen, [True, True, False, True, False, True])


def test_order_does_not_matter_and_rows_of_one_bin_add_up() -> None:
    table = counts([1, 2, 3, 4])
    again = pd.concat([table.iloc[::-1], table.iloc[[1]]])
    np.testing.assert_array_equal(regular(again, bin_s=600).count, [1, 4, 3, 4])


def test_coarser_bins_are_covered_as_far_as_rows_are_there() -> None:
    series = regular(counts([1, 1, 1, 1, 1, 1]).drop(index=[4, 5]), bin_s=1800)
    np.testing.assert_allclose(series.count, [3, 1])
    np.testing.assert_allclose(series.covered, [1, 1 / 3])


def test_bins_hardly_covered_are_holes() -> None:
    table = counts([5.0, 5.0, 5.0]).assign(covered=[1.0, 0.1, 0.5])
    series = regular(table)
    assert np.isnan(series.count[1])
    np.testing.assert_array_equal(series.covered, [1, 0, 0.5])


def test_other_zones_come_out_in_utc() -> None:
    table = counts([1, 2, 3])
    table["time"] = table["time"].dt.tz_convert("Europe/Berlin")
    assert str(regular(table).start) == "2024-06-04 00:00:00+00:00"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (counts([1, 2]).rename(columns={"count": "n"}), "no column 'count'"),
        (counts([1, 2]).iloc[:0], "no rows"),
        (counts([1, -2]), "negative"),
        (counts([1, 2]).assign(time=lambda d: d["time"].dt.tz_convert(None)), "no zone"),
        (counts([1, 2]).assign(time=pd.to_datetime([None, "2024-06-04"], utc=True)), "no time"),
        (pd.DataFrame({"time": pd.to_datetime(["1970-01-01", "2024-01-01"], utc=True), "count": [1, 1]}), "bins of"),
    ],
)
def test_bad_counts_say_what_is_wrong(table: pd.DataFrame, words: str) -> None:
    with pytest.raises(InputError, match=words):
        regular(table, bin_s=60 if words == "bins of" else None)


def test_step_and_stamp() -> None:
    assert commonest_step(np.array([0, 60, 120, 600])) == 60
    assert commonest_step(np.array([5])) == 60
    assert stamp(pd.Timestamp("1970-01-01T00:00:01Z")) == 1_000_000


def test_clocks_that_err_a_little_keep_their_step() -> None:
    rng = np.random.default_rng(0)
    exact = np.arange(500) * 1200
    late = exact + rng.integers(0, 4, 500)
    assert usual_step(exact) == usual_step(late) == (1200, True)
    about = exact[1:] + rng.integers(-200, 200, 499)
    assert usual_step(about) == (1200, True)
    time = pd.Series(pd.to_datetime(late, unit="s", utc=True))
    series = regular(pd.DataFrame({"time": time, "count": np.arange(500)}))
    assert (len(series), series.bin_s) == (500, 1200)
    np.testing.assert_array_equal(series.count, np.arange(500))


def test_missing_rows_do_not_change_the_step() -> None:
    kept = np.sort(np.random.default_rng(0).choice(2000, 700, replace=False)) * 600
    assert usual_step(kept) == (600, True)


def test_one_row_a_post_gets_a_width_that_holds_some_rows() -> None:
    at = np.sort(np.random.default_rng(0).uniform(0, 5 * 86400, 3000)).astype(np.int64)
    width, steady = usual_step(at)
    assert not steady
    series = regular(pd.DataFrame({"time": pd.to_datetime(at, unit="s", utc=True), "count": 1}))
    assert (series.bin_s, width) == (3600, 3600)
    assert series.count.sum() == 3000
    assert series.seen.mean() > 0.95
