"""Killed at any instant: the corpus opens, is whole, and the same work done again ends as if undisturbed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from analyzer.store import Corpus
from tests.collect.archive.made import lines, tweet, write
from tests.store.killed import work

ROOT = Path(__file__).parents[2]


def inputs(folder: Path) -> None:
    for n in range(4):
        rows = [tweet(i, text=f"chatgpt is down, file {n}") for i in range(n * 30, n * 30 + 60)]
        write(folder / f"{n}.jsonl", lines(rows) + b"{broken\n")


def tables(corpus: Corpus) -> list[pd.DataFrame]:
    return [corpus.posts(), corpus.labels(), corpus.rejects().drop(columns="run_id"), corpus.coverage()]


def start(folder: Path, path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.killed", str(folder), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def kill_often(tmp_path: Path, n_kills: int, seed: int) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    inputs(folder)
    undisturbed = Corpus(tmp_path / "calm")
    calm = start(folder, undisturbed.path)
    began = time.monotonic()
    go(calm)
    assert calm.wait(600) == 0
    whole_s = time.monotonic() - began
    assert calm.stdout is not None
    calm.stdout.close()
    calm.stdin.close()  # type: ignore[union-attr]
    rnd = random.Random(seed)
    n, path = 0, tmp_path / "corpus-0"
    while n < n_kills:
        path = tmp_path / f"corpus-{n}"
        path.with_name(path.name + ".key").write_text((tmp_path / "calm.key").read_text())
        for _ in range(4):
            if n >= n_kills:
                break
            process = start(folder, path)
            go(process)
            time.sleep(rnd.uniform(0, whole_s))
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
            process.stdin.close()  # type: ignore[union-attr]
            n += 1
            corpus = Corpus(path)
            if corpus.exists():
                tables(corpus)
                found = corpus.check()
                assert found["ok"], found["problems"]
        work(folder, Corpus(path))
        for one, two in zip(tables(undisturbed), tables(Corpus(path)), strict=True):
            same = [c for c in one.columns if c != "run_id"]
            pd.testing.assert_frame_equal(one[same], two[same])
        assert Corpus(path).check()["ok"]
        assert not list((path / "tmp").glob("*")) if (path / "tmp").exists() else True


def test_killed_a_few_times(tmp_path: Path) -> None:
    kill_often(tmp_path, 4, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_killed_two_hundred_times(tmp_path: Path) -> None:
    kill_often(tmp_path, 200, seed=2)
