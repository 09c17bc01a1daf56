"""From scores to the LABELS table, and how a model is found by its name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.errors import ModelError, SchemaError
from analyzer.nlp import SCORES, classify, load
from analyzer.nlp.classify import decide
from analyzer.schema import LABELS, TOPICS, check


class Fixed:
    """A classifier that says what it is told."""

    name = "fixed-1"
    thresholds = {"p_frustration_ge1": 0.5, "p_frustration_ge2": 0.4, "p_topic_cause": 0.2}  # noqa: RUF012

    def scores(self, texts: pa.StringArray) -> pd.DataFrame:
        n = len(texts)
        data = {name: np.full(n, 0.3, np.float32) for name in SCORES}
        data["p_relevant"] = np.full(n, 0.9, np.float32)
        data["p_frustration_ge1"] = np.full(n, 0.6, np.float32)
        data["p_frustration_ge2"] = np.full(n, 0.45, np.float32)
        data["p_frustration_ge3"] = np.full(n, 0.15, np.float32)
        status = ["unsupported" if t == "?" else "ok" for t in texts.to_pylist()]
        return pd.DataFrame({"status": status, "language": ["und"] * n, **data})

    def calibration(self) -> None:
        return None


def test_labels_follow_the_contract() -> None:
    posts = pd.DataFrame({"source": ["x", "x"], "post_id": ["7", "8"], "text": ["down", "?"]})
    out = classify(posts, model=Fixed())
    assert out["source"].tolist() == ["x", "x"]
    check(out, LABELS)
    row, none = out.iloc[0], out.iloc[1]
    assert row["frustration_level"] == 2 and row["frustration"] == pytest.approx(0.4)
    assert row["topics"] == "cause"
    assert row["model"] == "fixed-1"
    assert none["status"] == "unsupported"
    assert none[[n for n in LABELS.names if n not in ("post_id", "status", "language", "model")]].isna().all()


def test_levels_need_all_levels_below() -> None:
    scores = (
        Fixed().scores(pa.array(["a"])).assign(p_frustration_ge1=np.float32(0.2), p_frustration_ge3=np.float32(0.9))
    )
    out = decide(scores, ids=["1"], name="m", thresholds=Fixed.thresholds)
    assert out["frustration_level"][0] == 0


def test_levels_are_decided_given_relevance() -> None:
    half = Fixed().scores(pa.array(["a", "b"]))
    half["p_relevant"] = np.array([0.6, 0.24], np.float32)
    half["p_frustration_ge1"] = np.array([0.35, 0.2], np.float32)  # .58 of relevant posts, and .83 of them
    half[["p_frustration_ge2", "p_frustration_ge3"]] = np.float32(0.1)
    out = decide(half, ids=["1", "2"], name="m", thresholds=Fixed.thresholds)
    assert out["frustration_level"].tolist() == [1, 0]  # the second is hardly about a disruption at all


def test_topics_stand_in_the_order_of_the_codebook() -> None:
    scores = (
        Fixed().scores(pa.array(["a"])).assign(p_topic_recovery=np.float32(0.9), p_topic_availability=np.float32(0.9))
    )
    out = decide(scores, ids=["1"], name="m", thresholds={})
    assert out["topics"][0] == "availability,recovery"
    assert set(out["topics"][0].split(",")) <= set(TOPICS)


def test_missing_scores_become_null() -> None:
    scores = pd.DataFrame({"status": ["ok"], "language": ["en"], "p_relevant": np.array([0.9], np.float32)})
    out = decide(scores, ids=["1"], name="m", thresholds={})
    assert out["p_relevant"][0] == pytest.approx(0.9)
    assert out[["p_humor", "frustration", "frustration_level"]].isna().all().all()


def test_nulls_indices_and_empty_frames_are_taken() -> None:
    out = classify(pd.DataFrame({"text": ["down again", None]}, index=[5, 9]))
    assert out["post_id"].tolist() == ["0", "1"]
    assert out["status"].tolist() == ["ok", "abstained"]
    assert len(classify(pd.DataFrame({"text": pd.Series([], dtype=str)}))) == 0
    with pytest.raises(SchemaError, match="no column 'text'"):
        classify(pd.DataFrame({"body": ["x"]}))


def test_names_of_models() -> None:
    assert load("fast") is load("fast")
    assert load(load("fast").name).name == load("fast").name  # the name that stands in labels
    for name, message in [
        ("fsat", "no model 'fsat'"),
        ("nowhere_at_all:thing", "cannot import"),
        ("json:thing", "has no 'thing'"),
        ("math:pi", "no Classifier"),
    ]:
        with pytest.raises(ModelError, match=message):
            load(name)
