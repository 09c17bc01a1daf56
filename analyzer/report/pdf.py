"""The document as PDF by typst: the text goes in as data, never as markup, so nothing in it can act.

Needs the extra ``[pdf]``. Fonts are those that ship with typst (text) and with matplotlib (charts and headings), and
for other letters those of the machine and of the extra ``[cjk]``; letters that none has are named in the PDF and in the
log. The file is tagged for PDF/UA-1 where the document allows it.
"""

from __future__ import annotations

import json
import logging
import re
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analyzer.errors import AnalyzerError, UsageError
from analyzer.report import document as doc
from analyzer.report import fonts
from analyzer.report.svg import Drawings

_LOG = logging.getLogger(__name__)
_TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
#: A table prints at most so many rows; the rest is in the JSON.
MOST_ROWS = 400


def to_pdf(document: doc.Document, *, drawings: Drawings | None = None) -> bytes:
    """Return the PDF file.

    Raises
    ------
    UsageError
        The extra ``[pdf]`` is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise UsageError("PDF needs the extra [pdf]: pip install 'outage-analyzer[pdf]'") from error
    with tempfile.TemporaryDirectory(prefix="outage-analyzer-") as folder:
        root = Path(folder)
        (root / "report.typ").write_text(_TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
        data = _data(document, root, drawings or Drawings())
        source = json.dumps(data, ensure_ascii=False)
        data["gaps"] = fonts.check(source + "".join(p.read_text("utf-8") for p in root.glob("*.svg")))
        (root / "report.json").write_text(_shown(json.dumps(data, ensure_ascii=False)), encoding="utf-8")
        settings: dict[str, Any] = {"root": str(root), "font_paths": fonts.folders(), "format": "pdf"}
        try:
            return _compile(typst, str(root / "report.typ"), settings)
        except typst.TypstError as error:
            raise AnalyzerError(
                f"typst could not set the PDF: {error}; the HTML report holds the same numbers"
            ) from error


def _shown(source: str) -> str:
    """Return text without direction isolates: typst orders each run by itself and would draw them as boxes."""
    return re.sub("[\u2066-\u2069]", "", source)


def _compile(typst: Any, source: str, settings: dict[str, Any]) -> bytes:
    """Compile for PDF/UA-1; without the standard, but still tagged, where the document breaks one of its rules."""
    try:
        return bytes(typst.compile(source, pdf_standards=["ua-1"], **settings))
    except typst.TypstError as error:
        _LOG.warning("the PDF is tagged, but not by PDF/UA-1: %s", str(error).splitlines()[0])
        return bytes(typst.compile(source, **settings))


def _data(document: doc.Document, root: Path, drawings: Drawings) -> dict[str, Any]:
    """Return the document as data for the template, and draw its charts beside."""
    keys = {(t.name, k) for t in document.tables() if not t.folded for k in t.keys}
    elements = []
    for element in document.elements:
        if isinstance(element, doc.Chart):
            name = f"{element.name}.svg"
            (root / name).write_text(_shown(drawings.plain(element)), encoding="utf-8")
            elements.append(
                {"kind": "Chart", "file": name, "title": element.title, "caption": element.caption, "alt": element.alt}
            )
        elif isinstance(element, doc.Table):
            elements.append(_table(element))
        else:
            elements.append({"kind": type(element).__name__, **_plain(element, keys)})
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "description": document.description,
        "elements": elements,
    }


def _plain(element: Any, keys: set[tuple[str, str]]) -> dict[str, Any]:
    data = asdict(element)
    for paragraph in [data, *data.get("items", ())]:
        if isinstance(paragraph, dict) and "refs" in paragraph:
            paragraph["refs"] = [{"label": f"{r['table']}: {r['label']}"} for r in paragraph["refs"]]
    if isinstance(element, doc.Numbers):
        data["items"] = [{k: n[k] for k in ("label", "value", "interval", "note")} for n in data["items"]]
    return data


def _table(table: doc.Table) -> dict[str, Any]:
    shown = table.rows[:MOST_ROWS]
    more = len(table.rows) - len(shown)
    many = len(table.numeric) > 3
    return {
        "kind": "Table",
        "caption": table.caption,
        "header": [_broken(h) if many else h for h in table.header],
        "rows": [[_broken(c) if many else c for c in r] for r in shown],
        "numeric": sorted(table.numeric),
        "widths": [3.2, 7.5, 5.3] if table.name == "answers" else _widths(table),
        "prose": table.name == "answers",
        "more": f"{more} more rows are in the JSON." if more else "",
    }


def _broken(cell: str) -> str:
    """Return a number with its interval on a line of its own, so that many columns fit and no interval is torn."""
    value, bracket, interval = cell.partition(" (")
    return f"{value}\n({interval}" if bracket else cell


#: Letters that a line of a table holds over the page's width.
_LINE = 104


def _widths(table: doc.Table) -> list[float]:
    """Return the columns' widths in letters: room for the longest word of each, and the rest where texts are long."""
    columns = [[table.header[i], *(r[i] for r in table.rows[:MOST_ROWS])] for i in range(len(table.header))]
    tight = len(table.numeric) > 3
    if tight:
        columns = [[line for cell in cells for line in _broken(cell).split("\n")] for cells in columns]
    ends = [r"[ /]" if i in table.numeric else r"[ /–-]" for i in range(len(columns))]
    words = [
        [w for cell in cells for w in ([cell] if tight and cell[:1] in "(×" else re.split(end, cell))]
        for cells, end in zip(columns, ends, strict=True)
    ]
    least = [max(map(len, [*found, ""])) + 2.0 for found in words]
    least = [min(x, 40.0) for x in least]
    wanted = [max(min(max(map(len, cells)), 60) - x, 0.5) for cells, x in zip(columns, least, strict=True)]
    rest = max(_LINE - sum(least), 0.0)
    return [round(x + rest * w / sum(wanted), 1) for x, w in zip(least, wanted, strict=True)]
