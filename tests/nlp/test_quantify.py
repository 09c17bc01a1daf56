"""Quantifiers against known truth and against QuaPy."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from analyzer.nlp import quantify


def _scores(n: int, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scores that are exact posteriors for a prior of one half: logits are normal, means ±1, variance 2."""
    y = (rng.random(n) < share).astype(int)
    logit = rng.normal(np.where(y == 1, 1.0, -1.0), np.sqrt(2.0))
    return 1 / (1 + np.exp(-logit)), y


def test_acc_inverts_the_rates() -> None:
    for share in (0.0, 0.1, 0.5, 1.0):
        assert quantify.acc(share * 0.8 + (1 - share) * 0.3, 0.8, 0.3) == pytest.approx(share)
    assert quantify.acc(0.9, 0.8, 0.3) == 1.0
    assert quantify.acc(0.4, 0.5, 0.5) == 0.4  # a classifier that tells nothing corrects nothing


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_emq_finds_a_shifted_prior(share: float) -> None:
    p, y = _scores(40_000, share, np.random.default_rng(1))
    assert quantify.emq(p, 0.5) == pytest.approx(y.mean(), abs=0.012)
    assert abs(p.mean() - y.mean()) > (0.02 if share == 0.3 else 0.08)  # what the mean alone would say


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_emq_agrees_with_quapy(share: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from quapy.method.aggregative import EMQ
    p, _ = _scores(4000, share, np.random.default_rng(2))
    theirs, _ = EMQ.EM(np.array([0.6, 0.4]), np.stack([1 - p, p], axis=1), epsilon=1e-9)
    assert quantify.emq(p, 0.4) == pytest.approx(float(theirs[1]), abs=1e-4)


@pytest.mark.parametrize("probabilistic", [False, True])
def test_acc_and_pacc_agree_with_quapy(probabilistic: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from quapy.method.aggregative import ACC
    rng = np.random.default_rng(3)
    known, y = _scores(2000, 0.5, rng)
    new, _ = _scores(1500, 0.2, rng)
    value = (lambda p: p) if probabilistic else (lambda p: (p >= 0.5).astype(float))
    seen, high, low = value(new).mean(), value(known)[y == 1].mean(), value(known)[y == 0].mean()
    rates = np.array([[1 - low, 1 - high], [low, high]])
    theirs = ACC.solve_adjustment(rates, np.array([1 - seen, seen]), method="inversion", solver="exact-raise")
    ours = quantify.pacc(seen, high, low) if probabilistic else quantify.acc(seen, high, low)
    assert ours == pytest.approx(float(theirs[1]), abs=1e-9)


def test_binned_emq_is_emq() -> None:
    p, _ = _scores(5000, 0.15, np.random.default_rng(4))
    grid = np.round(p * 200) / 200
    values, counts = np.unique(np.clip(grid, 0.005, 0.995), return_counts=True)
    ratio = values / (1 - values)  # calibrated at a prior of one half
    binned = quantify.emq_binned(counts[None].astype(float), ratio[None])
    assert binned[0] == pytest.approx(quantify.emq(np.clip(grid, 0.005, 0.995), 0.5), abs=1e-4)


def test_several_classes_are_told_apart() -> None:
    rng = np.random.default_rng(5)
    densities = np.array([[0.7, 0.2, 0.08, 0.02], [0.1, 0.6, 0.2, 0.1], [0.05, 0.15, 0.3, 0.5]])
    shares = np.array([0.6, 0.1, 0.3])
    counts = rng.multinomial(200_000, shares @ densities)[None].astype(float)
    found = quantify.emq_classes(counts, (densities / densities[0])[None], steps=2000)
    assert found[0] == pytest.approx(shares, abs=0.01)
    assert found.sum() == pytest.approx(1)


def test_wilson_is_the_textbook_interval() -> None:
    assert quantify.wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert quantify.wilson(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert quantify.wilson(0, 0) == (0.0, 1.0)
