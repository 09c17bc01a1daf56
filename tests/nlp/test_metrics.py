"""Metrics against scikit-learn, and intervals against theory."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from analyzer.nlp import metrics as m


def test_metrics_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    p = np.round(np.clip(y * 0.3 + rng.random(500) * 0.7, 0, 1), 2)  # with ties
    assert m.auc(y, p) == pytest.approx(roc_auc_score(y, p))
    assert m.f1(y, p >= 0.5) == pytest.approx(f1_score(y, p >= 0.5))
    a, b = rng.integers(0, 4, 500), rng.integers(0, 4, 500)
    b = np.where(rng.random(500) < 0.6, a, b)
    assert m.kappa(a, b) == pytest.approx(cohen_kappa_score(a, b, weights="quadratic", labels=[0, 1, 2, 3]))


def test_one_class_has_no_auc() -> None:
    assert np.isnan(m.auc(np.zeros(5), np.arange(5.0)))
    assert m.interval(m.auc, np.zeros(5), np.arange(5.0))["value"] is None
    assert m.interval(m.auc, np.zeros(0), np.zeros(0))["n"] == 0


def test_calibration_error_is_the_gap() -> None:
    y = np.array([1] * 30 + [0] * 70)
    assert m.ece(y, np.full(100, 0.35)) == pytest.approx(0.05)
    assert m.ece(y, np.full(100, 0.3)) == pytest.approx(0)
    assert m.reliability(y, np.full(100, 0.35)) == [{"p": pytest.approx(0.35), "share": 0.3, "n": 100}]


def test_the_interval_has_the_width_of_theory() -> None:
    y = np.array([1] * 300 + [0] * 700)
    found = m.interval(lambda a: float(a.mean()), y)
    assert found["value"] == 0.3
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * np.sqrt(0.3 * 0.7 / 1000), rel=0.15)
