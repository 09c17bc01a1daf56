from __future__ import annotations

import numpy as np

from analyzer.timeline import aligned, compare
from tests.timeline.conftest import Built


def test_the_same_numbers_side_by_side(chatgpt: Built, quiet: Built) -> None:
    table = compare([chatgpt.timeline, quiet.timeline])
    mine = table[table["study"] == table["study"].iloc[0]].set_index("metric")
    (row,) = chatgpt.timeline.incident_objects()
    assert mine.loc["duration_s", "estimate"] == (row.recovery - row.onset).total_seconds()
    assert mine.loc["duration_s", "low"] <= mine.loc["duration_s", "estimate"] <= mine.loc["duration_s", "high"]
    assert mine.loc["excess_posts", "estimate"] == chatgpt.timeline.facts["excess_posts"]["value"]
    assert {"lag_first_word_s", "humor", "frustration_ge2"} <= set(mine.index)
    assert table["shrunk"].isna().all()
    assert "no incident found" in table[table["metric"] == "verdict"]["note"].iloc[0]


def test_small_incidents_are_pulled_to_the_mean(chatgpt: Built) -> None:
    small = Built("mobile", n_posts=400)
    others = [chatgpt.timeline, Built("payments", n_posts=2000).timeline, small.timeline]
    table = compare(others)
    part = table[table["metric"] == "humor"]
    assert part["shrunk"].notna().all()
    spread = part["estimate"].max() - part["estimate"].min()
    assert part["shrunk"].max() - part["shrunk"].min() <= spread
    assert ((part["shrunk_high"] - part["shrunk_low"]) <= (part["high"] - part["low"]) + 1e-9).all()


def test_curves_are_aligned_at_the_onset(chatgpt: Built, quiet: Built) -> None:
    table = aligned([chatgpt.timeline, quiet.timeline], minutes_before=120, minutes_after=240)
    assert table["study"].nunique() == 1
    assert table["minute"].between(-120, 240).all()
    assert np.median(table.loc[table["minute"] < -10, "ratio"]) < 2
    assert np.median(table.loc[table["minute"].between(20, 120), "ratio"]) > 10
