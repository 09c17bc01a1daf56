"""Half of the charts by a second process: the same report, with the process, without it, and when it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from analyzer.report import beside, render, svg


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what this process draws."""
    made: list[Any] = []
    original = svg.draw

    def draw(plot: Any, *args: Any, **kwargs: Any) -> Any:
        made.append(plot)
        return original(plot, *args, **kwargs)

    monkeypatch.setattr(svg, "draw", draw)
    return made


def test_a_second_process_draws_its_part(reports: Any, tmp_path: Path, drawn: list[Any]) -> None:
    render(reports.timeline(), [tmp_path / "alone" / "a.md"], lang="de")
    n_all = len(drawn)
    drawn.clear()
    with beside.Process() as process:
        render(reports.timeline(), [tmp_path / "shared" / "a.md"], lang="de", beside=process)
    assert 0 < len(drawn) <= n_all // 2
    alone, shared = (sorted((tmp_path / name).rglob("*.*")) for name in ("alone", "shared"))
    assert len(alone) == len(shared) == n_all + 1
    assert [p.read_bytes() for p in alone] == [p.read_bytes() for p in shared]


def test_what_a_broken_process_leaves_is_drawn_here(reports: Any, tmp_path: Path, drawn: list[Any]) -> None:
    alone = reports.path(suffix=".md").read_bytes()
    drawn.clear()
    with beside.Process() as process:
        process._process.kill()
        render(reports.timeline(), [tmp_path / "normal.md"], beside=process)
    assert (tmp_path / "normal.md").read_bytes() == alone
    assert drawn


def test_the_second_process_ends_with_the_first(tmp_path: Path) -> None:
    """A killed report leaves no process behind."""
    code = (
        "import time\nfrom analyzer.report.beside import Process\n"
        "with Process() as process:\n"
        "    print(process._process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "first.py"
    script.write_text(code)
    first = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    second = int(first.stdout.readline())
    first.kill()
    first.wait()
    first.stdout.close()
    for _ in range(200):
        try:
            os.kill(second, signal.SIG_DFL)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the second process lives on")
