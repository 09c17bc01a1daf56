"""Charts, one file each: ``plot_*(timeline, *, ax=None) -> Axes``; the first line of the docstring is the caption.

Beside its plot each file has ``missing`` (why it cannot be drawn), ``title`` (the finding), ``alt`` (the text
alternative), ``data`` (its numbers as a table) and its sizes, ``WIDE`` and ``NARROW``, in inches.
A new chart is one file and one line in `CHARTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from analyzer.report.charts.rate import plot_rate

#: All charts of one timeline, in the order of a report.
CHARTS: tuple[Callable[..., Any], ...] = (plot_rate,)

__all__ = ["CHARTS", "plot_rate"]


def module(plot: Callable[..., Any]) -> ModuleType:
    """Return the file of a chart, with its `missing`, `title`, `alt`, `data` and sizes."""
    import sys

    return sys.modules[plot.__module__]
