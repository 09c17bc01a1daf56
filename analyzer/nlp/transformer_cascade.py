"""The cascade: the fast tier judges every post, the accurate one those it is least sure of, within a time budget."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from analyzer.errors import ModelError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from analyzer.nlp.fast import Fast
    from analyzer.nlp.transformer import Accurate

log = logging.getLogger(__name__)
#: Seconds given to the accurate model where nothing else is said; the environment variable below overrides it.
BUDGET_S = 60.0
BUDGET_VARIABLE = "OUTAGE_ANALYZER_BUDGET_S"
#: Posts sent to the accurate model first, to learn its pace, and at most at a time; the clock is looked at in between.
FIRST = 64
STEP = 1024
#: Labels whose doubt decides which posts are looked at again, and how much each counts.
DOUBT: dict[str, float] = {"p_relevant": 1.0, "p_report": 0.5, "p_frustration_ge1": 0.5, "p_frustration_ge2": 1.0}


class Cascade:
    """Fast on all, accurate on the uncertain ones.

    Parameters
    ----------
    budget_s
        Seconds of wall time that the accurate model may take in one call of `scores`; 0 is the fast tier alone,
        infinity the accurate tier on every supported post.
    fast, accurate
        The two models; None takes those shipped.
    clock
        Seconds, rising; an argument so that tests need not wait.
    """

    def __init__(
        self,
        budget_s: float = BUDGET_S,
        *,
        fast: Fast | None = None,
        accurate: Accurate | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not budget_s >= 0:
            raise UsageError(f"the time budget is {budget_s} s; give 0 or more seconds")
        from analyzer.nlp.fast import load as load_fast
        from analyzer.nlp.transformer import load as load_accurate

        self.budget_s = budget_s
        self._fast = fast or load_fast()
        self._accurate = accurate or load_accurate()
        self._clock = clock
        self.name: str = f"auto-{budget_s:g}s"
        self.thresholds: Mapping[str, float] = (self._accurate if budget_s > 0 else self._fast).thresholds
        self.n_refined = 0
        self._all_refined = budget_s == float("inf")

    def scores(self, texts: pa.StringArray) -> pd.DataFrame:
        """Return status, language and SCORES (see `Classifier.scores`); `n_refined` tells how many were refined."""
        import numpy as np

        scores = self._fast.scores(texts)
        order = np.argsort(-doubt(scores, self._fast.thresholds), kind="stable")
        order = order[(scores["status"] == "ok").to_numpy(dtype=bool)[order]]
        refined, start, done, room = scores, self._clock(), 0, FIRST if self.budget_s > 0 else 0
        while room > 0 and done < len(order):
            part = order[done : done + min(room, STEP)]
            refined = self._accurate.refine(texts, refined, part)
            done += len(part)
            spent = self._clock() - start
            room = _room(self.budget_s - spent, spent / done)
        self.n_refined, self._all_refined = done, done == len(order) and done > 0
        log.info("accurate model on %d of %d posts, %.1f s", done, len(texts), self._clock() - start)
        return refined

    def calibration(self) -> pd.DataFrame | None:
        """Return the accurate tier's calibration sample when the last call refined every post, else the fast tier's.

        Where only some posts were refined, the fast tier's errors are assumed of all: wider intervals, not narrower.
        """
        return (self._accurate if self._all_refined else self._fast).calibration()


def _room(left_s: float, s_per_post: float) -> int:
    """Return how many more posts fit into the time left (never more than a step)."""
    return STEP if left_s >= STEP * s_per_post else max(0, int(left_s / s_per_post))


def doubt(scores: pd.DataFrame, thresholds: Mapping[str, float]) -> np.ndarray:
    """Return how unsure a model is of each post: the weighted entropy of the deciding labels, in bits, (n,).

    The probability is first moved so that the threshold lies at one half, where entropy is highest.
    """
    import numpy as np

    total = np.zeros(len(scores))
    for name, weight in DOUBT.items():
        p = move(scores[name].to_numpy(dtype=np.float64), thresholds.get(name, 0.5), 0.5)
        p = np.clip(p, 1e-6, 1 - 1e-6)
        total += weight * -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    return total


def move(p: np.ndarray, old: float, new: float) -> np.ndarray:
    """Return probabilities whose odds are multiplied so that `old` becomes `new`."""
    odds = new / (1 - new) * (1 - old) / old
    moved: np.ndarray = p * odds / (1 - p + p * odds)
    return moved


def load(budget_s: float | None = None) -> Cascade:
    """Return the cascade of the shipped models; None takes the budget that the environment names, else BUDGET_S."""
    if budget_s is not None:
        return Cascade(budget_s)
    given = os.environ.get(BUDGET_VARIABLE, str(BUDGET_S))
    try:
        return Cascade(float(given))
    except ValueError as error:
        raise ModelError(f"{BUDGET_VARIABLE}={given!r} is not a number of seconds") from error
