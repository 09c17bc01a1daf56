"""From trained weights and out-of-fold logits to the folder that ships."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.errors import ModelError
from analyzer.nlp.classifier import SCORES
from analyzer.nlp.training import stack

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.nlp.training.finetune_encoder import Encoder

NAME = "accurate-4"
#: Outputs kept: SCORES and pooled GoEmotions frustration.
N_OUTPUTS = len(SCORES) + 1


def pack(
    model: Encoder, labelled: pd.DataFrame, logits: np.ndarray, emotion: dict[str, float], *, base: Path, out: Path
) -> dict[str, Any]:
    """Write `model.onnx`, `tokenizer.json`, `model.json` and `calibration.npz`.

    Parameters
    ----------
    model
        The small model as it ships.
    labelled
        The labelled posts it was trained on, in the order of `logits`.
    logits
        Out-of-fold logits, (posts, outputs).
    emotion
        What `fit_mix` returns for pooled GoEmotions frustration.
    base
        Folder of the base model (for its tokenizer).
    out
        Folder to write, made where it is missing.

    Returns
    -------
    dict
        What is written into `model.json`.
    """
    from analyzer.nlp.training.finetune_export import export
    from analyzer.nlp.transformer import calibrate

    out.mkdir(parents=True, exist_ok=True)
    y = stack.truth(labelled)
    fast = held_out_fast(y)
    scale = fit_scale(logits, fast, y)
    p = calibrate(logits, fast, scale)
    thresholds = stack.fit_thresholds(p, y)
    facts = {
        "name": NAME,
        "n_labelled": len(labelled),
        "sources": {str(k): int(v) for k, v in labelled["source"].value_counts().sort_index().items()},
        "thresholds": dict(zip(SCORES, np.round(thresholds.astype(float), 4).tolist(), strict=True)),
        "calibration": {k: np.round(v, 5).tolist() for k, v in scale.items()},
        "emotion": emotion,
    }
    export(model, out / "model.onnx.part", outputs=N_OUTPUTS)
    os.replace(out / "model.onnx.part", out / "model.onnx")
    shutil.copyfile(base / "tokenizer.json", out / "tokenizer.json")
    _write_sample(out / "calibration.npz", p, y, labelled)
    beside = out / "model.json.part"
    beside.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(beside, out / "model.json")
    return facts


def held_out_fast(y: np.ndarray) -> np.ndarray:
    """Return the fast tier's out-of-fold probabilities of the same posts, (posts, len(SCORES)).

    Raises
    ------
    ModelError
        If the fast tier's sample is of other posts: train it on the same labels first.
    """
    from analyzer.nlp.fast import load

    sample = load().calibration()
    names = [f"y_{name.removeprefix('p_')}" for name in SCORES]
    if sample is None or len(sample) != len(y) or (sample[names].to_numpy() != y).any():
        raise ModelError("the fast tier's calibration sample is not of these labels; run `outage-analyzer train` first")
    given: np.ndarray = sample[list(SCORES)].to_numpy(np.float64)
    return given


def fit_scale(logits: np.ndarray, fast: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Return how each score is mixed from the two tiers, by logistic regression on out-of-fold scores.

    Returns
    -------
    dict
        `slope` (of the transformer's logit), `fast` (of the fast tier's logit, not below 0) and `shift`,
        each (len(SCORES),).
    """
    from analyzer.nlp.transformer import inputs

    mine, other = inputs(logits, fast)
    parts = [fit_mix(mine[:, k], other[:, k], y[:, k]) for k in range(len(SCORES))]
    return {name: np.array([part[name] for part in parts]) for name in ("slope", "fast", "shift")}


def fit_mix(mine: np.ndarray, fast: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return `slope`, `fast` and `shift` of the mix of two scores of one label, all (n,); neither counts below 0."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=100).fit(np.stack([mine, fast], 1), y)
    if fitted.coef_[0, 1] < 0:
        fitted = LogisticRegression(C=100).fit(np.stack([mine, 0 * fast], 1), y)
    slope, other = fitted.coef_[0]
    return {
        "slope": round(float(slope), 5),
        "fast": round(float(other), 5),
        "shift": round(float(fitted.intercept_[0]), 5),
    }


def _write_sample(path: Path, p: np.ndarray, y: np.ndarray, labelled: pd.DataFrame) -> None:
    """Write the sample for estimates of prevalence, in the layout of the fast tier's."""
    sample: dict[str, np.ndarray] = {name: p[:, k].astype(np.float32) for k, name in enumerate(SCORES)}
    sample |= {f"y_{name.removeprefix('p_')}": y[:, k].astype(np.int8) for k, name in enumerate(SCORES)}
    sample |= {
        "y_frustration": labelled["frustration"].to_numpy(np.int8),
        "weight": labelled["weight"].to_numpy(np.float32),
        "real": (labelled["origin"] == "real").to_numpy(),
    }
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **sample)
    os.replace(beside, path)
