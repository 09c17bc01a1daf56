"""Models of the user's own: a scikit-learn estimator and a pipeline that returns labels with scores."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from analyzer.errors import ModelError
from analyzer.nlp import classify, load
from analyzer.nlp.prevalence import estimator

TEXTS = ["it is down", "down again", "site down", "nice day", "lovely day", "good day"]


def test_an_estimator_over_texts() -> None:
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(TEXTS, [1, 1, 1, 0, 0, 0])
    out = classify(pd.DataFrame({"text": ["all down", "a day"]}), model=model)
    assert out["p_relevant"][0] > 0.5 > out["p_relevant"][1]
    assert out["p_humor"].isna().all()
    named = make_pipeline(CountVectorizer(), LogisticRegression()).fit(TEXTS, ["humor"] * 3 + ["cause"] * 3)
    assert classify(pd.DataFrame({"text": ["down"]}), model=named)["p_humor"][0] > 0.5


def test_a_pipeline_of_labels_and_scores() -> None:
    def pipeline(texts: list[str], **_: Any) -> list[list[dict[str, Any]]]:
        return [[{"label": "Frustration", "score": 0.9 if "!" in t else 0.1}] for t in texts]

    pipeline.tokenizer = None  # type: ignore[attr-defined]
    out = classify(pd.DataFrame({"text": ["down!", "down"]}), model=pipeline)
    assert out["p_frustration_ge2"].tolist() == pytest.approx([0.9, 0.1])


def test_labels_that_nobody_knows_are_told() -> None:
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(TEXTS, ["a", "a", "b", "b", "b", "a"])
    with pytest.raises(ModelError, match="none of its labels"):
        classify(pd.DataFrame({"text": ["x"]}), model=model)
    with pytest.raises(ModelError, match="no Classifier"):
        load(3)


def test_shares_without_a_calibration_sample_stay_naive() -> None:
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(TEXTS, [1, 1, 1, 0, 0, 0])
    labels = classify(pd.DataFrame({"text": ["down"] * 3 + ["day"] * 7}), model=model)
    found = estimator(model)(labels, "relevant")
    assert found["method"] == "wilson"
    assert found["estimate"] == found["naive"] == pytest.approx(0.3)
