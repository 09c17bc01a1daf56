"""Colours by role, the canvas that every chart is drawn on, and what the pointer finds on it.

Colours follow Okabe and Ito (2008), darkened until text in them has a contrast of 4.5 on white; meaning never rests on
colour alone. In HTML each colour becomes a CSS variable, so one drawing serves light and dark.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from analyzer.report.format import Format

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: role -> (light, dark). Each light value is used once, so that it can be found again in a drawing.
ROLES: dict[str, tuple[str, str]] = {
    "ink": ("#1c2430", "#e8ebf0"),
    "muted": ("#5b6675", "#a9b3c1"),
    "line": ("#8b95a3", "#7b8694"),
    "grid": ("#e3e7ec", "#2f3742"),
    "paper": ("#ffffff", "#14181d"),
    "blue": ("#0067a3", "#6db8ea"),
    "blue-soft": ("#b9d7ea", "#1f435a"),
    "orange": ("#b34a00", "#f5a25d"),
    "orange-mid": ("#e0935a", "#b9682c"),
    "orange-soft": ("#f5d6bd", "#5a3a22"),
    "green": ("#00705a", "#5fd1b0"),
    "green-soft": ("#bfe3d8", "#1d4a3f"),
    "purple": ("#93397a", "#e29bcf"),
    "purple-soft": ("#e8cde0", "#4e2c45"),
    "grey-soft": ("#d3d8df", "#3a434f"),
    "shade": ("#f1f3f6", "#1d232b"),
}
LIGHT: dict[str, str] = {role: pair[0] for role, pair in ROLES.items()}

#: The number and date formats of the report being made.
FORMAT: ContextVar[Format] = ContextVar("FORMAT", default=Format())  # noqa: B039  (frozen, so safe to share)


@dataclass(frozen=True)
class Point:
    """A rectangle in data coordinates (None: to the edge of the axes) and what it says."""

    axes: Any
    x: tuple[float, float] | None
    y: tuple[float, float] | None
    label: str


_KEPT: WeakSet[Any] = WeakSet()
#: Attribute of a figure that holds its points; kept on the figure, so that they go with it.
_POINTS = "_outage_points"


def point(ax: Axes, label: str, *, x: tuple[Any, Any] | None = None, y: tuple[Any, Any] | None = None) -> None:
    """Remember what a place in a chart says when it is pointed at."""
    from matplotlib.dates import date2num

    def plain(pair: tuple[Any, Any] | None) -> tuple[float, float] | None:
        if pair is None:
            return None
        a, b = (float(v) if isinstance(v, int | float) else float(date2num(v)) for v in pair)
        return a, b

    figure: Any = ax.figure
    if not hasattr(figure, _POINTS):
        setattr(figure, _POINTS, [])
    getattr(figure, _POINTS).append(Point(ax, plain(x), plain(y), label))


def points(figure: Figure) -> list[Point]:
    """Return what was remembered about a figure."""
    return list(getattr(figure, _POINTS, ()))


def keep_title(ax: Axes) -> None:
    """Remember that the title of these axes names a part of a chart, and stays where a page sets the finding itself."""
    _KEPT.add(ax)


def drop_titles(figure: Figure) -> None:
    """Take the finding out of a drawing."""
    for ax in figure.axes:
        if ax not in _KEPT:
            ax.set_title("", loc="left")


@lru_cache(maxsize=1)
def rc() -> Any:
    """Return the charts' settings, read once from the style file."""
    from matplotlib import rc_params_from_file

    path = Path(__file__).parents[1] / "templates" / "outage.mplstyle"
    return rc_params_from_file(path, use_default_template=False)


@contextmanager
def canvas(ax: Axes | None, *, size: tuple[float, float]) -> Iterator[Axes]:
    """Give the axes to draw on (a new figure of `size` inches where `ax` is None), under the charts' style."""
    import matplotlib as mpl

    with mpl.rc_context(rc()), quiet_glyphs():
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=size, layout="constrained")
        yield ax


@contextmanager
def quiet_glyphs() -> Iterator[None]:
    """Silence matplotlib about letters that its font lacks: in SVG the reader's own fonts draw them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        warnings.filterwarnings("ignore", message=r"Matplotlib currently does not support")
        yield


def fmt() -> Format:
    """Return the formats of the report being made."""
    return FORMAT.get()


def is_narrow(ax: Axes) -> bool:
    """Say whether the figure is a phone's width (under 4.6 inches)."""
    return float(ax.figure.get_figure(root=True).get_size_inches()[0]) < 4.6


def say_missing(ax: Axes, sentence: str) -> Axes:
    """Draw the reason why there is nothing to draw."""
    import textwrap

    ax.set_axis_off()
    width = 40 if is_narrow(ax) else 80
    ax.text(
        0.5, 0.5, textwrap.fill(sentence, width), ha="center", va="center", transform=ax.transAxes, color=LIGHT["muted"]
    )
    return ax


def set_title(ax: Axes, title: str, *, left: float = 0.6) -> None:
    """Set the finding as the title, wrapped to what lies right of `left` inches."""
    import textwrap

    inches = float(ax.figure.get_figure(root=True).get_size_inches()[0])
    wide = inches > 4.6
    text = textwrap.fill(title, max(20, int((inches - left) * (12.3 if wide else 12.8))))
    ax.set_title(text, loc="left", fontsize=10 if wide else 9)


def key_row(ax: Axes, names: list[tuple[str, str]], *, drop: float = 34, left: float = 0.6) -> None:
    """Name the layers of a chart beside swatches of their colours, in rows under the time axis.

    Parameters
    ----------
    names
        Name and role of each layer.
    drop
        Points below the axes.
    left
        Inches left of the axes, where nothing can be printed.
    """
    from matplotlib.offsetbox import AnnotationBbox, HPacker, TextArea, VPacker

    def word(name: str, role: str) -> HPacker:
        swatch = TextArea("■", textprops={"color": LIGHT[role], "fontsize": 9})
        said = TextArea(name, textprops={"color": LIGHT["muted"], "fontsize": 8})
        return HPacker(children=[swatch, said], sep=3, pad=0, align="baseline")

    inches = float(ax.figure.get_figure(root=True).get_size_inches()[0])
    lines: list[list[tuple[str, str]]] = [[]]
    for name in names:
        if lines[-1] and sum(len(n) + 4 for n, _ in [*lines[-1], name]) > (inches - left) * 14.2:
            lines.append([])
        lines[-1].append(name)
    packed: list[Any] = [
        HPacker(children=[word(*n) for n in line], sep=10, pad=0, align="baseline") for line in lines if line
    ]
    box = VPacker(children=packed, sep=4, pad=0, align="left")
    ax.add_artist(
        AnnotationBbox(
            box,
            (0, 0),
            xycoords="axes fraction",
            xybox=(0, -drop),
            boxcoords="offset points",
            box_alignment=(0, 1),
            frameon=False,
            pad=0,
        )
    )
