"""Robustness: the same number under other ways of counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report import share_tables
from analyzer.report.charts.dots import Dot, Size, dot_rows, dot_title, sizes_for
from analyzer.report.charts.style import canvas, fmt, say_missing
from analyzer.report.document import Table
from analyzer.report.format import Format
from analyzer.report.names import measure_name, variant_name
from analyzer.report.pick import Row, View, view
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Measures that are drawn; the table holds all.
_DRAWN = ("frustration_ge2", "humor", "topic_transparency", "topic_switching", "topic_dependence")
_MOST = 3


def _measures(v: View) -> list[str]:
    found = list(dict.fromkeys(r["measure"] for r in v.robustness if share_tables.is_share(r["measure"])))
    return sorted(found, key=lambda m: _DRAWN.index(m) if m in _DRAWN else len(_DRAWN))[:_MOST]


def _rows(v: View) -> list[Row]:
    return [r for m in _measures(v) for r in v.robustness if r["measure"] == m]


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    if any(r["estimate"] is not None for r in _rows(v)):
        return ""
    return "No headline number could be counted in another way."


def _spans(v: View) -> list[tuple[str, float, float]]:
    out = []
    for measure in _measures(v):
        found = [r["estimate"] for r in v.robustness if r["measure"] == measure and r["estimate"] is not None]
        if found:
            out.append((measure, min(found), max(found)))
    return out


def title(v: View, f: Format) -> str:
    """Return the finding."""
    spans = _spans(v)
    if not spans:
        return "Nothing could be counted in another way"
    measure, low, high = spans[0]
    said = f"Counted otherwise, {measure_name(measure)} goes from {f.share(low)} to {f.share(high)}"
    base = next((r for r in _rows(v) if r["measure"] == measure and r["variant"] == "all"), None)
    if base is None or base["low"] is None or base["high"] is None:
        return said
    inside = base["low"] <= low and high <= base["high"]
    kept = f"{f.share(base['low'])} to {f.share(base['high'])}"
    return f"{said}, {'all within' if inside else 'beyond'} the interval of all posts ({kept})"


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    parts = [f"{measure_name(m)} from {f.share(low)} to {f.share(high)}" for m, low, high in _spans(v)]
    return missing(v) or f"Headline shares under other ways of counting: {'; '.join(parts)}."


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    return share_tables.robustness(v, f)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    return sizes_for(len(_rows(v)), len(_measures(v)))


def plot_robustness(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Headline shares under other ways of counting, with 95% intervals; the filled dot counts all posts."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        dots = [
            Dot(
                variant_name(r["variant"]),
                r["estimate"],
                r["low"],
                r["high"],
                share_tables.robust_text(r, f),
                "blue",
                measure_name(r["measure"]).capitalize(),
                r["variant"] != "all",
            )
            for r in _rows(v)
        ]
        dot_rows(ax, dots, unit="Share of posts counted")
        dot_title(ax, title(v, f))
    return ax
