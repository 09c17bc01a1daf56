"""import, classify and report killed at any instant: the corpus is whole, and no output is half-written."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analyzer import api
from analyzer.cli import main
from analyzer.simulate import simulate
from analyzer.store import Corpus

ROOT = Path(__file__).parents[2]


class Commands:
    """Runs commands in a process apart, and kills them."""

    def __init__(self, folder: Path) -> None:
        self.log = (folder / "stderr").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.store.killed_commands"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def run(self, words: list[str], *, kill_after: float | None = None) -> int:
        """Run a command; returns its exit status, or minus the signal that ended it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([words, kill_after]) + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
        self.log.close()


class Scene:
    """A study with its inputs, and the commands that make a report of it."""

    def __init__(self, folder: Path, outputs: tuple[str, ...]) -> None:
        self.folder, self.outputs = folder, outputs
        made = simulate(4, scenario="chatgpt")
        made.write(folder)
        lines = (folder / "posts.jsonl").read_bytes().splitlines(keepends=True)
        for n in range(3):
            (folder / f"{n}.jsonl").write_bytes(b"".join(lines[n::3]) + b"{broken\n")

    def commands(self, corpus: Path) -> list[list[str]]:
        study, out = str(self.folder / "study.toml"), str(corpus)
        imports = [["import", study, str(self.folder / f"{n}.jsonl"), "--corpus", out] for n in range(3)]
        report = ["report", study, "--corpus", out, *(w for end in self.outputs for w in ("-o", out + end))]
        updates = ["updates", study, str(self.folder / "updates.jsonl"), "--corpus", out]
        return [*imports, ["classify", "--corpus", out], updates, report]


def whole(corpus: Path) -> None:
    """What must hold at any instant."""
    if (corpus / "corpus.json").exists():
        assert main(["check", str(corpus)]) == 0
        held = Corpus(corpus)
        for table in (held.posts(), held.labels(), held.updates(), held.rejects(), held.coverage()):
            assert table is not None
    if (html := corpus.with_name(corpus.name + ".html")).exists():
        assert html.read_text().rstrip().endswith("</html>")
    if (document := corpus.with_name(corpus.name + ".json")).exists():
        assert json.loads(document.read_bytes())["verdict"]


def tables(corpus: Path) -> list[pd.DataFrame]:
    held = Corpus(corpus)
    found = [held.posts(), held.labels(), held.updates(), held.rejects(), held.coverage()]
    return [t.drop(columns="run_id", errors="ignore") for t in found]


def numbers(corpus: Path) -> dict[str, Any]:
    document = json.loads(corpus.with_name(corpus.name + ".json").read_bytes())
    return {k: v for k, v in document.items() if k not in ("manifest", "generated_at", "printed", "coverage")}


def kill_often(tmp_path: Path, each: int, *, seed: int, outputs: tuple[str, ...], chances: int = 5) -> Counter[str]:
    """Kill each command `each` times in all, on fresh corpora; returns how many were killed at work, by command."""
    scene, rnd = Scene(tmp_path / "in", outputs), random.Random(seed)
    calm = tmp_path / "calm"
    runner = Commands(tmp_path)
    killed: Counter[str] = Counter()
    try:
        took: dict[str, float] = {}
        for words in scene.commands(calm):
            start = time.monotonic()
            assert runner.run(words) == 0
            took[words[0]] = time.monotonic() - start
        verbs = ("import", "classify", "report")
        n = 0
        while any(killed[v] < each for v in verbs) and n < 20 * each + 3:
            corpus = tmp_path / f"corpus-{n}"
            n += 1
            corpus.with_name(corpus.name + ".key").write_text((tmp_path / "calm.key").read_text())
            for words in scene.commands(corpus):
                verb = words[0]
                for _ in range(chances if verb in verbs else 0):
                    if killed[verb] >= each:
                        break
                    status = runner.run(words, kill_after=rnd.uniform(0, took[verb]))
                    killed[verb] += status == -signal.SIGKILL
                    assert status in (0, -signal.SIGKILL)
                    whole(corpus)
                assert runner.run(words) == 0
            for one, two in zip(tables(calm), tables(corpus), strict=True):
                pd.testing.assert_frame_equal(one, two)
            assert numbers(corpus) == numbers(calm)
            assert not list((corpus / "tmp").glob("*"))
    finally:
        runner.close()
    return killed


def test_commands_killed_a_few_times(tmp_path: Path) -> None:
    assert kill_often(tmp_path, 1, seed=1, outputs=(".json",), chances=1).total() == 3


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_commands_killed_two_hundred_times(tmp_path: Path) -> None:
    killed = kill_often(tmp_path, 70, seed=2, outputs=(".html", ".json"), chances=8)
    print(dict(killed))
    assert killed.total() >= 200
    assert api.check(Corpus(tmp_path / "calm"))["ok"]
