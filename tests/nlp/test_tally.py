"""Rows of labels read in place, against the same rows taken out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.nlp.prevalence import estimator
from analyzer.nlp.tally import Part


def _labels(n: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"p_frustration_ge{k}": rng.beta(1, 1 + k, n).astype(np.float32) for k in (1, 2, 3)})
    frame["p_humor"] = rng.random(n)
    frame["frustration"] = frame.filter(like="_ge").mean(axis=1)
    frame["frustration_level"] = rng.integers(0, 4, n)
    frame["p_relevant"] = rng.random(n)
    status = rng.choice(["ok", "unsupported"], n, p=[0.8, 0.2])
    frame.loc[status != "ok", "p_humor"] = np.nan
    return frame.assign(source="x", post_id=[str(i) for i in range(n)], status=status)


def test_a_tally_counts_what_is_judged() -> None:
    labels = _labels()
    rows = np.arange(0, 400, 3)
    some = labels.iloc[rows]
    judged = some[(some["status"] == "ok") & some["p_humor"].notna()]
    found = Part(labels, rows).tally("p_humor", decided="p_humor", least=0.5)
    assert (found.n, found.positive) == (len(judged), (judged["p_humor"] >= 0.5).sum())
    assert found.total.sum() == pytest.approx(judged["p_humor"].sum())
    weight = np.linspace(0.1, 2, len(rows))
    weighted = Part(labels, rows).tally("p_humor", decided="p_humor", least=0.5, weights=weight)
    w = weight[np.isin(rows, judged.index)]
    assert weighted.weight == pytest.approx(w.sum())
    assert weighted.effective == pytest.approx(w.sum() ** 2 / (w @ w))


@pytest.mark.parametrize("kind", ["plain", "category", "arrow"])
def test_rows_in_place_are_rows_taken_out(kind: str) -> None:
    labels = _labels()
    if kind == "category":
        labels["status"] = labels["status"].astype("category")
    if kind == "arrow":
        labels = labels.convert_dtypes(dtype_backend="pyarrow")
    rows = np.flatnonzero(np.random.default_rng(1).random(400) < 0.4)
    estimate = estimator("fast", anchor=labels)
    among = estimate.among(labels, rows)
    for measure in ("frustration", "frustration_ge2", "humor", "frustration"):
        assert among(measure) == estimate(labels.iloc[rows], measure)


def test_nobody_is_judged() -> None:
    labels = _labels().assign(status=pd.Categorical(["unsupported"] * 400))
    found = estimator("fast")(labels, "humor")
    assert found["n"] == 0 and found["estimate"] is None
