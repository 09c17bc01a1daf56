"""How angry: the share of posts at each level of frustration, as a ribbon over the phases."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

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

#: Phases whose interval is wider than this are hatched.
_VAGUE = 0.3
LEVELS = (("frustration_ge1", "orange-soft"), ("frustration_ge2", "orange-mid"), ("frustration_ge3", "orange"))


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    if any(b["frustration"] is not None for b in v.bins) or _phase_levels(v):
        return ""
    return "Too few posts to say how frustrated people were over time."


def _phase_levels(v: View) -> list[tuple[Row, list[Row]]]:
    """Return each phase of the main incident with its three shares, where all three are known."""
    out = []
    for phase in v.main_phases():
        found = [v.share(m, scope="phase", group=phase["phase"]) for m, _ in LEVELS]
        rows = [r for r in found if r is not None and r["estimate"] is not None]
        if len(rows) == len(LEVELS):
            out.append((phase, rows))
    return out


def title(v: View, f: Format) -> str:
    """Return the finding: a phase is named only where its interval lies above another's."""
    calm = ("baseline", "recovered", "aftermath")
    levels = [(p, rows[1]) for p, rows in _phase_levels(v) if p["phase"] not in calm]
    known = [(p, r) for p, r in levels if r["low"] is not None and r["high"] is not None]
    if len(known) > 1:
        phase, row = max(known, key=lambda x: x[1]["estimate"])
        if row["low"] > min(r["high"] for _, r in known):
            return f"Clear frustration is highest while {v.phase_name(phase['phase'])}: {share_text(row, f)} of posts"
    whole = v.share("frustration_ge2")
    if whole is None or whole["estimate"] is None:
        return "Frustration over time"
    tail = "; no phase stands out" if known else ""
    return f"{share_text(whole, f)} of posts are clearly frustrated{tail}"


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    parts = []
    for phase, rows in _phase_levels(v):
        levels = ", ".join(f.share(r["estimate"]) for r in rows)
        parts.append(f"{v.phase_name(phase['phase'])} {levels}")
    if parts:
        return f"Share of posts frustrated at all, clearly and severely, by phase: {'; '.join(parts)}."
    return missing(v) or "Share of clearly frustrated posts over time, with its 95% interval."


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    rows = tuple(
        (v.phase_name(p["phase"]), f.count(p["n_relevant"]), *(share_text(r, f) for r in rows))
        for p, rows in _phase_levels(v)
    )
    header = ("Phase", "Posts", "At all (level 1+)", "Clearly (level 2+)", "Severely (level 3)")
    return Table("frustration", "Frustration by phase", header, rows, numeric=frozenset({1, 2, 3, 4}), folded=True)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    return (7.4, 3.7), (3.6, 3.8)


def plot_frustration(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Share of posts by level of frustration in each phase; hatched where the data say little; line: smoothed."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        span = v.focus
        if (reason := missing(v)) or span is None:
            return say_missing(ax, reason)
        levels = _phase_levels(v)
        for phase, rows in levels:
            _ribbon(ax, v, phase, rows, f)
        clock.shade_phases(ax, v, span)
        bins, width = drawn_bins(v, span, most=160)
        x, y = middles(bins, width), column(bins, "frustration")
        for bound in ("frustration_low", "frustration_high"):
            ax.plot(x, column(bins, bound), color=LIGHT["ink"], linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=4)
        ax.plot(x, y, color=LIGHT["ink"], linewidth=1.5, zorder=4)
        clock.mark_updates(ax, v, span, f)
        ax.set_ylim(0, _top(levels, bins))
        percent_axis(ax, "y")
        ax.grid(axis="y")
        clock.time_axis(ax, span, zone=timeline.study.time_zone)
        ax.set_ylabel("Share of posts")
        names = [("at all", "orange-soft"), ("clearly", "orange-mid"), ("severely", "orange")] if levels else []
        key_row(
            ax, [*names, ("clearly, smoothed, with interval", "ink"), *([("updates", "green")] if v.updates else [])]
        )
        set_title(ax, title(v, f))
    return ax


def _top(levels: list[tuple[Row, list[Row]]], bins: list[Row]) -> float:
    """Return the top of the axis: room for the ribbons, the interval and the names of the phases over them."""
    tops = [rows[0]["estimate"] for _, rows in levels]
    tops += [b["frustration_high"] for b in bins if b["frustration_high"] is not None]
    return float(max(0.2, 1.5 * max(tops, default=1.0)))


def _ribbon(ax: Axes, v: View, phase: Row, rows: list[Row], f: Format) -> None:
    span = v.focus
    assert span is not None
    start, end = max(phase["start"], span[0]), min(phase["end"], span[1])
    if end - start <= dt.timedelta(0):
        return
    x = [clock.naive(start), clock.naive(end)]
    floor = 0.0
    vague = rows[1]["low"] is None or rows[1]["high"] is None or rows[1]["high"] - rows[1]["low"] > _VAGUE
    for row, (_, role) in reversed(list(zip(rows, LEVELS, strict=True))):
        top = max(row["estimate"], floor)
        ax.fill_between(x, [floor, floor], [top, top], color=LIGHT[role], zorder=1)
        floor = top
    if vague:
        ax.fill_between(x, [0, 0], [floor, floor], facecolor="none", edgecolor=LIGHT["paper"], hatch="////", zorder=1.5)
    said = ", ".join(
        f"{name} {share_text(r, f)}" for name, r in zip(("at all", "clearly", "severely"), rows, strict=True)
    )
    point(ax, f"{v.phase_name(phase['phase'])}: frustrated {said}", x=(x[0], x[1]))
