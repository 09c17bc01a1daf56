"""Emergent topics: what the posts themselves brought up, beside the fixed topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.charts.dots import Dot, Size, dot_rows, dot_title, sizes_for
from analyzer.report.charts.style import canvas, fmt, say_missing
from analyzer.report.document import Table
from analyzer.report.format import Format, isolate, text
from analyzer.report.pick import Row, View, view
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 10


def _rows(v: View) -> list[Row]:
    found = [dict(r) for r in v.timeline.discovered if r.get("words")]
    return sorted(found, key=lambda r: -float(r["share"]))[:_MOST]


def _name(row: Row, *, words: int = 3) -> str:
    return ", ".join(isolate(text(w, limit=24)) for w in list(row["words"])[:words])


def _share(row: Row, f: Format) -> str:
    return f.share_interval(row["share"], row.get("low"), row.get("high"))


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    return "" if _rows(v) else "No topic of its own was found in the posts: there are too few different texts."


def title(v: View, f: Format) -> str:
    """Return the finding."""
    rows = _rows(v)
    if not rows:
        return "No topic of its own was found"
    return (
        f"The largest topic that posts brought up themselves is “{_name(rows[0])}”, with {_share(rows[0], f)} of posts"
    )


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    parts = [f"{_name(r)} {_share(r, f)}" for r in _rows(v)]
    return missing(v) or f"Topics found in the posts, by their words: {'; '.join(parts)}."


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    rows = tuple((_name(r, words=8), f.count(r["n"]), _share(r, f), f.count(r["n_authors"])) for r in _rows(v))
    header = ("Words", "Posts", "Share of posts (95% interval)", "Authors")
    return Table("emergent", "Topics found in the posts", header, rows, numeric=frozenset({1, 2, 3}), folded=True)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    return sizes_for(len(_rows(v)))


def plot_emergent(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Topics found in the posts, named by their words: share of posts whose strongest topic it is (95% intervals)."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        dots = [
            Dot(_name(r), float(r["share"]), r.get("low"), r.get("high"), f"{_share(r, f)}, {f.posts(r['n'])}")
            for r in _rows(v)
        ]
        dot_rows(ax, dots, unit="Share of posts about the outage")
        dot_title(ax, title(v, f))
    return ax
