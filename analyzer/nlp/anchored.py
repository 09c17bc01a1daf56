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
#: Bisection steps: a share is found to 2^-22.
_STEPS = 22
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
    mass, total = _binned(p, np.ones(1) if weights is None else weights)
    middle = total / np.maximum(mass, 1e-300)
    kept = mass > 0
    mass, middle = mass[kept], np.clip(middle[kept], 1e-6, 1 - 1e-6)
    effective = len(p) if weights is None else max(1, round(float(weights.sum() ** 2 / (weights @ weights))))
    rng = np.random.default_rng([seed, len(p)])
    counts = np.vstack([mass / mass.sum(), rng.multinomial(effective, mass / mass.sum(), REPLICATES) / effective])
    values = np.clip(counts @ middle, 1e-6, 1 - 1e-6)
    if prior is not None:
        moved = np.clip(_emq(counts, middle, float(np.clip(prior, 1e-4, 1 - 1e-4))), 1e-4, 1 - 1e-4)
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
def _binned(p, weights):  # type: ignore[no-untyped-def]
    """Return weight and weighted sum of the probabilities in each bin; one weight is that of all."""
    mass, total = np.zeros(_BINS), np.zeros(_BINS)
    alike = weights.size == 1
    for i in range(p.size):
        w = weights[0] if alike else weights[i]
        k = min(int(math.sqrt(p[i]) * _BINS), _BINS - 1)
        mass[k] += w
        total[k] += w * p[i]
    return mass, total


def _emq(counts: Floats, p: Floats, prior: float) -> Floats:
    """EMQ for many replicates: the share at which the mixture likelihood is highest, by bisection."""
    ratio = p / prior - (1 - p) / (1 - prior)
    base = (1 - p) / (1 - prior)
    low, high = np.zeros(len(counts)), np.ones(len(counts))
    for _ in range(_STEPS):
        mid = (low + high) / 2
        rising = np.sum(counts * ratio / (base + mid[:, None] * ratio), axis=1) > 0
        low, high = np.where(rising, mid, low), np.where(rising, high, mid)
    return (low + high) / 2


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
