"""Humour against frustration: two shares of the same posts, apart, because a joke can be angry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.report.charts import clock
from analyzer.report.charts.dots import Size, percent_axis
from analyzer.report.charts.series import column, drawn_bins, middles
from analyzer.report.charts.style import LIGHT, canvas, fmt, key_row, point, say_missing, set_title
from analyzer.report.document import Table
from analyzer.report.format import Format
from analyzer.report.pick import Row, View, view
from analyzer.report.share_tables import share_text
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINES = (("frustration", "orange", "clearly frustrated"), ("humor", "purple", "humorous"))


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    known = any(b["humor"] is not None for b in v.bins)
    return "" if known else "Too few posts to say how humour went over time."


def title(v: View, f: Format) -> str:
    """Return the finding."""
    joke, angry = v.settled("humor"), v.settled("frustration_ge2")
    if not joke or not angry:
        return "Humour and frustration over time: how they compare is not settled"
    if joke["high"] is not None and angry["low"] is not None and joke["high"] < angry["low"]:
        return f"More posts are frustrated ({f.share(angry['estimate'])}) than joke ({f.share(joke['estimate'])})"
    if joke["low"] is not None and angry["high"] is not None and joke["low"] > angry["high"]:
        return f"More posts joke ({f.share(joke['estimate'])}) than are frustrated ({f.share(angry['estimate'])})"
    return (
        f"Jokes ({f.share(joke['estimate'])}) and clear frustration ({f.share(angry['estimate'])}) "
        "cannot be told apart in number"
    )


def _phases(v: View) -> list[tuple[Row, Row | None, Row | None]]:
    out = []
    for phase in v.main_phases():
        pair = [v.share(m, scope="phase", group=phase["phase"]) for m in ("humor", "frustration_ge2")]
        if any(pair):
            out.append((phase, pair[0], pair[1]))
    return out


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    parts = [f"{v.phase_name(p['phase'])} {share_text(j, f)} and {share_text(a, f)}" for p, j, a in _phases(v)]
    lead = "Shares of humorous and of clearly frustrated posts over time"
    return missing(v) or (f"{lead}; by phase: {'; '.join(parts)}." if parts else f"{lead}.")


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    rows = tuple(
        (v.phase_name(p["phase"]), f.count(p["n_relevant"]), share_text(j, f), share_text(a, f))
        for p, j, a in _phases(v)
    )
    header = ("Phase", "Posts", "Humour (95% interval)", "Clearly frustrated (95% interval)")
    return Table("humor", "Humour and frustration by phase", header, rows, numeric=frozenset({1, 2, 3}), folded=True)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    return (7.4, 3.1), (3.6, 3.3)


def plot_humor(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Smoothed shares of humorous and of clearly frustrated posts over time, with 95% intervals."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        span = v.focus
        if (reason := missing(v)) or span is None:
            return say_missing(ax, reason)
        bins, width = drawn_bins(v, span, most=160)
        clock.shade_phases(ax, v, span, names=False)
        clock.mark_updates(ax, v, span, f)
        x = middles(bins, width)
        for name, role, _ in LINES:
            ax.fill_between(
                x, column(bins, f"{name}_low"), column(bins, f"{name}_high"), color=LIGHT[role], alpha=0.16, zorder=1
            )
            ax.plot(
                x,
                column(bins, name),
                color=LIGHT[role],
                linewidth=1.7,
                zorder=2,
                linestyle="-" if name != "humor" else (0, (5, 1.5)),
            )
        _labels(ax, bins, x)
        _points(ax, bins, width, f)
        top = max((b[f"{n}_high"] or 0 for b in bins for n, _, _ in LINES), default=1.0)
        ax.set_ylim(0, min(1.0, max(0.1, 1.25 * top)) if top < 0.8 else 1.0)
        percent_axis(ax, "y")
        ax.grid(axis="y")
        clock.time_axis(ax, span, zone=timeline.study.time_zone)
        ax.set_ylabel("Share of posts")
        key_row(
            ax,
            [
                ("clearly frustrated", "orange"),
                ("humorous (dashed)", "purple"),
                *([("updates", "green")] if v.updates else []),
            ],
        )
        set_title(ax, title(v, f))
    return ax


def _labels(ax: Axes, bins: list[Row], x: list[Any]) -> None:
    """Name both lines where they lie furthest apart: the upper one above it, the lower one below."""
    apart = [
        (abs(b["frustration"] - b["humor"]), i)
        for i, b in enumerate(bins)
        if b["frustration"] is not None and b["humor"] is not None
    ]
    inner = [a for a in apart if 0.06 * len(bins) < a[1] < 0.94 * len(bins)] or apart
    if not inner:
        return
    _, i = max(inner)
    for name, role, label in LINES:
        above = bins[i][name] >= max(bins[i][n] for n, _, _ in LINES)
        ax.annotate(
            label,
            (x[i], bins[i][name]),
            xytext=(0, 6 if above else -6),
            textcoords="offset points",
            ha="right" if i > len(bins) * 0.7 else "left" if i < len(bins) * 0.3 else "center",
            va="bottom" if above else "top",
            fontsize=8,
            color=LIGHT[role],
        )


def _points(ax: Axes, bins: list[Row], width: float, f: Format) -> None:
    import datetime as dt

    for b in bins:
        if b["humor"] is None or b["frustration"] is None:
            continue
        start = clock.naive(b["start"])
        joke = f.share_interval(b["humor"], b["humor_low"], b["humor_high"])
        angry = f.share_interval(b["frustration"], b["frustration_low"], b["frustration_high"])
        said = f"{f.time(b['start'])}: humorous {joke}, clearly frustrated {angry}"
        point(ax, said, x=(start, start + dt.timedelta(seconds=width)))
