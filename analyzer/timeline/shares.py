"""Prevalence of every measure per incident, phase, source and language.

Source: Wilson 1927 for the uncorrected interval; the corrected share is the caller's estimator. Assumes posts that are
judged independently of each other; duplicates are for `robustness`. Shares are 0-1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.schema import SHARES, TOPICS, make
from analyzer.timeline.evidence import DECIDED, probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.timeline.evidence import Evidence

#: estimate(labels, measure, weights=None) -> dict with the numeric columns of SHARES and `method`.
Estimate = Callable[..., dict[str, Any]]

MEASURES: tuple[str, ...] = (
    "frustration",
    "frustration_ge1",
    "frustration_ge2",
    "frustration_ge3",
    "humor",
    "report",
    *(f"topic_{t}" for t in TOPICS),
)
#: A cell with fewer voices (authors; unique texts where authors are unknown) than this is not shown.
K_VOICES = 5


def wilson(k: float, n: float, *, z: float = 1.959964) -> tuple[float, float]:
    """95 % Wilson score interval of a share (Wilson 1927); (0, 1) for n = 0."""
    if n <= 0:
        return 0.0, 1.0
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def wilson_estimate(labels: pd.DataFrame, measure: str, weights: NDArray | None = None) -> dict[str, Any]:
    """Estimate a share from decided labels alone: no correction for the classifier's errors.

    Stands in where no estimator is given. `frustration` (mean level / 3) has a normal interval.
    """
    w = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=float)
    n = float(w.sum() ** 2 / max((w**2).sum(), 1e-12)) if len(w) else 0.0
    if measure == "frustration":
        value = np.nan_to_num(labels["frustration"].to_numpy(dtype=float, na_value=np.nan))
        mean = float(np.average(value, weights=w)) if n else 0.0
        spread = 1.96 * sqrt(float(np.average((value - mean) ** 2, weights=w)) / n) if n > 1 else 1.0
        positive = int((value >= 1 / 3).sum())
        low, high = max(0.0, mean - spread), min(1.0, mean + spread)
    else:
        hit = probability(labels, f"p_{measure}") >= DECIDED
        mean = float(np.average(hit, weights=w)) if n else 0.0
        positive = int(hit.sum())
        low, high = wilson(mean * n, n)
    shown = {"naive": mean, "naive_low": low, "naive_high": high, "estimate": mean, "low": low, "high": high}
    nothing = dict.fromkeys(shown) if not n else shown
    return {"n": len(labels), "n_positive": positive, **nothing, "method": "wilson"}


def among(estimate: Estimate, labels: pd.DataFrame, rows: NDArray[np.int64]) -> Callable[[str], dict[str, Any]]:
    """Return the estimator of some rows of labels, `(measure) -> dict`.

    An estimator with a method `among` reads its columns in place; any other is given the rows, taken out.
    """
    inside = getattr(estimate, "among", None)
    if inside is not None:
        return inside(labels, rows)
    part = labels.iloc[rows]
    return lambda measure: estimate(part, measure)


@dataclass
class Cell:
    """Estimates among some posts, each made once; `hidden` where fewer than `K_VOICES` voices stand behind them."""

    n: int
    hidden: bool
    estimate: Callable[[str], dict[str, Any]]
    _made: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, measure: str) -> dict[str, Any]:
        """Estimate a measure."""
        if measure not in self._made:
            self._made[measure] = self.estimate(measure)
        return self._made[measure]


@dataclass
class Cells:
    """Estimates among posts by mask: tables that look at the same posts share them."""

    evidence: Evidence
    estimate: Estimate
    _made: dict[bytes, Cell] = field(default_factory=dict)

    def of(self, mask: NDArray[np.bool_]) -> Cell:
        """Return the estimates among the posts of a mask."""
        key = np.packbits(mask).tobytes()
        if key not in self._made:
            rows = np.flatnonzero(mask)
            hidden = self.evidence.voices(rows, most=K_VOICES) < K_VOICES
            self._made[key] = Cell(len(rows), hidden, among(self.estimate, self.evidence.labels, rows))
        return self._made[key]


def shares(
    cells: Cells, groups: list[tuple[str, str, NDArray[np.bool_]]], *, measures: tuple[str, ...] = MEASURES
) -> pd.DataFrame:
    """Estimate every measure in every group.

    Parameters
    ----------
    groups
        (scope, group, mask over posts); the mask says which relevant posts the shares are among.

    Returns
    -------
    SHARES table; cells with fewer than `K_VOICES` voices hold no numbers (`suppressed`).
    """
    rows = []
    for scope, group, mask in groups:
        cell = cells.of(mask)
        rows += [{"scope": scope, "group": group, **row(cell, measure)} for measure in measures]
    return make(SHARES, rows)


def row(cell: Cell, measure: str) -> dict[str, Any]:
    """Return the SHARES columns from `measure` on for one set of posts."""
    if cell.hidden or not cell.n:
        return {"measure": measure, "n": cell.n, "n_positive": 0, "method": "suppressed", "suppressed": True}
    found = cell(measure)
    keys = ("n", "n_positive", "naive", "naive_low", "naive_high", "estimate", "low", "high", "method")
    return {"measure": measure, **{k: _plain(found.get(k)) for k in keys}, "suppressed": False}


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    return int(value) if isinstance(value, np.integer) else value
