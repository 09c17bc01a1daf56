"""Shares among posts of a service that the classifier was never measured on: anchored, with the doubt of the move.

Two things change from the calibration sample to an outage. The *domain* changes: another service, other words. And
within the domain the *mixture* changes from phase to phase. Prior-shift methods (ACC, PACC, EMQ) answer the second and
fail at the first: left-out sources put their mean error at .12, where that of the mean calibrated probability is .02.
So the whole of the study's posts is taken at its mean calibrated probability (the anchor; "PCC", Bella et al. 2010),
and a part of it (a phase, a bin, a source) midway, in logits, between its own mean probability, which draws it towards
the whole, and EMQ (Saerens et al. 2002) from the anchor as prior, which overshoots where the parts' words differ too.
Over simulated phases the differences from the whole come out at .41 of the true ones by the first, 1.44 by the second
and .99 midway.

The interval holds the chance of the posts at hand (bootstrap) and how far mean probabilities lie from the truth on
sources that the classifier has not seen (`Transport`, measured source by source, on the logit scale).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analyzer.nlp.jit import jit

Floats = NDArray[np.float64]
REPLICATES = 200
#: Bins of the probabilities, narrow near 0: a million posts cost what a hundred do.
_BINS = 64
#: EMQ looks for a share between this and one less this, to 1e-9, in so many steps at most (six are usual).
_LEAST = 1e-4
_STEPS = 60
#: Spread of logits where a model has not been measured on unseen sources (a user's own).
DEFAULT_SPREAD = 0.6
_Z = 1.959963984540054


@dataclass(frozen=True)
class Transport:
    """By measure, the standard deviation (logits) of the truth around the mean probability, over unseen sources."""

    spread: Mapping[str, float]

    @classmethod
    def load(cls, folder: Path) -> Transport:
        """Read `transport.json` beside a model's weights; a model without one is given a wide default."""
        path = folder / "transport.json"
        return cls(json.loads(path.read_text(encoding="utf-8"))["spread"] if path.is_file() else {})

    def of(self, measure: str) -> float:
        """Return the spread of a measure."""
        return float(self.spread.get(measure, DEFAULT_SPREAD))


def share(
    p: Floats, weights: Floats | None, prior: float | None, spread: float, *, seed: int
) -> tuple[float, float, float]:
    """Estimate a share with its 95 % interval.

    Parameters
    ----------
    p
        (n,) calibrated probabilities of the posts in question.
    weights
        (n,) weights of the posts; None counts each once.
    prior
        The anchor: mean probability of all posts of the study; None takes the posts themselves as the whole.
    spread
        Standard deviation of the domain's shift, in logits.
    seed
        Seed of the bootstrap.

    Returns
    -------
    (estimate, low, high)
    """
    mass, total, _, _ = binned(p, np.ones(1) if weights is None else weights, p, 0.0)
    effective = len(p) if weights is None else max(1, round(float(weights.sum() ** 2 / (weights @ weights))))
    return share_of(mass, total, len(p), effective, prior=prior, spread=spread, seed=seed)


def share_of(
    mass: Floats, total: Floats, n: int, effective: int, *, prior: float | None, spread: float, seed: int
) -> tuple[float, float, float]:
    """Estimate a share with its 95 % interval from what `binned` says of the posts.

    Parameters
    ----------
    mass, total
        Weight and weighted sum of the probabilities in each bin.
    n, effective
        Posts, and how many posts of one weight theirs are worth.
    prior, spread, seed
        As in `share`.
    """
    kept = mass > 0
    middle = np.clip(total[kept] / mass[kept], 1e-6, 1 - 1e-6)
    mass = mass[kept] / mass[kept].sum()
    rng = np.random.default_rng([seed, n])
    counts = np.vstack([mass, rng.multinomial(effective, mass, REPLICATES) / effective])
    values = np.clip(counts @ middle, 1e-6, 1 - 1e-6)
    if prior is not None:
        moved = _emq(counts, middle, float(np.clip(prior, _LEAST, 1 - _LEAST)))
        values = 1 / (1 + np.exp(-(_logit(values) + _logit(moved)) / 2))
    estimate = float(values[0])
    # At a share near 0 or 1 a logit runs away from what n posts can tell: half a post more on either side.
    logit = _logit((values[1:] * effective + 0.5) / (effective + 1))
    logit = logit + spread * rng.standard_normal(REPLICATES)
    # Quantiles of few draws wander; those of the fitted normal do not.
    centre, sd = float(np.median(logit)), float(np.std(logit))
    low, high = (1 / (1 + np.exp(-(centre + s * _Z * sd))) for s in (-1, 1))
    return estimate, min(float(low), estimate), max(float(high), estimate)


@jit
def binned(p, weights, decided, least):  # type: ignore[no-untyped-def]
    """Return weight and weighted sum of the probabilities in each bin, and number and weight of the positive posts.

    Posts without a probability (NaN) are left out. One weight is that of all posts; a post is decided positive whose
    `decided` is `least` or more.
    """
    mass, total, positive, hits = np.zeros(_BINS), np.zeros(_BINS), 0, 0.0
    alike = weights.size == 1
    for i in range(p.size):
        value = np.float64(p[i])
        if value != value:
            continue
        w = weights[0] if alike else weights[i]
        k = min(int(math.sqrt(value) * _BINS), _BINS - 1)
        mass[k] += w
        total[k] += w * value
        if np.float64(decided[i]) >= least:
            positive += 1
            hits += w
    return mass, total, positive, hits


def _emq(counts: Floats, p: Floats, prior: float) -> Floats:
    """EMQ for many replicates: the share at which the mixture likelihood is highest, cut to `_LEAST`.

    Found by Newton's method on its derivative, which falls with the share; a step out of the bracket is a bisection.
    """
    base = (1 - p) / (1 - prior)
    gap = p / prior - base

    def slope(share: Floats) -> tuple[Floats, Floats]:
        part = gap / (base + share[:, None] * gap)
        weighted = counts * part
        return weighted.sum(axis=1), np.einsum("rb,rb->r", weighted, part)

    low, high = np.full(len(counts), _LEAST), np.full(len(counts), 1 - _LEAST)
    share = np.clip(counts @ p, _LEAST, 1 - _LEAST)
    at_low, at_high = slope(low)[0] <= 0, slope(high)[0] >= 0
    share = np.where(at_low, low, np.where(at_high, high, share))
    for _ in range(_STEPS):
        first, second = slope(share)
        low, high = np.where(first > 0, share, low), np.where(first > 0, high, share)
        new = share + first / np.maximum(second, 1e-300)
        new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
        new = np.where(at_low | at_high, share, new)
        if np.abs(new - share).max() < 1e-9:
            return new
        share = new
    return share


def _logit(p: Floats) -> Floats:
    return np.log(p / (1 - p))


def measure_transport(p: Mapping[str, Floats], y: Mapping[str, Floats], source: NDArray[np.str_]) -> Transport:
    """Measure how far the truth lies from mean probabilities on sources that a model has not seen.

    Parameters
    ----------
    p, y
        By measure, (n,) probabilities by models that did not see the post's source, and true 0/1, of relevant posts.
    source
        (n,) source of each post. Sources of fewer than 40 posts tell too little and are left out.

    Notes
    -----
    Method of moments: mean squared logit error less its sampling variance, drawn half-way to the mean over measures,
    since a handful of sources says little about one measure alone.
    """
    names = [s for s in np.unique(source) if (source == s).sum() >= 40]
    raw = {}
    for measure in p:
        excess = []
        for s in names:
            at = source == s
            n, true, said = int(at.sum()), float(y[measure][at].sum()), float(p[measure][at].sum())
            error = np.log((true + 0.5) / (n - true + 0.5)) - np.log((said + 0.5) / (n - said + 0.5))
            excess.append(error**2 - (1 / (true + 0.5) + 1 / (n - true + 0.5)))
        raw[measure] = float(np.mean(excess))
    middle = max(0.02, float(np.mean(list(raw.values()))))
    return Transport({m: float(np.sqrt(max(0.02, (v + middle) / 2))) for m, v in raw.items()})
