"""One chart as SVG: text stays text, places tell their numbers when pointed at, ids are unique in a page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from analyzer.report.charts.style import LIGHT, drop_titles, points, quiet_glyphs, rc

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analyzer.report.document import Chart

#: The SVG element of a chart, without and with the places that tell their numbers.
Drawn = tuple[str, str]
_ROLE = {value: role for role, value in LIGHT.items()}
_NUMBER = re.compile(r"(?<=[\s\"(,ML])-?\d+\.\d{3,}")


def draw(plot: Callable[[Any], Any], size: tuple[float, float], *, titled: bool = False) -> Figure:
    """Draw a chart on a new figure of `size` inches; its title is left to the page unless `titled`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(rc()), quiet_glyphs():
        figure = Figure(figsize=size, dpi=72)
        ax = figure.subplots()
        plot(ax)
        if not titled:
            drop_titles(figure)
        _fit(figure, ax)
        return figure


def _fit(figure: Figure, ax: Axes, *, pad: float = 3.0) -> None:
    """Give the axes what the text around them leaves of the figure, `pad` points from its edges.

    All our drawings have one pair of axes, for which one measurement does what matplotlib's constrained layout solves
    twice over; that took a third of a report's time.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()
    whole, own = ax.get_tightbbox(renderer, for_layout_only=True), ax.get_window_extent()
    if whole is None:
        return
    width, height = figure.bbox.width, figure.bbox.height
    left, right = (own.x0 - whole.x0 + pad) / width, (whole.x1 - own.x1 + pad) / width
    below, above = (own.y0 - whole.y0 + pad) / height, (whole.y1 - own.y1 + pad) / height
    ax.set_position((left, below, max(1 - left - right, 0.1), max(1 - below - above, 0.1)))


def to_svg(figure: Figure, *, name: str, transparent: bool = True) -> str:
    """Return the SVG element of a figure, with rounded coordinates and ids that start with `name`."""
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context(rc()), quiet_glyphs():
        meta = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(out, format="svg", metadata=meta, transparent=transparent)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = _NUMBER.sub(lambda m: f"{float(m.group()):.2f}".rstrip("0").rstrip("."), svg)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', svg)
    return re.sub(r"\n\s*", "\n", svg)


class Drawings:
    """The drawings of one document, each made once, whichever outputs ask for it."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Drawn] = {}

    def draw(self, charts: Sequence[Chart], widths: Sequence[str]) -> dict[tuple[str, str], Drawn]:
        """Draw charts at widths (`wide`, `narrow`); return them by name and width."""
        return {(chart.name, width): self._drawn(chart, width) for chart in charts for width in widths}

    def take(self, made: dict[tuple[str, str], Drawn]) -> None:
        """Take in drawings made elsewhere."""
        self._made |= made

    def plain(self, chart: Chart, width: str = "wide") -> str:
        """Return the SVG element of a chart, `wide` or `narrow`, on a transparent ground."""
        return self._drawn(chart, width)[0]

    def page(self, chart: Chart, width: str) -> str:
        """Return it as a page has it: places tell their numbers, colours follow the page."""
        return with_roles(self._drawn(chart, width)[1])

    def picture(self, chart: Chart) -> str:
        """Return it as a file of its own, on white paper."""
        svg = self.plain(chart)
        head, body = svg.split(">", 1)
        paper = f'<rect width="100%" height="100%" fill="{LIGHT["paper"]}"/>'
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}>\n{paper}{body}'

    def _drawn(self, chart: Chart, width: str) -> Drawn:
        key = (chart.name, width)
        if key not in self._made:
            figure = draw(chart.draw, chart.wide if width == "wide" else chart.narrow)
            svg = to_svg(figure, name=f"{chart.name}-{width}")
            self._made[key] = svg, with_points(svg, figure)
        return self._made[key]


def with_points(svg: str, figure: Figure) -> str:
    """Lay invisible rectangles with titles over the drawing; a browser shows them when pointed at, without scripts."""
    height = float(figure.get_size_inches()[1]) * 72
    out = []
    for p in points(figure):
        box = p.axes.get_window_extent()
        x0, x1, y0, y1 = box.x0, box.x1, box.y0, box.y1
        if p.x is not None:
            ends = p.axes.transData.transform([(p.x[0], 0), (p.x[1], 0)])[:, 0]
            x0, x1 = max(x0, min(ends)), min(x1, max(ends))
        if p.y is not None:
            ends = p.axes.transData.transform([(0, p.y[0]), (0, p.y[1])])[:, 1]
            y0, y1 = max(y0, min(ends)), min(y1, max(ends))
        if x1 < x0 or y1 < y0:
            continue
        place = f'x="{x0:.1f}" y="{height - y1:.1f}" width="{max(x1 - x0, 1):.1f}" height="{max(y1 - y0, 1):.1f}"'
        out.append(f'<rect class="pt" {place}><title>{escape(p.label)}</title></rect>')
    return svg.replace("</svg>", f'<g class="pts">{"".join(out)}</g></svg>') if out else svg


def with_roles(svg: str) -> str:
    """Turn the palette's colours into CSS variables and leave the font to the page's style sheet."""
    svg = re.sub(r"#[0-9a-f]{6}", lambda m: f"var(--{_ROLE[m.group()]})" if m.group() in _ROLE else m.group(), svg)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]+", r"font-size: \1px", svg)
    svg = re.sub(r"font-family: [^;\"]+;?", "", svg)
    svg = re.sub(r"font: (bold|700) ([\d.]+)px [^;\"]+", r"font-weight: bold; font-size: \2px", svg)
    svg = re.sub(
        r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" xmlns:xlink="http://www.w3.org/1999/xlink">', svg
    )
    return svg
