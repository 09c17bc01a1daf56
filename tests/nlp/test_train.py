"""Training on invented posts: it learns, repeats itself to the bit, and writes numbers only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from threadpoolctl import threadpool_limits

from analyzer.nlp.fast import Fast
from analyzer.nlp.training import data, lanes, stack
from analyzer.nlp.training.train import train

FAULTS = ["login fails with an error", "everything is down", "the app will not load", "no signal since noon"]
MOODS = ["this is unacceptable, fix it", "so angry right now", "", "any news on it"]
OTHERS = ["lunch was lovely", "our cat sleeps all day", "new shoes for the summer", "the concert was great"]


def _rows(n: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    for i in range(n):
        extra = f"thing{rng.integers(50)}"
        if rng.random() < 0.5:
            mood = int(rng.integers(4))
            text = f"{rng.choice(FAULTS)} {MOODS[mood]} {extra}"
            level = 2 if mood < 2 else 0
            rows.append({"text": text, "relevant": 1, "report": 1, "frustration": level, "topics": ["availability"]})
        else:
            rows.append(
                {"text": f"{rng.choice(OTHERS)} {extra}", "relevant": 0, "report": 0, "frustration": 0, "topics": []}
            )
        rows[-1] |= {"humor": 0, "source": "written_1" if i % 2 else "airlines", "language": "en"}
    return rows


@pytest.fixture(scope="module")
def _small() -> Iterator[None]:
    """Fewer folds and networks: what is tested does not need them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack, "MEMBERS", 1)
        patch.setattr(stack, "EPOCHS", 25)
        patch.setattr(data, "folds", partial(data.folds, n=2))
        patch.setattr(data, "written", lambda more=data.written: more().head(40))
        yield


@pytest.fixture(scope="module")
def folder(_small: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("train")
    (path / "labels.jsonl").write_text("\n".join(map(json.dumps, _rows(200))))
    with threadpool_limits(1):  # the products are tiny, and two threads a product only wait for each other
        train(path / "labels.jsonl", None, None, path / "one", seed=3, teacher=None)
    return path


def test_it_learns(folder: Path) -> None:
    p = Fast(folder / "one").scores(
        pa.array(["login fails with an error, this is unacceptable", "our cat sleeps all day"])
    )
    assert p["p_relevant"][0] > 0.8 > 0.2 > p["p_relevant"][1]
    assert p["p_frustration_ge2"][0] > 0.6 > 0.2 > p["p_frustration_ge2"][1]
    assert p["p_humor"].max() < 0.4


@pytest.mark.slow
def test_the_same_data_and_seed_give_the_same_bits(folder: Path) -> None:
    train(folder / "labels.jsonl", None, None, folder / "two", seed=3, teacher=None)
    for name in ("model.npz", "calibration.npz"):
        with np.load(folder / "one" / name) as one, np.load(folder / "two" / name) as two:
            assert set(one.files) == set(two.files)
            assert all((one[k] == two[k]).all() for k in one.files)
    assert (folder / "one" / "model.json").read_bytes() == (folder / "two" / "model.json").read_bytes()


def test_sources_for_evaluation_are_left_out_and_no_text_is_written(folder: Path) -> None:
    facts = json.loads((folder / "one" / "model.json").read_text())
    assert facts["sources"] == {"written_1": 100} and facts["n_labelled"] == 100
    for path in (folder / "one").iterdir():
        assert b"unacceptable" not in path.read_bytes()
    with np.load(folder / "one" / "calibration.npz") as sample:
        assert all(sample[k].dtype.kind in "fib" for k in sample.files) and len(sample["y_relevant"]) == 100


def test_integers_keep_the_scores() -> None:
    rng = np.random.default_rng(1)
    from analyzer.nlp.heads import LANE_NAMES, lane_values
    from analyzer.nlp.training.train import features

    counts = features([" ".join(rng.choice(FAULTS + OTHERS, 3)) for _ in range(60)])
    idf = lanes.inverse_frequency(counts)
    given = rng.normal(size=(len(LANE_NAMES) - 1, counts.shape[1] + 1))
    arrays = lanes.quantise(given, idf)
    exact = lanes.weighted(counts, idf) @ given[:, :-1].T + given[:, -1]
    total = np.asarray(counts @ arrays["table"].astype(np.int64)).astype(np.int32)
    close = lane_values(total, arrays["scale"], arrays["offset"])
    assert np.abs(close - exact).max() < 0.25
    assert np.corrcoef(close.ravel(), exact.ravel())[0, 1] > 0.999


def test_thresholds_are_the_best_of_calibrated_scores() -> None:
    rng = np.random.default_rng(2)
    p = rng.beta(0.5, 2.0, 20_000)
    y = rng.random(20_000) < p
    found = stack._f1_threshold(p)
    f1 = [2 * (y & (p >= t)).sum() / (y.sum() + (p >= t).sum()) for t in (found, found - 0.1, found + 0.1)]
    assert f1[0] > max(f1[1:])
