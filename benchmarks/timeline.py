"""How well incidents are found, when they are said to begin and end, and how often quiet series raise an alarm.

``python benchmarks/timeline.py [--outages N] [--quiet-hours H] [--effects N]`` prints figures against known truth, and
against the peer that most tools use: a threshold of three standard deviations above the weekly mean.
The truth is simulated here, at the level of counts: a daily rhythm, over-dispersed counts, noise of the rate itself,
and outages of four shapes over a grid of size, speed and width of bins.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from analyzer.timeline import facts
from analyzer.timeline.detection import around, detect_series, records
from analyzer.timeline.effect import effects
from analyzer.timeline.series import Series

START = pd.Timestamp("2024-01-01", tz="UTC").as_unit("us")


@dataclass(frozen=True)
class Outage:
    """One simulated outage; minutes, and posts per hour for `base`."""

    base: float = 60.0
    ratio: float = 10.0
    lasts: float = 120.0
    rise: float = 10.0
    half_life: float = 30.0
    dispersion: float = 1.0
    bin_min: int = 5
    shape: str = "exp"
    days: float = 10.0
    season: float = 0.5
    noise: float = 0.1


@dataclass(frozen=True)
class Truth:
    """When it was, in minutes after the start of the series; `posts` above the usual number."""

    onset: float
    recovery: float
    half_life: float
    posts: float


def simulate(outage: Outage, *, seed: int, quiet: bool = False) -> tuple[Series, Truth]:
    """Draw one series. Recovery: excess for good below 5 % of its top or the usual level (at most half of the top)."""
    rng = np.random.default_rng(seed)
    n = int(outage.days * 1440)
    t = np.arange(n) + 0.5
    usual = outage.base / 60 * (1 + outage.season * np.cos((t / 60 - 15) / 24 * 2 * np.pi))
    onset = (outage.days - 1.5) * 1440 + rng.uniform(-600, 600) if outage.days > 3 else n / 2 + rng.uniform(-60, 60)
    excess = (outage.ratio - 1) * usual[int(onset)] * _shape(outage, t, onset) * (0.0 if quiet else 1.0)
    rate = ((usual + excess) * _noise(n, outage.noise, rng)).reshape(-1, outage.bin_min).sum(1)
    if outage.dispersion > 1:
        count = rng.negative_binomial(rate / (outage.dispersion - 1) + 1e-12, 1 / outage.dispersion)
    else:
        count = rng.poisson(rate)
    top = float(excess.max())
    above = np.flatnonzero(excess > min(max(0.05 * top, usual.mean()), 0.5 * top)) if top else np.array([0])
    half_life = 0.0 if outage.shape == "pulse" else _half_life(excess[int(onset + outage.lasts) :])
    truth = Truth(onset, float(above[-1] + 1), half_life, float(excess.sum()))
    return Series("s", START, outage.bin_min * 60, count.astype(float), np.ones(len(count))), truth


def _half_life(falling: np.ndarray) -> float:
    """Minutes from 80 to 40 % of the first value."""
    if not falling.any():
        return 0.0
    return float(np.argmax(falling <= 0.4 * falling[0]) - np.argmax(falling <= 0.8 * falling[0]))


def _shape(outage: Outage, t: np.ndarray, onset: float) -> np.ndarray:
    since, over = t - onset, t - onset - outage.lasts
    if outage.shape == "lin":
        rise = np.clip(since / outage.rise, 0, 1)
    else:
        rise = (1 - np.exp(-np.clip(since, 0, None) / outage.rise)) / (1 - np.exp(-outage.lasts / outage.rise))
    if outage.shape == "tired":
        rise = rise * np.exp(-np.clip(since, 0, None) / 480)
    fall = (over < 0) * 1.0 if outage.shape == "pulse" else np.exp2(-np.clip(over, 0, None) / outage.half_life)
    return rise * fall * (since >= 0)


def _noise(n: int, sd: float, rng: np.random.Generator) -> np.ndarray:
    """Multiplicative noise of mean 1: log AR(1) with a correlation time of 20 minutes."""
    phi = np.exp(-1 / 20)
    steps = rng.standard_normal(n) * np.sqrt(1 - phi**2)
    return np.exp(sd * lfilter([1.0], [1.0, -phi], steps) - sd**2 / 2)


def grid(*, seed: int = 1) -> Iterator[Outage]:
    """Outages over size, speed, noise and width of bins, in random order."""
    rows = list(
        itertools.product(
            [3, 20, 120, 600], [2.2, 4, 12, 40], [60, 240], [5, 30], [15, 60], [1, 2], [5, 20],
            ["exp", "lin", "pulse", "tired"],
        )
    )  # fmt: skip
    order = np.random.default_rng(seed).permutation(len(rows))
    for i in order:
        base, ratio, lasts, rise, half_life, dispersion, width, shape = rows[i]
        yield Outage(base, ratio, lasts, rise, half_life, dispersion, width, shape)


def judge(outage: Outage, *, seed: int) -> dict[str, Any] | None:
    """Detect one simulated outage and compare; None where it holds fewer than 60 posts."""
    series, truth = simulate(outage, seed=seed)
    if truth.posts < 60:
        return None
    found = detect_series(series)
    rows = records(found.incidents)

    def minutes(value: Any) -> float:
        return np.inf if value is None else (value - START).total_seconds() / 60

    hits = [r for r in rows if minutes(r["onset"]) < truth.recovery + 60 and minutes(r["recovery"]) > truth.onset]
    out: dict[str, Any] = {"outage": outage, "hit": bool(hits), "false": len(rows) - min(len(hits), 1)}
    out["peer_hit"], out["peer_false"] = peer(series, truth)
    if not hits:
        return out
    row = max(hits, key=lambda r: r["n_excess"])
    out["onset_error_min"] = minutes(row["onset"]) - truth.onset
    out["onset_in"] = minutes(row["onset_low"]) <= truth.onset <= minutes(row["onset_high"])
    if row["recovery"] is not None:
        out["recovery_in"] = minutes(row["recovery_low"]) <= truth.recovery <= minutes(row["recovery_high"])
        out["recovery_error_min"] = minutes(row["recovery"]) - truth.recovery
    first, peak = (int(minutes(row[k]) // outage.bin_min) for k in ("onset", "peak"))
    last = min(len(series), int(np.ceil(min(minutes(row["recovery"]), 1e9) / outage.bin_min)))
    life = facts.half_life(around(series, found.usual, (first, max(last, peak + 1))), peak=peak)
    if life["value"] is not None:
        high = np.inf if life["high"] is None else life["high"]
        out["half_life_in"] = life["low"] <= truth.half_life * 60 <= high
    return out


def peer(series: Series, truth: Truth) -> tuple[bool, int]:
    """Three standard deviations above the mean of the last seven days (SPOONS' weekly window): hit, false alarms."""
    width = 7 * 86400 // series.bin_s
    past = pd.Series(series.count).rolling(width, min_periods=12)
    high = (pd.Series(series.count) > past.mean() + 3 * past.std()).to_numpy()
    starts = np.flatnonzero(high & ~np.r_[False, high[:-1]]) * series.bin_s / 60
    inside = (starts >= truth.onset - series.bin_s / 60) & (starts <= truth.recovery + 60)
    return bool(inside.any()), int((~inside).sum())


def outages(n: int) -> pd.DataFrame:
    """Judge `n` outages of the grid."""
    rows: list[dict[str, Any]] = []
    for seed, outage in enumerate(grid()):
        if len(rows) >= n:
            break
        if (row := judge(outage, seed=seed)) is not None:
            rows.append(row)
    return pd.DataFrame(rows)


def quiet(hours: float, *, seed: int = 10**6) -> tuple[int, float]:
    """False alarms on series without an outage, and the hours looked at."""
    kinds = list(itertools.product([1, 6, 40, 300], [1, 2], [5, 20, 60], [0.0, 0.5], [3, 14]))
    seen, alarms = 0.0, 0
    for i in itertools.count():
        if seen >= hours:
            return alarms, seen
        base, dispersion, width, season, days = kinds[i % len(kinds)]
        outage = Outage(base, 2, 60, 5, 5, dispersion, width, days=days, season=season)
        series, _ = simulate(outage, seed=seed + i, quiet=True)
        alarms += len(detect_series(series).incidents)
        seen += days * 24
    raise AssertionError


def update_effects(n: int, *, before: float, after: float, posts: int = 300, hours: float = 1.0) -> pd.DataFrame:
    """Effects of one update per run, with a share of `before` turning to `after`; `posts` an hour."""
    half = hours * 3600
    update = pd.DataFrame({"update_id": ["1"], "posted_at": [pd.Timestamp(0, unit="s", tz="UTC")], "stage": [None]})
    rows = []
    for seed in range(n):
        rng = np.random.default_rng(seed)
        at = np.sort(rng.uniform(-half, half, rng.poisson(2 * posts * hours)))
        hit = (rng.random(len(at)) < np.where(at < 0, before, after)).astype(float)
        rows += effects(update, at, {"frustration_ge2": hit}, span=(-half, half), seed=seed)
    return pd.DataFrame(rows)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outages", type=int, default=300)
    parser.add_argument("--quiet-hours", type=float, default=20_000)
    parser.add_argument("--effects", type=int, default=1000)
    args = parser.parse_args()
    clock = time.perf_counter()
    table = outages(args.outages)
    hits, false = table["hit"].sum(), table["false"].sum()
    width = np.array([o.bin_min for o in table["outage"]])
    error = table["onset_error_min"].abs()
    print(f"outages {len(table)}: recall {table['hit'].mean():.3f}, precision {hits / (hits + false):.3f}")
    peer_hits, peer_false = table["peer_hit"].sum(), table["peer_false"].sum()
    print(f"  three sd above the weekly mean: recall {table['peer_hit'].mean():.3f}, "
          f"precision {peer_hits / (peer_hits + peer_false):.3f}")  # fmt: skip
    print(f"  onset error: median {(error / width).median():.2f} bins, {error[width == 5].median():.1f} min at 5 min")
    for name in ("onset", "recovery", "half_life"):
        print(f"  95 % interval of {name} covers in {table[name + '_in'].dropna().astype(float).mean():.3f}")
    print(f"  {(time.perf_counter() - clock) / len(table):.2f} s a series of 10 days")
    alarms, hours = quiet(args.quiet_hours)
    high = 0.5 * _chi2(0.975, 2 * alarms + 2)
    print(
        f"quiet: {alarms} false in {hours:,.0f} h: {alarms / hours * 1000:.2f} per 1,000 h "
        f"(upper 95 % bound {high / hours * 1000:.2f})"
    )
    for name, before, after, long in (
        ("no effect", 0.3, 0.3, 1.0),
        ("no effect, 8 h", 0.3, 0.3, 4.0),
        (".4 to .2", 0.4, 0.2, 1.0),
    ):
        found = update_effects(args.effects, before=before, after=after, hours=long)
        inside = ((found["low"] <= after - before) & (found["high"] >= after - before)).mean()
        print(f"update, {name}: p < .05 in {(found['p_value'] < 0.05).mean():.3f}, interval covers in {inside:.3f}")


def _chi2(q: float, df: float) -> float:
    from scipy.stats import chi2

    return float(chi2.ppf(q, df))


if __name__ == "__main__":
    main()
