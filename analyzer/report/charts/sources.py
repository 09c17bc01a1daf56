"""Sources and languages: how many posts each gives, and how frustrated they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.charts.dots import Dot, Size, dot_rows, dot_title, sizes_for
from analyzer.report.charts.style import canvas, fmt, say_missing
from analyzer.report.document import Table
from analyzer.report.format import NBSP, Format
from analyzer.report.names import group_name
from analyzer.report.pick import Row, View, view
from analyzer.report.share_tables import share_text
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 8
_MEASURE = "frustration_ge2"


def _rows(v: View) -> list[Row]:
    out: list[Row] = []
    for scope in ("source", "language"):
        found = [r for r in v.shares if r["scope"] == scope and r["measure"] == _MEASURE]
        out += sorted(found, key=lambda r: -r["n"])[:_MOST]
    return out


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    rows = _rows(v)
    if not rows:
        return "Shares by source and language are not known."
    return "" if len(rows) > len({r["scope"] for r in rows}) else f"All posts come from {only(v)}."


def only(v: View) -> str:
    """Return the one source and language where there is no other: ``Twitter, in English``."""
    names = {r["scope"]: group_name(r["scope"], r["group"]) for r in _rows(v)}
    return ", in ".join(names[s] for s in ("source", "language") if s in names)


def title(v: View, f: Format) -> str:
    """Return the finding."""
    rows = [r for r in _rows(v) if r["scope"] == "source"]
    known = [r for r in rows if r["estimate"] is not None and r["low"] is not None]
    total = sum(r["n"] for r in rows)
    if not rows or not total:
        return "Frustration by language"
    first = max(rows, key=lambda r: r["n"])
    lead = f"{group_name('source', first['group'])} gives {f.share(first['n'] / total)} of the posts"
    if len(known) < 2:
        return lead if len(rows) > 1 else f"All posts come from {group_name('source', first['group'])}"
    high, low = max(known, key=lambda r: r["estimate"]), min(known, key=lambda r: r["estimate"])
    if high["low"] > low["high"]:
        names = group_name("source", high["group"]), group_name("source", low["group"])
        return f"{lead}; {names[0]} is more frustrated than {names[1]}"
    return f"{lead}; no source is clearly more frustrated than another"


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    parts = [f"{group_name(r['scope'], r['group'])}, {f.count(r['n'])} posts, {share_text(r, f)}" for r in _rows(v)]
    return missing(v) or f"Share of clearly frustrated posts by source and language: {'; '.join(parts)}."


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    rows = tuple((r["scope"], group_name(r["scope"], r["group"]), f.count(r["n"]), share_text(r, f)) for r in _rows(v))
    header = ("By", "Group", "Posts", "Clearly frustrated (95% interval)")
    return Table(
        "sources", "Posts and frustration by source and language", header, rows, numeric=frozenset({2, 3}), folded=True
    )


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    rows = _rows(v)
    return sizes_for(len(rows), len({r["scope"] for r in rows}))


def plot_sources(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Share of clearly frustrated posts by source and by language, with 95% intervals and numbers of posts."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        dots = [
            Dot(
                f"{group_name(r['scope'], r['group'])} (n{NBSP}={NBSP}{f.count(r['n'])})",
                r["estimate"],
                r["low"],
                r["high"],
                share_text(r, f),
                "orange",
                "Sources" if r["scope"] == "source" else "Languages",
            )
            for r in _rows(v)
        ]
        dot_rows(ax, dots, unit="Clearly frustrated posts")
        dot_title(ax, title(v, f))
    return ax
