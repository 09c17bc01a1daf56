from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyzer import schema
from analyzer.errors import SchemaError
from analyzer.timeline import phase_of, relevant
from tests.timeline.conftest import Built


def test_every_table_follows_the_schema(chatgpt: Built) -> None:
    timeline = chatgpt.timeline
    for table in (schema.BINS, schema.INCIDENTS, schema.SHARES, schema.LADDER, schema.EFFECTS, schema.ROBUSTNESS):
        data = getattr(timeline, table.name)
        assert len(data), table.name
        schema.check(data, table)
        assert not data.duplicated(list(table.key)).any(), table.name
    schema.check(timeline.phases, schema.PHASE_TABLE)
    assert len(timeline.incident_objects()) == 1


def test_onset_recovery_and_half_life_hold_the_truth(chatgpt: Built) -> None:
    (row,) = chatgpt.timeline.incident_objects()
    assert row.onset_low <= chatgpt.true("onset") <= row.onset_high
    assert abs(row.onset - chatgpt.true("onset")) <= pd.Timedelta(minutes=5)
    assert row.recovery_low is not None and row.recovery_high is not None
    assert row.recovery_low <= chatgpt.true("recovery") <= row.recovery_high
    life = chatgpt.timeline.facts["half_life_volume_s"]
    assert life["low"] <= chatgpt.truth["incidents"][0]["half_life_min"] * 60 <= life["high"]
    excess = chatgpt.timeline.facts["excess_posts"]
    assert excess["low"] <= chatgpt.truth["incidents"][0]["posts"] * 1.05
    assert excess["high"] >= chatgpt.truth["incidents"][0]["posts"] * 0.85


def test_shares_are_those_of_the_true_labels(chatgpt: Built) -> None:
    timeline = chatgpt.timeline
    rows = timeline.shares[(timeline.shares["scope"] == "incident") & (timeline.shares["group"] == "0")]
    (incident,) = timeline.incident_objects()
    time = chatgpt.posts["created_at"]
    inside = ((time >= incident.onset) & (time < incident.recovery)).to_numpy(dtype=bool) & relevant(chatgpt.labels)
    truth = (chatgpt.labels["p_humor"] >= 0.5).to_numpy(dtype=bool)[inside].mean()
    humor = rows[rows["measure"] == "humor"].iloc[0]
    assert humor["n"] == inside.sum()
    assert humor["estimate"] == pytest.approx(truth)
    assert humor["low"] < truth < humor["high"]


def test_phases_bins_and_posts_agree(chatgpt: Built) -> None:
    timeline = chatgpt.timeline
    assert timeline.phases["n_posts"].sum() == len(chatgpt.posts)
    assert timeline.bins["n_relevant"].sum() == relevant(chatgpt.labels).sum()
    names = phase_of(timeline.phases, chatgpt.posts["created_at"])
    counted = pd.Series(names).value_counts()
    table = timeline.phases.groupby("phase")["n_posts"].sum()
    assert counted.to_dict() == {k: int(v) for k, v in table.items() if v}


def test_ladder_counts_from_the_onset(chatgpt: Built) -> None:
    ladder = chatgpt.timeline.ladder.set_index("step")
    word = pd.Timestamp(chatgpt.truth["first_word"])
    assert ladder.loc["first_word", "time"] == word
    lag = (word - chatgpt.true("onset")).total_seconds()
    assert ladder.loc["first_word", "lag_low_s"] <= lag <= ladder.loc["first_word", "lag_high_s"]
    assert ladder.loc["onset", "lag_s"] == 0
    assert ladder.loc["first_signal", "lag_s"] < ladder.loc["peak", "lag_s"]


def test_frustration_curve_lies_within_its_bounds(chatgpt: Built) -> None:
    bins = chatgpt.timeline.bins.dropna(subset=["frustration"])
    assert len(bins) > 50
    assert (bins["frustration_low"] <= bins["frustration"]).all()
    assert (bins["frustration"] <= bins["frustration_high"]).all()
    truth = (chatgpt.labels["p_frustration_ge2"] >= 0.5).to_numpy(dtype=bool)[relevant(chatgpt.labels)].mean()
    assert np.average(bins["frustration"], weights=bins["n_relevant"] + 1e-9) == pytest.approx(truth, abs=0.05)


def test_no_incident_is_a_verdict_with_a_reason(quiet: Built) -> None:
    timeline = quiet.timeline
    assert timeline.verdict == "no incident found"
    assert "would have been seen" in timeline.reason
    assert len(timeline.incidents) == len(timeline.ladder) == len(timeline.effects) == 0
    assert timeline.facts == {}
    assert timeline.shares["group"].iloc[0] == "all"


def test_an_empty_study_is_not_enough_data(chatgpt: Built) -> None:
    timeline = chatgpt.build(posts=chatgpt.posts.iloc[:0], labels=chatgpt.labels.iloc[:0])
    assert timeline.verdict == "not enough data"
    assert len(timeline.bins) > 0


@pytest.mark.parametrize("scenario", ["mobile", "payments"])
def test_other_outages_are_found(scenario: str) -> None:
    built = Built(scenario, n_posts=900)
    (row,) = built.timeline.incident_objects()
    assert row.kind == "outage"
    assert row.onset_low <= built.true("onset") <= row.onset_high


def test_a_promotion_is_no_incident() -> None:
    assert Built("promotion", n_posts=900).timeline.verdict == "no incident found"


def test_trouble_of_another_provider_is_probably_collateral() -> None:
    (row,) = Built("collateral", n_posts=900).timeline.incident_objects()
    assert row.kind == "collateral"
    assert "probably collateral" in row.evidence


def test_bins_as_wide_as_asked_for(chatgpt: Built) -> None:
    assert chatgpt.build(bin_minutes=20).bin_s == 1200


def test_the_same_seed_gives_the_same_timeline(chatgpt: Built) -> None:
    again = chatgpt.build()
    for table in (schema.BINS, schema.INCIDENTS, schema.LADDER, schema.EFFECTS):
        pd.testing.assert_frame_equal(getattr(again, table.name), getattr(chatgpt.timeline, table.name))
    assert again.facts == chatgpt.timeline.facts


def test_tables_that_do_not_belong_together_are_refused(chatgpt: Built) -> None:
    with pytest.raises(SchemaError, match="one row a post"):
        chatgpt.build(labels=chatgpt.labels.iloc[1:])
    with pytest.raises(SchemaError, match="same order"):
        chatgpt.build(labels=chatgpt.labels.iloc[::-1].reset_index(drop=True))


def test_a_silence_of_the_whole_stream_is_a_gap(chatgpt: Built) -> None:
    time = chatgpt.posts["created_at"]
    lost = ((time >= pd.Timestamp("2025-03-10T12:00Z")) & (time < pd.Timestamp("2025-03-10T20:00Z"))).to_numpy(
        dtype=bool
    )
    posts, labels = (t[~lost].reset_index(drop=True) for t in (chatgpt.posts, chatgpt.labels))
    timeline = chatgpt.build(posts=posts, labels=labels)
    (gap,) = timeline.coverage.to_dict("records")
    assert gap["kind"] == "gap"
    assert abs(gap["start"] - pd.Timestamp("2025-03-10T12:00Z")) < pd.Timedelta(minutes=10)
    holes = timeline.bins[timeline.bins["covered"] == 0]
    assert len(holes) == pytest.approx(96, abs=2)
    assert holes["expected"].isna().all()
    assert any("not collected" in w for w in timeline.quality["warnings"])
    assert len(timeline.incidents) == 1


def test_real_posts_about_a_real_outage(shared: Path) -> None:
    assert (shared / "data" / "posts").is_dir()
    from tests.timeline.real import labelled, posts_of, vodafone

    posts = posts_of(shared / "data" / "posts" / "uk_mobile_2019.csv.gz")
    for since in ("2019-11-30", "2019-11-25"):
        study = vodafone(since)
        timeline = labelled(study, posts)
        rows = timeline.incident_objects()
        assert len(rows) == 1, since
        assert pd.Timestamp("2019-12-02T10:30Z") <= rows[0].onset <= pd.Timestamp("2019-12-02T11:45Z")
        assert pd.Timestamp("2019-12-02T12:00Z") <= rows[0].peak < pd.Timestamp("2019-12-02T13:00Z")


def test_real_storm_and_its_hole(shared: Path) -> None:
    from analyzer.study import Study
    from tests.timeline.real import labelled, posts_of

    timeline = labelled(Study(service="power outage"), posts_of(shared / "data" / "posts" / "power_outage_2019.csv.gz"))
    assert any(r.onset.strftime("%Y-%m-%d") == "2019-10-17" for r in timeline.incident_objects())
    (gap,) = timeline.coverage.to_dict("records")
    assert gap["start"].strftime("%d %H:%M") == "14 23:56"
    assert gap["end"].strftime("%d %H:%M") == "15 19:55"


def test_real_quiet_days_stay_quiet(shared: Path) -> None:
    import datetime as dt

    from analyzer.study import Study
    from tests.timeline.real import labelled, posts_of

    folder = shared / "data" / "posts"
    study = Study(service="ChatGPT", terms=("chatgpt",))
    timeline = labelled(study, posts_of(folder / "chatgpt_2023-03-30.csv.gz"))
    assert timeline.verdict == "no incident found"
    assert "would have been seen" in timeline.reason
    days = {"since": dt.datetime(2023, 3, 13, tzinfo=dt.UTC), "until": dt.datetime(2023, 3, 27, tzinfo=dt.UTC)}
    study = Study(service="ChatGPT", terms=("chatgpt",), **days)
    italian = labelled(study, posts_of(folder / "chatgpt_italian_2022-11_2023-03.csv.gz"))
    assert italian.verdict == "no incident found"
