"""Draw numbers.png and numbers-effect.png from simulated outages: ``python docs/make_numbers_picture.py``."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analyzer import schema
from analyzer.simulate import simulate
from analyzer.timeline import build
from analyzer.timeline.effect import effects
from analyzer.timeline.gain import Gain

PICTURE = Path(__file__).parent / "numbers.png"
EFFECT = Path(__file__).parent / "numbers-effect.png"
PAPER = {"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none"}
INK, BAND, HOT, OFFICIAL, FALL = "#1f2933", "#cbd5e1", "#d9480f", "#1864ab", "#5f3dc4"


def main() -> None:
    """Draw both pictures."""
    incident()
    effect()


def incident() -> None:
    """Build the timeline of a simulated outage with its true labels and mark what the page explains."""
    simulation = simulate(seed=1)
    posts = simulation.study.select(simulation.posts)
    key = ["source", "post_id"]
    labels = schema.check(posts[key].merge(simulation.labels, on=key, how="left"), schema.LABELS)
    made = build(simulation.study, posts, labels, simulation.updates, schema.empty(schema.COVERAGE))
    (row,) = made.incident_objects()
    bins, ladder = made.bins, made.ladder.set_index("step")
    times = pd.to_datetime(bins["start"], utc=True)
    figure, ax = plt.subplots(figsize=(10, 4.8), layout="constrained")
    low, high, count = (bins[c].to_numpy(dtype=float) for c in ("expected_low", "expected_high", "n_relevant"))
    ax.fill_between(times, low, high, color=BAND, step="post", label="usual level (95 % of quiet bins)")
    ax.step(times, count, where="post", color=INK, lw=1, label="posts about the outage per 5 minutes")
    top = float(count.max())
    for name, left, middle, right in (
        ("onset", row.onset_low, row.onset, row.onset_high),
        ("recovery", row.recovery_low, row.recovery, row.recovery_high),
    ):
        ax.axvspan(left, right, color=HOT, alpha=0.25, lw=0)
        ax.axvline(middle, color=HOT, lw=1.4)
        ax.annotate(
            f"observed {name}\nwith its 95 % interval",
            (middle, top * 1.12),
            color=HOT,
            ha="center",
            fontsize=9,
            bbox=PAPER,
        )
    ax.annotate(
        "peak", (row.peak, row.peak_count), (row.peak - pd.Timedelta(minutes=4), top * 1.03), color=INK, fontsize=9
    )
    for step, text, height in (("first_word", "first official word", 1.02), ("resolved_word", "“resolved”", 0.6)):
        at = ladder.loc[step, "time"]
        ax.axvline(at, color=OFFICIAL, lw=1.2, ls="--")
        ax.annotate(text, (at + pd.Timedelta(minutes=4), top * height), color=OFFICIAL, fontsize=9, bbox=PAPER)
    word = ladder.loc["first_word", "time"]
    ax.annotate("", (row.onset, top * 0.1), (word, top * 0.1), arrowprops={"arrowstyle": "<->", "color": OFFICIAL})
    middle = row.onset + (word - row.onset) / 2
    ax.annotate("lag", (middle, top * 0.12), color=OFFICIAL, ha="center", fontsize=9)
    _peak_and_half_life(ax, made.facts, times, count, row)
    ax.set(xlim=(row.onset - pd.Timedelta(hours=2), row.recovery + pd.Timedelta(hours=2)), ylim=(0, top * 1.3))
    ax.set_ylabel("posts per 5 minutes")
    ax.set_xlabel("hour of the day, UTC (a simulated outage: every post is invented)")
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="upper center", fontsize=9, bbox_to_anchor=(0.54, 0.98))
    figure.savefig(PICTURE, dpi=110, metadata={"Software": ""})


def _peak_and_half_life(ax: Axes, facts: Any, times: pd.Series, count: np.ndarray, row: schema.Incident) -> None:
    """Mark the height without luck, and the fall from 80 to 40 % of the level before it."""
    height = facts["peak_posts"]["value"]
    ax.plot([row.onset, row.peak + pd.Timedelta(minutes=60)], [height] * 2, color=INK, lw=1.2, ls=":")
    ax.annotate("peak posts", (row.onset - pd.Timedelta(minutes=62), height - 1), color=INK, fontsize=9, bbox=PAPER)
    smooth = pd.Series(count).rolling(7, center=True, min_periods=1).mean().to_numpy()
    life = pd.Timedelta(seconds=facts["half_life_volume_s"]["value"])
    fall = times[int(np.flatnonzero(smooth > 0.4 * 30)[-1])]
    for at, level in ((fall - life, 24), (fall, 12)):
        ax.plot([at, at], [0, level], color=FALL, lw=1)
    ax.annotate("", (fall - life, 3), (fall, 3), arrowprops={"arrowstyle": "<->", "color": FALL})
    ax.annotate("half-life", (fall - life / 2, 30), color=FALL, fontsize=9, ha="center", bbox=PAPER)
    ax.annotate("80 %", (fall - life, 25), color=FALL, fontsize=8, ha="center")
    ax.annotate("40 %", (fall + pd.Timedelta(minutes=3), 13), color=FALL, fontsize=8)


def effect() -> None:
    """Draw a fall of the true share from .4 to .2, what a classifier shows of it, and the corrected change."""
    rng = np.random.default_rng(4)
    minute = np.sort(rng.uniform(-180, 180, 3600))
    true = np.where(minute < 0, 0.4, 0.2)
    angry = rng.random(len(minute)) < true
    seen = np.where(angry, rng.beta(5.5, 4.5, len(minute)), rng.beta(2.5, 7.5, len(minute)))
    word = pd.DataFrame({"update_id": ["1"], "posted_at": [pd.Timestamp(0, unit="s", tz="UTC")], "stage": [None]})
    gain = Gain(1 / 0.3, 0.2)
    (found,) = effects(
        word, minute * 60, {"frustration_ge2": seen}, span=(-10800, 10800), gains={"frustration_ge2": gain}
    )
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", width_ratios=[2.2, 1])
    edges = np.arange(-180, 181, 10)
    middle = (edges[:-1] + edges[1:]) / 2
    mean = [seen[(minute >= a) & (minute < b)].mean() for a, b in pairwise(edges)]
    left.step([-180, 0, 0, 180], [0.4, 0.4, 0.2, 0.2], color=INK, lw=1.4, label="true share of frustrated posts")
    left.plot(middle, mean, ".", color=FALL, label="mean probability by the classifier")
    left.axvline(0, color=OFFICIAL, lw=1.2, ls="--")
    left.annotate("official update", (4, 0.5), color=OFFICIAL, fontsize=9)
    left.axvspan(-60, 60, color=BAND, alpha=0.5, lw=0)
    left.annotate("window", (-57, 0.03), color=INK, fontsize=9)
    left.set(ylim=(0, 0.55), xlim=(-180, 180), xlabel="minutes from the update (simulated posts)", ylabel="share")
    left.legend(frameon=False, fontsize=9, loc="upper left")
    right.axvspan(found["placebo_low"], found["placebo_high"], color=BAND, lw=0)
    right.annotate("without\nan update", (0, 2.3), ha="center", fontsize=9, color=INK)
    raw = found["change"] / gain.value
    right.plot([raw], [1.6], "o", color=FALL)
    right.annotate("as the classifier sees it", (raw, 1.75), ha="center", fontsize=9, color=FALL)
    right.plot([found["low"], found["high"]], [0.8, 0.8], color=HOT, lw=2)
    right.plot([found["change"]], [0.8], "o", color=HOT)
    right.annotate("corrected, with its 95 % interval", (found["change"], 0.95), ha="center", fontsize=9, color=HOT)
    right.axvline(-0.2, color=INK, lw=1.2)
    right.annotate("truth", (-0.203, 0.1), ha="right", fontsize=9, color=INK)
    right.set(ylim=(0, 2.8), xlim=(-0.4, 0.12), xlabel="change in share", yticks=[])
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(EFFECT, dpi=110, metadata={"Software": ""})


if __name__ == "__main__":
    main()
