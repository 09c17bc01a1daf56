"""Killed at any instant and run again, a collection ends with the same corpus, and asks for little twice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.platforms import play, world
from tests.platforms.server import Platforms

ROOT = Path(__file__).resolve().parents[2]
SIZE = {"x": 900, "reddit": 100, "bluesky": 600, "mastodon": 200, "hackernews": 900, "statuspage": 1}
#: Pages that are never recorded, and may be asked for each time.
ALWAYS = ("access_token", "createSession", "/instance", "lookup", "/proxy/")


class Zygote:
    """Starts collections in a process of their own, kills them after a while."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.collect.zygote"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def run(self, order: dict[str, str], kill_after_s: float | None = None) -> tuple[int, float]:
        """Return exit code (-9: killed) and seconds."""
        assert self._process.stdin is not None
        start = time.monotonic()
        print(json.dumps(order), file=self._process.stdin, flush=True)
        pid = int(self._line())
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return int(self._line()), time.monotonic() - start

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


def kill_and_resume(zygote: Zygote, source: str, folder: Path, *, n_kills: int, seed: int) -> tuple[int, Counter[str]]:
    """Kill `n_kills` times over as many collections as that takes, check each; returns kills that hit."""
    rng = random.Random(seed)
    hits, where = 0, Counter[str]()
    with Platforms(world.World(SIZE[source], cap=300)) as platforms:
        order = {"base": platforms.base, "folder": str(folder / "whole"), "source": source}
        code, seconds = zygote.run(order)
        assert code == 0
        whole, asked = play.snapshot(play.corpus(folder / "whole")), Counter(platforms.pages())
        round_ = 0
        while hits < n_kills:
            round_ += 1
            platforms.requests.clear()
            order["folder"] = str(folder / str(round_))
            killed = 0
            for _ in range(rng.choice((1, 1, 2, 4))):
                code, _ = zygote.run(order, rng.uniform(0.0, 1.05) * seconds)
                killed += code == -9
                assert code in (0, -9)
            committed = (folder / str(round_) / "corpus" / "corpus.json").exists()
            where["committed" if committed else "under way"] += killed
            code, _ = zygote.run(order)
            assert code == 0
            hits += killed
            corpus = play.corpus(folder / str(round_))
            assert play.snapshot(corpus) == whole
            readable(corpus)
            again = Counter(platforms.pages()) - asked
            twice = sum(n for page, n in again.items() if not any(a in page for a in ALWAYS))
            if source not in ("reddit", "statuspage") or not committed:
                # Listings that know no time are asked for anew by each later collection.
                assert twice <= killed, again
    return hits, where


def readable(corpus: Any) -> None:
    """Every raw input can be read to its end, every table too, and nothing is left over."""
    from analyzer.collect.rawlog import as_page

    for entry in corpus.raw():
        with corpus.open_raw(entry) as stream:
            lines = stream.read().splitlines(keepends=True)
        assert all(as_page(line) is not None for line in lines[1:])
    assert corpus.query("SELECT count(*) AS n FROM posts")["n"][0] == len(corpus.posts())
    assert not list((corpus.path / "raw" / "open").glob("*"))


@pytest.mark.parametrize("source", ["x", "reddit", "bluesky"])
def test_a_killed_collection_ends_the_same(source: str, zygote: Zygote, tmp_path: Path) -> None:
    hits, _ = kill_and_resume(zygote, source, tmp_path, n_kills=2, seed=7)
    assert hits >= 2


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("source", play.SOURCES)
def test_many_kills(source: str, zygote: Zygote, tmp_path: Path) -> None:
    hits, where = kill_and_resume(zygote, source, tmp_path, n_kills=20, seed=11)
    assert hits >= 20
    assert where
