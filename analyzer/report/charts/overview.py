"""The whole window at a glance, where the other charts show only the stretch around the incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.charts import clock
from analyzer.report.charts.dots import Size
from analyzer.report.charts.rate import volume_axis
from analyzer.report.charts.series import drawn_bins, holes, steps, width_name
from analyzer.report.charts.style import LIGHT, canvas, fmt, key_row, say_missing, set_title
from analyzer.report.document import Table
from analyzer.report.format import Format
from analyzer.report.pick import View, view
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    if not v.bins:
        return "There are no posts in the window."
    return "" if v.focus != v.window else "The chart of volume already shows the whole window."


def title(v: View, f: Format) -> str:
    """Return the finding."""
    window = v.window
    if not window:
        return "No posts"
    length = f.duration((window[1] - window[0]).total_seconds())
    n = len(v.incidents)
    rises = "no rise stands out" if not n else "one rise stands out" if n == 1 else f"{f.count(n)} rises stand out"
    return f"In the whole window of {length}, {rises}"


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    times = ", ".join(f.time(r["onset"]) for r in v.incidents) or "none"
    return missing(v) or f"Posts about the outage over the whole window. Onsets of rises: {times}."


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    bins, width = drawn_bins(v, None, most=120)
    rows = tuple((f.time(b["start"], zone=False), f.count(b["n_relevant"]), f.share(b["covered"])) for b in bins)
    header = ("Start (UTC)", "Posts", "Collected")
    return Table(
        "overview", f"Posts per {width_name(width)}, whole window", header, rows, numeric=frozenset({1, 2}), folded=True
    )


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    return (7.4, 2.1), (3.6, 2.4)


def plot_overview(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Posts about the outage over the whole window; the shaded stretch is what the other charts show."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        window, focus = v.window, v.focus
        if window is None or focus is None:
            return say_missing(ax, missing(v))
        bins, width = drawn_bins(v, None, most=200)
        x, n = steps(bins, width, "n_relevant")
        ax.axvspan(clock.naive(focus[0]), clock.naive(focus[1]), color=LIGHT["shade"], zorder=0)
        ax.fill_between(x, n, color=LIGHT["blue-soft"], zorder=1)
        ax.plot(x, n, color=LIGHT["blue"], linewidth=1, zorder=2)
        for start, end in holes(bins, width):
            ax.axvspan(start, end, facecolor=LIGHT["grey-soft"], edgecolor=LIGHT["line"], hatch="///", zorder=0.5)
        tallest = max((b["n_relevant"] for b in bins), default=1) or 1
        for row in v.incidents:
            ax.plot(
                [clock.naive(row["onset"])],
                [tallest * 1.12],
                marker="v",
                markersize=6,
                color=LIGHT["purple"],
                linestyle="none",
            )
        volume_axis(ax, tallest * 1.25)
        clock.time_axis(ax, window, zone=timeline.study.time_zone)
        ax.set_ylabel(f"Posts per\n{width_name(width)}")
        key_row(ax, [("posts about the outage", "blue"), *([("onset", "purple")] if v.incidents else [])])
        set_title(ax, title(v, f))
    return ax
