"""Evaluation of labels whose errors are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.nlp import SCORES
from analyzer.nlp.evaluate import evaluate, to_text

TEXTS = [
    "Great, it's down again. Wonderful. I love this service",  # humorous and frustrated, positive to a lexicon
    "the login page gives error 502",
    "still no signal, this is unacceptable",
    "had a nice lunch",
]


class Oracle:
    """A classifier that knows the truth, but calls the second text frustrated."""

    name = "oracle-1"
    thresholds: dict[str, float] = {}  # noqa: RUF012

    def scores(self, texts: pa.StringArray) -> pd.DataFrame:
        which = np.array([TEXTS.index(t) for t in texts.to_pylist()])
        out = {name: np.full(len(which), 0.1, np.float32) for name in SCORES}
        out["p_relevant"] = np.array([0.9, 0.9, 0.9, 0.1], np.float32)[which]
        out["p_report"] = np.array([0.1, 0.9, 0.9, 0.1], np.float32)[which]
        out["p_humor"] = np.array([0.9, 0.1, 0.1, 0.1], np.float32)[which]
        for k in (1, 2):
            out[f"p_frustration_ge{k}"] = np.array([0.9, 0.8, 0.9, 0.1], np.float32)[which]
        return pd.DataFrame({"status": ["ok"] * len(which), "language": ["en"] * len(which), **out})

    def calibration(self) -> None:
        return None


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    truth = [(1, 0, 2, 1), (1, 1, 0, 0), (1, 1, 2, 0), (0, 0, 0, 0)]
    rows = []
    for i in range(80):
        relevant, report, frustration, humor = truth[i % 4]
        known = {"relevant": relevant, "report": report, "frustration": frustration, "humor": humor, "topics": []}
        origin = "real" if i < 40 else "written"
        rows.append(
            {
                "post_id": f"p{i}",
                "text": TEXTS[i % 4],
                **known,
                "source": "ab"[i % 2],
                "origin": origin,
                "language": "en",
            }
        )
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_known_errors_are_found(labelled: Path) -> None:
    found = evaluate(labelled, model=Oracle(), by=("source",))
    labels = found["all"]["labels"]
    assert labels["relevant"]["auc"]["value"] == 1.0
    assert labels["frustration_ge2"]["f1"]["value"] == pytest.approx(2 * 40 / (40 + 60))
    assert labels["relevant"]["ece"]["value"] == pytest.approx(0.1, abs=1e-6)
    assert found["neutral_reports"] == {**found["neutral_reports"], "value": 1.0, "n": 20}
    assert found["humorous_frustrated"]["value"] == 1.0 and found["humorous_frustrated"]["n"] == 20
    assert found["confusion"]["frustration_level_relevant"][0] == [0, 0, 20, 0]
    assert set(found["by"]["source"]) == {"a", "b"} and found["real"]["n"] == found["written"]["n"] == 40
    assert found["worst"]["frustration_ge2"][0] == "p1"
    assert {"vader", "textblob", "afinn"} <= set(found["baselines"])


def test_no_post_text_leaves_the_evaluation(labelled: Path) -> None:
    found = evaluate(labelled, model=Oracle(), baselines=False)
    written = json.dumps(found) + to_text(found)
    assert not any(text[:12] in written for text in TEXTS)


def test_text_holds_the_numbers(labelled: Path) -> None:
    text = to_text(evaluate(labelled, model=Oracle(), by=("source",), baselines=False))
    assert "oracle-1 on 80 posts" in text
    assert "neutral fault reports called level >= 2: 100.0%" in text
    assert "by source" in text
