"""Words that set each phase apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report import tables
from analyzer.report.charts.dots import Dot, Size, dot_rows, dot_title, sizes_for
from analyzer.report.charts.style import canvas, fmt, say_missing
from analyzer.report.document import Table
from analyzer.report.format import Format, isolate, text
from analyzer.report.names import source_name
from analyzer.report.pick import Row, View, view
from analyzer.schema import PHASES, Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 5
_GROUPS = 5


def _rows(v: View) -> list[Row]:
    order = list(dict.fromkeys(r["group"] for r in v.keywords))
    order.sort(key=lambda g: PHASES.index(g) if g in PHASES else len(PHASES))
    inside = [g for g in order if g in PHASES and g not in ("baseline", "aftermath", "recovered")] or order
    out: list[Row] = []
    for group in inside[:_GROUPS]:
        ranked = sorted((r for r in v.keywords if r["group"] == group and r["z"] > 0), key=lambda r: -r["z"])
        out += ranked[:_MOST]
    return out


def _group(v: View, group: str) -> str:
    return v.phase_name(group) if group in PHASES else source_name(group)


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    return "" if _rows(v) else "No word sets a phase apart from the rest."


def title(v: View, f: Format) -> str:
    """Return the finding."""
    groups = {r["group"] for r in _rows(v)}
    if len(groups) == 1:
        said = ", ".join(f"“{isolate(text(r['word'], limit=24))}”" for r in _rows(v)[:3])
        return f"What is said {_group(v, groups.pop())} more than else: {said}"
    firsts: dict[str, str] = {}
    for row in _rows(v):
        firsts.setdefault(row["group"], isolate(text(row["word"], limit=24)))
    parts = [f"“{word}” ({_group(v, group)})" for group, word in firsts.items()]
    return f"From phase to phase the words change: {', '.join(parts[:3])}"


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    by_group: dict[str, list[str]] = {}
    for row in _rows(v):
        by_group.setdefault(row["group"], []).append(isolate(text(row["word"], limit=24)))
    parts = [f"{_group(v, g)}: {', '.join(words)}" for g, words in by_group.items()]
    return missing(v) or f"Words that set each phase apart. {'; '.join(parts)}."


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    return tables.keywords(v, f)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    rows = _rows(v)
    wide, narrow = sizes_for(len(rows), len({r["group"] for r in rows}))
    return wide, (narrow[0], narrow[1] * 0.85)


def plot_words(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Words that set each phase apart, the more the further right: log-odds with 95% intervals and numbers of posts."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        dots = []
        for r in _rows(v):
            half = 1.96 * abs(r["log_odds"] / r["z"]) if r["z"] else 0.0
            word, block = isolate(text(r["word"], limit=28)), _group(v, r["group"]).capitalize()
            low, high = r["log_odds"] - half, r["log_odds"] + half
            dots.append(Dot(word, r["log_odds"], low, high, f"{f.count(r['n'])} posts", "blue", block))
        dot_rows(
            ax,
            dots,
            unit="Log-odds against the other phases",
            percent=False,
        )
        dot_title(ax, title(v, f))
    return ax
