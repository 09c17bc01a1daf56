"""Shares against known truth: the real classifier's scores under shifted priors, and the contract of the estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.errors import SchemaError
from analyzer.nlp import SCORES, load
from analyzer.nlp.prevalence import estimator

PRIORS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


@pytest.fixture(scope="module")
def pool() -> pd.DataFrame:
    """Out-of-fold scores of the shipped classifier with their truth, decided-relevant posts."""
    fast = load("fast")
    sample = fast.calibration()
    assert sample is not None
    sample = sample[sample["p_relevant"] >= fast.thresholds["p_relevant"]].reset_index(drop=True)
    levels = sample[[f"p_frustration_ge{k}" for k in (1, 2, 3)]].sum(axis=1) / 3
    return sample.assign(status="ok", frustration=levels)


def _draw(pool: pd.DataFrame, truth: np.ndarray, share: float, n: int, rng: np.random.Generator) -> pd.DataFrame:
    positive = rng.binomial(n, share)
    rows = [rng.choice(np.flatnonzero(truth == 1), positive), rng.choice(np.flatnonzero(truth == 0), n - positive)]
    return pool.iloc[np.concatenate(rows)]


def _simulate(pool: pd.DataFrame, measure: str, *, runs: int, n: int, method: str = "emq") -> dict[str, float]:
    """Calibration posts and judged posts are drawn apart from the same scores; priors take turns."""
    rng = np.random.default_rng(11)
    y = pool[f"y_{measure}"].to_numpy()
    error, naive, covered = [], [], []
    for run in range(runs):
        share = PRIORS[run % len(PRIORS)]
        known = pool.iloc[rng.integers(len(pool), size=len(pool))]
        estimate = estimator("fast", seed=run, calibration=known, method=method)
        found = estimate(_draw(pool, y, share, n, rng), measure)
        error.append(found["estimate"] - share)
        naive.append(found["naive"] - share)
        covered.append(found["low"] <= share <= found["high"])
    rmse = [float(np.sqrt(np.mean(np.square(e)))) for e in (error, naive)]
    return {"rmse": rmse[0], "naive": rmse[1], "coverage": float(np.mean(covered)), "bias": float(np.mean(error))}


@pytest.mark.parametrize("method", ["emq", "pacc", "acc"])
def test_a_shifted_prior_is_found(pool: pd.DataFrame, method: str) -> None:
    found = _simulate(pool, "frustration_ge2", runs=56, n=600, method=method)
    assert found["rmse"] <= found["naive"] / 2
    assert abs(found["bias"]) < 0.02
    assert 0.86 <= found["coverage"] <= 1.0


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["frustration_ge2", "humor", "report", "topic_cause"])
@pytest.mark.parametrize("n", [300, 2000])
def test_intervals_cover_in_500_runs(pool: pd.DataFrame, measure: str, n: int) -> None:
    found = _simulate(pool, measure, runs=500, n=n)
    assert found["rmse"] <= found["naive"] / 2
    assert 0.92 <= found["coverage"] <= 0.98


def test_mean_intensity_is_corrected(pool: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    level = pool["y_frustration"].to_numpy()
    error, naive, covered = [], [], []
    estimate = estimator("fast", method="emq")
    for _ in range(25):
        counts = rng.multinomial(800, rng.dirichlet([1, 1, 1, 1]))
        rows = np.concatenate([rng.choice(np.flatnonzero(level == k), counts[k]) for k in range(4)])
        truth = float(counts @ np.arange(4)) / 3 / 800
        found = estimate(pool.iloc[rows], "frustration")
        error.append(found["estimate"] - truth)
        naive.append(found["naive"] - truth)
        covered.append(found["low"] <= truth <= found["high"])
    assert np.sqrt(np.mean(np.square(error))) <= np.sqrt(np.mean(np.square(naive))) / 2
    assert np.mean(covered) >= 0.85


def test_the_contract(pool: pd.DataFrame) -> None:
    estimate = estimator("fast")
    found = estimate(pool.head(400), "humor")
    assert set(found) == {"n", "n_positive", "naive", "naive_low", "naive_high", "estimate", "low", "high", "method"}
    assert found["n"] == 400 and found["method"] == "anchored"
    assert 0 <= found["low"] <= found["estimate"] <= found["high"] <= 1
    assert estimate(pool.head(400), "humor") == found  # the same seed, the same interval
    assert estimate(pool.head(0), "humor")["estimate"] is None
    out = pool.head(400).assign(status=["unsupported"] * 100 + ["ok"] * 300)
    assert estimate(out, "humor")["n"] == 300
    with pytest.raises(SchemaError, match="no measure 'joy'"):
        estimate(pool, "joy")
    with pytest.raises(ValueError, match="none of anchored"):
        estimator("fast", method="guess")


def test_weights_count_a_cluster_once(pool: pd.DataFrame) -> None:
    estimate = estimator("fast", method="emq")
    repeated = pd.concat([pool.head(200), pool.iloc[[0] * 300]])
    weights = np.array([1.0] * 200 + [0.0] * 300)
    assert estimate(repeated, "humor", weights)["naive"] == pytest.approx(estimate(pool.head(200), "humor")["naive"])
    wide, narrow = estimate(pool, "humor", np.r_[[50.0] * 20, [0.01] * (len(pool) - 20)]), estimate(pool, "humor")
    assert wide["high"] - wide["low"] > narrow["high"] - narrow["low"]


def test_too_few_known_posts_correct_nothing(pool: pd.DataFrame) -> None:
    few = pool.assign(y_humor=0)
    found = estimator("fast", method="emq", calibration=few)(pool.head(300), "humor")
    assert found["method"] == "wilson" and found["estimate"] == found["naive"]


def test_an_audit_makes_the_share_prediction_powered(pool: pd.DataFrame) -> None:
    rng = np.random.default_rng(5)
    posts = pool.iloc[rng.integers(len(pool), size=3000)].reset_index(drop=True)
    posts.insert(0, "post_id", [str(i) for i in range(3000)])
    posts.insert(0, "source", "x")
    truth = posts["y_frustration_ge2"].mean()
    rows = rng.choice(3000, 200, replace=False)
    people = posts.iloc[rows][["source", "post_id"]].copy()
    for name in SCORES:
        people[name] = posts[f"y_{name.removeprefix('p_')}"].iloc[rows].to_numpy(float)
    people["frustration"] = posts["y_frustration"].iloc[rows].to_numpy() / 3
    estimate = estimator("fast", audit=people)
    found = estimate(posts, "frustration_ge2")
    assert found["method"] == "ppi"
    assert found["low"] <= truth <= found["high"]
    assert estimate(posts[~posts.index.isin(rows)], "frustration_ge2")["method"] == "anchored"  # nobody judged these
