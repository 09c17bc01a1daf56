from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from analyzer.timeline.robustness import variants
from analyzer.timeline.shares import K_VOICES, Cells, shares, wilson, wilson_estimate
from analyzer.timeline.trajectory import pool, trajectory
from tests.timeline.test_bins import HOUR, evidence


def labelled(p: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"p_humor": p, "frustration": p / 2, "p_frustration_ge2": p})


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (250, 1000)])
def test_wilson_is_that_of_statsmodels(k: int, n: int) -> None:
    assert wilson(k, n) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-6)


def test_wilson_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0, 1)
    assert wilson_estimate(labelled(np.array([])), "humor")["estimate"] is None


def test_weights_count_posts_as_often() -> None:
    labels = labelled(np.array([0.9, 0.1, 0.1]))
    assert wilson_estimate(labels, "humor", np.array([2.0, 1.0, 1.0]))["estimate"] == pytest.approx(0.5)
    assert wilson_estimate(labels, "frustration")["estimate"] == pytest.approx((0.45 + 0.05 + 0.05) / 3)


def test_cells_of_few_voices_are_not_shown() -> None:
    from dataclasses import replace

    posts = replace(evidence(list(range(20))), labels=labelled(np.ones(20)), author=np.arange(20) % (K_VOICES - 1))
    table = shares(Cells(posts, wilson_estimate), [("incident", "0", posts.relevant)], measures=("humor",))
    assert table["suppressed"].tolist() == [True]
    assert table["estimate"].isna().all()
    shown = replace(posts, author=np.arange(20))
    table = shares(Cells(shown, wilson_estimate), [("incident", "0", shown.relevant)], measures=("humor",))
    assert table["estimate"].tolist() == [1.0]


def test_variants_count_posts_texts_and_authors() -> None:
    from dataclasses import replace

    posts = replace(
        evidence([3, 2, 1, 0]),
        cluster=np.array([7, 7, 8, 9]),
        author=np.array([1, 2, 1, -1]),
        first_hand=np.array([True, False, False, True]),
        source=pd.Categorical(["x", "x", "reddit", "x"]),
    )
    found = {
        name: (None if m is None else np.flatnonzero(m).tolist(), note)
        for name, m, note in variants(posts, posts.relevant)
    }
    assert found["all"][0] == [0, 1, 2, 3]
    assert found["unique_clusters"][0] == [1, 2, 3]
    assert found["unique_authors"] == ([1, 2], "one post for each author; 1 posts of unknown authors left out")
    assert found["first_hand"][0] == [0, 3]
    assert found["source:reddit"][0] == [2]
    nobody = replace(posts, author=np.full(4, -1))
    assert dict((n, m) for n, m, _ in variants(nobody, nobody.relevant))["unique_authors"] is None


def test_pooling_pulls_uncertain_points_to_the_mean_and_leaves_sure_ones() -> None:
    points = np.array([[0.3, 0.28, 0.32], [0.5, 0.48, 0.52], [0.4, 0.38, 0.42], [0.9, 0.3, 1.0]])
    pulled = pool(points)
    assert pulled[:3, 0] == pytest.approx([0.3, 0.5, 0.4], abs=0.02)
    assert pulled[3, 0] < 0.65
    assert pool(points[:2]) is not None
    same = pool(np.array([[0.4, 0.3, 0.5], [0.42, 0.32, 0.52], [0.38, 0.28, 0.48], [0.41, 0.31, 0.51]]))
    assert np.ptp(same[:, 0]) < 0.01


def test_the_curve_follows_a_change_and_its_interval_covers() -> None:
    from dataclasses import replace

    times = pd.date_range("1970-01-01", periods=144, freq="10min", tz="UTC", unit="us")
    middle = (np.arange(144) + 0.5) / 6
    truth = 0.3 + 0.2 * np.sin(middle / 24 * 2 * np.pi)
    inside = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        hours = np.sort(rng.uniform(0, 24, 3000))
        hit = rng.random(3000) < 0.3 + 0.2 * np.sin(hours / 24 * 2 * np.pi)
        posts = replace(evidence(hours.tolist()), labels=labelled(hit.astype(float)))
        curve = trajectory(posts, times, 600, "humor", estimate=wilson_estimate)
        known = np.isfinite(curve[:, 0])
        assert known.mean() > 0.95
        inside.append(((curve[:, 1] <= truth) & (truth <= curve[:, 2]))[known].mean())
    assert 0.90 <= np.mean(inside) <= 0.99


def test_few_posts_make_no_curve_and_long_pauses_are_left_blank() -> None:
    from dataclasses import replace

    times = pd.date_range("1970-01-01", periods=48, freq="1h", tz="UTC", unit="us")
    few = replace(evidence([1.0] * 5), labels=labelled(np.ones(5)))
    assert np.isnan(trajectory(few, times, 3600, "humor", estimate=wilson_estimate)).all()
    hours = np.r_[np.linspace(0, 4, 100), np.linspace(40, 44, 100)]
    posts = replace(evidence(hours.tolist()), labels=labelled(np.ones(200)))
    curve = trajectory(posts, times, 3600, "humor", estimate=wilson_estimate)
    assert np.isnan(curve[20, 0])
    assert np.isfinite(curve[2, 0])
    assert HOUR == 3_600_000_000
