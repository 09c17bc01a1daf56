"""A batch: a study that fails, or whose process is killed, takes no other along; bars only on a terminal."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import batch
from analyzer.errors import InputError
from analyzer.report.json_ import to_dict
from tests.report.make_timeline import make_timeline


def work(study: Path, name: str, *_: Any) -> dict[str, Any]:
    """Stand in for the report of one study; runs in a worker."""
    if name == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "bad":
        raise InputError(f"{study}, line 3: no text")
    return to_dict(make_timeline("short"))


def jobs(*names: str) -> list[Any]:
    return [(Path(f"{n}.toml"), n, Path("out"), "corpus", "en", {}) for n in names]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_one", work)


def test_a_killed_process_takes_no_other_study_along() -> None:
    names = ("killed", "a", "bad", "b", "c")
    entries = {job[1]: batch._entry(job[1], done) for job, done in batch._finished(jobs(*names), 2)}
    assert sorted(entries) == sorted(names)
    assert [n for n in names if entries[n].failed] == ["killed", "bad"]
    assert "killed" in entries["killed"].message and "bad.toml, line 3" in entries["bad"].message


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_nothing_in_cron(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, quiet, shown in ((Terminal(), False, True), (Terminal(), True, False), (io.StringIO(), False, False)):
        monkeypatch.setattr("sys.stderr", stream)
        for done in (1, 2):
            batch._progress(done, 2, "one: incidents", quiet=quiet)
        text = stream.getvalue()
        assert bool(text) is shown
        if shown:
            assert "[############            ] 1/2" in text and text.endswith("2/2 one: incidents\n")


def test_names_of_reports_differ(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
    paths = [tmp_path / "x" / "study.toml", tmp_path / "y" / "a.toml", tmp_path / "x" / "a.toml"]
    assert batch._names(paths) == ["x", "a", "a-2"]
