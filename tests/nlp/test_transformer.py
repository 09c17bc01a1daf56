"""The accurate tier: what it reads, how it batches, what it says of invented posts, and how it fails."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from analyzer.errors import ModelError
from analyzer.nlp.classifier import SCORES, Classifier
from analyzer.nlp.transformer import WEIGHTS, Accurate, batches, calibrate, load
from analyzer.nlp.transformer_text import SHOUT, prepare

NEUTRAL = "Getting error code 4 when I open the app, is anyone else seeing this?"
FURIOUS = "Fix your damn network you useless clowns, fourth outage this month. I am cancelling and you can rot."
JOKE = "the wifi is down so I talked to my family for an hour. they seem like nice people 😂"
NEWS = "Telecom regulator opens inquiry into Tuesday's nationwide mobile outage"
UNRELATED = "Baked a lemon cake this afternoon, recipe in the comments"
BACK = "And we're back, everything loads again. Thanks to whoever fixed it"


@pytest.fixture(scope="module")
def model() -> Accurate:
    return load()


def scores(model: Accurate, *texts: str) -> dict[str, np.ndarray]:
    frame = model.scores(pa.array(list(texts), pa.string()))
    return {name: frame[name].to_numpy() for name in frame}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("down again https://example.org/a?b=1 ffs", "down again url ffs"),
        ("@user @user @user is it down", "@user is it down"),
        ("noooooooo!!!!!!", "nooo!!!"),
        ("great 🙃", "great upside-down face"),
        ("R&amp;D can&#39;t", "R&D can&#39;t"),
        ("FIX THE INTERNET NOW", f"{SHOUT} FIX THE INTERNET NOW"),
        ("PSN down", "PSN down"),
        ("   ", ""),
    ],
)
def test_what_the_transformer_reads(text: str, read: str) -> None:
    assert prepare(text) == read


def test_a_post_of_a_megabyte_is_read_in_part() -> None:
    assert len(prepare("a" * 1_000_000)) <= 1_000
    assert len(prepare("!?" * 500_000)) <= 1_000


def test_batches_hold_every_row_once_and_one_length_each() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 128, 5_000).tolist()
    made = batches(lengths, tokens=1_024)
    assert sorted(np.concatenate(made).tolist()) == list(range(5_000))
    for rows in made:
        assert len({lengths[i] for i in rows}) == 1
        assert len(rows) == 1 or len(rows) * lengths[rows[0]] <= 1_024
    assert batches([]) == []


def mix(**parts: float) -> dict[str, np.ndarray]:
    return {k: np.full(len(SCORES), parts.get(k, 0.0)) for k in ("slope", "fast", "shift")}


def test_labels_are_the_product_with_relevance() -> None:
    logits = np.full((1, len(SCORES)), 0.0)
    logits[0, 1] = np.log(0.8 / 0.2)
    p = calibrate(logits, np.full((1, len(SCORES)), 0.9), mix(slope=1))
    assert p[0, 0] == pytest.approx(0.5)
    assert p[0, 1] == pytest.approx(0.4)
    assert p[0, 5] == pytest.approx(0.25)
    assert p[0, 2] == pytest.approx(0.25 / 0.5**0.5)  # levels: half of relevance, on the logarithmic scale


def test_the_fast_tier_is_mixed_in_on_the_logit_scale() -> None:
    logits = np.full((1, len(SCORES)), np.log(0.8 / 0.2))
    p = calibrate(logits, np.full((1, len(SCORES)), 0.2), mix(slope=0.5, fast=0.5))
    assert p[0, 0] == pytest.approx(0.5)
    p = calibrate(logits, np.full((1, len(SCORES)), 0.2), mix(fast=1, shift=np.log(4)))
    assert p[0, [0, 1, 5, 20]] == pytest.approx(np.full(4, 0.5), abs=1e-6)


def test_calibrated_levels_are_ordered_and_extremes_finite() -> None:
    rng = np.random.default_rng(1)
    logits = np.concatenate([rng.normal(0, 6, (500, len(SCORES))), np.full((1, len(SCORES)), 1e4)])
    scale = {"slope": rng.uniform(0.5, 2, len(SCORES)), "fast": rng.uniform(0, 1, len(SCORES))}
    p = calibrate(logits, rng.uniform(0, 1, logits.shape), scale | {"shift": rng.normal(0, 1, len(SCORES))})
    assert np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all()
    assert (p[:, 1] <= p[:, 0]).all() and (p[:, 3] <= p[:, 2]).all() and (p[:, 4] <= p[:, 3]).all()


def test_is_a_classifier(model: Accurate) -> None:
    assert isinstance(model, Classifier)
    assert model.name.startswith("accurate-")


def test_tells_reports_anger_jokes_news_and_the_rest_apart(model: Accurate) -> None:
    s = scores(model, NEUTRAL, FURIOUS, JOKE, NEWS, UNRELATED, BACK)
    assert s["status"].tolist() == ["ok"] * 6
    decided = {name: s[name] >= model.thresholds[name] for name in SCORES}
    assert decided["p_relevant"].tolist() == [True, True, True, True, False, True]
    assert decided["p_report"][[0, 3, 5]].tolist() == [True, False, False]
    assert decided["p_frustration_ge2"].tolist() == [False, True, False, False, False, False]
    assert s["p_frustration_ge3"].argmax() == 1
    assert s["p_humor"].argmax() == 2 and decided["p_humor"][2]
    assert s["p_topic_recovery"].argmax() == 5
    assert s["p_topic_switching"].argmax() == 1


def test_a_post_is_scored_the_same_alone_and_in_a_crowd(model: Accurate) -> None:
    crowd = [NEUTRAL, FURIOUS, JOKE, NEWS, UNRELATED, BACK] + [f"{NEWS} {'again ' * k}" for k in range(40)]
    together = model.logits(crowd)
    alone = np.concatenate([model.logits([t]) for t in crowd])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert together.std(axis=0).min() > 0.01


def test_threads_do_not_change_the_numbers(model: Accurate) -> None:
    texts = [f"{NEUTRAL} {k} {'hm ' * (k % 17)}" for k in range(100)]
    np.testing.assert_allclose(Accurate(threads=1).logits(texts), model.logits(texts), atol=1e-5)


def test_equal_texts_are_scored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Accurate(threads=1)
    seen: list[int] = []
    run = model._run
    monkeypatch.setattr(model, "_run", lambda ids: seen.append(len(ids)) or run(ids))
    p = model.logits([NEUTRAL, JOKE] * 50)
    assert sum(seen) == 2
    assert (p[::2] == p[0]).all() and (p[1::2] == p[1]).all() and (p[0] != p[1]).any()


def test_posts_that_cannot_be_judged_keep_their_status(model: Accurate) -> None:
    s = scores(model, "", "落ちてる？また障害なの？誰か教えてください", NEUTRAL)
    assert s["status"].tolist() == ["abstained", "unsupported", "ok"]
    assert len(model.scores(pa.array([], pa.string()))) == 0


def test_calibration_sample_is_held_out_and_calibrated(model: Accurate) -> None:
    from sklearn.metrics import roc_auc_score

    sample = model.calibration()
    assert sample is not None and len(sample) > 4_000
    for name, least in (("relevant", 0.92), ("report", 0.9), ("frustration_ge2", 0.89), ("humor", 0.84)):
        auc = roc_auc_score(sample[f"y_{name}"], sample[f"p_{name}"])
        assert least < auc < 0.99, name  # scores of posts that were trained on would be near 1
    p, y = sample["p_frustration_ge2"].to_numpy(), sample["y_frustration_ge2"].to_numpy()
    bins = np.minimum((p * 10).astype(int), 9)
    gaps = [abs(p[bins == b].mean() - y[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    assert sum(gaps) < 0.03


def test_without_onnxruntime_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"pip install 'outage-analyzer\[accurate\]'.*--model fast"):
        Accurate()


def test_missing_and_damaged_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no weights here"):
        Accurate(tmp_path)
    for name in ("model.json", "tokenizer.json"):
        shutil.copy(WEIGHTS / name, tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelError, match="not readable as weights"):
        Accurate(tmp_path)
    settings = json.loads((tmp_path / "model.json").read_text())
    settings["calibration"]["slope"].pop()
    (tmp_path / "model.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match="calibration of"):
        Accurate(tmp_path)


def test_what_ships_is_small_enough_and_licensed() -> None:
    assert sum(f.stat().st_size for f in WEIGHTS.rglob("*") if f.is_file()) <= 30_000_000
    notice = (WEIGHTS / "NOTICE.md").read_text(encoding="utf-8")
    for word in ("Apache", "all-MiniLM-L6-v2", "GoEmotions", "CC BY 4.0"):
        assert word in notice


@pytest.mark.slow
def test_development_posts_are_judged_as_the_model_card_says(shared: Path, model: Accurate) -> None:
    from analyzer.nlp.evaluate import evaluate

    result = evaluate(shared / "labels" / "dev.jsonl", model=model, baselines=False)
    labels = result["all"]["labels"]
    for name, least in (("relevant", 0.95), ("report", 0.93), ("frustration_ge2", 0.94), ("humor", 0.88)):
        assert labels[name]["auc"]["value"] >= least, name
    assert result["all"]["kappa"]["value"] >= 0.74
    assert result["all"]["topics_macro_f1"]["value"] >= 0.54  # the aim of .62 is missed
    assert result["neutral_reports"]["value"] <= 0.1
    for name in ("relevant", "frustration_ge2"):
        assert result["multilingual"]["labels"][name]["auc"]["value"] >= 0.75, name
