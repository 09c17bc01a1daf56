"""Prediction-powered shares: unbiased, covering, and narrower than labels alone."""

from __future__ import annotations

import numpy as np

from analyzer.nlp.ppi import ppi_mean


def _runs(stratified: bool, n_runs: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    truth_share, big, small = 0.3, 4000, 150
    found = []
    for _ in range(n_runs):
        y = (rng.random(big) < truth_share).astype(float)
        f = np.clip(0.15 + 0.6 * y + rng.normal(0, 0.2, big), 0, 1)  # biased: its mean is not the share
        decided = (f >= 0.5).astype(int)
        if stratified:
            rows = np.concatenate([rng.choice(np.flatnonzero(decided == k), small // 2, replace=False) for k in (0, 1)])
            value = ppi_mean(f, f[rows], y[rows], strata=decided, audited_strata=decided[rows])
        else:
            rows = rng.choice(big, small, replace=False)
            value = ppi_mean(f, f[rows], y[rows])
        found.append(value)
    return np.array(found), np.array([truth_share])


def test_a_simple_sample_covers_and_is_unbiased() -> None:
    found, truth = _runs(stratified=False)
    assert abs(found[:, 0].mean() - truth[0]) < 0.005
    assert 0.91 <= np.mean((found[:, 1] <= truth) & (truth <= found[:, 2])) <= 0.985
    labels_alone = 2 * 1.96 * np.sqrt(0.3 * 0.7 / 150)
    assert np.mean(found[:, 2] - found[:, 1]) < 0.75 * labels_alone


def test_a_stratified_sample_covers_and_is_unbiased() -> None:
    found, truth = _runs(stratified=True)
    assert abs(found[:, 0].mean() - truth[0]) < 0.005
    assert 0.91 <= np.mean((found[:, 1] <= truth) & (truth <= found[:, 2])) <= 0.995


def test_useless_predictions_do_no_harm() -> None:
    rng = np.random.default_rng(8)
    y = (rng.random(3000) < 0.4).astype(float)
    f = rng.random(3000)
    rows = rng.choice(3000, 200, replace=False)
    value, low, high = ppi_mean(f, f[rows], y[rows])
    assert low <= 0.4 <= high
    assert abs(value - y[rows].mean()) < 0.03
