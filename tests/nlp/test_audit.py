"""The audit loop on invented posts: drawn evenly and blind, read strictly, scored right, planned right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyzer.errors import InputError, SchemaError
from analyzer.nlp import audit, classify
from analyzer.schema import LABELS, check


@pytest.fixture(scope="module")
def posts() -> pd.DataFrame:
    texts = ["my internet is down, unacceptable!!", "is the app down for anyone else?", "lovely cake today"]
    rng = np.random.default_rng(0)
    which = rng.choice(3, 600, p=[0.05, 0.15, 0.8])
    return pd.DataFrame(
        {"source": rng.choice(["x", "reddit"], 600, p=[0.9, 0.1]), "post_id": [str(i) for i in range(600)],
         "created_at": pd.Timestamp("2024-06-04", tz="UTC"), "text": [texts[i] for i in which]}
    )  # fmt: skip


@pytest.fixture(scope="module")
def labels(posts: pd.DataFrame) -> pd.DataFrame:
    return classify(posts)


def test_the_sample_is_blind_even_and_repeatable(posts: pd.DataFrame, labels: pd.DataFrame) -> None:
    sample = audit.draw(posts, labels, n=60, seed=4)
    assert list(sample.columns) == [*audit.SHOWN, *audit.FIELDS]
    assert (sample[list(audit.FIELDS)] == "").all().all()
    assert sample.equals(audit.draw(posts, labels, n=60, seed=4))
    assert not sample.equals(audit.draw(posts, labels, n=60, seed=5))
    assert len(audit.draw(posts, labels, n=10_000)) == 600
    with pytest.raises(SchemaError, match="in order"):
        audit.draw(posts, labels.head(5), n=3)


def test_classes_are_even_and_phases_and_sources_in_proportion(posts: pd.DataFrame, labels: pd.DataFrame) -> None:
    phases = np.where(np.arange(600) % 4 == 0, "early", "late")
    drawn = audit.draw(posts, labels, n=150, phases=phases, seed=1)["post_id"].astype(int).to_numpy()
    judged = (labels["status"] == "ok").to_numpy(bool)
    relevant = (labels["p_relevant"].fillna(0) >= 0.5).to_numpy(bool)
    kind = np.where(relevant, 1 + (labels["frustration_level"].fillna(0) >= 2).to_numpy(bool), 0)
    sizes = np.bincount(kind[judged], minlength=3)
    counts = np.bincount(kind[drawn], minlength=3)
    plenty = sizes >= 60
    assert np.ptp(counts[plenty]) <= 1
    for k in np.flatnonzero(plenty):
        for part in (phases == "early", (posts["source"] == "reddit").to_numpy(bool)):
            expected = counts[k] * part[judged & (kind == k)].mean()
            assert abs(part[drawn[kind[drawn] == k]].sum() - expected) <= 3


def _annotate(sample: pd.DataFrame, path: Path, **columns: object) -> Path:
    sample.assign(**columns).to_csv(path, index=False)
    return path


def test_annotations_are_read_and_scored(posts: pd.DataFrame, labels: pd.DataFrame, tmp_path: Path) -> None:
    sample = audit.draw(posts, labels, n=300)
    outage = sample["text"].str.contains("down").astype(int)
    angry = sample["text"].str.contains("unacceptable")
    columns = {"relevant": outage, "report": outage, "frustration": np.where(angry, 2, 0), "humor": 0,
               "topics": np.where(outage, "availability; cause", "")}  # fmt: skip
    one = audit.read(_annotate(sample, tmp_path / "ann.csv", **columns))
    two = audit.read(_annotate(sample, tmp_path / "bob.csv", **{**columns, "frustration": np.where(angry, 3, 0)}))
    found = audit.score(pd.concat([one, two]), labels)
    assert found["annotators"] == ["ann", "bob"] and found["n_posts"] == 300
    assert found["alpha"]["relevant"] == pytest.approx(1.0)
    assert 0.7 < found["alpha"]["frustration"] < 1.0
    assert found["alpha"]["humor"] is None  # one value only
    people = found["labels"]
    check(people, LABELS)
    assert set(people["model"]) == {"human:ann", "human:bob"}
    assert people["topics"][outage.to_numpy().argmax()] == "availability,cause"
    assert found["errors"]["relevant"]["recall"]["n"] == outage.sum()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("frustration", "4", "line 2: `frustration` is '4'; give 0 to 3"), ("topics", "weather", "topic 'weather'"),
     ("humor", "yes", "`humor` is 'yes'")],
)  # fmt: skip
def test_values_outside_the_codebook_are_told(
    posts: pd.DataFrame, labels: pd.DataFrame, tmp_path: Path, column: str, value: str, message: str
) -> None:
    sample = audit.draw(posts, labels, n=3).assign(relevant="1")
    with pytest.raises(InputError, match=message):
        audit.read(_annotate(sample, tmp_path / "a.csv", **{column: value}))
    with pytest.raises(InputError, match="no row has a value"):
        audit.read(_annotate(sample, tmp_path / "b.csv", relevant=""))


def test_alpha_is_krippendorffs() -> None:
    """The nominal example of Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, binary data: 0.095."""
    a, b = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    rows = [
        {"annotator": who, "source": "x", "post_id": str(i), "relevant": v}
        for who, values in (("a", a), ("b", b))
        for i, v in enumerate(values)
    ]
    assert audit._alpha(pd.DataFrame(rows), "relevant") == pytest.approx(0.095, abs=0.001)


def test_the_plan_is_the_sample_size_formula() -> None:
    found = audit.plan(0.03, measures=("frustration_ge2",))["frustration_ge2"]
    assert found["n_without"] == 1068  # 1.96² / 4 / 0.03²
    assert 0.2 < found["explained"] < 1 and found["n"] == pytest.approx(1067.07 * (1 - found["explained"]), abs=1)
    assert audit.plan(0.03, n_posts=1000)["humor"]["n_without"] == 517  # finite population
    with pytest.raises(ValueError, match="half width"):
        audit.plan(0.7)


def test_the_codebook_goes_along() -> None:
    assert "## frustration (0–3)" in audit.codebook()
