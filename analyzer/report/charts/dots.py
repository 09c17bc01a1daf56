"""Rows of dots with their intervals and printed numbers: the form of most charts here."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.report.charts.style import LIGHT, is_narrow, point, set_title
from analyzer.report.format import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Size = tuple[float, float]


@dataclass(frozen=True)
class Dot:
    """One row: its name, number and interval, what is printed beside it, its colour's role and its block."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    printed: str
    role: str = "blue"
    block: str = ""
    hollow: bool = False


def sizes_for(n_rows: int, n_blocks: int = 0, *, extra: float = 0.0) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches for so many rows."""
    rows = max(n_rows, 1)
    step = 0.27 if rows <= 14 else 0.225
    return (7.4, 0.9 + step * rows + 0.3 * n_blocks + extra), (3.6, 0.95 + 0.4 * rows + 0.3 * n_blocks + extra)


def dot_rows(ax: Axes, dots: list[Dot], *, unit: str, percent: bool = True, zero: bool = True) -> None:
    """Draw the rows from the top down, blocks apart by their names."""
    narrow = is_narrow(ax)
    places, names, heads = _places(dots)
    shown = [v for d in dots for v in (d.value, d.low, d.high) if v is not None]
    low, high = (min([0.0, *shown]) if zero else min(shown, default=0.0)), max(shown, default=1.0)
    room = (high - low) or 1.0
    _marks(ax, list(zip(places, dots, strict=True)))
    for place, dot in zip(places, dots, strict=True):
        _one(ax, place, dot, narrow)
    ax.set_yticks(places, [_wrap(n, 17 if narrow else 34) for n in names])
    for tick in ax.get_yticklabels():
        tick.set_color(LIGHT["ink"])
        tick.set_linespacing(0.9)
        tick.set_fontsize(8 if narrow else 8.5)
    for place, name in heads:
        ax.annotate(
            name,
            (0, place),
            xycoords=("axes fraction", "data"),
            xytext=(0, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=8.5,
            fontweight="bold",
            color=LIGHT["muted"],
        )
    bottom = max(places, default=0) + 0.6
    ax.set_ylim(bottom, -0.7)
    ax.set_xlim(low - (0.02 if zero and low == 0 else 0.05) * room, high + 0.04 * room)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.set_xlabel(unit)
    if percent:
        percent_axis(ax, "x")


def _places(dots: list[Dot]) -> tuple[list[float], list[str], list[tuple[float, str]]]:
    """Return the height of each row, its name, and the heights and names of block heads."""
    places: list[float] = []
    heads: list[tuple[float, str]] = []
    at, block = 0.0, ""
    for dot in dots:
        if dot.block and dot.block != block:
            at += 0.25 if places else 0.0
            heads.append((at, dot.block))
            at += 1.0
            block = dot.block
        places.append(at)
        at += 1.0
    return places, [text(d.label, limit=60) for d in dots], heads


def _marks(ax: Axes, placed: list[tuple[float, Dot]]) -> None:
    """Draw the dots and intervals: one line and one row of markers for each look, not for each dot."""
    looks: dict[tuple[str, bool], list[tuple[float, Dot]]] = {}
    for place, dot in placed:
        if dot.value is not None:
            looks.setdefault((dot.role, dot.hollow), []).append((place, dot))
    for (role, hollow), found in looks.items():
        color = LIGHT[role]
        known = [(place, d) for place, d in found if d.low is not None and d.high is not None]
        x: list[Any] = [v for _, d in known for v in (d.low, d.high, math.nan)]
        values: list[Any] = [d.value for _, d in found]
        y = [v for place, _ in known for v in (place, place, math.nan)]
        ax.plot(x, y, color=color, linewidth=1.3 if hollow else 2.2, alpha=0.75)
        ax.plot(
            values,
            [place for place, _ in found],
            marker="o",
            markersize=5.5,
            color=color,
            markerfacecolor=LIGHT["paper"] if hollow else color,
            linestyle="none",
            zorder=3,
            clip_on=False,
        )


def _one(ax: Axes, place: float, dot: Dot, narrow: bool) -> None:
    short = dot.printed.replace("suppressed (fewer than 5 people)", "suppressed")
    ax.annotate(
        _wrap(short, 15) if narrow else short,
        (1.0, place),
        xycoords=("axes fraction", "data"),
        xytext=(5, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=8,
        linespacing=0.95,
        color=LIGHT["ink"] if dot.value is not None else LIGHT["muted"],
        annotation_clip=False,
    )
    point(
        ax,
        f"{dot.block + ', ' if dot.block else ''}{text(dot.label, limit=80)}: {dot.printed}",
        y=(place - 0.5, place + 0.5),
    )


def _wrap(name: str, width: int) -> str:
    return "\n".join(textwrap.wrap(name, width, break_long_words=True, max_lines=3, placeholder="…")) or name


def percent_axis(ax: Axes, which: str) -> None:
    """Print an axis of shares in per cent."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    from analyzer.report.charts.style import fmt

    f = fmt()
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(MaxNLocator(nbins=4 if is_narrow(ax) else 6, steps=[1, 2, 5, 10]))
    low, high = sorted(axis.get_view_interval())
    digits = 1 if high - low < 0.04 else 0
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: "" if not -1e-9 < value < 1.0001 else f.share(max(value, 0.0), digits=digits))
    )


def dot_title(ax: Axes, title: str) -> None:
    """Set the finding over rows of dots, whose names stand left of the axes."""
    set_title(ax, title, left=1.2 if is_narrow(ax) else 1.7)
