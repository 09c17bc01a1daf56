"""What the posts name: error codes, components, places and refuges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report import tables
from analyzer.report.charts.dots import Dot, Size, dot_rows, dot_title, sizes_for
from analyzer.report.charts.style import canvas, fmt, say_missing
from analyzer.report.document import Table
from analyzer.report.format import Format, isolate, text
from analyzer.report.names import KIND_NAMES
from analyzer.report.pick import Row, View, view
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 5
_ORDER = ("component", "error_code", "place", "competitor")
_PLURAL = {"component": "Parts of the service", "error_code": "Error codes", "place": "Places", "competitor": "Refuges"}


def _rows(v: View) -> list[Row]:
    kinds = [*_ORDER, *sorted({r["kind"] for r in v.extractions} - set(_ORDER))]
    ranked = sorted(v.extractions, key=lambda r: -r["n"])
    return [r for kind in kinds for r in [x for x in ranked if x["kind"] == kind][:_MOST]]


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    return "" if v.extractions else "No error code, part of the service, place or refuge is named by enough people."


def _name(row: Row) -> str:
    return isolate(text(row["value"], limit=40))


def title(v: View, f: Format) -> str:
    """Return the finding."""
    most = max(v.extractions, key=lambda r: r["n"], default=None)
    if most is None:
        return "Nothing is named by enough people"
    kind = KIND_NAMES.get(most["kind"], most["kind"])
    share = f.share_interval(most["share"], most["low"], most["high"])
    return f"“{_name(most)}” ({kind}) is named most, in {share} of posts"


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    parts = [f"{KIND_NAMES.get(r['kind'], r['kind'])} {_name(r)} {f.share(r['share'])}" for r in _rows(v)[:12]]
    return missing(v) or f"Share of posts that name each: {'; '.join(parts)}."


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    return tables.extractions(v, f)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    rows = _rows(v)
    return sizes_for(len(rows), len({r["kind"] for r in rows}))


def plot_named(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Share of posts that name each error code, part of the service, place or refuge, with 95% intervals."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        dots = [
            Dot(
                _name(r),
                r["share"],
                r["low"],
                r["high"],
                f.share_interval(r["share"], r["low"], r["high"]),
                "purple" if r["kind"] == "competitor" else "blue",
                _PLURAL.get(r["kind"], text(r["kind"], limit=30)),
            )
            for r in _rows(v)
        ]
        dot_rows(ax, dots, unit="Share of posts about the outage")
        dot_title(ax, title(v, f))
    return ax
