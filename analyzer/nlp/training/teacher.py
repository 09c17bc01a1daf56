"""What a better model says of unlabelled posts, for the fast tier to learn from (distillation)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from analyzer.errors import ModelError
from analyzer.nlp.classifier import SCORES

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
#: Posts of a source that the teacher is asked about.
PER_SOURCE = 6000


def judged(
    unlabelled: pd.DataFrame, teacher: pd.DataFrame | str | None, *, seed: int
) -> tuple[np.ndarray, np.ndarray, str] | None:
    """Return rows of `unlabelled`, the teacher's SCORES of them (n, len(SCORES)), and its name; None without one."""
    if teacher is None:
        return None
    if not isinstance(teacher, str):
        return _given(unlabelled, teacher)
    import pyarrow as pa

    from analyzer.nlp.classifier import load

    try:
        model = load(teacher)
    except ModelError as error:
        log.warning("no teacher: %s", error)
        return None
    rng = np.random.default_rng(seed)
    source = unlabelled["source"].to_numpy()
    parts = [np.flatnonzero(source == s) for s in np.unique(source)]
    rows = np.sort(np.concatenate([rng.permutation(part)[:PER_SOURCE] for part in parts]))
    found = model.scores(pa.array(unlabelled["text"].iloc[rows].tolist(), pa.string()))
    ok = (found["status"] == "ok").to_numpy(dtype=bool)
    return rows[ok], found.loc[ok, list(SCORES)].to_numpy(np.float64), model.name


def hints(teacher: pd.DataFrame | str | None, y: np.ndarray) -> np.ndarray | None:
    """Return the teacher's out-of-fold SCORES of the labelled posts themselves, (n, len(SCORES)); None if it has none.

    They lie in its calibration sample, which must hold the same posts in the same order (told by their truth).
    """
    from analyzer.nlp.classifier import load

    if not isinstance(teacher, str):
        return None
    try:
        sample = load(teacher).calibration()
    except ModelError:
        return None
    if sample is None or len(sample) != len(y):
        return None
    truth = sample[[f"y_{name.removeprefix('p_')}" for name in SCORES]].to_numpy()
    return sample[list(SCORES)].to_numpy(np.float64) if (truth == y).all() else None


def _given(unlabelled: pd.DataFrame, teacher: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, str]:
    place = unlabelled.assign(row=np.arange(len(unlabelled)))[["source", "post_id", "row"]]
    both = (
        teacher[["source", "post_id", *SCORES]].merge(place, on=["source", "post_id"], how="inner").sort_values("row")
    )
    return both["row"].to_numpy(), both[list(SCORES)].to_numpy(np.float64), "given"
