"""The calibration sample of one measure, in bins, with its bootstrap; and the corrected share of other posts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analyzer.nlp import quantify
from analyzer.nlp.ratio import log_odds, log_ratio

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
#: Bootstrap replicates, of the posts and of the calibration sample together.
REPLICATES = 400
#: Calibration posts of a class below which no correction is tried.
MIN_CLASS = 15
#: Calibration posts come from a few sources, so they tell less than as many independent ones: a design effect.
DESIGN_EFFECT = 1.4
_LEVELS = ("p_frustration_ge1", "p_frustration_ge2", "p_frustration_ge3")


class Sample:
    """Calibration scores of one measure.

    Parameters
    ----------
    score, truth
        Scores (0-1) and true classes (0/1, or 0-3) of the calibration posts.
    threshold
        Score from which a post is decided positive (an edge of the bins).
    seed
        Seed of the bootstrap.
    """

    def __init__(self, score: Floats, truth: NDArray, threshold: float, seed: int) -> None:
        self.classes = np.unique(truth)
        sizes = np.array([(truth == c).sum() for c in self.classes])
        #: Whether there is enough of each class to correct a share.
        self.usable = len(self.classes) > 1 and int(sizes.min()) >= MIN_CLASS
        if not self.usable:
            return
        self._seed = seed
        rare = score[truth == self.classes[int(np.argmin(sizes))]]
        edges = [np.quantile(part, np.linspace(0, 1, k)[1:-1]) for part, k in ((score, 25), (rare, 13))]
        self._edges = np.unique(np.concatenate([*edges, [threshold]]))
        self._size = len(self._edges) + 1
        self._over = (np.append(self._edges, np.inf) > threshold).astype(np.float64)
        which = self._bins(score)
        in_bin = np.maximum(np.bincount(which, minlength=self._size), 1)
        middle = (np.append(0.0, self._edges) + np.append(self._edges, 1.0)) / 2
        self._means = np.where(
            np.bincount(which, minlength=self._size) > 0, np.bincount(which, score, self._size) / in_bin, middle
        )
        rng = np.random.default_rng(seed)
        self._counts = []
        for c, n in zip(self.classes, sizes, strict=True):
            found = np.bincount(which[truth == c], minlength=self._size).astype(np.float64)
            drawn = rng.multinomial(max(1, round(n / DESIGN_EFFECT)), found / n, REPLICATES)
            self._counts.append(np.vstack([found, drawn]))
        x = log_odds(self._means)
        others = [log_ratio(x, counts, self._counts[0]) for counts in self._counts[1:]]
        self._ratios = np.exp(np.stack([np.zeros_like(others[0]), *others], axis=1))

    @classmethod
    def of(cls, sample: pd.DataFrame, measure: str, narrow: bool, thresholds: Mapping[str, float], seed: int) -> Sample:
        """Take a measure out of a calibration frame; among decided-relevant posts if `narrow`."""
        keep = sample["p_relevant"].to_numpy() >= thresholds["p_relevant"] if narrow else np.ones(len(sample), bool)
        if measure == "frustration":
            score = sample[list(_LEVELS)].to_numpy(np.float64)[keep].sum(axis=1) / 3
        else:
            score = sample[f"p_{measure}"].to_numpy(np.float64)[keep]
        return cls(score, sample[f"y_{measure}"].to_numpy()[keep], thresholds.get(f"p_{measure}", 0.5), seed)

    def correct(self, p: Floats, weights: Floats, method: str) -> dict[str, Any]:
        """Return estimate, low, high and method for posts of scores `p`; nothing where the sample is too small."""
        if not self.usable:
            return {}
        counts = np.bincount(self._bins(p), weights, self._size)
        effective = weights.sum() ** 2 / (weights @ weights)
        share = counts / counts.sum()
        rng = np.random.default_rng([self._seed, len(p)])
        # Replicates hold one more post of each class, or a few posts without a positive would leave no doubt.
        known = [c[0] / c[0].sum() for c in self._counts]
        padded = share * effective + np.mean(known, axis=0) * 2
        again = rng.multinomial(max(1, round(effective)), padded / padded.sum(), REPLICATES)
        drawn = np.vstack([share * effective, again])
        if len(self.classes) > 2:
            values, method = quantify.emq_classes(drawn, self._ratios) @ self.classes / 3, "emq"
        elif method == "emq":
            values = quantify.emq_binned(drawn, self._ratios[:, 1])
        else:
            values = self._adjusted(drawn, self._means if method == "pacc" else self._over)
        low, high = np.quantile(values[1:], [0.025, 0.975])
        value = float(values[0])
        return {"estimate": value, "low": min(float(low), value), "high": max(float(high), value), "method": method}

    def _bins(self, p: Floats) -> NDArray[np.int64]:
        return np.searchsorted(self._edges, p, side="right")

    def _adjusted(self, drawn: Floats, value: Floats) -> Floats:
        """ACC (value: decided or not) or PACC (value: mean probability) of each replicate."""
        negative, positive = (counts @ value / counts.sum(axis=1) for counts in self._counts)
        gap = positive - negative
        seen = drawn @ value / drawn.sum(axis=1)
        return np.clip((seen - negative) / np.where(gap > 0.02, gap, 1), 0, 1)
