"""What the disk may do to a corpus: be full, be read-only, be changed by others."""

from __future__ import annotations

import os
import random
import string
import subprocess
from pathlib import Path

import pytest

from analyzer.errors import CorpusError
from analyzer.store import Corpus
from tests.store.made import add, files, posts


def noise(n: int) -> str:
    return "".join(random.Random(n).choices(string.printable, k=2000))


def test_full_disk_is_said_and_nothing_is_half_written(small_disk: Path) -> None:
    corpus = Corpus(small_disk / "corpus")
    add(corpus, posts(range(10)))
    before = files(corpus.path)
    frame = posts(range(4000)).assign(text=[noise(n) for n in range(4000)])
    for _ in range(2):
        with pytest.raises(CorpusError, match="the disk is full; nothing was changed"):
            add(corpus, frame)
        assert files(corpus.path) == before
        assert len(corpus.posts()) == 10
        assert corpus.check()["ok"]
    assert add(corpus, posts([11])).changed


def test_full_disk_while_raw_input_is_kept(small_disk: Path) -> None:
    corpus = Corpus(small_disk / "corpus")
    add(corpus, posts(range(10)))
    before = files(corpus.path)
    with pytest.raises(CorpusError, match="the disk is full"), corpus.run("import") as run:
        run.add_raw(random.Random(1).randbytes(5 << 20), name="noise.bin")
    assert files(corpus.path) == before


def test_read_only_disk_can_be_read_and_says_so(small_disk: Path) -> None:
    corpus = Corpus(small_disk / "corpus")
    add(corpus, posts(range(10)))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert len(Corpus(corpus.path).posts()) == 10
    with pytest.raises(CorpusError, match="cannot be written"):
        add(Corpus(corpus.path), posts([11]))


def test_read_only_folder_can_be_read_and_says_so(corpus: Corpus) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    add(corpus, posts(range(10)))
    corpus.path.chmod(0o500)
    (corpus.path / "tables").chmod(0o500)
    try:
        assert len(Corpus(corpus.path).posts()) == 10
        with pytest.raises(CorpusError, match="cannot be written"):
            add(Corpus(corpus.path), posts([11]))
    finally:
        corpus.path.chmod(0o700)
        (corpus.path / "tables").chmod(0o700)


def test_check_finds_every_changed_file(corpus: Corpus) -> None:
    with corpus.run("import") as run:
        run.add_posts(posts(range(10)))
        run.add_raw(b"some input", name="a.txt", format="csv")
    corpus.pseudonym("x", "1")
    assert corpus.check()["ok"]
    n_files = corpus.check()["n_files"]
    assert n_files == 4
    for path in [p for p in corpus.path.rglob("*") if p.is_file() and p.name not in ("lock", "corpus.json")]:
        kept = path.read_bytes()
        path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        if path.suffix != ".json":
            assert not corpus.check()["ok"], path
        path.unlink()
        found = corpus.check()
        assert not found["ok"]
        assert path.name in found["problems"][0]
        path.write_bytes(kept)
    assert corpus.check()["ok"]
