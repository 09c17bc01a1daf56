"""What changed after each official update, against what changes without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report import tables
from analyzer.report.charts.dots import Size
from analyzer.report.charts.grid import grid, head
from analyzer.report.charts.style import LIGHT, canvas, fmt, is_narrow, key_row, point, say_missing, set_title
from analyzer.report.document import Table
from analyzer.report.effect_words import change_words, clear, known, update_numbers
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
    "slope": "Clearly frustrated,\nslope, points/h",
}
#: The panel of slopes: how much faster clear frustration rose or fell after an update than before it.
_SLOPE = "slope"
_MOST = 16


def _measures(v: View) -> list[str]:
    found = {r["measure"] for r in v.effects}
    slopes = [_SLOPE] if any(r["slope"] is not None and r["measure"] == _ORDER[0] for r in v.effects) else []
    return [m for m in _ORDER if m in found] + sorted(found - set(_ORDER)) + slopes


def _rows(v: View, measure: str) -> dict[str, Row]:
    """Return the rows of a panel by update; those of the slope are drawn from the rows of clear frustration."""
    if measure != _SLOPE:
        return {r["update_id"]: r for r in v.effects if r["measure"] == measure}
    bare = {"placebo_low": None, "placebo_high": None, "p_adjusted": None, "measure": _SLOPE}
    out = {}
    for r in (r for r in v.effects if r["measure"] == _ORDER[0]):
        values = {"change": r["slope"], "low": r["slope_low"], "high": r["slope_high"]}
        refusal = r["verdict"] if r["verdict"] != "estimated" else "too few posts for a slope"
        out[r["update_id"]] = r | bare | values | {"verdict": refusal if r["slope"] is None else "estimated"}
    return out


def _updates(v: View) -> list[tuple[str, Row]]:
    """Return the updates to draw, with their numbers: those with an estimate first in line where there are many."""
    estimated = {r["update_id"] for r in known(v)}
    listed = [
        (str(i), u) for i, u in enumerate(v.updates, 1) if any(r["update_id"] == u["update_id"] for r in v.effects)
    ]
    if len(listed) > _MOST:
        listed = [x for x in listed if x[1]["update_id"] in estimated][:_MOST]
    return listed


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    if not v.effects:
        return "There are no official updates within an incident, so no effect can be looked for."
    return "" if known(v) else "Around no update are there enough posts to say what changed."


def title(v: View, f: Format) -> str:
    """Return the finding."""
    rows = known(v)
    if not rows:
        return "No effect of an update could be estimated"
    for measure in _ORDER:
        if words := change_words(v, measure, f):
            return words[:1].upper() + words[1:]
    return f"No change after an update stands out from chance ({f.count(len(rows))} comparisons)"


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    if reason := missing(v):
        return reason
    numbers = update_numbers(v)
    parts = [
        f"update {numbers.get(r['update_id'], '?')}, {measure_name(r['measure'])}: "
        f"{tables.effect_text(r, f, 'change')} "
        f"({tables.effect_text(r, f, 'low', 'high')})"
        for r in known(v)[:12]
    ]
    return (
        f"Change after each update, with 95% intervals: {'; '.join(parts)}. {f.count(len(clear(v)))} stand "
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
    """Change after each official update, 95% intervals; the band holds 95% of changes at moments without an update."""
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

    rows = _rows(v, measure)
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
    said = f"{tables.effect_text(row, f, 'change')} ({tables.effect_text(row, f, 'low', 'high')})" + (
        "" if row["p_adjusted"] is None else f", {f.p(row['p_adjusted'])}"
    )
    name = "change of the slope of clear frustration, points/h" if row["measure"] == _SLOPE else None
    point(ax, f"Update {number}, {name or measure_name(row['measure'])}: {said}", y=(place - 0.5, place + 0.5))
