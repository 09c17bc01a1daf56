"""Letters of a PDF: those that no font has are named, in the log and in the file."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from analyzer.report import fonts, render
from tests.report.make_timeline import make_timeline

HIEROGLYPH, DEVANAGARI = "\U00013000", "\u0915"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no font but DejaVu."""
    monkeypatch.setattr(fonts, "_paths", lambda: ())


@pytest.mark.usefixtures("bare")
def test_common_letters_are_there_and_invisible_ones_are_not_missed() -> None:
    assert fonts.lacking("Straße, мир, مثال – 24% × 0.62 −3\u00a0\u202f\u200b\ufe0f\n") == []
    assert fonts.check("abc") == ""


@pytest.mark.usefixtures("bare")
def test_a_warning_names_the_letters_and_what_to_install(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        said = fonts.check("服务 a 服")
    assert said == caplog.messages[0]
    assert "2 letters (Chinese, Japanese or Korean: U+52A1, U+670D)" in said
    assert "outage-analyzer[cjk]" in said and "fonts-noto" not in said
    other = fonts.check(DEVANAGARI + HIEROGLYPH)
    assert "Devanagari, Egyptian" in other and "fonts-noto" in other and "[cjk]" not in other


def test_the_extra_brings_the_letters() -> None:
    pytest.importorskip("noto_cjk_sans_otc")
    assert fonts.lacking("服务 サーバー 서버") == []


def test_a_pdf_says_which_letters_it_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import subprocess

    monkeypatch.setattr(fonts, "_paths", lambda: ())
    render(make_timeline("short"), [tmp_path / "r.pdf"], title=f"Outage {DEVANAGARI}")
    try:
        text = subprocess.run(
            ["pdftotext", "-raw", tmp_path / "r.pdf", "-"], capture_output=True, text=True, check=True
        ).stdout
    except FileNotFoundError:
        pytest.skip("pdftotext (poppler-utils) is not on this machine")
    assert "Letters missing in this PDF" in text and "U+0915" in " ".join(text.split())
