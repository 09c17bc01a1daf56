"""How well the recipe does on a kind of source that it has never seen: each family of sources left out in turn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp import metrics
from analyzer.nlp.classifier import SCORES
from analyzer.nlp.training import lanes
from analyzer.nlp.training.train import fit_second, label_lanes, out_of_fold, prepare

if TYPE_CHECKING:
    import pandas as pd

#: A family with fewer positives of a label gives no figure for it.
MIN_POSITIVE = 10


def leave_one_out(
    labels: str | Path,
    goemotions: str | Path | None,
    posts: str | Path | None,
    *,
    seed: int = 0,
    teacher: pd.DataFrame | str | None = None,
) -> dict[str, dict[str, Any]]:
    """Train without each family of sources and judge the posts of that family.

    Parameters
    ----------
    labels, goemotions, posts, seed
        As for `train`.
    teacher
        None by default: a teacher has seen all families.

    Returns
    -------
    dict
        ``{family: {label: AUC with its interval (value, low, high, n)}}`` for labels with enough positives.
    """
    m = prepare(labels, goemotions, posts, seed=seed, teacher=teacher)
    family = m.known["family"].to_numpy(dtype=str)
    away = lanes.apply(m.far, np.vstack([label_lanes(m, np.ones(len(m.known), bool)), m.emotion]))
    _, p = fit_second(out_of_fold(m, family), m.y, away, family, seed=seed)
    out: dict[str, dict[str, Any]] = {}
    for name in np.unique(family):
        rows = family == name
        counts = m.y[rows].sum(axis=0)
        out[str(name)] = {
            label: metrics.interval(metrics.auc, m.y[rows, k], p[rows, k])
            for k, label in enumerate(SCORES)
            if MIN_POSITIVE <= counts[k] <= rows.sum() - MIN_POSITIVE
        }
    return out
