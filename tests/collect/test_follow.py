"""Following: rounds that overlap and merge, and stops that lose nothing."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analyzer.collect import collect
from analyzer.collect.follow import rounds
from tests.platforms import play, world
from tests.platforms.faults import Script
from tests.platforms.server import Platforms

ROOT = Path(__file__).resolve().parents[2]
_DRIVER = """
import sys
from pathlib import Path
from analyzer.collect import collect
from analyzer.collect.clock import SystemClock
from tests.platforms import play
folder, base, source = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
options = play.options(folder, interval_s=0.2, clock=SystemClock())
study = play.study(base)
done = collect(study, play.corpus(folder), [source], follow=True, options=options, progress=print)
print("stopped", done.stopped, done.n_rounds, flush=True)
"""


def test_rounds_keep_to_the_interval() -> None:
    clock = play.QuickClock(world.NOW)
    seen = []
    for _ in rounds(clock, interval_s=60, n_rounds=4):
        seen.append(clock.now())
        clock.sleep(10)
    steps = [(b - a).total_seconds() for a, b in itertools.pairwise(seen)]
    assert steps == pytest.approx([60, 60, 60], abs=0.5)


@pytest.mark.parametrize(
    "source", ["x", "bluesky", "reddit", *(pytest.param(s, marks=pytest.mark.slow) for s in ("hackernews", "mastodon"))]
)
def test_following_ends_with_what_one_collection_at_the_end_finds(source: str, tmp_path: Path) -> None:
    """Each round sees posts up to its own moment; all rounds together see what is seen afterwards."""
    step = dt.timedelta(minutes=72)
    made = world.World(110)
    whole = {k: list(v) for k, v in made.posts.items()}
    with Platforms(made) as platforms:
        study = play.study(platforms.base, reddit={"comments": False})
        corpus = play.corpus(tmp_path)
        clock = play.QuickClock(world.SINCE + step)
        options = play.options(tmp_path, clock=clock, interval_s=step.total_seconds(), n_rounds=6)

        def publish() -> None:
            made.now = clock.now()
            made._folded.clear()
            made.posts |= {k: [p for p in v if p.time <= made.now] for k, v in whole.items()}

        real = clock.sleep

        def sleep(seconds: float) -> None:
            real(seconds)
            publish()

        clock.sleep = sleep  # type: ignore[method-assign]
        publish()
        result = collect(study, corpus, [source], follow=True, options=options)
        assert result.n_rounds == 6 and not result.errors
        again = play.corpus(tmp_path, "again")
        collect(study, again, [source], options=play.options(tmp_path, clock=clock))
        assert play.snapshot(corpus)["posts"] == play.snapshot(again)["posts"]
        assert len(corpus.posts()) > 60
        covered = corpus.query("SELECT * FROM coverage WHERE kind = 'covered'")
        assert covered["end"].max() == world.UNTIL


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_ends_it_and_what_was_collected_is_there(number: signal.Signals, tmp_path: Path) -> None:
    # The tenth request stalls, so that the signal comes in the middle of a collection.
    script = Script(queue=[""] * 9 + ["stall"], stall_s=1.0)
    with Platforms(world.World(1500), script=script) as platforms:
        command = [sys.executable, "-c", _DRIVER, str(tmp_path), platforms.base, "bluesky"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            deadline = time.monotonic() + 60
            while not any(fault == "stall" for _, _, fault in platforms.requests) and time.monotonic() < deadline:
                time.sleep(0.01)
            os.kill(process.pid, number)
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "stopping" in out and "stopped True 1" in out
        corpus = play.corpus(tmp_path)
        n = len(corpus.posts())
        assert 500 < n < 1300
        assert not list((corpus.path / "raw" / "open").glob("*"))
        gap = corpus.coverage().query("kind == 'gap'")
        assert gap["start"].tolist() == [world.SINCE]
        # The next one asks for the rest only, and the whole is as if it had never stopped.
        platforms.requests.clear()
        collect(play.study(platforms.base), corpus, ["bluesky"], options=play.options(tmp_path))
        whole = play.corpus(tmp_path, "whole")
        collect(play.study(platforms.base), whole, ["bluesky"], options=play.options(tmp_path))
        assert play.snapshot(corpus)["posts"] == play.snapshot(whole)["posts"]


def test_a_failing_source_does_not_end_following_nor_the_others(tmp_path: Path) -> None:
    with Platforms(world.World(60, status="none")) as platforms:
        corpus = play.corpus(tmp_path)
        options = play.options(tmp_path, n_rounds=2)
        names = ["statuspage", "hackernews"]
        done = collect(play.study(platforms.base), corpus, names, follow=True, options=options)
        assert list(done.errors) == ["statuspage"] and done.n_rounds == 2
        assert len(corpus.posts()) > 0
