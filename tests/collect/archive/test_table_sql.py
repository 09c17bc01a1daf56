"""JSON lines of no known format: what SQL reads at once is what reading one by one gives, row for row."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest

from analyzer.collect.archive import import_files
from analyzer.collect.archive.generic import Mapper
from analyzer.store import Corpus
from analyzer.study import Study

STUDY = Study(service="Acme")
TEXTS: list[Any] = [
    "acme is down again", "RT @acme: we know", "see https://x.com/a/status/1 now", "look at https://example.org/page",
    "[note] acme fails", "{odd} start", "12345678", " leading space here", "true story of acme", "", None, 7, True,
    ["a"], {"a": 1}, "é accents and 😭 tears", "tab\there", "x" * 30_000, "short",
]  # fmt: skip
NAMES: list[Any] = [
    "ann", "Bob-2", "@carol", 17, 12.0, "12.0", "nan", "None", "null", "true", False, "", None, "j\u00f6rg",
    "two words", "1e10", {"name": "x"}, [], "<na>", "a:b/c", 10**19, -5, "+1",
    1797900000000000000, "1797900000000000001", "true_north", "nanette", "12e4567", "0000007", "none none",
]  # fmt: skip
TIMES: list[Any] = [
    "2025-03-10T00:00:00.394Z", "2025-03-10T00:00:01Z", "2025-03-10T00:00:01+00:00", "2025-03-10T02:00:01+02:00",
    1741564800, "1741564800", 1741564800123, "2025-03-10 00:00:00", "soon", None, "", "1985-01-01T00:00:00Z",
    "2999-01-01T00:00:00Z",
    1.7415648e9, "2025-03-10", True,
]  # fmt: skip
COUNTS: list[Any] = [0, 3, "4", 5.0, "6.0", -2, None, "", "many", True, 2**63, 1.5, [1]]
OTHER = {
    "source": ["x", "Twitter", "reddit", "bsky", "", None, "My Forum", 3, True, "hn"],
    "language": ["en", "en-US", "und", "iw", "EN", "", None, 5, True, "eng", "pt_BR"],
    "kind": ["original", "Retweet", "reply", "quoted", "comment", "odd", "", None, 1, True],
    "is_retweet": [True, False, "true", "1", 1.0, "no", None, ""],
    "reply_to": NAMES,
    "parent_id": NAMES,
    "url": ["https://example.org/a", "", None, 4, "ftp://x", "https://x.com/who/status/12345", True],
    "has_link": [True, False, "yes", "", None, 0, "1.0"],
    "observed_at": TIMES,
}


def odd_lines(n: int, seed: int) -> bytes:
    """Return n lines, one or two of whose values are odd."""
    rnd = random.Random(seed)
    choices = {"text": TEXTS, "author": NAMES, "created_at": TIMES, "n_likes": COUNTS, "n_replies": COUNTS, **OTHER}
    rows = []
    for i in range(n):
        row: dict[str, Any] = {
            "post_id": f"p{i}", "text": f"acme is down for me {i}", "created_at": "2025-03-10T00:00:00Z",
            "author": f"a{i}",
            "source": "x", "language": "en", "kind": "original", "parent_id": None, "n_likes": 1, "n_replies": 0,
            "is_retweet": False, "reply_to": None, "url": None, "has_link": None, "observed_at": None, "tags": [],
        }  # fmt: skip
        for name in rnd.sample(sorted(choices), rnd.randint(0, 2)):
            row[name] = rnd.choice(choices[name])
        if i % 17 == 0:
            row["post_id"] = rnd.choice([*NAMES, "12345678901234567890", 1234567890123456789])
        if i % 29 == 0:
            row.pop(rnd.choice(sorted(row)))
        rows.append(orjson.dumps(row))
    rows += [
        b"",
        b"not json",
        b'{"text": "cut',
        b"[1, 2]",
        b'"text"',
        b'{"items": [{"text": "x"}], "n": 1}',
        b"\xff\xfe",
    ]
    rnd.shuffle(rows)
    first = orjson.dumps(
        {**dict.fromkeys(choices, None), "post_id": "first", "text": "acme fails", "created_at": TIMES[0]}
    )
    return b"\n".join([first, *rows]) + b"\n"


def tables(folder: Path, path: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    corpus = Corpus(folder)
    import_files([path], STUDY, corpus)
    posts, rejects, updates = corpus.posts(), corpus.rejects(), corpus.updates()
    # The key of pseudonyms is the corpus's own: who is one and the same is what can be compared.
    posts["author"] = pd.factorize(posts["author"].astype(object))[0]
    # A row that was rejected is kept with its fields in the order of the batch, which is not the same.
    return tuple(t.drop(columns=["run_id", "raw"], errors="ignore") for t in (posts, rejects, updates))  # type: ignore[return-value]


@pytest.mark.parametrize("seed", range(4))
def test_sql_reads_what_reading_one_by_one_reads(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(odd_lines(1500, seed))
    assert Mapper(
        ["text", "created_at", "post_id"], {"text": ["a b"], "created_at": [TIMES[0]]}, STUDY, file="f", now=_NOW
    ).sql
    quick = tables(tmp_path / "quick", path)
    monkeypatch.setattr(Mapper, "sql", None)
    slow = tables(tmp_path / "slow", path)
    assert len(quick[0]) > 700 and len(quick[1]) > 100
    for a, b in zip(quick, slow, strict=True):
        pd.testing.assert_frame_equal(a, b)


_NOW = pd.Timestamp("2025-06-01", tz="UTC").to_pydatetime()
