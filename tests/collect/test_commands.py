"""The commands of collecting: wrong usage is 2 and asks nobody; what they say is for a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.cli import main
from tests.platforms import play, world
from tests.platforms.__main__ import toml
from tests.platforms.server import Platforms


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["collect", "--source", "twitter"], "known are x, reddit"),
        (["collect", "--interval", "0"], "--interval 0: give seconds"),
        (["collect", "--interval", "nan"], "--interval nan"),
        (["collect", "--max-cost", "-1"], "--max-cost -1: give US dollars"),
        (["collect", "--max-cost", "inf"], "--max-cost inf"),
        (["comply", "--most", "7"], "--most 7: give a share"),
        (["comply", "--source", "statuspage"], "cannot be asked about its posts"),
    ],
)
def test_wrong_usage(arguments: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, *rest = arguments
    assert main([command, str(tmp_path / "none.toml"), *rest, "--corpus", str(tmp_path / "c")]) == 2
    assert why in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_collect_comply_and_forget_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in play.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    with Platforms(world.World(60, status="incidentio")) as platforms:
        study, corpus = tmp_path / "study.toml", str(tmp_path / "c")
        study.write_text(toml(platforms.base), encoding="utf-8")
        chosen = ["--source", "hackernews", "--source", "statuspage", "--corpus", corpus]
        assert main(["collect", str(study), *chosen]) == 0
        shown = capsys.readouterr()
        assert "4 official updates, 2 pages, 0 rejected" in shown.out and "incident.io" in shown.err
        assert main(["collect", str(study), "--source", "hackernews", "--corpus", corpus]) == 0
        assert "nothing to ask for; all of the window was collected before" in capsys.readouterr().out
        assert main(["comply", str(study), "--corpus", corpus]) == 0
        assert "; next check due by 2" in capsys.readouterr().out
        (tmp_path / "ids.txt").write_text("40000001\nnobody\n")
        assert main(["forget", "--corpus", corpus, "--ids", str(tmp_path / "ids.txt")]) == 0
        assert "1 posts removed" in capsys.readouterr().out
        assert main(["sources"]) == 0
        assert "https://console.x.com" in capsys.readouterr().out
