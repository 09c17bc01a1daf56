"""A disk that is full for a worker: said as for one process, and the corpus as it was."""

from __future__ import annotations

import random
import string
from pathlib import Path
from typing import Any

import pytest

from analyzer import cluster
from analyzer.errors import CorpusError
from analyzer.store import Corpus
from tests.collect.archive.made import STUDY, lines, tweet, write
from tests.store.conftest import small_disk
from tests.store.made import files

assert small_disk


def test_full_disk_under_a_worker(client: Any, small_disk: Path, tmp_path: Path) -> None:
    corpus = Corpus(small_disk / "corpus")
    few = write(tmp_path / "few.jsonl", lines(tweet(n) for n in range(50)))
    cluster.import_archive(client, few, STUDY, corpus)
    before = files(corpus.path)
    rnd = random.Random(1)
    big = (tweet(n, text="chatgpt " + "".join(rnd.choices(string.ascii_letters, k=2000))) for n in range(4000))
    path = write(tmp_path / "big.jsonl", lines(big))
    for _ in range(2):
        with pytest.raises(CorpusError, match="the disk is full; nothing was changed"):
            cluster.import_archive(client, path, STUDY, corpus, piece_bytes=1 << 20)
        assert len(corpus.posts()) == 50 and corpus.check()["ok"]
    assert cluster.import_archive(client, few, STUDY, corpus).n_unchanged == 50
    named = {f for f in files(corpus.path) if not f.startswith("tmp")}
    assert set(before) <= named | set(before)
