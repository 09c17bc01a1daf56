"""Half of the charts by a second process: the same report, with the process, without it, and when it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
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


def test_a_second_process_draws_half(reports: Any, tmp_path: Path, drawn: list[Any]) -> None:
    alone = reports.path().read_bytes()
    n_all = alone.count(b"<svg viewBox")
    drawn.clear()
    with beside.process() as pool:
        if pool is None:
            pytest.skip("one core")
        render(reports.timeline(), [tmp_path / "normal.html"], beside=pool)
    assert (tmp_path / "normal.html").read_bytes() == alone
    assert 0 < len(drawn) <= (n_all + 2) // 2


def test_what_a_broken_process_leaves_is_drawn_here(reports: Any, tmp_path: Path, drawn: list[Any]) -> None:
    alone = reports.path(suffix=".md").read_bytes()
    drawn.clear()
    pool = ProcessPoolExecutor(1)
    pool.shutdown()  # takes no more work
    render(reports.timeline(), [tmp_path / "normal.md"], beside=pool)
    assert (tmp_path / "normal.md").read_bytes() == alone
    assert drawn


def test_the_second_process_ends_with_the_first(tmp_path: Path) -> None:
    """A killed report leaves no process behind."""
    code = (
        "import time\nfrom analyzer.report.beside import process\n"
        "if __name__ == '__main__':\n"
        "    with process() as pool:\n"
        "        import os\n        print(pool.submit(os.getpid).result() if pool else 0, flush=True)\n"
        "        time.sleep(60)\n"
    )
    script = tmp_path / "first.py"
    script.write_text(code)
    first = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    second = int(first.stdout.readline())
    first.kill()
    first.wait()
    first.stdout.close()
    if not second:
        pytest.skip("one core")
    for _ in range(200):
        try:
            os.kill(second, signal.SIG_DFL)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the second process lives on")
