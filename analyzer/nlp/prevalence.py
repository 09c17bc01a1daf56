"""True shares behind a classifier's counts, with intervals: the estimator that timeline and report use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analyzer.errors import SchemaError
from analyzer.nlp import quantify
from analyzer.nlp.anchored import Transport, share_of
from analyzer.nlp.calibration import Sample
from analyzer.nlp.classifier import SCORES, load
from analyzer.nlp.ppi import MIN_AUDIT, ppi_mean
from analyzer.nlp.tally import Part, Tally

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS = Path(__file__).parent / "weights"
Floats = NDArray[np.float64]
METHODS = ("anchored", "emq", "pacc", "acc")


def estimator(
    model: str | Any,
    *,
    audit: pd.DataFrame | None = None,
    seed: int = 0,
    method: str = "anchored",
    anchor: pd.DataFrame | None = None,
    calibration: pd.DataFrame | None = None,
) -> Estimator:
    """Return a function that estimates shares among labelled posts.

    Parameters
    ----------
    model
        Name of the model that made the labels; its calibration sample says how it errs.
    audit
        LABELS that people gave to some of the same posts (0/1 in the columns of scores). Where at least 30 of the posts
        in question are audited, the share is prediction-powered.
    seed
        Seed of the bootstrap.
    method
        `anchored` for posts of services that the model was not measured on, which an outage's are; `emq`, `pacc` or
        `acc` where the posts come from the calibration sample's own sources and only the mixture differs.
    anchor
        LABELS of all relevant posts of the study, for `anchored`: parts of it are estimated against the whole.
    calibration
        Sample to use instead of the model's own (see `Classifier.calibration`).

    Returns
    -------
    callable
        ``estimate(labels, measure, weights=None) -> dict`` with n, n_positive, naive, naive_low, naive_high, estimate,
        low, high (95 %), method. `measure` is relevant, report, frustration_ge1…3, humor, topic_<key>, or frustration
        (mean intensity, 0-1). `weights` (one a post) makes it a weighted share; posts that are not ok are left out.
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r} is none of {', '.join(METHODS)}")
    classifier = load(model)
    return Estimator(
        sample=classifier.calibration() if calibration is None else calibration,
        thresholds={name: float(classifier.thresholds.get(name, 0.5)) for name in SCORES},
        transport=Transport.load(WEIGHTS / classifier.name.partition("-")[0]),
        people=_people(audit),
        anchor=anchor,
        method=method,
        seed=seed,
    )


@dataclass
class Estimator:
    """Shares among labelled posts; see `estimator`."""

    sample: pd.DataFrame | None
    thresholds: Mapping[str, float]
    transport: Transport
    people: pd.DataFrame | None
    anchor: pd.DataFrame | None
    method: str
    seed: int
    _known: dict[tuple[str, bool], Sample] = field(default_factory=dict)
    _priors: dict[str, float | None] = field(default_factory=dict)

    def __call__(self, labels: pd.DataFrame, measure: str, weights: Any = None) -> dict[str, Any]:
        """Estimate a share among labelled posts."""
        return self.among(labels)(measure, weights)

    def among(self, labels: pd.DataFrame, rows: NDArray[np.int64] | None = None) -> Callable[..., dict[str, Any]]:
        """Return the estimator of some rows, `(measure, weights=None) -> dict`: columns are read in place, once."""
        return _Among(self, Part(labels, rows))

    def prior(self, column: str) -> float | None:
        """Mean probability of all posts of the study."""
        if column not in self._priors:
            values, _ = (np.empty(0), None) if self.anchor is None else Part(self.anchor).judged(column)
            self._priors[column] = float(values.mean()) if len(values) else None
        return self._priors[column]

    def calibrated(self, measure: str, narrow: bool) -> Sample:
        """The calibration sample for one measure, of relevant posts only if `narrow`."""
        if (measure, narrow) not in self._known:
            assert self.sample is not None
            self._known[measure, narrow] = Sample.of(self.sample, measure, narrow, dict(self.thresholds), self.seed)
        return self._known[measure, narrow]


@dataclass
class _Among:
    """An estimator for some posts."""

    by: Estimator
    part: Part
    _moved: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    def __call__(self, measure: str, weights: Any = None) -> dict[str, Any]:
        column = "frustration" if measure == "frustration" else f"p_{measure}"
        if column not in self.part.labels.columns:
            raise SchemaError(f"no measure {measure!r}: labels have no column {column!r}")
        w = None if weights is None else np.asarray(weights, np.float64)
        decided, least = self._decides(measure)
        found = self.part.tally(column, decided=decided, least=least, weights=w)
        out = _naive(found, measure)
        if not found.weight > 0:
            return out
        if self.by.people is not None and w is None:
            value = self._powered(measure, column)
            if value is not None:
                return out | _numbers(value) | {"method": "ppi"}
        if self.by.sample is None or f"y_{measure}" not in self.by.sample:
            return out
        if self.by.method == "anchored":
            # Mean intensity is the mean of the three levels.
            columns = [column] if measure != "frustration" else [f"p_frustration_ge{k}" for k in (1, 2, 3)]
            return (
                out
                | _numbers(np.mean([self._move(c, w, found if c == column else None) for c in columns], axis=0))
                | {"method": "anchored"}
            )
        p, known = self.part.judged(column)
        narrow = measure != "relevant" and self._all_relevant(known)
        kept = np.ones(len(p)) if w is None else self.part.kept(w)[known]
        return out | self.by.calibrated(measure, narrow).correct(p, kept, self.by.method)

    def _decides(self, measure: str) -> tuple[str, float]:
        """Column and least value that make a post positive; for mean intensity, level 1 or more."""
        if measure.startswith("frustration") and "frustration_level" in self.part.labels:
            return "frustration_level", 1.0 if measure == "frustration" else float(measure[-1])
        column = "frustration" if measure == "frustration" else f"p_{measure}"
        return column, self.by.thresholds.get(column, 0.5)

    def _move(self, column: str, weights: Floats | None, found: Tally | None) -> tuple[float, float, float]:
        """Estimate by anchoring; without weights each column once, as mean intensity needs the levels again."""
        if weights is None and column in self._moved:
            return self._moved[column]
        found = found or self.part.tally(column, decided=column, least=0.5, weights=weights)
        value = share_of(
            found.mass,
            found.total,
            found.n,
            max(1, round(found.effective)),
            prior=None if column == "p_relevant" else self.by.prior(column),
            spread=self.by.transport.of(column.removeprefix("p_")),
            seed=self.by.seed,
        )
        if weights is None:
            self._moved[column] = value
        return value

    def _powered(self, measure: str, column: str) -> tuple[float, float, float] | None:
        """Prediction-powered share; None where too few of the posts are audited."""
        p, known = self.part.judged(column)
        where, said = self._audited
        truth = said[column].to_numpy(np.float64)
        some = known[where] & ~np.isnan(truth)
        if some.sum() < MIN_AUDIT:
            return None
        decided, least = self._decides(measure)
        strata = (self.part.numbers(decided)[known].astype(np.float64) >= least).astype(int)
        at = (np.cumsum(known) - 1)[where[some]]
        return ppi_mean(p, p[at], truth[some], strata=strata, audited_strata=strata[at])

    @cached_property
    def _audited(self) -> tuple[NDArray[np.int64], pd.DataFrame]:
        assert self.by.people is not None
        return self.part.found_in(self.by.people)

    def _all_relevant(self, known: NDArray[np.bool_]) -> bool:
        """Tell whether the posts were chosen as decided relevant: then the calibration posts must be, too."""
        p = np.nan_to_num(self.part.numbers("p_relevant").astype(np.float64))[known]
        return bool((p >= np.float32(self.by.thresholds["p_relevant"])).all())


def _numbers(value: Any) -> dict[str, float]:
    return dict(zip(("estimate", "low", "high"), (float(v) for v in value), strict=True))


def _naive(found: Tally, measure: str) -> dict[str, Any]:
    """Return the decided share with its Wilson interval; for mean intensity the mean."""
    if not found.weight > 0:
        none = dict.fromkeys(("naive", "naive_low", "naive_high", "estimate", "low", "high"))
        return {"n": found.n, "n_positive": 0, **none, "method": "wilson"}
    share = (float(found.total.sum()) if measure == "frustration" else found.hits) / found.weight
    low, high = quantify.wilson(share * found.effective, found.effective)
    out = {"n": found.n, "n_positive": found.positive, "naive": share, "naive_low": low, "naive_high": high}
    return {**out, "estimate": share, "low": low, "high": high, "method": "wilson"}


def _people(audit: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return one row a post: the mean of what people said, indexed by source and id."""
    if audit is None or not len(audit):
        return None
    names = [*SCORES, "frustration"]
    key = [c for c in ("source", "post_id") if c in audit]
    values = audit[names].astype("float64").assign(**{c: audit[c].astype(str) for c in key})
    return values.groupby(key, sort=True).mean().reset_index()
