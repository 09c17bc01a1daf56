"""The shipped fast tier: that it runs the same everywhere, and is as good as the model card says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from analyzer.errors import ModelError
from analyzer.nlp import SCORES, load
from analyzer.nlp.fast import Fast
from analyzer.nlp.heads import BLOCK

POSTS = pa.array(
    [
        "Our internet has been down since 9am, can't work. Absolutely unacceptable, fix it!!",
        "is anyone else getting error 502 when logging in?",
        "Lovely walk in the park this morning, the dog is happy",
        "¿Alguien más sin servicio? no puedo entrar desde hace una hora",
        "@user https://example.com",
        "サーバーが落ちていてログインできません",
        "",
    ]
)


@pytest.fixture(scope="module")
def fast() -> Fast:
    found = load("fast")
    assert isinstance(found, Fast)
    return found


def test_compiled_and_plain_python_agree(fast: Fast) -> None:
    plain = Fast(compiled=False)
    one, other = fast.scores(POSTS), plain.scores(POSTS)
    assert one.equals(other)


def test_threads_and_chunks_do_not_change_the_numbers() -> None:
    many = pa.array((POSTS.to_pylist() * (2 * BLOCK // len(POSTS) + 2))[: 2 * BLOCK + 900])
    one, two = Fast(threads=1).scores(many), Fast(threads=2).scores(many)
    assert one.equals(two)
    # to the last bit: partitions of a corpus are scored apart
    for start, n in ((0, len(POSTS)), (5, 1), (100, 300), (BLOCK - 7, BLOCK), (BLOCK, 40)):
        again = one.iloc[start : start + n].reset_index(drop=True)
        assert again.equals(Fast(threads=1).scores(many.slice(start, n)))


def test_status_and_language(fast: Fast) -> None:
    out = fast.scores(POSTS)
    assert out["status"].tolist() == ["ok", "ok", "ok", "ok", "ok", "unsupported", "abstained"] or out[
        "status"
    ].tolist()[4] in ("abstained", "ok")
    assert out["language"].tolist()[:4] == ["en", "en", "en", "es"]
    assert out["language"][5] == "ja"


def test_it_tells_an_outage_from_a_walk(fast: Fast) -> None:
    p = fast.scores(POSTS)
    assert p["p_relevant"][0] > 0.7 and p["p_relevant"][1] > 0.6 and p["p_relevant"][2] < 0.85
    assert p["p_frustration_ge2"][0] > 0.5 > p["p_frustration_ge2"][1]
    assert p["p_report"][1] > 0.5


def test_probabilities_agree_with_each_other(fast: Fast) -> None:
    p = fast.scores(POSTS)
    assert ((p[list(SCORES)] >= 0) & (p[list(SCORES)] <= 1)).all().all()
    assert (p["p_frustration_ge1"] >= p["p_frustration_ge2"]).all()
    assert (p["p_frustration_ge2"] >= p["p_frustration_ge3"]).all()
    assert (p["p_report"] <= p["p_relevant"]).all()


def test_the_calibration_sample_is_numbers_and_calibrated(fast: Fast) -> None:
    sample = fast.calibration()
    assert sample is not None
    assert all(kind.kind in "fibu" for kind in sample.dtypes)
    for name in ("relevant", "report", "frustration_ge2", "humor"):
        assert abs(sample[f"p_{name}"].mean() - sample[f"y_{name}"].mean()) < 0.02


def test_missing_or_damaged_weights_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="outage-analyzer train"):
        Fast(tmp_path)
    (tmp_path / "model.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(ModelError, match="not readable"):
        Fast(tmp_path)


def test_weights_hold_no_text() -> None:
    with np.load(Fast().folder / "model.npz", allow_pickle=False) as file:
        kinds = {name: file[name].dtype.kind for name in file.files}
    assert {k: v for k, v in kinds.items() if v not in "fiu"} == {"name": "U"}


def test_floors_on_the_development_posts(shared: Path) -> None:
    from analyzer.nlp.evaluate import evaluate

    found = evaluate(shared / "labels" / "dev.jsonl", baselines=False)["all"]
    auc = {k: v["auc"]["value"] for k, v in found["labels"].items()}
    assert auc["relevant"] >= 0.9
    assert auc["frustration_ge2"] >= 0.87
    assert auc["humor"] >= 0.83
    assert found["labels"]["frustration_ge2"]["ece"]["value"] <= 0.05
