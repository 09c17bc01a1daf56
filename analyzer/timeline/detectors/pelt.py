"""PELT change points on stabilised counts, over a sweep of penalties.

Sources: Killick, Fearnhead & Eckley 2012; Anscombe 1948. Assumes constant levels between change points.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Multiples of the usual penalty 2 log(n); change points come and go with it, so we ask most of the sweep to agree.
SWEEP = (1.0, 1.5, 2.5, 4.0, 6.0)


def pelt(
    count: NDArray[np.float64], mean: NDArray[np.float64], dispersion: float, *, span: tuple[int, int] | None = None
) -> NDArray[np.bool_]:
    """Mark the bins of segments that lie clearly above the usual level under most penalties.

    Method: PELT (Killick, Fearnhead & Eckley 2012) with cost l2, every position allowed (`jump` 1), segments of two
    bins or more (one where there are few bins), on ``2 (sqrt(y + 3/8) - sqrt(mean + 3/8)) / sqrt(dispersion)``
    (Anscombe 1948; variance near 1), through ruptures' compiled kernel change-point detector. Penalties are
    ``2 log(n)`` times `SWEEP`; a bin is marked if more than half of them put it in a raised segment.
    Holes are left out. A `span` changes nothing: change points hang on all bins.
    """
    import ruptures

    seen = np.isfinite(count) & (mean > 0)
    mask = np.zeros(len(count), dtype=bool)
    y, m = count[seen], mean[seen]
    if len(y) < 6:
        return mask
    z = stabilised(y, m, dispersion)
    votes = np.zeros(len(y))
    fitted = ruptures.KernelCPD(kernel="linear", min_size=2 if len(y) >= 12 else 1).fit(z.reshape(-1, 1))
    for factor in SWEEP:
        ends = fitted.predict(pen=2 * log(len(y)) * factor)
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            raised = y[start:end].sum() > 1.5 * m[start:end].sum() and z[start:end].mean() * np.sqrt(end - start) > 3
            votes[start:end] += raised
    mask[np.flatnonzero(seen)] = votes > len(SWEEP) / 2
    return mask


def stabilised(y: NDArray, mean: NDArray, dispersion: float) -> NDArray[np.float64]:
    """Counts per bin as deviations from the usual level with variance near 1 (Anscombe 1948)."""
    return 2 * (np.sqrt(y + 0.375) - np.sqrt(mean + 0.375)) / np.sqrt(dispersion)
