"""Fill the gallery while the pages are built (a hook of mkdocs): every chart, from simulated outages, as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MARK = "<!-- charts -->"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True)
class Picture:
    """One chart of the gallery."""

    name: str
    title: str
    caption: str
    alt: str
    call: str
    svg: str

    @property
    def section(self) -> str:
        """The chart as Markdown."""
        from analyzer.report.markdown import escape

        picture = f"![{escape(self.alt)}](gallery/{self.name}.svg)"
        return f"## {self.name}\n\n**{escape(self.title)}**\n\n{escape(self.caption)}\n\n{picture}\n\n`{self.call}`\n"


def on_files(files: Any, config: Any) -> Any:
    """Add the pictures to the site."""
    from mkdocs.structure.files import File

    for picture in pictures():
        files.append(File.generated(config, f"gallery/{picture.name}.svg", content=picture.svg))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put the charts into their page."""
    if page.file.src_uri != "gallery.md":
        return markdown
    return markdown.replace(MARK, "\n".join(p.section for p in pictures()))


@lru_cache(maxsize=1)
def pictures() -> tuple[Picture, ...]:
    """Draw every chart."""
    return tuple(_draw())


def _timeline(scenario: str, seed: int, **options: Any) -> Any:
    """Return the timeline of a simulated outage, as a report would have it."""
    import analyzer as oa

    made = oa.simulate(seed=seed, scenario=scenario, **options)
    return oa.build_timeline(made.study, made.posts, oa.classify(made.posts), made.updates, coverage=made.coverage)


def _draw() -> Iterator[Picture]:
    from analyzer.report import build, compare
    from analyzer.report.charts import CHARTS, module
    from analyzer.report.format import Format
    from analyzer.report.pick import view

    timeline = _timeline("chatgpt", 1)
    v, f = view(timeline), Format("en")
    for plot in CHARTS:
        if reason := module(plot).missing(v):
            raise RuntimeError(f"the gallery lacks {plot.__name__}: {reason}")
        yield _picture(build.chart(v, f, plot), f"oa.{plot.__name__}(timeline)")
    document = compare.build([timeline, _timeline("payments", 7, size=0.3)])
    for chart in (e for e in document.elements if type(e).__name__ == "Chart"):
        yield _picture(chart, 'oa.compare([first, second], "comparison.html")')


def _picture(chart: Any, call: str) -> Picture:
    from analyzer.report.svg import draw, to_svg

    svg = to_svg(draw(chart.draw, chart.wide), name=chart.name, transparent=False)
    return Picture(chart.name, chart.title, chart.caption, chart.alt, call, HEAD + svg)
