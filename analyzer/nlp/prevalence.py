"""True shares behind a classifier's counts, with intervals: the estimator that timeline and report use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analyzer.errors import SchemaError
from analyzer.nlp import quantify
from analyzer.nlp.anchored import Transport, share
from analyzer.nlp.calibration import Sample
from analyzer.nlp.classifier import SCORES, load
from analyzer.nlp.ppi import MIN_AUDIT, ppi_mean

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS = Path(__file__).parent / "weights"
Floats = NDArray[np.float64]
Estimate = Callable[..., dict[str, Any]]
METHODS = ("anchored", "emq", "pacc", "acc")


def estimator(
    model: str | Any,
    *,
    audit: pd.DataFrame | None = None,
    seed: int = 0,
    method: str = "anchored",
    anchor: pd.DataFrame | None = None,
    calibration: pd.DataFrame | None = None,
) -> Estimate:
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
    sample = classifier.calibration() if calibration is None else calibration
    thresholds = {name: float(classifier.thresholds.get(name, 0.5)) for name in SCORES}
    known: dict[tuple[str, bool], Sample] = {}
    people = _people(audit)
    transport = Transport.load(WEIGHTS / classifier.name.partition("-")[0])
    priors: dict[str, float | None] = {}

    def prior(column: str) -> float | None:
        if column not in priors:
            values = None if anchor is None else anchor.loc[anchor["status"] == "ok", column].dropna()
            priors[column] = None if values is None or not len(values) else float(values.astype("float64").mean())
        return priors[column]

    def move(labels: pd.DataFrame, measure: str, ok: NDArray[np.bool_] | None, w: Floats | None) -> dict[str, Any]:
        """Estimate by anchoring, from the posts that are `ok`. Mean intensity is the mean of the three levels."""
        columns = [f"p_{measure}"] if measure != "frustration" else [f"p_frustration_ge{k}" for k in (1, 2, 3)]
        values = [
            share(
                _kept(_numbers(labels, c), ok),
                w,
                None if measure == "relevant" else prior(c),
                transport.of(c.removeprefix("p_")),
                seed=seed,
            )
            for c in columns
        ]
        return dict(zip(("estimate", "low", "high"), np.mean(values, axis=0).tolist(), strict=True)) | {
            "method": method
        }

    def estimate(labels: pd.DataFrame, measure: str, weights: Any = None) -> dict[str, Any]:
        column = "frustration" if measure == "frustration" else f"p_{measure}"
        if column not in labels.columns:
            raise SchemaError(f"no measure {measure!r}: labels have no column {column!r}")
        p = _numbers(labels, column)
        judged = (labels["status"] == "ok").to_numpy(dtype=bool) & ~np.isnan(p)
        ok = None if judged.all() else judged  # None spares copies: nearly always all are
        w = None if weights is None else _kept(np.asarray(weights, np.float64), ok)
        positive = _kept(_decided(labels, measure, p, thresholds), ok)
        p = _kept(p, ok)
        out = _naive(p, positive, w, measure)
        if not out["n"]:
            return out
        if people is not None and weights is None:
            audited = _audited(labels if ok is None else labels[ok], people, measure)
            if audited is not None:
                where, truth = audited
                strata = positive.astype(int)
                value = ppi_mean(p, p[where], truth, strata=strata, audited_strata=strata[where])
                return {**out, **dict(zip(("estimate", "low", "high"), value, strict=True)), "method": "ppi"}
        if sample is None or f"y_{measure}" not in sample:
            return out
        if method == "anchored":
            return {**out, **move(labels, measure, ok, w)}
        narrow = measure != "relevant" and _all_relevant(labels, judged, thresholds)
        if (measure, narrow) not in known:
            known[measure, narrow] = Sample.of(sample, measure, narrow, thresholds, seed)
        return {**out, **known[measure, narrow].correct(p, np.ones(len(p)) if w is None else w, method)}

    return estimate


def _numbers(labels: pd.DataFrame, column: str) -> Floats:
    """Return a column as plain numbers, NaN where it is null."""
    values = labels[column]
    if isinstance(values.dtype, np.dtype):
        return np.asarray(values, np.float64)
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))


def _kept(values: NDArray[Any], ok: NDArray[np.bool_] | None) -> NDArray[Any]:
    return values if ok is None else values[ok]


def _naive(p: Floats, positive: NDArray, w: Floats | None, measure: str) -> dict[str, Any]:
    n = len(p)
    if not n or (w is not None and float(w.sum()) <= 0):
        none = dict.fromkeys(("naive", "naive_low", "naive_high", "estimate", "low", "high"))
        return {"n": n, "n_positive": 0, **none, "method": "wilson"}
    value = p if measure == "frustration" else positive
    share = float(np.average(value, weights=w))
    effective = float(n) if w is None else float(w.sum() ** 2 / (w @ w))
    low, high = quantify.wilson(share * effective, effective)
    out = {"n": n, "n_positive": int(positive.sum()), "naive": share, "naive_low": low, "naive_high": high}
    return {**out, "estimate": share, "low": low, "high": high, "method": "wilson"}


def _decided(labels: pd.DataFrame, measure: str, p: Floats, thresholds: dict[str, float]) -> NDArray[np.bool_]:
    """Return which posts are decided positive; for mean intensity, those of level 1 or more."""
    if measure.startswith("frustration") and "frustration_level" in labels:
        level = _numbers(labels, "frustration_level")
        return level >= (1 if measure == "frustration" else int(measure[-1]))
    return p >= thresholds.get(f"p_{measure}", 0.5)


def _all_relevant(labels: pd.DataFrame, ok: NDArray, thresholds: dict[str, float]) -> bool:
    """Tell whether the posts were chosen as decided relevant: then the calibration posts must be, too."""
    p = np.nan_to_num(_numbers(labels, "p_relevant"))[ok]
    return bool((p >= np.float32(thresholds["p_relevant"])).all())


def _people(audit: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return one row a post: the mean of what people said, indexed by source and id."""
    if audit is None or not len(audit):
        return None
    names = [*SCORES, "frustration"]
    key = [c for c in ("source", "post_id") if c in audit]
    values = audit[names].astype("float64").assign(**{c: audit[c].astype(str) for c in key})
    return values.groupby(key, sort=True).mean().reset_index()


def _audited(labels: pd.DataFrame, people: pd.DataFrame | None, measure: str) -> tuple[NDArray, Floats] | None:
    """Return the rows of `labels` that people judged, and what they said; None if too few."""
    if people is None:
        return None
    column = "frustration" if measure == "frustration" else f"p_{measure}"
    key = [c for c in ("source", "post_id") if c in people and c in labels]
    left = labels[key].astype(str).assign(row=np.arange(len(labels)))
    found = left.merge(people[[*key, column]].dropna(), on=key, how="inner").sort_values("row")
    return (found["row"].to_numpy(), found[column].to_numpy(np.float64)) if len(found) >= MIN_AUDIT else None
