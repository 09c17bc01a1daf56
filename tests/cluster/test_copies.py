"""Near-copies and signals over partitions are those of one process, whatever the partitions."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer import schema
from analyzer.store import Corpus
from tests.cluster.made import assert_as_one_process, partitioned
from tests.collect.archive.made import STUDY

WORDS = [f"word{n}" for n in range(60)]


def drifting(n: int, seed: int) -> list[str]:
    """Texts that change a word at a time, so that copies of copies end far from the first; and short and empty ones."""
    rnd = random.Random(seed)
    texts = ["chatgpt " + " ".join(rnd.sample(WORDS, 14)) for _ in range(12)]
    while len(texts) < n:
        words = rnd.choice(texts).split()
        for _ in range(rnd.choice((0, 1, 1, 2))):
            words[rnd.randrange(1, len(words))] = rnd.choice(WORDS)
        texts.append(" ".join(words))
    odd = [
        "chatgpt!!",
        "ChatGPT",
        "@someone chatgpt",
        "chatgpt https://x.example/1",
        "chatgpt down",
        "chatgpt \U0001f600",
    ]
    return [*texts, *odd * 3]


def posts_of(texts: list[str], seed: int) -> pd.DataFrame:
    rnd = random.Random(seed)
    start = pd.Timestamp("2024-06-04 07:00", tz="UTC")
    rows = [
        {
            "source": rnd.choice(("x", "reddit")),
            "post_id": str(rnd.randrange(10**12)),
            "text": text,
            "kind": "original",
            "has_link": False,
            "author": None if n % 5 == 0 else f"author {n % 23}",
            "created_at": start + pd.Timedelta(seconds=rnd.randrange(600)),
        }
        for n, text in enumerate(texts)
    ]
    return schema.make(schema.POSTS, rows)


@pytest.mark.parametrize(("seed", "part_rows"), [(1, 150), (2, 10_000), (3, 60)])
def test_clusters_and_signals(client: Any, tmp_path: Path, seed: int, part_rows: int) -> None:
    corpus = Corpus(tmp_path / "corpus")
    frame = posts_of(drifting(900, seed), seed)
    for part in np.array_split(np.arange(len(frame)), 6):
        with corpus.run("import") as run:
            run.add_posts(frame.iloc[part])
    seen = partitioned(client, STUDY, corpus, part_rows)
    assert_as_one_process(seen, STUDY, corpus)
    assert seen["signals"]["bot"].any(), "some author repeats a shape, over several partitions"
    sizes = np.bincount(seen["clusters"])
    assert sizes.max() > 10 and (sizes == 1).sum() > 20
    assert seen["n_imported"] == len(frame)
