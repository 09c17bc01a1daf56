"""The lag ladder: what happened when, counted from the observed onset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report import tables
from analyzer.report.charts.dots import Dot, Size, dot_rows, dot_title, sizes_for
from analyzer.report.charts.style import LIGHT, canvas, fmt, key_row, say_missing
from analyzer.report.document import Table
from analyzer.report.format import Format
from analyzer.report.names import STEP_NAMES
from analyzer.report.pick import Row, View, view
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _rows(v: View) -> list[Row]:
    return sorted(v.ladder, key=lambda r: (r["lag_s"] is None, r["lag_s"] or 0.0))


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    known = [r for r in v.ladder if r["lag_s"] is not None]
    return "" if len(known) > 1 else "No incident was found, so nothing is counted from an onset."


def title(v: View, f: Format) -> str:
    """Return the finding."""
    word, done, back = v.step("first_word"), v.step("resolved_word"), v.step("recovery")
    if word is None or word["lag_s"] is None:
        tail = (
            f"; reports ended {f.duration(back['lag_s'])} after the onset" if back and back["lag_s"] is not None else ""
        )
        return f"No official word is known{tail}"
    side = "after" if word["lag_s"] >= 0 else "before"
    said = f"The provider first spoke {f.duration(abs(word['lag_s']))} {side} the observed onset"
    if done and back and done["lag_s"] is not None and back["lag_s"] is not None:
        gap = back["lag_s"] - done["lag_s"]
        said += f" and called it resolved {f.duration(abs(gap))} {'before' if gap >= 0 else 'after'} reports ended"
    return said


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    parts = [
        f"{STEP_NAMES.get(r['step'], r['step'])} {f.duration(r['lag_s']) if r['lag_s'] is not None else 'unknown'}"
        for r in _rows(v)
    ]
    return missing(v) or f"Time after the observed onset: {'; '.join(parts)}."


def data(v: View, f: Format) -> Table:
    """Return no table of its own: the section holds the whole ladder."""
    full = tables.ladder(v, f)
    return Table("ladder-chart", full.caption, full.header, (), folded=True)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    return sizes_for(len(v.ladder), extra=0.15)


def plot_ladder(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """What happened when, in time after the observed onset, with 95% intervals."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        rows = _rows(v)
        unit_s, unit = _unit(rows)
        dots = []
        for r in rows:
            lag, low, high = (None if r[k] is None else r[k] / unit_s for k in ("lag_s", "lag_low_s", "lag_high_s"))
            printed = f"{f.duration(r['lag_s'])}, {f.clock(r['time'], rows[0]['time'])}" if r["time"] else "unknown"
            role = "green" if r["basis"] == "official" else "purple"
            dots.append(Dot(STEP_NAMES.get(r["step"], str(r["step"])), lag, low, high, printed, role))
        dot_rows(ax, dots, unit=f"{unit} after the observed onset", percent=False)
        ax.axvline(0, color=LIGHT["line"], linewidth=0.8, zorder=0)
        official = any(r["basis"] == "official" and r["time"] for r in rows)
        key_row(ax, [("observed in posts", "purple"), *([("official", "green")] if official else [])], left=1.3)
        dot_title(ax, title(v, f))
    return ax


def _unit(rows: list[Row]) -> tuple[float, str]:
    longest = max((abs(r["lag_s"]) for r in rows if r["lag_s"] is not None), default=0.0)
    if longest < 2.5 * 3600:
        return 60.0, "Minutes"
    return (3600.0, "Hours") if longest < 72 * 3600 else (86_400.0, "Days")
