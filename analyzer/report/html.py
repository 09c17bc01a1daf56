"""The document as one HTML file: no network, no script needed, every text escaped by the template engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from analyzer.errors import UsageError
from analyzer.report import document as doc
from analyzer.report.charts.style import ROLES
from analyzer.report.svg import Drawings

_INTERVAL = re.compile("\\(?\\d[\\d.,:]*[\u00a0\u202f]?%?–\\d[\\d.,:]*[\u00a0\u202f]?%?\\)?")
TEMPLATES = Path(__file__).parent / "templates"


def to_html(document: doc.Document, *, template: Path | None = None, drawings: Drawings | None = None) -> str:
    """Return the page."""
    from markupsafe import Markup

    made = drawings or Drawings()

    def chart_svg(chart: doc.Chart, width: str) -> Any:
        return Markup(made.page(chart, width))

    return render_template("report.html.j2", template, {"doc": document, "chart_svg": chart_svg, **page()})


def page() -> dict[str, Any]:
    """Return what every page needs: style, script and the palette."""
    from markupsafe import Markup

    read = {name: (TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")}
    css = read["report.css"].replace("/*LIGHT*/", _vars(0)).replace("/*DARK*/", _vars(1))
    return {"css": Markup(css), "js": Markup(read["report.js"])}


def _vars(which: int) -> str:
    return "".join(f"--{role}:{pair[which]};" for role, pair in ROLES.items())


def unbroken(value: str) -> Any:
    """Return a text, escaped, in which no interval is torn at its dash by the end of a line."""
    from markupsafe import Markup, escape

    return Markup(_INTERVAL.sub(r'<span class="nb">\g<0></span>', str(escape(value))))


def render_template(name: str, own: Path | None, values: dict[str, Any], *, autoescape: bool = True) -> str:
    """Fill a template of ours, or the user's own in its place; Markdown escapes by itself.

    `own` is a template file, or a folder whose files stand in for ours of the same name (``report.html.j2``).
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

    whole = own is not None and own.is_dir()
    folders = [str(own if whole else own.parent)] if own else []
    env = Environment(
        loader=FileSystemLoader([*folders, str(TEMPLATES)]),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["whole"] = unbroken
    env.globals["kind"] = lambda element: type(element).__name__
    env.globals["anchor"] = doc.anchor
    try:
        return env.get_template(own.name if own and not whole else name).render(**values)
    except (TemplateError, OSError) as error:
        where = f"{own}" if own else name
        line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""  # type: ignore[union-attr]
        raise UsageError(f"{where}{line}: the template cannot be used: {error}") from error
