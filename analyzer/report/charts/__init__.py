"""Charts, one file each: ``plot_*(timeline, *, ax=None) -> Axes``; the first line of the docstring is the caption.

Beside its plot each file has ``missing`` (why it cannot be drawn), ``title`` (the finding), ``alt`` (the text
alternative), ``data`` (its numbers as a table) and its ``sizes``, wide and narrow, in inches.
A new chart is one file and one line in `CHARTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from analyzer.report.charts.coverage import plot_coverage
from analyzer.report.charts.effects import plot_effects
from analyzer.report.charts.emergent import plot_emergent
from analyzer.report.charts.frustration import plot_frustration
from analyzer.report.charts.humor import plot_humor
from analyzer.report.charts.impact import plot_impact
from analyzer.report.charts.ladder import plot_ladder
from analyzer.report.charts.named import plot_named
from analyzer.report.charts.overview import plot_overview
from analyzer.report.charts.rate import plot_rate
from analyzer.report.charts.robustness import plot_robustness
from analyzer.report.charts.sources import plot_sources
from analyzer.report.charts.topics import plot_topics
from analyzer.report.charts.words import plot_words

#: All charts of one timeline, in the order of a report.
CHARTS: tuple[Callable[..., Any], ...] = (
    plot_rate,
    plot_overview,
    plot_ladder,
    plot_frustration,
    plot_humor,
    plot_impact,
    plot_topics,
    plot_effects,
    plot_words,
    plot_named,
    plot_emergent,
    plot_sources,
    plot_robustness,
    plot_coverage,
)

__all__ = [
    "CHARTS",
    "plot_coverage",
    "plot_effects",
    "plot_emergent",
    "plot_frustration",
    "plot_humor",
    "plot_impact",
    "plot_ladder",
    "plot_named",
    "plot_overview",
    "plot_rate",
    "plot_robustness",
    "plot_sources",
    "plot_topics",
    "plot_words",
]


def module(plot: Callable[..., Any]) -> ModuleType:
    """Return the file of a chart, with its `missing`, `title`, `alt`, `data` and sizes."""
    import sys

    return sys.modules[plot.__module__]
