"""What was looked at: one strip a source over the whole window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report import tables
from analyzer.report.charts import clock
from analyzer.report.charts.dots import Size
from analyzer.report.charts.style import LIGHT, canvas, fmt, key_row, point, say_missing, set_title
from analyzer.report.document import Table
from analyzer.report.format import Format, text
from analyzer.report.names import source_name
from analyzer.report.pick import Row, View, view
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOOK = {
    "covered": ("green-soft", "", "collected"),
    "unknown": ("grey-soft", "..", "unknown"),
    "gap": ("orange-soft", "///", "gap"),
    "rate_limited": ("orange-mid", "xx", "rate limited"),
    "truncated": ("purple-soft", "\\\\", "cut off"),
}
#: What is drawn last lies on top: holes must not hide under what was collected.
_ORDER = ("unknown", "covered", "truncated", "rate_limited", "gap")


def _sources(v: View) -> list[str]:
    return list(dict.fromkeys(r["source"] for r in v.coverage))


def _seconds(v: View, kinds: tuple[str, ...]) -> dict[str, float]:
    window = v.window
    out: dict[str, float] = {}
    for r in v.coverage:
        if window and r["kind"] in kinds:
            inside = (min(r["end"], window[1]) - max(r["start"], window[0])).total_seconds()
            out[r["source"]] = out.get(r["source"], 0.0) + max(0.0, inside)
    return {s: t for s, t in out.items() if t > 0}


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    return "" if v.coverage and v.window else "Nothing is known about how completely the posts were collected."


def title(v: View, f: Format) -> str:
    """Return the finding."""
    holes = _seconds(v, ("gap", "rate_limited", "truncated"))
    if holes:
        ranked = sorted(holes, key=lambda s: -holes[s])
        parts = [f"{source_name(s)} {f.duration(holes[s])}" for s in ranked[:3]]
        return f"Not collected: {', '.join(parts)} of the window"
    unknown = _seconds(v, ("unknown",))
    if len(unknown) == len(_sources(v)):
        return "How completely the posts were collected is unknown" + (" for every source" if len(unknown) > 1 else "")
    if unknown:
        return f"How completely {', '.join(source_name(s) for s in unknown)} was collected is unknown"
    return "All sources were collected through the whole window"


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    holes, unknown = _seconds(v, ("gap", "rate_limited", "truncated")), _seconds(v, ("unknown",))
    parts = [
        f"{source_name(s)} {f.duration(holes[s])} not collected"
        if s in holes
        else f"{source_name(s)} {'unknown' if s in unknown else 'without a known gap'}"
        for s in _sources(v)
    ]
    return missing(v) or f"Coverage of each source over the window: {'; '.join(parts)}."


def data(v: View, f: Format) -> Table:
    """Return no table of its own: the section holds the whole table."""
    full = tables.coverage(v, f)
    return Table("coverage-chart", full.caption, full.header, (), folded=True)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    n = max(len(_sources(v)), 1)
    return (7.4, 1.25 + 0.3 * n), (3.6, 1.4 + 0.3 * n)


def plot_coverage(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """What was collected of each source over the whole window, and what was not."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        window = v.window
        if (reason := missing(v)) or window is None:
            return say_missing(ax, reason)
        sources = _sources(v)
        seen: list[str] = []
        for kind in (*_ORDER, *sorted({r["kind"] for r in v.coverage} - set(_ORDER))):
            for row in (r for r in v.coverage if r["kind"] == kind):
                if _strip(ax, row, sources.index(row["source"]), window, f) and kind not in seen:
                    seen.append(kind)
        ax.set_yticks(range(len(sources)), [text(source_name(s), limit=14) for s in sources])
        ax.set_ylim(len(sources) - 0.5, -0.5)
        ax.spines["left"].set_visible(False)
        clock.time_axis(ax, window, zone=timeline.study.time_zone)
        names = {k: _LOOK.get(k, ("line", "", text(k, limit=20))) for k in seen}
        key_row(ax, [(look[2], _text_role(look[0])) for look in names.values()])
        set_title(ax, title(v, f))
    return ax


def _text_role(role: str) -> str:
    return {
        "green-soft": "green",
        "grey-soft": "line",
        "orange-soft": "orange",
        "orange-mid": "orange",
        "purple-soft": "purple",
    }.get(role, role)


def _strip(ax: Axes, row: Row, place: int, window: clock.Span, f: Format) -> bool:
    role, hatch, name = _LOOK.get(row["kind"], ("line", "", text(row["kind"], limit=20)))
    start, end = max(row["start"], window[0]), min(row["end"], window[1])
    if start >= end:
        return False
    x = [clock.naive(start), clock.naive(end)]
    edge = LIGHT[_text_role(role)]
    ax.fill_between(x, place - 0.34, place + 0.34, facecolor=LIGHT[role], edgecolor=edge, hatch=hatch, linewidth=0.4)
    why = f" ({text(row['note'], limit=80)})" if row["note"] else ""
    point(
        ax,
        f"{source_name(row['source'])}, {f.time(start)} to {f.time(end)}: {name}{why}",
        x=(x[0], x[1]),
        y=(place - 0.4, place + 0.4),
    )
    return True
