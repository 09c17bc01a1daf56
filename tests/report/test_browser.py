"""The report in a real browser: widths, light and dark, no network, no script, accessibility, print."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
WIDTHS = (360, 768, 1440)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def show(browser: Any, path: Path, width: int, *, scheme: str = "light", script: bool = True) -> None:
    """Open a page at a width; what was logged before is dropped."""
    browser.get_log("browser"), browser.get_log("performance")
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
    browser.get(path.as_uri())


def requests(browser: Any) -> list[str]:
    """Return the addresses asked for since the page was opened."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


SLOW = pytest.mark.slow
EXTREMES = [
    pytest.param(kind, marks=SLOW) for kind in ("none", "words", "chatty", "huge", "short", "long", "tiny", "silent")
]


@pytest.mark.parametrize("kind", ["normal", "markup", *EXTREMES])
def test_page_is_quiet_and_fits_every_width(browser: Any, reports: Any, kind: str) -> None:
    path = reports.path(kind)
    for width in WIDTHS:
        show(browser, path, width)
        assert [e for e in browser.get_log("browser") if e["level"] in ("SEVERE", "WARNING")] == []
        assert [u for u in requests(browser) if not u.startswith(("file:", "data:"))] == []
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width, f"{kind} scrolls sideways at {width}: {wide}"


def test_each_width_shows_one_drawing_a_chart_with_a_text_alternative(browser: Any, reports: Any) -> None:
    script = """
      return [...document.querySelectorAll('figure.chart')].map(f => [...f.querySelectorAll('.plot')]
        .filter(p => getComputedStyle(p).display !== 'none')
        .map(p => [p.getAttribute('role'), (p.getAttribute('aria-label') || '').length,
                   p.querySelector('svg').getBoundingClientRect().width]))"""
    for width in WIDTHS:
        show(browser, reports.path(), width)
        charts = browser.execute_script(script)
        assert len(charts) == 14
        for shown in charts:
            assert len(shown) == 1
            role, length, drawn = shown[0]
            assert role == "img" and length > 40 and 250 < drawn <= width


def test_letters_in_charts_are_legible_on_a_phone(browser: Any, reports: Any) -> None:
    show(browser, reports.path(), 360)
    sizes = browser.execute_script("""
      return [...document.querySelectorAll('.plot.narrow svg text')].filter(t => t.textContent.trim())
        .map(t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().d)""")
    assert len(sizes) > 100
    assert min(abs(s) for s in sizes if s) >= 8.5


@pytest.mark.parametrize("kind", ["normal", *EXTREMES])
def test_no_text_in_a_chart_leaves_its_drawing(browser: Any, reports: Any, kind: str) -> None:
    script = """
      const out = [];
      for (const svg of document.querySelectorAll('.plot svg')) {
        const box = svg.getBoundingClientRect();
        if (!box.width) continue;
        for (const t of svg.querySelectorAll('text')) {
          const r = t.getBoundingClientRect();
          const over = Math.max(box.left - r.left, r.right - box.right, box.top - r.top, r.bottom - box.bottom);
          if (r.width && over > 3)
            out.push(svg.closest('figure').id + ': ' + t.textContent);
        }
      }
      return out"""
    for width in (360, 1440):
        show(browser, reports.path(kind), width)
        assert browser.execute_script(script) == []


@pytest.mark.parametrize(
    ("kind", "width", "scheme"),
    [
        ("normal", 1440, "light"),
        ("normal", 360, "dark"),
        pytest.param("markup", 768, "dark", marks=SLOW),
        pytest.param("none", 360, "light", marks=SLOW),
    ],
)
def test_axe_finds_no_violation(browser: Any, reports: Any, kind: str, width: int, scheme: str) -> None:
    show(browser, reports.path(kind), width, scheme=scheme)
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[1]; axe.run(document, {runOnly: arguments[0]}).then(r => done(r.violations), "
        "e => done(String(e)))",
        TAGS,
    )
    assert [(v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"][:300]) for v in found] == []


def test_page_works_without_scripts(browser: Any, reports: Any) -> None:
    show(browser, reports.path(), 768, script=False)
    try:
        tree = browser.execute_cdp_cmd("DOM.getDocument", {"depth": -1})
        text = json.dumps(tree)
        assert "34\\u00a0min" in text and "What this cannot tell you" in text
        assert "Official update 1" in text, "marks keep their titles for the pointer"
        layout = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})
        assert layout["cssContentSize"]["width"] <= 768 and layout["cssContentSize"]["height"] > 5000
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_keyboard_reads_the_numbers_of_a_chart(browser: Any, reports: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    show(browser, reports.path(), 1440)
    plot = browser.find_element("css selector", "#chart-rate .plot.wide")
    browser.execute_script("arguments[0].focus()", plot)
    plot.send_keys(Keys.ARROW_RIGHT)
    first = browser.find_element("id", "tip").text
    plot.send_keys(Keys.END)
    last = browser.find_element("id", "tip").text
    assert "posts" in first or "onset" in first.lower()
    assert last and last != first
    plot.send_keys(Keys.ESCAPE)
    assert not browser.find_element("id", "tip").is_displayed()


def test_skip_link_is_first_and_leads_to_main(browser: Any, reports: Any) -> None:
    show(browser, reports.path(), 768)
    first = browser.execute_script("return document.querySelector('a').getAttribute('href')")
    assert first == "#main" and browser.find_element("id", "main").tag_name == "main"


@pytest.mark.parametrize("kind", ["normal", "markup", *EXTREMES])
def test_every_citation_leads_to_a_row(browser: Any, reports: Any, kind: str) -> None:
    show(browser, reports.path(kind), 1440)
    lost = browser.execute_script("""
      return [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1))
        .filter(id => !document.getElementById(id))""")
    assert lost == []
    twice = browser.execute_script("""
      const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
      return ids.filter((x, i) => ids.indexOf(x) !== i)""")
    assert twice == []


def test_printing_gives_whole_charts(browser: Any, reports: Any, tmp_path: Path) -> None:
    show(browser, reports.path(), 360)
    printed = browser.execute_cdp_cmd(
        "Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
    )
    file = tmp_path / "print.pdf"
    file.write_bytes(base64.b64decode(printed["data"]))
    try:
        text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("pdftotext (poppler-utils) is not on this machine")
    pages = text.split("\f")
    heads = ("Posts rose at", "Education is named most", "The provider first spoke 34")
    ends = ("official updates, numbered", "Share of posts about the outage", "observed in posts")
    for head, end in zip(heads, ends, strict=True):
        page = next(p for p in pages if head in " ".join(p.split()))
        assert end in page, f"the chart that begins with {head!r} is cut"


def test_hostile_text_makes_no_element(browser: Any, reports: Any) -> None:
    show(browser, reports.path("markup"), 768)
    script = "return [document.images, document.scripts, document.querySelectorAll('b, em')].map(e => e.length)"
    counts = browser.execute_script(script)
    assert counts == [0, 1, 0]
    assert "<script>alert(1)</script>" in browser.find_element("tag name", "h1").text


def test_comparison_and_index_pages_are_accessible_and_fit(browser: Any, reports: Any) -> None:
    from analyzer.report.compare import compare
    from analyzer.report.index import Entry, write_index

    both = reports.folder / "compared.html"
    compare([reports.timeline("tiny"), reports.timeline("silent")], [both])
    listed = [Entry("One", "one.html", "incidents", "Posts rose.", (("Peak", "12"),)), Entry("Two", message="no text")]
    index = write_index(listed, reports.folder / "index.html", title="Nightly")
    for page in (both, index):
        for width, scheme in ((360, "dark"), (1440, "light")):
            show(browser, page, width, scheme=scheme)
            assert [e for e in browser.get_log("browser") if e["level"] in ("SEVERE", "WARNING")] == []
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
            browser.execute_script(AXE.read_text(encoding="utf-8"))
            found = browser.execute_async_script(
                "const done = arguments[1]; axe.run(document, {runOnly: arguments[0]}).then(r => done(r.violations))",
                TAGS,
            )
            assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
