"""Shares of several incidents beside each other: partial pooling, and which pairs differ.

Small incidents give wild shares; a league table of them ranks noise. Each share is pulled towards their mean by as much
as its own uncertainty asks (empirical Bayes on the logit scale, Morris 1983, doi:10.1080/01621459.1983.10477920; the
spread between incidents by DerSimonian and Laird 1986). Pairs are compared by a normal test on the logit scale with
Holm's correction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

_Z = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """A share with its 95% interval, all 0-1."""

    value: float
    low: float
    high: float


def _logit(p: float) -> float:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _scaled(share: Share) -> tuple[float, float]:
    """Return a share and its standard error on the logit scale."""
    error = (_logit(share.high) - _logit(share.low)) / (2 * _Z)
    return _logit(share.value), max(error, 1e-3)


def shrink(shares: list[Share]) -> list[Share]:
    """Return the partially pooled shares with their 95% intervals, in the order given.

    Intervals are Morris' (1983), which allow for not knowing the spread between incidents. Fewer than four shares are
    returned as they are: their spread cannot be told from their errors.
    """
    k = len(shares)
    if k < 4:
        return list(shares)
    pairs = [_scaled(s) for s in shares]
    between = _between(pairs)
    weights = [1 / (e * e + between) for _, e in pairs]
    mean = sum(w * y for w, (y, _) in zip(weights, pairs, strict=True)) / sum(weights)
    out = []
    for y, e in pairs:
        pull = (k - 3) / (k - 1) * e * e / (e * e + between)
        centre = y + pull * (mean - y)
        spread = math.sqrt(e * e * (1 - (k - 1) / k * pull) + 2 / (k - 3) * (pull * (y - mean)) ** 2)
        out.append(Share(_expit(centre), _expit(centre - _Z * spread), _expit(centre + _Z * spread)))
    return out


def _between(pairs: list[tuple[float, float]]) -> float:
    """Return the variance between incidents (DerSimonian and Laird's moment estimate)."""
    weights = [1 / (e * e) for _, e in pairs]
    total = sum(weights)
    mean = sum(w * y for w, (y, _) in zip(weights, pairs, strict=True)) / total
    q = sum(w * (y - mean) ** 2 for w, (y, _) in zip(weights, pairs, strict=True))
    scale = total - sum(w * w for w in weights) / total
    return max(0.0, (q - (len(pairs) - 1)) / scale) if scale > 0 else 0.0


def differing(shares: list[Share], *, level: float = 0.05) -> list[tuple[int, int, float]]:
    """Return the pairs that differ after Holm's correction, as (place, place, adjusted p), the surest first."""
    tests = []
    scaled = [_scaled(s) for s in shares]
    for i, j in combinations(range(len(shares)), 2):
        z = abs(scaled[i][0] - scaled[j][0]) / math.hypot(scaled[i][1], scaled[j][1])
        tests.append((math.erfc(z / math.sqrt(2)), i, j))
    out, worst = [], 0.0
    for rank, (p, i, j) in enumerate(sorted(tests)):
        worst = max(worst, min(1.0, p * (len(tests) - rank)))
        if worst < level:
            out.append((i, j, worst))
    return out
