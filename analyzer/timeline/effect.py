"""What changed after each official update, against pseudo-updates. An association, never a cause.

Method: interrupted time series by segmented binomial regression (Bernal, Cummins & Gasparrini 2017) around each
update, with heteroskedasticity-robust errors (HC1, White 1980); volume by the same with a quasi-Poisson rate. The
statistic is read against the same statistic at pseudo-updates within the incident (an empirical null, Efron 2004): a
decay that goes on anyway then explains itself. Holm's correction over the updates of each measure. Shares are
measured by calibrated probabilities, whose mean moves less than the share does: changes, slopes and bounds are
multiplied by a `gain` with its own doubt. The p value needs none: it is that of no change at all. Assumes that posts
are judged independently and that, but for the update, the share would have moved as it does at other moments of the
incident. Shares are 0-1, windows seconds. Refused where a side holds too few posts, or where another update lies so
close that its effect cannot be told apart.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.timeline.gain import Gain

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

#: Half-width of the window around an update, seconds; it shrinks to the neighbours, to `LEAST_S` at least.
WINDOW_S = 3600
LEAST_S = 600
#: Relevant posts that each side must hold.
LEAST_POSTS = 30
#: Pseudo-updates drawn, and how many must fit for a placebo distribution.
DRAWS = 200
LEAST_DRAWS = 20


@dataclass(frozen=True)
class Change:
    """Change after an update: `value` with its standard error, and the counts on both sides."""

    value: float
    error: float
    n_before: int
    n_after: int

    @property
    def z(self) -> float:
        """Change in standard errors."""
        return self.value / self.error if self.error > 0 else 0.0


def share_change(time: NDArray[np.float64], hit: NDArray[np.float64], at: float, half: float) -> Change:
    """Change in a share at `at`, between ``[at - half, at)`` and ``[at, at + half)``.

    Method: binomial regression on an intercept and a step (its linear-probability form), robust errors (HC1). `hit` is
    0/1, or a calibrated probability 0-1.
    """
    return _from_sums(time, _sums(hit), at, half)


def _sums(hit: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, n + 1) running sums of the hits and of their squares, so that any window costs the same."""
    return np.concatenate([np.zeros((2, 1)), np.cumsum([hit, hit**2], axis=1)], axis=1)


def _from_sums(time: NDArray[np.float64], sums: NDArray[np.float64], at: float, half: float) -> Change:
    a, b, c = np.searchsorted(time, [at - half, at, at + half])
    n0, n1 = int(b - a), int(c - b)
    if n0 < 2 or n1 < 2:
        return Change(0.0, np.inf, n0, n1)
    means, errors = [], []
    for first, last, n in ((a, b, n0), (b, c, n1)):
        total, squares = sums[:, last] - sums[:, first]
        # Agresti & Caffo 2000: one success and one failure more keep the error honest at shares near 0 or 1.
        p = (total + 1) / (n + 2)
        spread = (squares - total**2 / n) / (n - 1)
        means.append(total / n)
        errors.append(max(spread, p * (1 - p) / (n + 2) * 0.5) / n)
    return Change(float(means[1] - means[0]), sqrt(sum(errors)), n0, n1)


def volume_change(time: NDArray[np.float64], at: float, half: float) -> Change:
    """Log ratio of the number of posts after `at` over before, with a quasi-Poisson error from ten sub-bins."""
    edges = np.searchsorted(time, at + half * np.linspace(-1, 1, 21))
    sums = np.diff(edges).astype(float)
    n0, n1 = sums[:10].sum(), sums[10:].sum()
    expected = np.r_[np.full(10, n0 / 10), np.full(10, n1 / 10)]
    phi = max(1.0, float(((sums - expected) ** 2).sum() / max(expected.sum(), 1e-9) * 20 / 18))
    value = float(np.log((n1 + 0.5) / (n0 + 0.5)))
    return Change(value, sqrt(phi * (1 / (n0 + 0.5) + 1 / (n1 + 0.5))), int(n0), int(n1))


def half_width(at: float, others: NDArray[np.float64]) -> float:
    """Half-width of the window around an update, shrunk to the nearest other update; 0 where that is too near."""
    apart = np.abs(others - at)
    nearest = float(apart[apart > 0].min(initial=np.inf))
    half = min(float(WINDOW_S), nearest)
    return half if half >= LEAST_S else 0.0


def p_value(change: Change, placebo: NDArray[np.float64], *, windows: float = np.inf) -> float:
    """Two-sided p value of a change, its z centred and scaled by the pseudo-updates' z where there are enough.

    Parameters
    ----------
    placebo
        (n,) z of the pseudo-updates.
    windows
        How many windows that do not overlap they stand for: their median is no better known than that.
    """
    z = change.z
    if len(placebo) >= LEAST_DRAWS:
        middle = float(np.median(placebo))
        z = (z - middle) / (_scale(placebo, windows) * sqrt(1 + 0.8 / max(windows, 1.0)))
    return erfc(abs(z) / sqrt(2))


def _scale(placebo: NDArray[np.float64], windows: float) -> float:
    """Spread of the pseudo-updates' z, at least 1 (median absolute deviation), drawn to 1 by few windows."""
    raw = float(np.median(np.abs(placebo - np.median(placebo)))) * 1.4826
    return 1.0 + max(0.0, raw - 1.0) / (1.0 + 1.0 / max(windows, 0.1))


def slope_change(
    time: NDArray[np.float64], hit: NDArray[np.float64], at: float, half: float
) -> tuple[float, float, float] | None:
    """Change in the slope of a share at `at`, points per hour, with a robust 95 % interval; None where unfit.

    Method: segmented binomial regression (logit) on level, step, time and time after the step, HC1 errors, by
    statsmodels; the slope's change on the logit scale is turned into points at the mean share.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    a, b = np.searchsorted(time, [at - half, at + half])
    # Sixty bins a side: posts of one bin are one cluster of the robust errors, and cost does not grow with them.
    place = np.clip(((time[a:b] - at + half) / half * 60).astype(int), 0, 119)
    n = np.bincount(place, minlength=120).astype(float)
    hits = np.bincount(place, weights=hit[a:b], minlength=120)
    t = (np.arange(120) - 59.5) / 60 * half / 3600
    step = (t >= 0).astype(float)
    fewest = min(min(hits[step == s].sum(), (n - hits)[step == s].sum()) for s in (0, 1))
    if n.sum() < 4 * LEAST_POSTS or fewest < 10:
        return None
    some = n > 0
    share = float(hits.sum() / n.sum())
    design = np.column_stack([np.ones(120), step, t, step * t])[some]
    with warnings.catch_warnings():
        # A fit that does not settle is refused, not reported with a warning.
        warnings.simplefilter("error")
        try:
            fitted = GLM(np.column_stack([hits, n - hits])[some], design, family=Binomial()).fit(cov_type="HC1")
        except (np.linalg.LinAlgError, Warning, ArithmeticError):
            return None
    value, error = (float(v) * share * (1 - share) for v in (fitted.params[3], fitted.bse[3]))
    return (value, value - 1.96 * error, value + 1.96 * error) if np.isfinite(error) else None


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's step-down correction (Holm 1979) of p values (n,); NaN stays NaN and is not counted."""
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known])]
    steps = p[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return out


def effects(
    updates: pd.DataFrame,
    time: NDArray[np.float64],
    measures: dict[str, NDArray[np.float64] | None],
    *,
    span: tuple[float, float],
    gains: Mapping[str, Gain] | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Estimate what changed after each update.

    Parameters
    ----------
    updates
        UPDATES rows of one incident, in order of posting.
    time
        (n,) times of the relevant posts, sorted, seconds since 1970.
    measures
        Per measure (n,) hits (0/1 or calibrated probabilities), or None for the volume of posts.
    span
        Stretch from which pseudo-updates are drawn (onset, end), seconds since 1970.
    gains
        Per measure, what a change in its mean probability stands for in shares; none for labels without error.
    seed
        Of the pseudo-updates.

    Returns
    -------
    list of EFFECTS rows. Changes of shares are in points of 0-1, of volume in log ratios; the 95 % interval is the
    robust one, widened by the placebo's scale where that is above 1, and by the doubt of the gain.
    """
    rng = np.random.default_rng(seed)
    posted = np.array([t.timestamp() for t in updates["posted_at"]], dtype=float)
    rows: list[dict[str, Any]] = []
    for measure, hit in measures.items():
        part = [_corrected(_one(at, posted, time, hit, span, rng), (gains or {}).get(measure, Gain())) for at in posted]
        adjusted = holm(np.array([r.get("p_value", np.nan) for r in part], dtype=float))
        for row, p, update in zip(part, adjusted, updates.itertuples(), strict=True):
            p_adjusted = {} if np.isnan(p) else {"p_adjusted": float(p)}
            head = {"update_id": str(update.update_id), "posted_at": update.posted_at, "stage": _text(update.stage)}
            rows.append(head | {"measure": measure} | row | p_adjusted)
    return rows


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _one(
    at: float,
    posted: NDArray[np.float64],
    time: NDArray[np.float64],
    hit: NDArray[np.float64] | None,
    span: tuple[float, float],
    rng: np.random.Generator,
) -> dict[str, Any]:
    half = half_width(at, posted)
    if not half:
        near = float(np.abs(posted - at)[np.abs(posted - at) > 0].min()) / 60
        return {"n_before": 0, "n_after": 0, "verdict": f"refused: another update {near:.0f} min away"}
    sums = None if hit is None else _sums(hit)
    change = _change(time, sums, at, half)
    counts = {"n_before": change.n_before, "n_after": change.n_after}
    fewest = min(change.n_before, change.n_after)
    if fewest < LEAST_POSTS:
        return counts | {"verdict": f"refused: {fewest} posts on one side, {LEAST_POSTS} needed"}
    drawn, width = _pseudo(time, sums, posted, half, span=span, rng=rng)
    z = np.array([c.z for c in drawn])
    free = windows(posted, width, span)
    scale = 1.0
    bounds: dict[str, float] = {}
    if len(drawn) >= LEAST_DRAWS:
        scale = _scale(z, free)
        # In units of the update's own error, so that pseudo-updates in narrower windows can stand beside it.
        low, high = np.quantile(z, [0.025, 0.975]) * change.error
        bounds = {"placebo_low": float(low), "placebo_high": float(high)}
    return (
        counts
        | {"change": change.value, "error": change.error * scale}
        | bounds
        | {"p_value": p_value(change, z, windows=free), "verdict": "estimated"}
        | (_slope(time, hit, at, half) if hit is not None else {})
    )


def _pseudo(
    time: NDArray[np.float64],
    sums: NDArray[np.float64] | None,
    posted: NDArray[np.float64],
    half: float,
    *,
    span: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[list[Change], float]:
    """Changes at pseudo-updates and the half-width of their windows: halved up to twice where there is no room."""
    drawn: list[Change] = []
    for width in (half, half / 2, half / 4):
        if width < LEAST_S:
            break
        drawn = placebo(time, sums, posted, width, span=span, rng=rng)
        if len(drawn) >= LEAST_DRAWS:
            return drawn, width
    return drawn, half


def _corrected(row: dict[str, Any], gain: Gain) -> dict[str, Any]:
    """Turn a row's changes of mean probability into changes of the share, and its error into an interval."""
    if "change" not in row:
        return row
    out = {k: v for k, v in row.items() if k != "error"}
    out["low"], out["high"] = gain.interval(row["change"], row["error"])
    for name in ("change", "placebo_low", "placebo_high", "slope", "slope_low", "slope_high"):
        if name in row:
            out[name] = row[name] * gain.value
    return out


def _slope(time: NDArray[np.float64], hit: NDArray[np.float64], at: float, half: float) -> dict[str, float]:
    found = slope_change(time, hit, at, half)
    return {} if found is None else dict(zip(("slope", "slope_low", "slope_high"), found, strict=True))


def windows(posted: NDArray[np.float64], half: float, span: tuple[float, float]) -> float:
    """How many windows of one side's width fit where pseudo-updates may lie."""
    grid = np.linspace(span[0] + half, span[1] - half, 200)
    free = np.abs(posted[None, :] - grid[:, None]).min(1, initial=np.inf) >= half
    return float(free.mean() * max(0.0, span[1] - span[0] - 2 * half) / half)


def _change(time: NDArray[np.float64], sums: NDArray[np.float64] | None, at: float, half: float) -> Change:
    return volume_change(time, at, half) if sums is None else _from_sums(time, sums, at, half)


def placebo(
    time: NDArray[np.float64],
    sums: NDArray[np.float64] | None,
    posted: NDArray[np.float64],
    half: float,
    *,
    span: tuple[float, float],
    rng: np.random.Generator,
) -> list[Change]:
    """Changes at pseudo-updates: random times whose windows hold enough posts and no real update.

    `sums` are running sums of the hits (see `_sums`); None asks for the volume.
    """
    found = []
    low, high = span[0] + half, span[1] - half
    if high <= low:
        return []
    for at in rng.uniform(low, high, DRAWS):
        if np.abs(posted - at).min(initial=np.inf) < half:
            continue
        change = _change(time, sums, at, half)
        if min(change.n_before, change.n_after) >= LEAST_POSTS:
            found.append(change)
    return found
