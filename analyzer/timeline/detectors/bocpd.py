"""Bayesian online change-point detection with a Gamma-Poisson model.

Source: Adams & MacKay 2007 (arXiv 0710.3742). Assumes a constant level between changes, and changes at a constant
rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammaincc, gammaln, ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Run lengths beyond this many bins are pooled: a change so long ago no longer matters.
MAX_RUN = 400
#: Log-probabilities below this are dropped.
_NEGLIGIBLE = -25.0
#: Run lengths less likely than this (log) add nothing to a chance.
_MATTERS = -9.0


@dataclass
class Online:
    """State of the detector; feed it one bin after another.

    Method: Adams & MacKay 2007 (arXiv 0710.3742), constant hazard, Poisson counts with a Gamma prior on the ratio to
    the usual level. Counts and level are divided by the dispersion first (quasi-Poisson). A rise is called from the
    posterior of the current ratio, not from P(run length = 0), which stays near the hazard.

    Parameters
    ----------
    hazard
        Chance that a bin starts a new regime.
    shape
        Shape of the Gamma prior (mean 1); small lets a new regime be far from the usual level.
    """

    hazard: float = 1 / 200
    shape: float = 0.5
    a: NDArray[np.float64] = field(default_factory=lambda: np.array([50.0]))
    b: NDArray[np.float64] = field(default_factory=lambda: np.array([50.0]))
    log_p: NDArray[np.float64] = field(default_factory=lambda: np.array([0.0]))
    run: NDArray[np.int64] = field(default_factory=lambda: np.array([0]))

    def update(self, y: float, mean: float) -> tuple[float, int]:
        """Take one bin; return the posterior mean ratio to the usual level, and the most likely run length.

        `y` and `mean` are posts seen and usual, both divided by the dispersion.
        """
        # Negative-binomial predictive of a Gamma(a, b) ratio with exposure `mean`.
        predictive = (
            gammaln(self.a + y)
            - gammaln(self.a)
            + self.a * np.log(self.b / (self.b + mean))
            + y * np.log(mean / (self.b + mean))
        )
        prior = (
            gammaln(self.shape + y)
            - gammaln(self.shape)
            + self.shape * np.log(self.shape / (self.shape + mean))
            + y * np.log(mean / (self.shape + mean))
        )
        grow = self.log_p + predictive + np.log1p(-self.hazard)
        change = np.log(self.hazard) + prior  # the run lengths' chances add up to one
        log_p, a, b = (
            _with_first(change, grow),
            _with_first(self.shape + y, self.a + y),
            _with_first(self.shape + mean, self.b + mean),
        )
        run = _with_first(0, self.run + 1)
        if len(log_p) > 1 and run[-2] >= MAX_RUN:
            log_p[-2] = np.logaddexp(log_p[-2], log_p[-1])
            log_p, a, b, run = log_p[:-1], a[:-1], b[:-1], run[:-1]
        log_p = _normalised(log_p)
        # What is next to impossible stays so: without it a step costs what the likely run lengths cost.
        kept = log_p > _NEGLIGIBLE
        self.log_p, self.a, self.b, self.run = log_p[kept], a[kept], b[kept], run[kept]
        return float(np.exp(self.log_p) @ (self.a / self.b)), int(self.run[np.argmax(self.log_p)])

    def chance_above(self, ratio: float) -> float:
        """Posterior chance that the current level is above `ratio` times the usual one."""
        some = self.log_p > _MATTERS
        return float(np.exp(self.log_p[some]) @ _above(self.a[some], self.b[some] * ratio))


def _with_first(first: Any, rest: NDArray[Any]) -> NDArray[Any]:
    """Return an array with one value before it."""
    out = np.empty(len(rest) + 1, rest.dtype)
    out[0], out[1:] = first, rest
    return out


def _above(shape: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(a Gamma variable of this shape is above x); from shape 20 on by Wilson & Hilferty 1931, for speed."""
    large = shape >= 20
    z = 3 * np.sqrt(shape) * (np.cbrt(x / shape) - 1 + 1 / (9 * shape))
    out = ndtr(-z)
    out[~large] = gammaincc(shape[~large], x[~large])
    return out


def _normalised(log_p: NDArray[np.float64]) -> NDArray[np.float64]:
    top = log_p.max()
    return log_p - (top + np.log(np.exp(log_p - top).sum()))


def bocpd(
    count: NDArray[np.float64],
    mean: NDArray[np.float64],
    dispersion: float,
    *,
    ratio: float = 1.25,
    sure: float = 0.95,
    span: tuple[int, int] | None = None,
) -> NDArray[np.bool_]:
    """Mark bins at which the level is above `ratio` times the usual one with probability `sure` (see `Online`).

    With a `span` only the first such bin within it is marked: enough to confirm a rise there, and much less work.
    """
    mask = np.zeros(len(count), dtype=bool)
    state = Online()
    first, last = span or (0, len(count))
    for t, (y, m) in enumerate(zip(count[:last].tolist(), mean[:last].tolist(), strict=True)):
        if not (np.isfinite(y) and m > 0):
            continue
        state.update(y / dispersion, m / dispersion)
        if t < first:
            continue
        mask[t] = state.chance_above(ratio) > sure
        if span and mask[t]:
            break
    return mask
