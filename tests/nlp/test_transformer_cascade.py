"""The cascade: doubtful posts first, never over the budget, and the ends of the scale are the two tiers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.errors import ModelError, UsageError
from analyzer.nlp.classifier import SCORES, load
from analyzer.nlp.transformer_cascade import FIRST, STEP, Cascade, doubt, move
from analyzer.nlp.transformer_cascade import load as load_cascade

N = 3 * STEP + 40


class Clock:
    """A clock that only the accurate model's work moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Fast:
    name = "fast-test"
    thresholds: Mapping[str, float] = {"p_relevant": 0.3}

    def __init__(self, p: np.ndarray, status: list[str] | None = None) -> None:
        self.p, self.status = p, status or ["ok"] * len(p)

    def scores(self, texts: pa.StringArray) -> pd.DataFrame:
        frame = pd.DataFrame({"status": self.status, "language": "en"})
        return frame.assign(**{n: self.p.astype("float32") for n in SCORES})

    def calibration(self) -> pd.DataFrame:
        return pd.DataFrame({"of": ["fast"]})


class Accurate:
    name = "accurate-test"
    thresholds: Mapping[str, float] = {"p_relevant": 0.4}

    def __init__(self, clock: Clock, s_per_post: float) -> None:
        self.clock, self.s_per_post, self.rows = clock, s_per_post, []

    def refine(self, texts: pa.StringArray, fast: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
        self.rows += rows.tolist()
        self.clock.now += self.s_per_post * len(rows)
        done = fast.copy()
        done.loc[rows, "p_relevant"] = np.float32(2)
        return done

    def calibration(self) -> pd.DataFrame:
        return pd.DataFrame({"of": ["accurate"]})


def build(budget: float, p: np.ndarray, status: list[str] | None = None) -> tuple[Cascade, Accurate]:
    clock = Clock()
    accurate = Accurate(clock, 0.01)
    return Cascade(budget, fast=Fast(p, status), accurate=accurate, clock=clock), accurate


TEXTS = pa.array([""] * N, pa.string())


def test_the_most_doubtful_posts_go_first() -> None:
    p = np.random.default_rng(0).uniform(0, 1, N)
    cascade, accurate = build(5.0 + 1e-6, p)
    out = cascade.scores(TEXTS)
    assert len(accurate.rows) == cascade.n_refined == pytest.approx(500, abs=1)
    d = doubt(Fast(p).scores(TEXTS), Fast.thresholds)
    assert d[accurate.rows].min() >= np.delete(d, accurate.rows).max()
    assert (out["p_relevant"].to_numpy() == 2).sum() == cascade.n_refined


def test_doubt_is_greatest_at_the_threshold() -> None:
    p = np.linspace(0.01, 0.99, 99)
    frame = Fast(p).scores(pa.array([""] * 99))
    thresholds = {n: 0.3 for n in SCORES}
    assert p[doubt(frame, thresholds).argmax()] == pytest.approx(0.3)
    assert move(np.array([0.3]), 0.3, 0.5)[0] == pytest.approx(0.5)


@pytest.mark.parametrize(("budget", "expected"), [(0, 0), (0.1, FIRST), (5.2, 520), (20.5, 2050), (1e9, N)])
def test_the_budget_is_never_passed(budget: float, expected: int) -> None:
    cascade, accurate = build(budget, np.linspace(0, 1, N))
    cascade.scores(TEXTS)
    assert cascade.n_refined == len(accurate.rows)
    assert abs(cascade.n_refined - expected) <= 1  # the last one is a matter of rounding
    assert accurate.clock.now <= max(budget, FIRST * 0.01) + 1e-6


def test_posts_that_are_not_ok_are_left_alone() -> None:
    status = ["ok" if i % 2 else "unsupported" for i in range(N)]
    cascade, accurate = build(float("inf"), np.full(N, 0.3), status)
    cascade.scores(TEXTS)
    assert sorted(accurate.rows) == list(range(1, N, 2))


def test_the_sample_is_that_of_the_tier_that_judged() -> None:
    everything, _ = build(1e9, np.full(N, 0.3))
    some, _ = build(5.2, np.full(N, 0.3))
    for cascade, tier in ((everything, "accurate"), (some, "fast")):
        cascade.scores(TEXTS)
        assert cascade.calibration()["of"].tolist() == [tier]
    assert build(0, np.zeros(N))[0].thresholds == Fast.thresholds


def test_a_budget_below_zero_is_refused() -> None:
    for bad in (-1.0, float("nan")):
        with pytest.raises(UsageError, match="time budget"):
            build(bad, np.zeros(N))


def test_the_budget_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTAGE_ANALYZER_BUDGET_S", "soon")
    with pytest.raises(ModelError, match="OUTAGE_ANALYZER_BUDGET_S='soon'"):
        load_cascade()


def test_the_shipped_models_agree_at_both_ends() -> None:
    texts = pa.array(["Is it down for anyone else?", "lovely weather in the park today", "", "ugh, no signal AGAIN"])
    fast, accurate = load("fast").scores(texts), load("accurate").scores(texts)
    pd.testing.assert_frame_equal(Cascade(0).scores(texts), fast, check_dtype=False)
    slow = Cascade(float("inf")).scores(texts)
    ok = accurate["status"] == "ok"
    pd.testing.assert_frame_equal(slow[ok], accurate[ok], check_dtype=False, atol=1e-5)
