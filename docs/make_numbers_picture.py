"""Draw numbers.png from a simulated outage: ``python docs/make_numbers_picture.py``."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import pandas as pd

from analyzer import schema
from analyzer.simulate import simulate
from analyzer.timeline import build

PICTURE = Path(__file__).parent / "numbers.png"
PAPER = {"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none"}
INK, BAND, HOT, OFFICIAL = "#1f2933", "#cbd5e1", "#d9480f", "#1864ab"


def main() -> None:
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
    ax.set(xlim=(row.onset - pd.Timedelta(hours=2), row.recovery + pd.Timedelta(hours=2)), ylim=(0, top * 1.3))
    ax.set_ylabel("posts per 5 minutes")
    ax.set_xlabel("hour of the day, UTC (a simulated outage: every post is invented)")
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="upper center", fontsize=9, bbox_to_anchor=(0.54, 0.98))
    figure.savefig(PICTURE, dpi=110, metadata={"Software": ""})


if __name__ == "__main__":
    main()
