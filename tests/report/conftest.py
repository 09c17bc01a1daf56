"""Reports made once, and a real browser where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.report import render
from tests.report.make_timeline import KINDS, make_timeline

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


class Reports:
    """Reports by kind and extension, each made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.timelines: dict[str, Any] = {}

    def timeline(self, kind: str = "normal") -> Any:
        if kind not in self.timelines:
            self.timelines[kind] = make_timeline(kind)
        return self.timelines[kind]

    def path(self, kind: str = "normal", suffix: str = ".html") -> Path:
        assert kind in KINDS
        path = self.folder / f"{kind}{suffix}"
        if not path.exists():
            # Together, because they share their drawings; a PDF is asked for by few tests.
            together = [suffix] if suffix == ".pdf" else [".html", ".md", ".json"]
            render(self.timeline(kind), [self.folder / f"{kind}{s}" for s in together])
        return path

    def text(self, kind: str = "normal", suffix: str = ".html") -> str:
        return self.path(kind, suffix).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return Reports(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium driven over loopback; tests that need it skip where there is none."""
    if not CHROMIUM or not DRIVER:
        pytest.skip("no chromium with chromedriver on this machine (Debian: chromium, chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = CHROMIUM
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()
