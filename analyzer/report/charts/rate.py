"""The chart that tells it: volume, frustration, phases and official updates on one time axis."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from analyzer.report.charts import clock
from analyzer.report.charts.dots import Size
from analyzer.report.charts.series import drawn_bins, holes, steps, width_name
from analyzer.report.charts.style import LIGHT, canvas, fmt, is_narrow, key_row, point, say_missing, set_title
from analyzer.report.document import Table
from analyzer.report.format import NONE, Format
from analyzer.report.pick import Row, View, view
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    return (7.4, 3.9), (3.6, 4.1)


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    return "" if v.bins else "There are no posts in the window, so there is nothing to draw."


def title(v: View, f: Format) -> str:
    """Return the finding."""
    found = v.incident
    if not found:
        n = f.posts(sum(b["n_relevant"] for b in v.bins))
        if v.timeline.verdict == "not enough data":
            return f"Too little data to tell what is usual: {n} about an outage"
        return f"No rise above the usual number of posts: {n} in the whole window"
    usual = next((b["expected"] for b in v.bins if b["start"] == found["peak"]), None)
    width = width_name(v.timeline.bin_s)
    peak = f"{f.posts(found['peak_count'])} per {width} at the peak"
    start = f"Posts rose at {f.clock(found['onset'])} UTC and reached {peak}"
    return f"{start}, where {f.number(usual, 1 if usual < 10 else 0)} are usual" if usual is not None else start


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    if reason := missing(v):
        return reason
    span = v.focus
    assert span is not None
    parts = [f"Posts about the outage per {width_name(v.timeline.bin_s)} from {f.time(span[0])} to {f.time(span[1])}."]
    if found := v.incident:
        parts.append(
            f"They leave the usual range at {f.time_interval(found['onset'], found['onset_low'], found['onset_high'])},"
        )
        parts.append(f"peak at {f.time(found['peak'])} with {f.posts(found['peak_count'])}")
        parts.append(
            "and are not back at the usual level when the data end."
            if found["recovery"] is None
            else f"and are back at the usual level at {f.time(found['recovery'])}."
        )
    elif v.timeline.verdict == "no incident found":
        parts.append("They stay within the usual range.")
    if v.updates:
        parts.append(
            f"{f.count(len(v.updates))} official updates are marked, the first at {f.time(v.updates[0]['posted_at'])}."
        )
    return " ".join(parts)


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    bins, width = drawn_bins(v, v.focus, most=160)
    rows = tuple(_line(b, v, f) for b in bins)
    header = (
        "Start (UTC)",
        "Posts",
        "Usual number (95% range)",
        "Clearly frustrated (95% interval)",
        "Collected",
        "Phase",
    )
    return Table("rate", f"Posts per {width_name(width)}", header, rows, numeric=frozenset({1, 2, 3, 4}), folded=True)


def _line(b: Row, v: View, f: Format) -> tuple[str, ...]:
    usual = NONE
    if b["expected"] is not None:
        usual = f"{f.number(b['expected'], 1)} ({f.number(b['expected_low'], 1)}–{f.number(b['expected_high'], 1)})"
    angry = f.share_interval(b["frustration"], b["frustration_low"], b["frustration_high"])
    n = f.count(b["n_relevant"]) if b["covered"] > 0 else "not collected"
    return (f.time(b["start"], zone=False), n, usual, angry, f.share(b["covered"]), v.phase_name(b["phase"]))


def plot_rate(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Posts about the outage per time bin against the usual number, with phases and numbered official updates."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        span = v.focus
        assert span is not None
        bins, width = drawn_bins(v, span, most=110 if is_narrow(ax) else 260)
        clock.shade_phases(ax, v, span)
        _volume(ax, bins, width, v, f)
        clock.mark_updates(ax, v, span, f)
        top = _headroom(ax, bins)
        _incident(ax, v, f, top)
        _names(ax, bins, v)
        clock.time_axis(ax, span, zone=timeline.study.time_zone)
        ax.set_ylabel(f"Posts per {width_name(width)}")
        ax.grid(axis="y")
        set_title(ax, title(v, f))
    return ax


def _volume(ax: Axes, bins: list[Row], width: float, v: View, f: Format) -> None:
    x, n = steps(bins, width, "n_relevant")
    _, share = steps(bins, width, "frustration")
    _, low = steps(bins, width, "expected_low")
    _, high = steps(bins, width, "expected_high")
    angry = [a * b if b == b else 0.0 for a, b in zip(n, share, strict=True)]
    ax.fill_between(x, n, color=LIGHT["blue-soft"], zorder=1)
    ax.fill_between(x, angry, color=LIGHT["orange-mid"], zorder=1.5)
    ax.plot(x, n, color=LIGHT["blue"], linewidth=1.2, zorder=2)
    if any(top == top for top in high):
        ax.fill_between(x, low, high, color=LIGHT["line"], alpha=0.35, zorder=2.5)
    for start, end in holes(bins, width):
        ax.axvspan(
            start, end, facecolor=LIGHT["grey-soft"], edgecolor=LIGHT["line"], hatch="///", alpha=0.6, zorder=0.5
        )
    step = dt.timedelta(seconds=width)
    for row in bins:
        start = clock.naive(row["start"])
        line = _line(row, v, f)
        angry_text = "" if line[3] == NONE else f"; clearly frustrated {line[3]}"
        usual_text = "" if line[2] == NONE else f" (usual {line[2]})"
        point(ax, f"{line[0]} UTC: {line[1]} posts{usual_text}{angry_text}", x=(start, start + step))


def _headroom(ax: Axes, bins: list[Row]) -> float:
    tallest = max((max(b["n_relevant"], b["expected_high"] or 0) for b in bins), default=1)
    top = float(max(tallest, 1) * 1.42)
    volume_axis(ax, top)
    return top


def volume_axis(ax: Axes, top: float) -> None:
    """Scale an axis of counts from 0 to `top`, in whole numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.set_ylim(0, top)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    f = fmt()
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f.count(value)))


def _incident(ax: Axes, v: View, f: Format, top: float) -> None:
    found, span = v.incident, v.focus
    if not found or not span:
        return
    at, low, high = (clock.naive(found[k]) for k in ("onset", "onset_low", "onset_high"))
    ax.axvspan(low, high, ymax=0.8, color=LIGHT["purple-soft"], alpha=0.7, zorder=0.8)
    ax.plot([at, at], [0, top * 0.8], color=LIGHT["purple"], linewidth=1.3, zorder=3)
    said = f"Observed onset {f.time_interval(found['onset'], found['onset_low'], found['onset_high'])}"
    point(ax, said, x=(low, high))
    ax.annotate(
        f"onset\n{clock.moment(found['onset'], span)}",
        (at, top * 0.8),
        xytext=(-3, 0),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8,
        color=LIGHT["purple"],
    )
    if found["recovery"] is not None:
        back = clock.naive(found["recovery"])
        ax.plot([back, back], [0, top * 0.5], color=LIGHT["purple"], linewidth=1.1, linestyle=":", zorder=3)
        ax.annotate(
            f"recovery\n{clock.moment(found['recovery'], span)}",
            (back, top * 0.5),
            xytext=(3, 0),
            textcoords="offset points",
            ha="left",
            va="top",
            fontsize=8,
            color=LIGHT["purple"],
        )


def _names(ax: Axes, bins: list[Row], v: View) -> None:
    names = [("posts about the outage", "blue")]
    if any(b["frustration"] is not None for b in bins):
        names.append(("of them clearly frustrated", "orange"))
    if any(b["expected_high"] is not None for b in bins):
        names.append(("usual range", "line"))
    if v.updates:
        names.append(("official updates, numbered", "green"))
    if v.incident:
        names.append(("onset and recovery, observed", "purple"))
    if any(b["covered"] <= 0 for b in bins):
        names.append(("not collected", "muted"))
    key_row(ax, names)
