from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analyzer.errors import CorpusError
from analyzer.store import Corpus
from tests.store.made import add, posts

_WRITER = """
import sys
from analyzer.store import Corpus
from tests.store.made import posts
with Corpus(sys.argv[1]).run("import") as run:
    run.add_posts(posts(range(5)))
    print("writing", flush=True)
    sys.stdin.readline()
"""


def _writer(path: Path) -> subprocess.Popen[str]:
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


def test_second_writer_is_told_who_writes_and_readers_are_not_held_up(corpus: Corpus) -> None:
    add(corpus, posts([100]))
    other = _writer(corpus.path)
    try:
        with pytest.raises(CorpusError, match=rf"by process {other.pid} on .* \(import\)"), corpus.run("import"):
            pass
        assert len(corpus.posts()) == 1
    finally:
        other.communicate("\n", timeout=60)
    assert len(corpus.posts()) == 6
    assert add(corpus, posts([101])).changed


def test_lock_of_a_killed_process_is_free_and_its_work_is_gone(corpus: Corpus) -> None:
    add(corpus, posts([100]))
    other = _writer(corpus.path)
    other.send_signal(signal.SIGKILL)
    other.communicate(timeout=60)
    assert len(corpus.posts()) == 1
    assert add(corpus, posts([101])).changed
    assert corpus.posts()["post_id"].tolist() == ["100", "101"]
    assert not list((corpus.path / "tmp").iterdir()) if (corpus.path / "tmp").exists() else True


def test_two_runs_of_one_process_exclude_each_other(corpus: Corpus) -> None:
    with corpus.run("import"), pytest.raises(CorpusError, match=f"by process {os.getpid()}"), corpus.run("classify"):
        pass


def test_lock_is_given_back_after_an_error(corpus: Corpus) -> None:
    with pytest.raises(ValueError), corpus.run("import"):
        raise ValueError
    started = time.monotonic()
    add(corpus, posts([1]))
    assert time.monotonic() - started < 60
