"""Train the fast tier from the data named; the same data, seed and versions give the same weights."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp.training import data, lanes, stack

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

log = logging.getLogger(__name__)
NAME = "fast-1"
C_LABELS = 10.0
C_EMOTIONS = 1.0
C_LANGUAGE = 10.0


def train(
    labels: str | Path, goemotions: str | Path | None, posts: str | Path | None, out: str | Path, *, seed: int = 0
) -> dict[str, Any]:
    """Train and write `model.npz`, `calibration.npz` and `model.json`.

    Parameters
    ----------
    labels
        Labelled posts (JSON lines); the sources `airlines` and `complaints` are left out.
    goemotions
        Folder of GoEmotions; None leaves its lanes empty.
    posts
        Folder of unlabelled posts (`*.csv.gz`); None learns the language gate from the labelled posts alone.
    out
        Folder for the weights, made where it is missing.
    seed
        Seed of the folds and networks.

    Returns
    -------
    dict
        What is written into `model.json`.
    """
    labelled = data.for_training(data.load_labels(labels))
    emotions = data.load_goemotions(goemotions, "train") if goemotions else None
    unlabelled = data.load_unlabelled(posts) if posts else None
    log.info("%d labelled posts", len(labelled))
    x = _features(labelled["text"])
    others = [_features(part["text"]) for part in (emotions, unlabelled) if part is not None]
    idf = lanes.inverse_frequency(_stack([x, *others]))
    x = lanes.weighted(x, idf)
    y = stack.truth(labelled)
    fixed = _fixed_lanes(labelled, emotions, unlabelled, idf)
    fold = data.folds(labelled, seed=seed)
    z = out_of_fold(x, y, fold, fixed)
    table = lanes.quantise(np.vstack([fit_labels(x, y), fixed]), idf)
    arrays, p = fit_second(z, y, fold, seed=seed)
    return _write(Path(out), {**table, **arrays}, p, labelled, seed)


def fit_labels(x: csr_matrix, y: np.ndarray) -> np.ndarray:
    """Return the lanes of SCORES, (len(SCORES), BUCKETS + 1)."""
    return np.stack([lanes.fit(x, y[:, k], c=C_LABELS) for k in range(y.shape[1])])


def out_of_fold(x: csr_matrix, y: np.ndarray, fold: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Return the content lanes of each post by models that did not see its fold, (n, N_CONTENT)."""
    n_fixed = len(lanes.EMOTIONS)
    z = np.zeros((x.shape[0], y.shape[1] + n_fixed))
    z[:, y.shape[1] :] = x @ fixed[:n_fixed, :-1].T + fixed[:n_fixed, -1]
    for f in np.unique(fold):
        log.info("fold %d", f)
        w = fit_labels(x[fold != f], y[fold != f])
        z[fold == f, : y.shape[1]] = x[fold == f] @ w[:, :-1].T + w[:, -1]
    return z


def fit_second(
    z: np.ndarray, y: np.ndarray, fold: np.ndarray, *, seed: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Fit network, calibration and thresholds; return the arrays and the out-of-fold probabilities."""
    raw = np.zeros(y.shape, np.float32)
    for f in np.unique(fold):
        raw[fold == f] = stack.network_raw(stack.fit_network(z[fold != f], y[fold != f], seed=seed), z[fold == f])
    slope, shift = stack.fit_calibration(raw, y)
    p = stack.calibrated(raw, slope, shift)
    network = stack.fit_network(z, y, seed=seed)
    return {**network, "slope": slope, "shift": shift, "thresholds": stack.fit_thresholds(p, y)}, p


def _fixed_lanes(
    labelled: pd.DataFrame, emotions: pd.DataFrame | None, unlabelled: pd.DataFrame | None, idf: np.ndarray
) -> np.ndarray:
    """Return the lanes of GoEmotions and of languages, (len(EMOTIONS) + len(SUPPORTED), BUCKETS + 1)."""
    out = []
    if emotions is None:
        out += [np.zeros(len(idf) + 1)] * len(lanes.EMOTIONS)
    else:
        x, y = lanes.weighted(_features(emotions["text"]), idf), lanes.emotion_targets(emotions)
        out += [lanes.fit(x, y[:, k], c=C_EMOTIONS) for k in range(y.shape[1])]
    parts = [labelled[["text", "language"]]]
    if unlabelled is not None:
        told = unlabelled["language"].str.len() == 2
        parts.append(unlabelled.loc[told, ["text", "language"]])
    text, language = (np.concatenate([p[c].to_numpy(dtype=object) for p in parts]) for c in ("text", "language"))
    import pandas as pd

    x, y = lanes.weighted(_features(text), idf), lanes.language_targets(pd.Series(language))
    return np.stack([*out, *(lanes.fit(x, y[:, k], c=C_LANGUAGE) for k in range(y.shape[1]))])


def _features(texts: Any) -> csr_matrix:
    import pyarrow as pa

    from analyzer.nlp.hashing import features

    return features(pa.array(list(texts), pa.string()))


def _stack(parts: list[csr_matrix]) -> csr_matrix:
    from scipy.sparse import vstack

    return vstack(parts).tocsr()


def _write(
    out: Path, arrays: dict[str, np.ndarray], p: np.ndarray, labelled: pd.DataFrame, seed: int
) -> dict[str, Any]:
    """Write the weights beside their place, then put them there."""
    from analyzer.nlp.classifier import SCORES

    out.mkdir(parents=True, exist_ok=True)
    sample: dict[str, np.ndarray] = {name: p[:, k].astype(np.float32) for k, name in enumerate(SCORES)}
    y = stack.truth(labelled)
    sample |= {f"y_{name.removeprefix('p_')}": y[:, k].astype(np.int8) for k, name in enumerate(SCORES)}
    sample |= {
        "y_frustration": labelled["frustration"].to_numpy(np.int8),
        "weight": labelled["weight"].to_numpy(np.float32),
        "real": (labelled["origin"] == "real").to_numpy(),
    }
    facts = {
        "name": NAME,
        "seed": seed,
        "n_labelled": len(labelled),
        "sources": {str(k): int(v) for k, v in labelled["source"].value_counts().sort_index().items()},
        "thresholds": dict(zip(SCORES, arrays["thresholds"].round(4).tolist(), strict=True)),
    }
    _put(out / "model.npz", {**arrays, "name": np.array(NAME)})
    _put(out / "calibration.npz", sample)
    beside = out / "model.json.part"
    beside.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(beside, out / "model.json")
    return facts


def _put(path: Path, arrays: dict[str, np.ndarray]) -> None:
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    os.replace(beside, path)
