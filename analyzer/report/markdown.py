"""The document as Markdown (GitHub's flavour) with its charts as SVG files beside it; foreign text is escaped."""

from __future__ import annotations

import re
from pathlib import Path

from analyzer.report import document as doc
from analyzer.report.html import render_template
from analyzer.report.svg import Drawings


def escape(value: object) -> str:
    """Return a text that Markdown shows letter for letter: markup, HTML and table bars are escaped."""
    raw = str(value).replace("\n", " ")
    out = re.sub(r"([\\`*_\[\]#|<>~$!{}])", r"\\\1", raw)
    out = out.replace("&", "&amp;")
    out = re.sub(r"(?i)\b(https?|ftp|javascript|data|www)([:.])(?=\S)", r"\1\\\2", out)
    out = out.replace("@", "&#64;")
    return re.sub(r"^(\s*)([-+=]|\d+[.)])(?=\s|$|=)", r"\1\\\2", out)


def to_markdown(
    document: doc.Document, *, folder: str, template: Path | None = None, drawings: Drawings | None = None
) -> tuple[str, dict[str, str]]:
    """Return the text, and the pictures as ``{path beside the text: SVG}``.

    Parameters
    ----------
    document
        The report.
    folder
        Folder of the pictures, relative to the text.
    """
    made = drawings or Drawings()
    pictures = {f"{folder}/{chart.name}.svg": made.picture(chart) for chart in document.of(doc.Chart)}
    mine = template is not None and (template.is_dir() or (template.suffix != ".html" and "md" in template.name))
    own = template if mine else None
    values = {"doc": document, "folder": folder.replace(" ", "%20"), "md": escape, "rule": _rule}
    body = render_template("report.md.j2", own, values, autoescape=False)
    return re.sub(r"\n{3,}", "\n\n", body).strip() + "\n", pictures


def _rule(table: doc.Table) -> str:
    """Return the line between a table's header and its rows; numbers stand at the right."""
    return "|" + "|".join("---:" if i in table.numeric else "---" for i in range(len(table.header))) + "|"
