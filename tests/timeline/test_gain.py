from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.timeline.effect import effects
from analyzer.timeline.gain import MOST, Gain, gain
from analyzer.timeline.shares import wilson_estimate

UPDATE = pd.DataFrame({"update_id": ["1"], "posted_at": [pd.Timestamp(0, unit="s", tz="UTC")], "stage": [None]})
#: Mean probability of true and of false posts: their distance is .3, so shares move 1 / .3 as much as means do.
MEANS = {True: 0.55, False: 0.25}


def drawn(share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scores of posts whose truth is drawn at `share` (n,): Beta with the means above."""
    truth = rng.random(len(share)) < share
    return np.where(truth, rng.beta(5.5, 4.5, len(share)), rng.beta(2.5, 7.5, len(share)))


def adjusted(labels: pd.DataFrame, measure: str, weights: Any = None) -> dict[str, Any]:
    """Share by the adjusted mean, from the known means: what a good estimator would say."""
    mean = float(np.average(labels[f"p_{measure}"], weights=weights))
    return {"estimate": (mean - MEANS[False]) / (MEANS[True] - MEANS[False])}


def test_labels_without_error_need_no_gain() -> None:
    labels = pd.DataFrame({"p_humor": np.r_[np.ones(30), np.zeros(70)], "status": "ok"})
    found = gain(labels, "humor", wilson_estimate)
    assert found.value == pytest.approx(1.0)
    assert found.spread == pytest.approx(0.0)
    assert gain(labels.assign(p_humor=0.3), "humor", wilson_estimate) == Gain()
    assert gain(labels.iloc[:0], "humor", wilson_estimate) == Gain()


def test_the_gain_is_that_of_the_estimator() -> None:
    p = drawn(np.full(4000, 0.3), np.random.default_rng(0))
    found = gain(pd.DataFrame({"p_humor": p}), "humor", adjusted)
    assert found.value == pytest.approx(1 / 0.3, rel=1e-6)
    assert found.spread > 0.3
    blind = gain(pd.DataFrame({"p_humor": p}), "humor", lambda *a: {"estimate": 1e6 * adjusted(*a)["estimate"]})
    assert blind.value == MOST


def test_the_interval_is_that_of_a_product() -> None:
    low, high = Gain(2.0, 0.0).interval(-0.1, 0.02)
    assert low == pytest.approx(-0.2 - 1.96 * 0.04, abs=0.002)
    assert high == pytest.approx(-0.2 + 1.96 * 0.04, abs=0.002)
    low, high = Gain(2.0, 0.3).interval(-0.1, 1e-9)
    assert (low, high) == pytest.approx((-0.2 * np.exp(0.57), -0.2 * np.exp(-0.57)), rel=0.05)
    # A change that is none within its error is none after correction.
    low, high = Gain(3.0, 0.5).interval(0.01, 0.02)
    assert low < 0 < high
    low, high = Gain(3.0, 0.5).interval(0.06, 0.02)
    assert 0 < low < high


def test_a_fall_seen_through_a_classifier_is_given_its_true_size() -> None:
    inside, plain, values = [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        time = np.sort(rng.uniform(-3600, 3600, 600))
        p = drawn(np.where(time < 0, 0.4, 0.2), rng)
        known = {"frustration_ge2": Gain(1 / 0.3, 0.05)}
        (row,) = effects(UPDATE, time, {"frustration_ge2": p}, span=(-3600, 3600), gains=known, seed=seed)
        (raw,) = effects(UPDATE, time, {"frustration_ge2": p}, span=(-3600, 3600), seed=seed)
        inside.append(row["low"] <= -0.2 <= row["high"])
        plain.append(raw["low"] <= -0.2 <= raw["high"])
        values.append(row["change"])
        assert row["p_value"] == raw["p_value"]
        assert row["placebo_low"] == pytest.approx(raw["placebo_low"] / 0.3)
    assert np.mean(values) == pytest.approx(-0.2, abs=0.02)
    assert np.mean(inside) >= 0.88
    assert np.mean(plain) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["chatgpt", "mobile", "payments"])
def test_effects_seen_through_the_shipped_classifier(scenario: str) -> None:
    from analyzer import nlp
    from analyzer.nlp import prevalence
    from analyzer.simulate import simulate
    from analyzer.timeline import relevant

    made = simulate(seed=5, scenario=scenario, size=2.0, texts="dev", frustration=0.4)
    posts = made.study.select(made.posts)
    labels, key = nlp.classify(posts), ["source", "post_id"]
    true = posts[key].merge(made.labels, on=key, how="left")
    kept = relevant(labels)
    found = gain(labels[kept], "frustration_ge2", prevalence.estimator("fast", anchor=labels[kept]))
    p = labels["p_frustration_ge2"].to_numpy(dtype=float, na_value=0)[kept]
    y = true["p_frustration_ge2"].to_numpy(dtype=float, na_value=0)[kept] >= 0.5
    rows: list[dict[str, Any]] = []
    for before, after in ((0.4, 0.2), (0.3, 0.3)):
        for seed in range(150):
            rng = np.random.default_rng(seed)
            time = np.sort(rng.uniform(-3600, 3600, 600))
            angry = rng.random(600) < np.where(time < 0, before, after)
            hit = np.where(angry, rng.choice(p[y], 600), rng.choice(p[~y], 600))
            measures, gains = {"frustration_ge2": hit}, {"frustration_ge2": found}
            (row,) = effects(UPDATE, time, measures, span=(-3600, 3600), gains=gains, seed=seed)
            rows.append({"in": row["low"] <= after - before <= row["high"], "p_value": row["p_value"]})
    table = pd.DataFrame(rows)
    falls = table.iloc[:150]
    assert falls["in"].mean() >= 0.88
    assert (falls["p_value"] < 0.05).mean() >= 0.78
    assert table.iloc[150:]["in"].mean() >= 0.89
    assert (table.iloc[150:]["p_value"] < 0.05).mean() <= 0.09
