"""From trained weights and out-of-fold logits to the folder that ships."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.training import stack

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.nlp.training.finetune_encoder import Encoder

NAME = "accurate-1"
#: Outputs kept: SCORES and pooled GoEmotions frustration.
N_OUTPUTS = len(SCORES) + 1


def pack(model: Encoder, labelled: pd.DataFrame, logits: np.ndarray, *, base: Path, out: Path) -> dict[str, Any]:
    """Write `model.onnx`, `tokenizer.json`, `model.json` and `calibration.npz`.

    Parameters
    ----------
    model
        The small model as it ships.
    labelled
        The labelled posts it was trained on, in the order of `logits`.
    logits
        Out-of-fold logits, (posts, outputs).
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
    scale = fit_scale(logits, y)
    p = calibrate(logits, scale)
    thresholds = stack.fit_thresholds(p, y)
    facts = {
        "name": NAME,
        "n_labelled": len(labelled),
        "sources": {str(k): int(v) for k, v in labelled["source"].value_counts().sort_index().items()},
        "thresholds": dict(zip(SCORES, np.round(thresholds, 4).tolist(), strict=True)),
        "calibration": {k: np.round(v, 5).tolist() for k, v in scale.items()},
    }
    export(model, out / "model.onnx.part", outputs=N_OUTPUTS)
    os.replace(out / "model.onnx.part", out / "model.onnx")
    shutil.copyfile(base / "tokenizer.json", out / "tokenizer.json")
    _write_sample(out / "calibration.npz", p, y, labelled)
    beside = out / "model.json.part"
    beside.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(beside, out / "model.json")
    return facts


def fit_scale(logits: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Return Platt's slope and shift of each score, (len(SCORES),) each, from out-of-fold logits."""
    from analyzer.nlp.transformer import joint

    slope, shift = stack.fit_calibration(joint(logits[:, : len(SCORES)].astype(np.float64)), y)
    return {"slope": slope, "shift": shift}


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
