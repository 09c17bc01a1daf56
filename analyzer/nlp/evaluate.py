"""A classifier on labelled posts: every metric with its interval, beside the baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp import baselines as lexicons
from analyzer.nlp import metrics as m
from analyzer.nlp.classifier import DEFAULT, SCORES, load
from analyzer.nlp.classify import classify, decided
from analyzer.schema import TOPICS

if TYPE_CHECKING:
    import pandas as pd

#: Topics with fewer positives are left out of macro-F1.
MIN_POSITIVE = 10
#: Languages other than English that are pooled.
OTHER_LANGUAGES = ("es", "pt", "de", "fr", "it")
_WORST = 20


def evaluate(
    path: str | Path | pd.DataFrame,
    *,
    model: str | Any = DEFAULT,
    by: Sequence[str] = (),
    baselines: bool = True,
    seed: int = 0,
) -> dict[str, Any]:
    """Judge a model on labelled posts.

    Parameters
    ----------
    path
        Labelled JSON lines (see `training.data.load_labels`), or what that function returns.
    model
        Name of a model, or a classifier.
    by
        Columns (`source`, `family`, `origin`, `language`, `service`) by whose values to repeat the metrics.
    baselines
        Whether to run VADER, TextBlob and AFINN too.
    seed
        Seed of the bootstrap.

    Returns
    -------
    dict
        `model`, `n`, `status` (counts), `all`, `real`, `written` (metrics, see `measure`), `by` ({column: {value:
        metrics}}), `multilingual`, `neutral_reports`, `humorous_frustrated`, `confusion`, `reliability`, `worst` (ids
        only), `baselines`. Posts that are not ok are left out of metrics and counted in `status`.
    """
    from analyzer.nlp.training.data import load_labels

    truth = load_labels(path) if isinstance(path, str | Path) else path.reset_index(drop=True)
    labels = classify(truth[["post_id", "text"]], model=model)
    classifier = load(model)
    return judge(truth, labels, classifier.name, classifier.thresholds, by=by, baselines=baselines, seed=seed)


def evaluate_emotions(
    folder: str | Path, *, model: str | Any = DEFAULT, split: str = "test", seed: int = 0
) -> dict[str, Any]:
    """Return the AUC of a model's `emotions(texts)["frustration"]` on a split of GoEmotions, with its interval.

    Raises
    ------
    ModelError
        If the model has no `emotions`.
    """
    import pyarrow as pa

    from analyzer.errors import ModelError
    from analyzer.nlp.training.data import load_goemotions

    classifier = load(model)
    if not hasattr(classifier, "emotions"):
        raise ModelError(f"model {classifier.name!r} tells no emotions")
    data = load_goemotions(folder, split)
    score = classifier.emotions(pa.array(data["text"].tolist(), pa.string()))["frustration"].to_numpy(np.float64)
    return m.interval(m.auc, data["frustration"].to_numpy(), score, seed=seed)


def judge(
    truth: pd.DataFrame,
    labels: pd.DataFrame,
    name: str,
    thresholds: Mapping[str, float],
    *,
    by: Sequence[str] = (),
    baselines: bool = True,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare labels with the truth, row by row; see `evaluate`."""
    ok = (labels["status"] == "ok").to_numpy(dtype=bool)
    y, p = truth[ok].reset_index(drop=True), labels[ok].reset_index(drop=True)
    found: dict[str, Any] = {
        "model": name,
        "n": len(truth),
        "status": {str(k): int(v) for k, v in labels["status"].value_counts().items()},
        "all": measure(y, p, thresholds, seed=seed),
    }
    for origin in ("real", "written"):
        rows = (y["origin"] == origin).to_numpy()
        if rows.any():
            found[origin] = measure(y[rows], p[rows], thresholds, seed=seed)
    found["by"] = {
        column: {
            str(value): measure(y.loc[rows.index], p.loc[rows.index], thresholds, seed=seed)
            for value, rows in y.groupby(column, sort=True)
        }
        for column in by
    }
    rows = y["language"].isin(OTHER_LANGUAGES).to_numpy()
    found["multilingual"] = measure(y[rows], p[rows], thresholds, seed=seed) if rows.any() else None
    found["neutral_reports"] = _neutral(y, p)
    found["confusion"] = confusion(y, p)
    level2 = (y["frustration"] >= 2).to_numpy(dtype=int)
    found["reliability"] = {"frustration_ge2": m.reliability(level2, _values(p, "p_frustration_ge2"))}
    found["worst"] = worst(y, p)
    found["baselines"], found["humorous_frustrated"] = {}, None
    if baselines:
        sentiment = lexicons.run(y["text"].tolist())
        found["baselines"] = {k: _lexicon(y, v, seed) for k, v in sentiment.items()}
        found["humorous_frustrated"] = _fooled(y, p, sentiment.get("vader"))
    return found


def measure(y: pd.DataFrame, p: pd.DataFrame, thresholds: Mapping[str, float], *, seed: int = 0) -> dict[str, Any]:
    """Return `labels` ({name: auc, f1, ece, n_positive}), `kappa` (levels, relevant posts), `topics_macro_f1`."""
    out: dict[str, Any] = {"n": len(y), "labels": {}}
    columns = {}
    given = {name: score for name in SCORES if not np.isnan(score := _values(p, name)).all()}
    for name, score in given.items():
        key = name.removeprefix("p_")
        true = target(y, key)
        said = (
            _values(p, "frustration_level") >= int(key[-1])
            if key.startswith("frustration")
            else decided(given, name, thresholds)
        )
        columns[key] = (true, said)
        out["labels"][key] = {
            "auc": m.interval(m.auc, true, score, seed=seed),
            "f1": m.interval(m.f1, true, said, seed=seed),
            "ece": m.interval(m.ece, true, score, seed=seed),
            "n_positive": int(true.sum()),
        }
    relevant = (y["relevant"] == 1).to_numpy()
    levels = (y["frustration"].to_numpy()[relevant], _values(p, "frustration_level")[relevant])
    if "frustration_ge1" in columns:
        out["kappa"] = m.interval(m.kappa, *levels, seed=seed)
    counted = [t for t in TOPICS if f"topic_{t}" in columns and columns[f"topic_{t}"][0].sum() >= MIN_POSITIVE]
    if counted:
        true = np.stack([columns[f"topic_{t}"][0] for t in counted], axis=1)
        said = np.stack([columns[f"topic_{t}"][1] for t in counted], axis=1)
        out["topics_macro_f1"] = m.interval(_macro_f1, true, said, seed=seed)
        out["topics_counted"] = counted
    return out


def target(y: pd.DataFrame, key: str) -> np.ndarray:
    """Return the true 0/1 of a label by its name (`relevant`, `frustration_ge2`, `topic_cause` …)."""
    if key.startswith("frustration_ge"):
        return (y["frustration"] >= int(key[-1])).to_numpy(dtype=int)
    return y[key].to_numpy(dtype=int)


def confusion(y: pd.DataFrame, p: pd.DataFrame) -> dict[str, Any]:
    """Return counts: true level (rows) by decided level (columns), among relevant posts and among all."""
    out = {}
    for name, rows in (("relevant", (y["relevant"] == 1).to_numpy()), ("all", np.ones(len(y), bool))):
        pairs = y["frustration"].to_numpy(int)[rows] * 4 + np.nan_to_num(_values(p, "frustration_level"))[rows].astype(
            int
        )
        out[f"frustration_level_{name}"] = np.bincount(pairs, minlength=16).reshape(4, 4).tolist()
    return out


def worst(y: pd.DataFrame, p: pd.DataFrame) -> dict[str, list[str]]:
    """Return the ids of the posts whose probability is farthest from the truth, by label."""
    out = {}
    for key in ("relevant", "report", "frustration_ge2", "humor"):
        miss = np.abs(target(y, key) - _values(p, f"p_{key}"))
        order = np.argsort(-miss, kind="stable")[:_WORST]
        out[key] = [str(i) for i in y["post_id"].to_numpy()[order[~np.isnan(miss[order])]]]
    return out


def _neutral(y: pd.DataFrame, p: pd.DataFrame) -> dict[str, Any]:
    """Neutral fault reports (report = 1, frustration = 0) that are called level 2 or more."""
    rows = ((y["report"] == 1) & (y["frustration"] == 0)).to_numpy()
    return m.share(_values(p, "frustration_level")[rows] >= 2)


def _fooled(y: pd.DataFrame, p: pd.DataFrame, sentiment: np.ndarray | None) -> dict[str, Any] | None:
    """Humorous posts with frustration that VADER scores positive: how many are called level 1 or more."""
    if sentiment is None:
        return None
    rows = ((y["humor"] == 1) & (y["frustration"] >= 1)).to_numpy() & (sentiment > 0)
    return m.share(_values(p, "frustration_level")[rows] >= 1)


def _lexicon(y: pd.DataFrame, sentiment: np.ndarray, seed: int) -> dict[str, Any]:
    """Judge a lexicon: negative sentiment as the score of every label that it could stand for."""
    keys = ("relevant", "report", "frustration_ge1", "frustration_ge2", "frustration_ge3", "humor")
    return {
        key: {
            "auc": m.interval(m.auc, target(y, key), -sentiment, seed=seed),
            "f1": m.interval(m.f1, target(y, key), sentiment <= -0.05, seed=seed),
        }
        for key in keys
    }


def _macro_f1(true: np.ndarray, decided: np.ndarray) -> float:
    return float(np.mean([m.f1(true[:, k], decided[:, k]) for k in range(true.shape[1])]))


def _values(p: pd.DataFrame, column: str) -> np.ndarray:
    return p[column].to_numpy(dtype=np.float64, na_value=np.nan)


def to_text(result: Mapping[str, Any]) -> str:
    """Return the evaluation as text for people (see `evaluate_text`)."""
    from analyzer.nlp.evaluate_text import to_text as write

    return write(result)
