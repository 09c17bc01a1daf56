"""What changed after each official update, against what changes without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report import tables
from analyzer.report.charts.dots import Size
from analyzer.report.charts.grid import grid, head
from analyzer.report.charts.style import LIGHT, canvas, fmt, is_narrow, key_row, point, say_missing, set_title
from analyzer.report.document import Table
from analyzer.report.format import Format, text
from analyzer.report.names import measure_name
from analyzer.report.pick import Row, View, view
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ORDER = ("frustration_ge2", "information_seeking", "volume")
_HEADS = {
    "frustration_ge2": "Clearly frustrated,\nchange in points",
    "information_seeking": "Asking for information,\nchange in points",
    "volume": "Posts,\nfactor",
}
_MOST = 16


def _measures(v: View) -> list[str]:
    found = {r["measure"] for r in v.effects}
    return [m for m in _ORDER if m in found] + sorted(found - set(_ORDER))


def _known(v: View) -> list[Row]:
    return [r for r in v.effects if r["change"] is not None and r["verdict"] == "estimated"]


def _updates(v: View) -> list[tuple[str, Row]]:
    """Return the updates to draw, with their numbers: those with an estimate first in line where there are many."""
    known = {r["update_id"] for r in _known(v)}
    listed = [
        (str(i), u) for i, u in enumerate(v.updates, 1) if any(r["update_id"] == u["update_id"] for r in v.effects)
    ]
    if len(listed) > _MOST:
        listed = [x for x in listed if x[1]["update_id"] in known][:_MOST]
    return listed


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    if not v.effects:
        return "There are no official updates within an incident, so no effect can be looked for."
    return "" if _known(v) else "Around no update are there enough posts to say what changed."


def _clear(v: View) -> list[Row]:
    return [r for r in _known(v) if r["p_adjusted"] is not None and r["p_adjusted"] < 0.05]


def title(v: View, f: Format) -> str:
    """Return the finding."""
    known, clear = _known(v), _clear(v)
    if not known:
        return "No effect of an update could be estimated"
    if not clear:
        return f"No change after an update stands out from chance ({f.count(len(known))} comparisons)"
    best = min(clear, key=lambda r: r["p_adjusted"])
    number = next((n for n, u in _updates(v) if u["update_id"] == best["update_id"]), "?")
    unit = "" if best["measure"] == "volume" else " points"
    return (
        f"After update {number}, {measure_name(best['measure'])} changed "
        f"{'to' if best['measure'] == 'volume' else 'by'} "
        f"{tables.effect_text(best, f, 'change')}{unit}"
    )


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    if reason := missing(v):
        return reason
    numbers = dict((u["update_id"], n) for n, u in _updates(v))
    parts = [
        f"update {numbers.get(r['update_id'], '?')}, {measure_name(r['measure'])}: "
        f"{tables.effect_text(r, f, 'change')} "
        f"({tables.effect_text(r, f, 'low', 'high')})"
        for r in _known(v)[:12]
    ]
    return (
        f"Change after each update, with 95% intervals: {'; '.join(parts)}. {f.count(len(_clear(v)))} stand "
        "out from pseudo-updates."
    )


def data(v: View, f: Format) -> Table:
    """Return no table of its own: the section holds the whole table."""
    full = tables.effects(v, f)
    return Table("effects-chart", full.caption, full.header, (), folded=True)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    n = max(len(_updates(v)), 1)
    return (7.4, 1.35 + 0.28 * n), (3.6, (0.85 + 0.27 * n) * max(len(_measures(v)), 1) + 0.5)


def plot_effects(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Change after each official update with its 95% interval; the band holds 95% of changes around pseudo-updates."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        narrow = is_narrow(ax)
        measures = _measures(v)
        small = grid(ax, len(measures), 1 if narrow else len(measures), gap=(0.2, 0.6))
        updates = _updates(v)
        for i, (one, measure) in enumerate(zip(small, measures, strict=True)):
            _forest(one, v, measure, updates, f)
            if i and not narrow:
                one.tick_params(labelleft=False)
        key_row(
            small[-1 if narrow else 0],
            [("change", "blue"), ("stands out", "orange"), ("without an update", "line")],
            drop=24,
        )
        set_title(ax, title(v, f))
    return ax


def _forest(ax: Axes, v: View, measure: str, updates: list[tuple[str, Row]], f: Format) -> None:
    import math

    from matplotlib.ticker import FuncFormatter, MaxNLocator

    rows = {r["update_id"]: r for r in v.effects if r["measure"] == measure}
    ax.axvline(0, color=LIGHT["line"], linewidth=0.8, zorder=0)
    for place, (number, update) in enumerate(updates):
        _effect(ax, rows.get(update["update_id"]), place, number, f)
    labels = [f"{number} {text(u['stage'] or u['status'], limit=14)}" for number, u in updates]
    ax.set_yticks(range(len(updates)), labels)
    ax.set_ylim(len(updates) - 0.4, -0.6)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    if measure == "volume":
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"×{f.number(math.exp(min(x, 50.0)), 1)}"))
    else:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{'+' if x > 1e-9 else ''}{f.number(x * 100, 0)}"))
    head(ax, _HEADS.get(measure, measure_name(measure)))


def _effect(ax: Axes, row: Row | None, place: int, number: str, f: Format) -> None:
    if row is None:
        return
    if row["placebo_low"] is not None and row["placebo_high"] is not None:
        ax.fill_betweenx(
            [place - 0.36, place + 0.36], row["placebo_low"], row["placebo_high"], color=LIGHT["grey-soft"], zorder=0.5
        )
    if row["change"] is None or row["verdict"] != "estimated":
        ax.text(
            0.5,
            place,
            "too few posts" if "few" in row["verdict"] else "refused",
            transform=ax.get_yaxis_transform(),
            ha="center",
            va="center",
            fontsize=7.5,
            color=LIGHT["muted"],
        )
        point(
            ax,
            f"Update {number}, {measure_name(row['measure'])}: {text(row['verdict'], limit=120)}",
            y=(place - 0.5, place + 0.5),
        )
        return
    clear = row["p_adjusted"] is not None and row["p_adjusted"] < 0.05
    color = LIGHT["orange" if clear else "blue"]
    ax.plot([row["low"], row["high"]], [place, place], color=color, linewidth=1.8, alpha=0.8)
    ax.plot([row["change"]], [place], marker="D" if clear else "o", markersize=5, color=color, linestyle="none")
    said = (
        f"{tables.effect_text(row, f, 'change')} ({tables.effect_text(row, f, 'low', 'high')}), "
        f"{f.p(row['p_adjusted'])}"
    )
    point(ax, f"Update {number}, {measure_name(row['measure'])}: {said}", y=(place - 0.5, place + 0.5))
