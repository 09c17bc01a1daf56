"""Write the fast tier's weights: numbers only, each file beside its place first, then put there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.training import stack

if TYPE_CHECKING:
    import pandas as pd


def write(
    out: Path,
    arrays: dict[str, np.ndarray],
    p: np.ndarray,
    labelled: pd.DataFrame,
    facts: dict[str, Any],
    *,
    teacher: dict[str, np.ndarray],
) -> dict[str, Any]:
    """Write `model.npz`, `calibration.npz` (out-of-fold scores with the truth) and `model.json`.

    Parameters
    ----------
    out
        Folder, made where it is missing.
    arrays
        Table, scales, second layer and thresholds.
    p
        (n, len(SCORES)) out-of-fold probabilities of the labelled posts.
    facts
        `name` of the model and whatever else tells how it was made.
    teacher
        Judgements to store in `teacher.npz`; empty stores none.

    Returns
    -------
    dict
        What `model.json` holds.
    """
    out.mkdir(parents=True, exist_ok=True)
    y = stack.truth(labelled)
    sample: dict[str, np.ndarray] = {name: p[:, k].astype(np.float32) for k, name in enumerate(SCORES)}
    sample |= {f"y_{name.removeprefix('p_')}": y[:, k].astype(np.int8) for k, name in enumerate(SCORES)}
    sample |= {
        "y_frustration": labelled["frustration"].to_numpy(np.int8),
        "weight": labelled["weight"].to_numpy(np.float32),
        "real": (labelled["origin"] == "real").to_numpy(),
    }
    facts = {
        **facts,
        "n_labelled": len(labelled),
        "sources": {str(k): int(v) for k, v in labelled["source"].value_counts().sort_index().items()},
        "thresholds": {k: round(float(v), 4) for k, v in zip(SCORES, arrays["thresholds"], strict=True)},
    }
    _put(out / "model.npz", {**arrays, "name": np.array(facts["name"])})
    _put(out / "calibration.npz", sample)
    if teacher:
        _put(out / "teacher.npz", teacher)
    beside = out / "model.json.part"
    beside.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(beside, out / "model.json")
    return facts


def _put(path: Path, arrays: dict[str, np.ndarray]) -> None:
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    os.replace(beside, path)
