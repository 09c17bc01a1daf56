"""The gallery of the documentation: it lists every chart, and its page has the place for them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from analyzer.report.charts import CHARTS
from tests.report.make_timeline import make_timeline

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def gallery(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The hook, with timelines that are quick to make."""
    import sys

    spec = importlib.util.spec_from_file_location("make_gallery", DOCS / "make_gallery.py")
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make_gallery", loaded)
    spec.loader.exec_module(loaded)
    monkeypatch.setattr(loaded, "_timeline", lambda *_, **__: make_timeline())
    return loaded


def test_the_gallery_shows_every_chart(gallery: ModuleType) -> None:
    from types import SimpleNamespace

    import analyzer as oa

    page = SimpleNamespace(file=SimpleNamespace(src_uri="gallery.md"))
    text = gallery.on_page_markdown((DOCS / "gallery.md").read_text(encoding="utf-8"), page)
    names = [plot.__name__.removeprefix("plot_") for plot in CHARTS]
    for name in names:
        assert f"](gallery/{name}.svg)" in text and f"`oa.plot_{name}(timeline)`" in text
        assert callable(getattr(oa, f"plot_{name}"))
    assert gallery.MARK not in text and text.count("\n## ") == len(names) + 2
    assert all(p.svg.startswith("<?xml") and "<text" in p.svg for p in gallery.pictures())
    other = SimpleNamespace(file=SimpleNamespace(src_uri="index.md"))
    assert gallery.on_page_markdown("x", other) == "x"
