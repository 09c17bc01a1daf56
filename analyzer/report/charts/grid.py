"""Small multiples inside the axes that a chart was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.charts.style import LIGHT, keep_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def grid(ax: Axes, n: int, columns: int, *, gap: tuple[float, float] = (0.25, 0.45)) -> list[Axes]:
    """Return `n` small axes laid over `ax`, row by row; `ax` keeps only its title.

    Parameters
    ----------
    n, columns
        How many, and how many in a row.
    gap
        Inches between columns and above each row (room for the small titles).
    """
    ax.set_axis_off()
    width, height = (float(x) for x in ax.figure.get_figure(root=True).get_size_inches())
    rows = -(-n // columns)
    across, down = gap[0] / width, gap[1] / height
    cell_w, cell_h = (1 + across) / columns - across, 1 / rows - down
    small: list[Axes] = []
    for i in range(n):
        row, column = divmod(i, columns)
        box = (column * (cell_w + across), 1 - (row + 1) * (cell_h + down), cell_w, cell_h)
        small.append(ax.inset_axes(box))
    return small


def head(ax: Axes, name: str, role: str = "ink") -> None:
    """Name one small chart."""
    ax.set_title(name, loc="left", fontsize=8.5, fontweight="normal", color=LIGHT[role], pad=3)
    keep_title(ax)
