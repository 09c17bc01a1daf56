"""The commands on a full or read-only disk, and two of them at once: a clear message, and nothing lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import string
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import main
from analyzer.store import Corpus
from tests.collect.archive.made import lines, tweet, write
from tests.store.made import files

ROOT = Path(__file__).parents[2]
STUDY = 'service = "ChatGPT"\nterms = ["chatgpt"]\n'
NOBODY = 65534


@pytest.fixture
def study(tmp_path: Path) -> str:
    write(tmp_path / "few.jsonl", lines(tweet(n) for n in range(50)))
    noise = random.Random(1)
    big = (tweet(n, text="chatgpt " + "".join(noise.choices(string.ascii_letters, k=2000))) for n in range(3000))
    write(tmp_path / "big.jsonl", lines(big))
    return str(write(tmp_path / "study.toml", STUDY))


def fill(disk: Path) -> Path:
    """Leave no space on a disk."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    return path


def test_import_on_a_full_disk(small_disk: Path, study: str, tmp_path: Path, capsys: Any) -> None:
    corpus = str(small_disk / "corpus")
    assert main(["import", study, str(tmp_path / "few.jsonl"), "--corpus", corpus]) == 0
    before = files(Path(corpus))
    for _ in range(2):
        assert main(["import", study, str(tmp_path / "big.jsonl"), "--corpus", corpus]) == 1
        assert "the disk is full; nothing was changed" in capsys.readouterr().err
        assert files(Path(corpus)) == before
        assert main(["check", corpus]) == 0


def test_classify_and_report_on_a_full_disk(small_disk: Path, study: str, tmp_path: Path, capsys: Any) -> None:
    corpus, out = str(small_disk / "corpus"), small_disk / "report.json"
    assert main(["import", study, str(tmp_path / "few.jsonl"), "--corpus", corpus]) == 0
    before = files(Path(corpus))
    filler = fill(small_disk)
    assert main(["classify", "--corpus", corpus]) == 1
    assert "the disk is full; nothing was changed" in capsys.readouterr().err
    assert files(Path(corpus)) == before
    filler.unlink()
    assert main(["classify", "--corpus", corpus]) == 0
    filler = fill(small_disk)
    capsys.readouterr()
    assert main(["report", study, "--corpus", corpus, "-o", str(out)]) == 1
    assert str(out) in capsys.readouterr().err
    assert not out.exists()
    assert sorted(p.name for p in small_disk.iterdir()) == ["corpus", "corpus.key", "filler"]
    filler.unlink()
    assert main(["report", study, "--corpus", corpus, "-o", str(out)]) == 0
    first = out.read_bytes()
    fill(small_disk)
    assert main(["report", study, "--corpus", corpus, "-o", str(out)]) == 1
    assert out.read_bytes() == first, "a report that was there stays whole"
    assert main(["check", corpus]) == 0


def as_nobody(work: Callable[[], None]) -> None:
    """Do something as a user who is not root, in a fork; its assertions count here."""
    if os.geteuid() != 0:
        work()
        return
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(ended) == 0


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_read_only_folder(study: str, tmp_path: Path) -> None:
    place = Path(tempfile.mkdtemp(prefix="readonly-"))  # the folders of tests let only their owner in
    try:
        corpus = place / "corpus"
        assert main(["import", study, str(tmp_path / "few.jsonl"), "--corpus", str(corpus)]) == 0
        for name in ("study.toml", "few.jsonl"):
            shutil.copy(tmp_path / name, place / name)
        if os.geteuid() == 0:
            for path in (place, *place.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        for path in (place, *(p for p in place.rglob("*") if p.is_dir())):
            path.chmod(0o500)

        def work() -> None:
            import contextlib
            import io

            assert len(Corpus(corpus).posts()) == 50
            assert Corpus(corpus).check()["ok"]
            said = io.StringIO()
            with contextlib.redirect_stderr(said):
                assert (
                    main(["import", str(place / "study.toml"), str(place / "few.jsonl"), "--corpus", str(corpus)]) == 1
                )
            assert "cannot be written" in said.getvalue() and "Reading still works" in said.getvalue()

        before = files(corpus)
        as_nobody(work)
        assert files(corpus) == before
    finally:
        for path in (place, *(p for p in place.rglob("*") if p.is_dir())):
            path.chmod(0o700)
        shutil.rmtree(place)


def test_two_imports_at_once(study: str, tmp_path: Path) -> None:
    """Each ends, or says that the other writes; together, or one after the other, all of it is there."""
    for n in range(2):
        write(
            tmp_path / f"{n}.jsonl",
            lines(tweet(i, text=f"chatgpt is down {i}") for i in range(n * 4000, n * 4000 + 6000)),
        )
    corpus = str(tmp_path / "corpus")
    command = [sys.executable, "-c", "from analyzer.cli import console; console()", "import", study]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen(
            [*command, str(tmp_path / f"{n}.jsonl"), "--corpus", corpus, "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
        )
        for n in range(2)
    ]
    answers = [p.communicate(timeout=120) for p in both]
    for process, (out, err) in zip(both, answers, strict=True):
        if process.returncode == 0:
            assert json.loads(out)["n_posts"] == 6000
        else:
            assert process.returncode == 1 and "is being written by process" in err, err
    assert 0 in [p.returncode for p in both]
    assert main(["check", corpus]) == 0
    for n in range(2):
        assert main(["import", study, str(tmp_path / f"{n}.jsonl"), "--corpus", corpus]) == 0
    assert len(Corpus(corpus).posts()) == 10_000
    assert main(["check", corpus]) == 0
