"""Likelihood ratios against the densities they stand for."""

from __future__ import annotations

import numpy as np

from analyzer.nlp.ratio import log_odds, log_ratio


def test_the_ratio_of_two_normals_is_found() -> None:
    rng = np.random.default_rng(0)
    edges = np.linspace(-4, 4, 30)
    middle = np.concatenate([[-4.2], (edges[1:] + edges[:-1]) / 2, [4.2]])
    positive, negative = rng.normal(1, 1, 20_000), rng.normal(-1, 1, 40_000)
    n1, n0 = (np.bincount(np.digitize(x, edges), minlength=31).astype(float) for x in (positive, negative))
    found = log_ratio(middle, n1[None], n0[None])[0]
    central = slice(6, 25)
    assert np.abs(found - 2 * middle)[central].max() < 0.3  # log ratio of N(1, 1) and N(-1, 1) is 2x


def test_a_class_without_posts_gives_numbers() -> None:
    out = log_ratio(np.linspace(-2, 2, 5), np.zeros((2, 5)), np.ones((2, 5)))
    assert np.isfinite(out).all()
    assert np.isfinite(log_odds(np.array([0.0, 0.5, 1.0]))).all()
