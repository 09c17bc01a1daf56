from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from analyzer.timeline.baseline import baseline
from analyzer.timeline.detectors import LOCAL, WHOLE, scan
from analyzer.timeline.detectors.bocpd import Online
from analyzer.timeline.detectors.kleinberg import two_state
from analyzer.timeline.detectors.scan import Stretch, gain, height, merge
from analyzer.timeline.series import Series

START = pd.Timestamp("2024-01-01", tz="UTC").as_unit("us")
UP = slice(400, 424)


def series(*, burst: bool, seed: int = 0, dispersion: float = 1.0) -> Series:
    rate = np.full(600, 4.0)
    if burst:
        rate[UP] = 16
    rng = np.random.default_rng(seed)
    count = rng.poisson(rate) if dispersion == 1 else rng.negative_binomial(rate / (dispersion - 1), 1 / dispersion)
    return Series("s", START, 600, count.astype(float), np.ones(600))


def masks(data: Series) -> dict[str, np.ndarray]:
    usual = baseline(data)
    found = {name: rule(data, usual) for name, rule in WHOLE.items()}
    found |= {name: rule(data.count, usual.mean, usual.dispersion) for name, rule in LOCAL.items()}
    stretches = np.zeros(len(data), dtype=bool)
    for s in scan(data, usual):
        stretches[s.start : s.end] = True
    return found | {"scan": stretches}


@pytest.mark.parametrize("name", ["threshold", "kleinberg", "pelt", "bocpd", "scan"])
def test_each_detector_marks_the_burst_and_little_else(name: str) -> None:
    mask = masks(series(burst=True))[name]
    assert mask[UP].mean() > 0.8
    assert np.r_[mask[:395], mask[430:]].mean() < 0.01


def test_detectors_are_mostly_silent_on_quiet_series() -> None:
    runs = [masks(series(burst=False, seed=s, dispersion=d)) for s in range(5) for d in (1.0, 2.0)]
    marked = {name: sum(bool(run[name].any()) for run in runs) for name in runs[0]}
    # Each alone errs now and then; only what several agree on becomes an incident.
    assert marked["scan"] == 0
    assert all(n <= 2 for n in marked.values()), marked


def test_two_states_are_the_best_of_all_paths() -> None:
    gain_, up = np.random.default_rng(5).normal(0, 2, 9), 1.5

    def cost(path: tuple[int, ...]) -> float:
        rises = sum(b > a for a, b in itertools.pairwise((0, *path)))
        return float(sum(g for g, s in zip(gain_, path, strict=True) if s) - up * rises)

    best = max(itertools.product([0, 1], repeat=9), key=cost)
    assert cost(tuple(two_state(gain_, up=up).astype(int).tolist())) == pytest.approx(cost(best))


def test_scan_false_alarm_bound_comes_from_likelihood_ratios_of_mean_one() -> None:
    rng = np.random.default_rng(0)
    mean = np.full(200_000, 2.0)
    for dispersion in (1.0, 2.0):
        y = rng.poisson(mean) if dispersion == 1 else rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion)
        ratio = np.exp(gain(y.astype(float), mean, 2.0, dispersion))
        assert ratio.mean() == pytest.approx(1, abs=0.05)


def test_alarm_height_grows_with_the_number_of_bins_an_hour() -> None:
    assert height(60) - height(3600) == pytest.approx(np.log(60))


def test_stretches_merge_over_small_gaps_only() -> None:
    parts = [Stretch(10, 20, 5.0), Stretch(22, 30, 9.0), Stretch(50, 60, 3.0)]
    assert merge(parts, gap=2) == [Stretch(10, 30, 9.0), Stretch(50, 60, 3.0)]
    assert merge(parts, gap=1) == parts


def test_a_big_outage_does_not_hide_the_next_one() -> None:
    rate = np.full(2000, 1.0)
    rate[500:520] = 300
    rate[700:706] = 15
    count = np.random.default_rng(1).poisson(rate).astype(float)
    data = Series("s", START, 600, count, np.ones(2000))
    starts = [s.start for s in scan(data, baseline(data))]
    assert any(abs(s - 500) <= 1 for s in starts)
    assert any(abs(s - 700) <= 1 for s in starts)


def test_online_level_follows_a_step() -> None:
    rng, state = np.random.default_rng(0), Online()
    levels = [state.update(float(y), 3.0)[0] for y in rng.poisson(np.r_[np.full(60, 3.0), np.full(20, 15.0)])]
    assert levels[50] == pytest.approx(1, abs=0.35)
    assert levels[-1] == pytest.approx(5, rel=0.2)
    assert state.chance_above(2.0) > 0.99
    assert np.exp(state.log_p).sum() == pytest.approx(1)


def test_the_fast_gamma_tail_is_the_exact_one() -> None:
    from scipy.special import gammaincc

    from analyzer.timeline.detectors.bocpd import _above

    shape = np.repeat([0.5, 10.0, 20.0, 3e3, 1e6], 9)
    x = shape * (1 + np.tile(np.linspace(-4, 4, 9), 5) / np.sqrt(shape)).clip(0.01)
    np.testing.assert_allclose(_above(shape, x), gammaincc(shape, x), atol=1e-3)
