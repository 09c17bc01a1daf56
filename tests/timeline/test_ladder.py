from __future__ import annotations

import pandas as pd
import pytest

from analyzer.timeline.ladder import ladder
from tests.timeline.conftest import Built


def test_a_first_signal_after_the_onset_says_why(chatgpt: Built) -> None:
    from analyzer.timeline.evidence import gather
    from analyzer.timeline.official import words

    evidence = gather(chatgpt.posts, chatgpt.labels)
    onset = chatgpt.true("onset")
    minute = pd.Timedelta(minutes=1)
    row = {
        "onset": onset, "onset_low": onset - minute, "onset_high": onset + 30 * minute, "peak": onset + 60 * minute,
        "peak_count": 9, "recovery": None, "recovery_low": None, "recovery_high": None, "censored": True,
    }  # fmt: skip
    said = words(chatgpt.simulation.updates.iloc[:0], onset=onset, end=onset + 60 * minute)
    peak = (row["peak"], row["peak"], row["peak"])
    table = ladder(row, said, evidence, peak=peak).set_index("step")
    first = table.loc["first_signal"]
    assert onset <= first["time"] <= onset + 30 * minute
    assert first["note"].endswith("the rate rose first, then somebody wrote")
    late = ladder({**row, "onset": onset + 20 * minute}, said, evidence, peak=peak).set_index("step")
    assert late.loc["first_signal", "lag_s"] < 0
    assert late.loc["first_signal", "note"] == "first post that reports a fault"


def test_lags_add_up(chatgpt: Built) -> None:
    table = chatgpt.timeline.ladder.set_index("step")
    onset = table.loc["onset", "time"]
    for step, row in table.iterrows():
        if pd.notna(row["time"]):
            assert row["lag_s"] == pytest.approx((row["time"] - onset).total_seconds()), step
            assert row["lag_low_s"] <= row["lag_s"] <= row["lag_high_s"], step
