"""Documents and charts made from a timeline: one document, four outputs with the same digits.

>>> from analyzer.report import render
>>> render(timeline, ["outage.html", "outage.json"])  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from analyzer.beside import Process
    from analyzer.report.document import Chart
    from analyzer.report.format import Format
    from analyzer.report.svg import Drawings, Drawn

__all__ = ["SUFFIXES", "render", "render_document"]

#: File name extensions that can be written.
SUFFIXES = (".html", ".pdf", ".md", ".json")


def render(
    timeline: Timeline,
    outputs: Iterable[str | Path],
    *,
    title: str | None = None,
    template: str | Path | None = None,
    lang: str = "en",
    allow_verbatim: bool = False,
    beside: Process | None = None,
) -> list[Path]:
    """Write the report of a timeline, one file an output, each put in place only when whole.

    Parameters
    ----------
    timeline
        What `analyzer.timeline.build` made.
    outputs
        Paths that end in .html, .pdf, .md or .json.
    title
        The report's title; made from the numbers where it and the study's are empty.
    template
        A Jinja template to use instead of the built-in one, or a folder whose files (``report.html.j2``,
        ``report.md.j2``) stand in for ours, for .html and .md.
    lang
        Formats of numbers and dates, such as ``en`` or ``de``.
    allow_verbatim
        Show the timeline's exemplars in their own words.
    beside
        A second process (`analyzer.beside`) that draws part of the charts; the report is the same without.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    UsageError
        An extension or a language is unknown, or `.pdf` is asked for without the extra ``[pdf]``.
    """
    from analyzer.report.build import build
    from analyzer.report.json_ import to_dict

    paths = _checked(outputs)
    document = build(timeline, title=title, lang=lang, allow_verbatim=allow_verbatim)
    data = partial(to_dict, timeline, document=document)
    return render_document(document, paths, template=template, data=data, beside=beside)


def render_document(
    document: Any,
    outputs: Iterable[str | Path],
    *,
    template: str | Path | None = None,
    data: Callable[[], dict[str, Any]] | None = None,
    beside: Process | None = None,
) -> list[Path]:
    """Write a document that is already built; `data` makes what .json holds, `beside` draws part of the charts."""
    from analyzer.report.charts.style import FORMAT
    from analyzer.report.document import Chart
    from analyzer.report.format import Format
    from analyzer.report.svg import Drawings
    from analyzer.report.write import write

    paths = _checked(outputs)
    drawings = Drawings()
    token = FORMAT.set(Format(document.lang))
    try:
        kinds = {path.suffix.lower() for path in paths}
        if beside and kinds - {".json"}:
            widths = ("wide", "narrow") if ".html" in kinds else ("wide",)
            _share(drawings, document.of(Chart), widths, beside)
        for path in paths:
            write(document, path, template=Path(template) if template else None, data=data, drawings=drawings)
    finally:
        FORMAT.reset(token)
    return paths


def prepare() -> None:
    """Load what draws charts, in the process that will draw."""
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    import analyzer.report.charts
    import analyzer.report.svg  # noqa: F401


def _share(drawings: Drawings, charts: Sequence[Chart], widths: Sequence[str], beside: Process) -> None:
    """Draw all charts, every other one in the second process."""
    from analyzer.report.charts.style import FORMAT

    theirs = beside.submit(_drawn, charts[1::2], widths, FORMAT.get())
    drawings.draw(charts[::2], widths)
    drawings.take(theirs())


def _drawn(charts: Sequence[Chart], widths: Sequence[str], format: Format) -> dict[tuple[str, str], Drawn]:
    from analyzer.report.charts.style import FORMAT
    from analyzer.report.svg import Drawings

    token = FORMAT.set(format)
    try:
        return Drawings().draw(charts, widths)
    finally:
        FORMAT.reset(token)


def _checked(outputs: Iterable[str | Path]) -> list[Path]:
    paths = [Path(p) for p in outputs]
    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            raise UsageError(
                f"{path}: cannot write {path.suffix or 'a file without extension'}; give one of {', '.join(SUFFIXES)}"
            )
    return paths
