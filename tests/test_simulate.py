"""Simulations: the truth they state is the truth of their tables, and the knobs do what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyzer import schema
from analyzer.errors import UsageError
from analyzer.simulate import SCENARIOS, Burst, Hole, Scenario, Simulation, Wave, Word, simulate
from analyzer.simulate.profiles import PROFILES
from analyzer.simulate.rates import rates, wave_times
from analyzer.simulate.stock import fragments, told_of, written_posts
from analyzer.study import Study


@pytest.fixture(scope="module")
def chatgpt() -> Simulation:
    return simulate(1)


def part(made: Simulation, name: str) -> pd.DataFrame:
    return made.posts[(made.labels["part"] == name).to_numpy()]


def times(made: Simulation) -> pd.Series:
    return made.posts["created_at"].astype("datetime64[us, UTC]")


def minutes(made: Simulation, stamp: str) -> float:
    return (pd.Timestamp(stamp) - pd.Timestamp(made.scenario.since)).total_seconds() / 60


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_gives_declared_tables(name: str) -> None:
    made = simulate(3, scenario=name)
    schema.check(made.posts, schema.POSTS)
    schema.check(made.updates, schema.UPDATES)
    schema.check(made.coverage, schema.COVERAGE)
    schema.check(made.labels, schema.LABELS)
    assert made.posts["post_id"].is_unique
    assert made.posts["post_id"].tolist() == made.labels["post_id"].tolist()
    assert made.study.simulated and made.truth["simulated"]
    assert not made.posts["text"].str.contains(r"\{\w+\}", regex=True).any()
    assert times(made).is_monotonic_increasing
    assert made.truth["verdict"] == ("incidents" if made.scenario.waves else "no incident found")


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_study_selects_all_but_the_neighbours(name: str) -> None:
    made = simulate(4, scenario=name)
    kept = set(made.study.select(made.posts)["post_id"])
    assert kept == set(made.posts["post_id"]) - set(part(made, "neighbour")["post_id"])
    assert made.truth["n_selected"] == len(kept)


def test_a_seed_gives_the_same_simulation_and_another_does_not() -> None:
    a, b, c = simulate(5, n_posts=400), simulate(5, n_posts=400), simulate(6, n_posts=400)
    pd.testing.assert_frame_equal(a.posts, b.posts)
    pd.testing.assert_frame_equal(a.labels, b.labels)
    assert a.truth == b.truth
    assert a.posts["text"].tolist() != c.posts["text"].tolist()


def test_known_values_of_a_seed() -> None:
    """Guards the promise that a seed gives the same posts on every Python version."""
    made = simulate(0, n_posts=50)
    assert len(made.posts) == 59
    assert made.posts["text"].iloc[0] == "ChatGPT or Gemini if I want to draft a birthday speech?"


def test_the_default_is_a_working_day_with_a_late_provider(chatgpt: Simulation) -> None:
    assert 3_700 <= len(chatgpt.posts) <= 4_300
    (incident,) = chatgpt.truth["incidents"]
    assert incident["onset"] == "2025-03-11T09:07:00Z"
    assert chatgpt.truth["first_word"] == "2025-03-11T10:05:00Z"
    assert [p["phase"] for p in chatgpt.truth["phases"]] == [
        *("baseline", "unacknowledged", "acknowledged", "identified", "monitoring", "resolved_but_reported"),
        "recovered",
    ]


def test_no_outage_post_before_onset_and_few_after_recovery(chatgpt: Simulation) -> None:
    outage = part(chatgpt, "outage")["created_at"].astype("datetime64[us, UTC]")
    (incident,) = chatgpt.truth["incidents"]
    assert outage.min() >= pd.Timestamp(incident["onset"])
    assert (outage >= pd.Timestamp(incident["recovery"])).mean() < 0.02
    bins = outage.dt.floor("10min").value_counts()
    assert abs((bins.idxmax() - pd.Timestamp(incident["peak"])).total_seconds()) <= 45 * 60


def test_true_shares_are_those_of_the_labels(chatgpt: Simulation) -> None:
    labels, when = chatgpt.labels, times(chatgpt)
    chosen = (labels["part"] != "neighbour") & (labels["p_relevant"] == 1)
    for phase in chatgpt.truth["phases"]:
        here = labels[chosen & (when >= pd.Timestamp(phase["start"])) & (when < pd.Timestamp(phase["end"]))]
        assert len(here) == phase["n_relevant"]
        for level in (1, 2, 3):
            assert (here["frustration_level"] >= level).mean() == pytest.approx(phase[f"frustration_ge{level}"])
        assert here["p_humor"].mean() == pytest.approx(phase["humor"])
        for topic in schema.TOPICS:
            assert here[f"p_topic_{topic}"].mean() == pytest.approx(phase[f"topic_{topic}"])
            assert here["topics"].str.split(",").map(lambda t, k=topic: k in t).mean() == pytest.approx(
                phase[f"topic_{topic}"]
            )


def test_counts_follow_the_expected_rate() -> None:
    """Over 40 seeds the counts of each part lie within four standard errors of their expectation (Poisson)."""
    scenario = replace(SCENARIOS["chatgpt"], noise=0, bots=0, neighbours=0).scaled(0.2)
    rate = rates(scenario)
    counts = np.array([list(simulate(s, scenario=scenario).truth["n_by_part"].values()) for s in range(40)])
    for column, expected in ((0, rate.chatter.sum()), (1, rate.usual.sum()), (2, rate.excess.sum())):
        error = np.sqrt(expected / len(counts))
        assert abs(counts[:, column].mean() - expected) < 4 * error
        assert 0.4 < counts[:, column].var() / expected < 1.9


def test_noise_makes_counts_over_dispersed_without_moving_the_mean() -> None:
    calm = replace(SCENARIOS["quiet"], words=(), hours=24, neighbours=0, seasonality=0)
    counts = np.array([[simulate(s, scenario=calm, noise=sd).truth["n_posts"] for s in range(30)] for sd in (0, 0.8)])
    expected = 24 * (calm.chatter_per_h + calm.usual_per_h)
    assert counts[0].mean() == pytest.approx(expected, rel=0.02)
    assert counts[1].mean() == pytest.approx(expected, rel=0.1)
    assert counts[1].var() > 5 * counts[0].var()


def test_shares_follow_the_knobs() -> None:
    made = simulate(2, n_posts=12_000, frustration=0.4, impatience=0, humor=0.3, words=(), reposts=0, copypasta=0)
    labels = made.labels[(made.labels["part"] == "outage").to_numpy()]
    before_fix = times(made)[labels.index] < pd.Timestamp(made.truth["incidents"][0]["fix"])
    labels = labels[before_fix]
    n = len(labels)
    assert (labels["frustration_level"] >= 2).mean() == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / n))
    assert 0.2 < labels["p_humor"].mean() < 0.3 + 4 * np.sqrt(0.21 / n)


def test_an_update_lowers_frustration_by_its_effect() -> None:
    onset, word = 200.0, 320.0
    scenario = Scenario(
        hours=10,
        waves=(Wave(onset, 600, 20_000),),
        words=(Word("investigating", onset + 1), Word("identified", word, effect=-0.2)),
        frustration=0.4,
        impatience=0,
        reposts=0,
        copypasta=0,
    )
    made = simulate(7, scenario=scenario)
    effect = made.truth["updates"][1]
    assert effect["frustrated_before"] == pytest.approx(0.4)
    assert effect["frustrated_after"] == pytest.approx(0.2)
    labels = made.labels[(made.labels["part"] == "outage").to_numpy()]
    after = times(made)[labels.index] >= pd.Timestamp(effect["posted_at"])
    frustrated = labels["frustration_level"] >= 2
    assert frustrated[~after].mean() == pytest.approx(0.4, abs=0.02)
    assert frustrated[after].mean() == pytest.approx(0.2, abs=0.02)


def test_half_life_and_recovery_are_those_of_the_curve() -> None:
    wave = Wave(100, 300, 1_000, rise_min=5, half_life_min=30)
    scenario = Scenario(hours=20, waves=(wave,), usual_per_h=0.1)
    (found,) = wave_times(scenario, rates(scenario))
    curve = rates(scenario).waves[:, 0]
    assert curve.sum() == pytest.approx(1_000)
    assert curve[:100].sum() == 0 and curve[101] > 0
    assert found["recovery_min"] is not None and found["peak_to_half_min"] is not None and found["peak_min"] is not None
    end, peak = int(found["recovery_min"]), int(found["peak_min"])
    assert curve[end] <= 0.05 * curve[peak] < curve[end - 1]
    assert (
        curve[peak + int(found["peak_to_half_min"])]
        <= curve[peak] / 2
        < curve[peak + int(found["peak_to_half_min"]) - 1]
    )
    assert found["half_life_min"] == pytest.approx(30, abs=2)
    after_fix = curve[330] / curve[300]
    assert after_fix == pytest.approx(
        0.5 * (0.4 + 0.6 * np.exp(-230.5 / 90)) / (0.4 + 0.6 * np.exp(-200.5 / 90)), rel=0.01
    )


def test_a_wave_that_outlasts_the_window_has_no_recovery() -> None:
    made = simulate(1, scenario=Scenario(hours=6, waves=(Wave(100, 2_000, 300),)))
    assert made.truth["incidents"][0]["recovery"] is None
    assert made.truth["phases"][-1]["phase"] == "unacknowledged"


def test_two_waves_and_two_incidents() -> None:
    made = simulate(1, scenario="two_waves")
    assert [i["onset"] for i in made.truth["incidents"]] == ["2025-03-11T09:07:00Z", "2025-03-11T14:10:00Z"]
    assert made.updates["incident_id"].nunique() == 2
    phases = [p["phase"] for p in made.truth["phases"]]
    assert phases.count("unacknowledged") == 2 and "recovered" in phases[:-1]


def test_quiet_has_official_words_and_no_rise() -> None:
    made = simulate(1, scenario="quiet")
    assert len(made.updates) == 2 and made.truth["n_by_part"]["outage"] == 0


def test_a_promotion_is_reposts_that_are_not_relevant() -> None:
    made = simulate(1, scenario="promotion", promotions=(Burst(600, 60, 500),))
    promo = part(made, "promotion")
    assert promo["text"].nunique() == 1
    assert 400 < len(promo) < 600 and set(promo["kind"]) == {"repost"}
    assert made.labels.loc[promo.index, "p_relevant"].sum() == 0
    first = (promo["created_at"].min() - made.scenario.since).total_seconds() / 60  # type: ignore[operator]
    assert 600 <= first < 610


def test_collateral_names_the_culprit() -> None:
    made = simulate(1, scenario="collateral", reposts=0)
    outage = part(made, "outage")
    english = outage[(made.labels.loc[outage.index, "language"] == "en").to_numpy()]
    assert english["text"].str.contains("cloudflare", case=False).mean() == pytest.approx(0.6, abs=0.06)
    assert part(made, "chatter")["text"].str.contains("cloudflare", case=False).mean() < 0.02


def test_reposts_copies_and_bots() -> None:
    made = simulate(1, reposts=0.2, copypasta=0.05, bots=0.03)
    outage = made.labels["part"] == "outage"
    on_x = outage & (made.posts["source"] == "x")
    reposts = made.posts[(on_x & (made.posts["kind"] == "repost")).to_numpy()]
    assert len(reposts) / on_x.sum() == pytest.approx(0.2, abs=0.03)
    text = dict(zip(made.posts["post_id"], made.posts["text"], strict=True))
    level = dict(zip(made.labels["post_id"], made.labels["frustration_level"], strict=True))
    for row in reposts.itertuples():
        assert row.text == "RT @user: " + text[row.parent_id]
        assert level[row.post_id] == level[row.parent_id]
    copies = made.posts[(made.labels["origin"] == "copy").to_numpy()]
    assert copies["text"].nunique() <= len(PROFILES["chatgpt"].spellings) * 60 < len(made.posts)
    assert len(copies) / outage.sum() == pytest.approx(0.05 * 0.82, abs=0.015)
    bots = part(made, "bot")
    assert bots["author"].nunique() == 3 and len(bots) == 75


def test_holes_and_skew() -> None:
    holes = (Hole("x", 600, 900), Hole("", 1_000, 1_060))
    made = simulate(1, holes=holes, skew_min={"mastodon": 45.0})
    at = (times(made) - pd.Timestamp(made.scenario.since)).dt.total_seconds() / 60
    source = made.posts["source"]
    assert not ((source == "x") & (at >= 600) & (at < 900)).any()
    assert ((source == "reddit") & (at >= 600) & (at < 900)).any()
    assert not ((source != "mastodon") & (at >= 1_000) & (at < 1_060)).any()
    assert at[source == "mastodon"].min() >= 45
    gaps = made.coverage[made.coverage["kind"] == "gap"]
    assert (gaps["source"] == "x").sum() == 2 and len(gaps) == 6


def test_authors_can_be_unknown() -> None:
    made = simulate(1, n_posts=200, authors=False)
    assert made.posts["author"].isna().all()


def test_texts_vary_even_in_a_large_simulation() -> None:
    made = simulate(1, n_posts=20_000, reposts=0, copypasta=0)
    outage = part(made, "outage")["text"]
    assert outage.nunique() / len(outage) > 0.85
    assert outage.value_counts().iloc[0] / len(outage) < 0.003


def test_only_unseen_written_posts() -> None:
    seen = {r["text"] for r in written_posts() if r["split"] == "train" and r["service"] == "ChatGPT"}
    made = simulate(1, texts="dev", scenario="chatgpt")
    whole = made.posts.loc[(made.labels["origin"] == "written").to_numpy(), "text"].str.casefold()
    starts = {s[:60].casefold() for s in seen if len(s) > 60}
    assert not any(t[:60] in starts for t in whole)
    assert len(whole) > 20


def test_written_posts_are_marked_and_labelled() -> None:
    rows = written_posts()
    assert len(rows) == 1820
    assert all(set(r["topics"]) <= set(schema.TOPICS) and 0 <= r["frustration"] <= 3 for r in rows)
    assert {t for f in fragments() for t in f.piece.topics} <= set(schema.TOPICS)


def test_a_post_told_of_another_service() -> None:
    profile = PROFILES["mobile"]
    assert told_of("Vodafone is down #VodafoneDown", "Vodafone", profile) == "{s} is down #{tag}"
    assert told_of("no signal in Leeds", "Vodafone", profile) == "no signal in Leeds {name}"
    assert told_of("is free down?", "Free", profile) is None
    assert told_of("Slack is down", "Slack", profile) is None


def test_write_and_read_back(tmp_path: Path) -> None:
    made = simulate(8, n_posts=300)
    made.write(tmp_path / "a")
    simulate(8, n_posts=300).write(tmp_path / "b")
    names = ["posts.jsonl", "study.toml", "truth.json", "updates.jsonl"]
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    study = Study.load(tmp_path / "a" / "study.toml")
    assert replace(study, path="") == made.study and study.simulated
    rows = [json.loads(line) for line in (tmp_path / "a" / "posts.jsonl").read_text().splitlines()]
    assert len(rows) == len(made.posts) and all(r["simulated"] is True for r in rows)
    assert [r["text"] for r in rows] == made.posts["text"].tolist()
    assert pd.Timestamp(rows[0]["created_at"]) == made.posts["created_at"].iloc[0]
    assert rows[0]["created_at"].endswith("Z") and isinstance(rows[0]["post_id"], str)
    (incident,) = [json.loads(line) for line in (tmp_path / "a" / "updates.jsonl").read_text().splitlines()]
    assert incident["simulated"] is True and "simulated" in incident["provider"]
    assert [u["created_at"] for u in incident["incident_updates"]] == [
        t.isoformat().replace("+00:00", "Z") for t in made.updates["posted_at"]
    ]
    assert json.loads((tmp_path / "a" / "truth.json").read_text()) == made.truth


def test_hidden_parts_of_a_study_are_written_too(tmp_path: Path) -> None:
    from analyzer.simulate.files import study_toml

    study = Study(
        service='A "quoted" name',
        terms=("a", "b"),
        columns={"text": "body"},
        where={"brand": ("x", "y")},
        naive_time_zone="Europe/London",
        sources={"reddit": {"subreddits": ("a",)}},
        bin_minutes=5,
    )
    (tmp_path / "study.toml").write_text(study_toml(study), encoding="utf-8")
    assert replace(Study.load(tmp_path / "study.toml"), path="") == study


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scenario": "volcano"}, "there are chatgpt"),
        ({"loudness": 3}, "no 'loudness'"),
        ({"n_posts": 0}, "at least 1"),
        ({"texts": "test"}, "'all' or 'dev'"),
        ({"profile": "radio"}, "there are chatgpt"),
    ],
)
def test_wrong_knobs_are_told(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        simulate(1, **options)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_hundred_thousand_posts() -> None:
    made = simulate(1, n_posts=100_000)
    assert len(made.posts) == pytest.approx(100_000, rel=0.05)
    assert made.posts["text"].nunique() > 70_000
