"""Anchored shares against known truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analyzer.nlp.anchored import DEFAULT_SPREAD, Transport, _emq, measure_transport, share


def _scores(rng: np.random.Generator, n: int, prior: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw truths, and probabilities that are calibrated at a share of .3 (two normals a logit and a half apart)."""
    y = rng.random(n) < prior
    x = rng.normal(np.where(y, 0.9, -0.9), 1.0)
    logit = 1.8 * x + np.log(0.3 / 0.7)
    return y.astype(float), 1 / (1 + np.exp(-logit))


def test_the_whole_is_its_mean_probability() -> None:
    _, p = _scores(np.random.default_rng(0), 20_000, 0.3)
    estimate, low, high = share(p, np.ones(len(p)), None, 0.0, seed=0)
    assert estimate == pytest.approx(p.mean(), abs=1e-9)
    assert low < 0.3 < high
    assert high - low < 0.02


def test_of_the_whole_as_its_own_part_nothing_moves() -> None:
    _, p = _scores(np.random.default_rng(1), 5_000, 0.5)
    estimate, _, _ = share(p, np.ones(len(p)), float(p.mean()), 0.0, seed=0)
    assert estimate == pytest.approx(p.mean(), abs=0.01)


@pytest.mark.parametrize("prior", [0.1, 0.5])
def test_a_part_lies_between_its_mean_and_prior_shift(prior: float) -> None:
    y, p = _scores(np.random.default_rng(2), 20_000, prior)
    estimate, _, _ = share(p, np.ones(len(p)), 0.3, 0.0, seed=0)
    assert abs(estimate - y.mean()) < 0.6 * abs(p.mean() - y.mean())
    assert min(y.mean(), p.mean()) - 0.02 < estimate < max(y.mean(), p.mean()) + 0.02


def test_the_interval_covers_when_domains_differ_as_said() -> None:
    """Over domains whose truth is off by a normal logit error of the stated spread, 95 % intervals hold 95 %."""
    rng = np.random.default_rng(3)
    held = []
    for run in range(400):
        _, p = _scores(rng, 300, 0.3)
        odds = np.log(p.mean() / (1 - p.mean())) + 0.5 * rng.standard_normal()
        _, low, high = share(p, np.ones(len(p)), None, 0.5, seed=run)
        held.append(low <= 1 / (1 + np.exp(-odds)) <= high)
    assert 0.92 <= np.mean(held) <= 0.98


def test_weights_count_as_copies() -> None:
    p = np.array([0.1, 0.9])
    assert share(p, np.array([3.0, 1.0]), None, 0.1, seed=0)[0] == pytest.approx(0.3)


def test_tiny_and_certain_input_keeps_doubt() -> None:
    estimate, low, high = share(np.array([0.999]), np.ones(1), None, 0.3, seed=0)
    assert 0 <= low < estimate <= high <= 1
    assert low < 0.8
    estimate, low, high = share(np.zeros(50), np.ones(50), 0.2, 0.3, seed=0)
    assert low <= estimate < 0.01 < high


def test_transport_is_measured_over_sources() -> None:
    rng = np.random.default_rng(4)
    source = np.repeat([f"s{i}" for i in range(40)], 300)
    off = np.repeat(rng.normal(0, 0.7, 40), 300)
    p = np.full(len(source), 0.3)
    y = (rng.random(len(source)) < 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + off)))).astype(float)
    assert measure_transport({"humor": p}, {"humor": y}, source).of("humor") == pytest.approx(0.7, abs=0.15)


def test_transport_of_shipped_and_of_foreign_models(tmp_path: Path) -> None:
    assert Transport.load(tmp_path).of("humor") == DEFAULT_SPREAD
    (tmp_path / "transport.json").write_text(json.dumps({"spread": {"humor": 0.5}}))
    assert Transport.load(tmp_path).of("humor") == 0.5


def test_the_likeliest_share_is_where_its_derivative_crosses_zero() -> None:
    """Newton against 60 bisections, on mixtures from nearly none to nearly all."""
    rng = np.random.default_rng(4)
    counts = np.vstack([rng.dirichlet(a, 40) for a in (np.full(30, 0.3), np.linspace(2, 0.05, 30), np.ones(30))])
    p = np.linspace(0.001, 0.95, 30)
    for prior in (1e-4, 0.02, 0.3, 0.9):
        base, gap = (1 - p) / (1 - prior), p / prior - (1 - p) / (1 - prior)
        low, high = np.full(len(counts), 1e-4), np.full(len(counts), 1 - 1e-4)
        for _ in range(60):
            middle = (low + high) / 2
            rising = (counts * gap / (base + middle[:, None] * gap)).sum(1) > 0
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        assert _emq(counts, p, prior) == pytest.approx(low, abs=1e-8)
