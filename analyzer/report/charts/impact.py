"""Who was affected: the uses that posts name as hit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.charts.dots import Dot, Size, dot_rows, dot_title, sizes_for
from analyzer.report.charts.style import canvas, fmt, say_missing
from analyzer.report.document import Table
from analyzer.report.format import Format
from analyzer.report.names import measure_name
from analyzer.report.pick import Row, View, unsettled, view
from analyzer.report.share_tables import share_text
from analyzer.schema import IMPACTS, Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _rows(v: View) -> list[Row]:
    found = [r for t in IMPACTS if (r := v.share(f"topic_{t}"))]
    return sorted(found, key=lambda r: -(r["estimate"] if r["estimate"] is not None else -1.0))


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    if any(r["estimate"] is not None for r in _rows(v)):
        return ""
    return "Too few people said what they could not do, so no use can be shown."


def title(v: View, f: Format) -> str:
    """Return the finding."""
    ranked = [r for r in _rows(v) if r["estimate"] is not None and not unsettled(r)]
    if not ranked or ranked[0]["low"] is None or ranked[0]["low"] < 0.01:
        n = next((r["n"] for r in _rows(v)), 0)
        return f"No use is clearly named as hit in {f.count(n)} posts"
    first = (
        f"{measure_name(ranked[0]['measure']).capitalize()} is named most as hit, by "
        f"{f.share(ranked[0]['estimate'])} of posts"
    )
    if len(ranked) > 1 and ranked[1]["high"] is not None and ranked[0]["low"] <= ranked[1]["high"]:
        return f"{first}; {measure_name(ranked[1]['measure'])} may be as much"
    return first


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    parts = [f"{measure_name(r['measure'])} {share_text(r, f)}" for r in _rows(v)]
    return missing(v) or f"Share of posts that name a use as hit, with 95% intervals: {'; '.join(parts)}."


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    rows = tuple((measure_name(r["measure"]), f.count(r["n"]), share_text(r, f)) for r in _rows(v))
    return Table(
        "impact",
        "Uses named as hit",
        ("Use", "Posts", "Share (95% interval)"),
        rows,
        numeric=frozenset({1, 2}),
        folded=True,
    )


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    return sizes_for(len(_rows(v)))


def plot_impact(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Share of posts that name each use as hit, corrected for classifier error, with 95% intervals."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        rows = _rows(v)
        dots = [_dot(r, f) for r in rows]
        dot_rows(ax, dots, unit="Share of posts about the outage")
        dot_title(ax, title(v, f))
    return ax


def _dot(r: Row, f: Format) -> Dot:
    """Return one row; a share far from its count is drawn hollow and grey."""
    open_ = unsettled(r)
    printed = share_text(r, f) + (" unsettled" if open_ else "")
    return Dot(
        measure_name(r["measure"]), r["estimate"], r["low"], r["high"], printed, "line" if open_ else "blue", "", open_
    )
