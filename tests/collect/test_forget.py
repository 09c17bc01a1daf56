"""Forgotten posts leave no trace in tables or raw input, and do not come back."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analyzer.collect.forget import export_ids, forget, read_ids
from analyzer.errors import InputError
from analyzer.store import Corpus
from tests.collect.archive.made import NOW, STUDY, WIRE, lines, read, tweet, write


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "corpus")


def traces(corpus: Corpus, word: str) -> list[str]:
    """Where a word still stands: in any file of the corpus, tables and unpacked raw input."""
    found = [e["name"] for e in corpus.raw() if word.encode() in _unpacked(corpus, e)]
    for table in ("posts", "updates", "labels", "rejects", "coverage", "ids"):
        if word in corpus.query(f"SELECT * FROM {table}").to_csv():
            found.append(table)
    for path in corpus.path.rglob("*"):
        if path.is_file() and word.encode() in path.read_bytes():
            found.append(path.name)
    return found


def _unpacked(corpus: Corpus, entry: dict[str, Any]) -> bytes:
    with corpus.open_raw(entry) as file:
        data = file.read()
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


CASES = [
    ("twarc2_flattened.jsonl", "1900000000000000002"),
    ("twarc2_pages.jsonl", "1900000000000000002"),
    ("twarc2.csv", "1900000000000000002"),
    ("x_search_recent_page.json", "1900000000000000002"),
    ("x_archive/tweets.js", "1900000000000000009"),
    ("reddit_ndjson_RS.ndjson", "t3_1abc1"),
    ("reddit_comments_with_more.json", "t1_o1"),
    ("bsky_search_posts.json", "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3lsyntheticrky"),
    ("hn_algolia_search_by_date.json", "40000001"),
    ("generic.csv", "g1"),
]


@pytest.mark.parametrize(("name", "post_id"), CASES)
def test_no_trace_in_any_format_and_no_way_back(name: str, post_id: str, corpus: Corpus) -> None:
    read(WIRE / name, corpus)
    before = corpus.posts()
    text = before.set_index("post_id").loc[post_id, "text"].split("\n")[0]
    assert traces(corpus, post_id)
    counts = forget(corpus, [post_id], now=NOW)
    assert counts["n_posts"] == 1
    assert counts["n_raw"] >= 1
    for _ in range(2):
        # Each sample's text is its own but for the last word, so that the whole is looked for.
        assert not traces(corpus, post_id)
        assert not [e for e in corpus.raw() if text.encode() in _unpacked(corpus, e)]
        assert post_id not in corpus.posts()["post_id"].tolist()
        assert len(corpus.posts()) == len(before) - 1
        assert corpus.check()["ok"]
        summary = read(WIRE / name, corpus)
        assert summary.n_forgotten == 1


def test_reposts_and_labels_go_too_and_replies_lose_the_pointer(tmp_path: Path, corpus: Corpus) -> None:
    gone = tweet(1)["id"]
    repost = tweet(2, text="RT @a: chatgpt is down", referenced_tweets=[{"type": "retweeted", "id": gone}])
    reply = tweet(3, referenced_tweets=[{"type": "replied_to", "id": gone}], conversation_id=gone)
    path = write(tmp_path / "a.jsonl", lines([tweet(1), repost, reply, tweet(4)]))
    read(path, corpus)
    with corpus.run("classify") as run:
        run.add_labels(pd.DataFrame([{"source": "x", "post_id": gone, "status": "abstained", "model": "m"}]))
    counts = forget(corpus, [("x", gone)], now=NOW)
    assert counts["n_posts"] == 2
    left = corpus.posts().set_index("post_id")
    assert left.index.tolist() == [reply["id"], tweet(4)["id"]]
    assert pd.isna(left.loc[reply["id"], "parent_id"])
    assert pd.isna(left.loc[reply["id"], "thread_id"])
    assert corpus.labels().empty
    assert not traces(corpus, gone)
    read(path, corpus)
    assert corpus.posts()["post_id"].tolist() == left.index.tolist()
    assert not traces(corpus, gone)


def test_rejected_rows_that_speak_of_it_go_too(tmp_path: Path, corpus: Corpus) -> None:
    read(write(tmp_path / "a.jsonl", lines([tweet(1), tweet(2, text="")])), corpus)
    assert len(corpus.rejects()) == 1
    forget(corpus, [tweet(2)["id"]], now=NOW)
    assert corpus.rejects().empty
    assert not traces(corpus, tweet(2)["id"])


def test_gzip_input_and_posts_without_an_id(tmp_path: Path, corpus: Corpus) -> None:
    data = "time,text\n2024-06-04T07:00:00Z,chatgpt is down one\n2024-06-04T07:00:01Z,chatgpt is down two\n"
    path = write(tmp_path / "a.csv.gz", gzip.compress(data.encode()))
    read(path, corpus)
    chosen = corpus.posts()["post_id"][0]
    forget(corpus, [chosen], now=NOW)
    assert corpus.posts()["text"].tolist() == ["chatgpt is down two"]
    assert not traces(corpus, "is down one")
    read(path, corpus)
    assert corpus.posts()["text"].tolist() == ["chatgpt is down two"]


def test_parquet_input(corpus: Corpus) -> None:
    read(WIRE / "generic.parquet", corpus)
    forget(corpus, ["g1"], now=NOW)
    assert not traces(corpus, "again")
    assert corpus.posts()["post_id"].tolist() == ["g2"]


def test_the_record_names_no_post_and_checks_accept_it(tmp_path: Path, corpus: Corpus) -> None:
    read(write(tmp_path / "a.jsonl", lines([tweet(1), tweet(2)])), corpus)
    forget(corpus, [tweet(1)["id"]], reason="request of 24 November", now=NOW)
    state = corpus.state()
    (record,) = state["redactions"]
    assert record["reason"] == "request of 24 November"
    assert (record["n_posts"], len(record["raw"])) == (1, 1)
    assert tweet(1)["id"] not in json.dumps(state)
    assert corpus.check()["ok"]
    assert corpus.check()["n_redactions"] == 1


def test_another_source_with_the_same_id_stays_if_the_source_is_named(tmp_path: Path, corpus: Corpus) -> None:
    text = "id,source,created_at,text\n7,x,2024-06-04T07:00:00Z,from one\n7,forum,2024-06-04T07:00:00Z,from another\n"
    read(write(tmp_path / "a.csv", text), corpus)
    forget(corpus, [("x", "7")], now=NOW)
    assert corpus.posts()["source"].tolist() == ["forum"]


def test_ids_from_a_file(tmp_path: Path, corpus: Corpus) -> None:
    path = write(tmp_path / "ids.csv", "source,post_id\nx,12\n34\n\n")
    assert list(read_ids(path)) == [("x", "12"), ("", "34")]
    read(write(tmp_path / "a.jsonl", lines([tweet(1)])), corpus)
    assert forget(corpus, path, now=NOW)["n_unknown"] == 2
    with pytest.raises(InputError, match="no ids"):
        forget(corpus, write(tmp_path / "none.csv", ""), now=NOW)


def test_a_killed_forgetting_leaves_no_leftovers_after_the_next_write(tmp_path: Path, corpus: Corpus) -> None:
    """Files that the state no longer names go with the next run, whoever left them."""
    read(write(tmp_path / "a.jsonl", lines([tweet(1), tweet(2)])), corpus)
    old = {p: p.read_bytes() for p in corpus.path.rglob("*.parquet")} | {
        p: p.read_bytes() for p in (corpus.path / "raw").rglob("*.zst")
    }
    forget(corpus, [tweet(1)["id"]], now=NOW)
    old = {path: data for path, data in old.items() if not path.exists()}
    assert len(old) == 2
    for path, data in old.items():
        path.write_bytes(data)
    with corpus.run("import"):
        pass
    assert not [p for p in old if p.exists()]


def test_export_writes_ids_and_nothing_else(tmp_path: Path, corpus: Corpus) -> None:
    read(write(tmp_path / "a.jsonl", lines([tweet(2), tweet(1)])), corpus)
    assert export_ids(corpus, tmp_path / "ids.csv") == 2
    assert (tmp_path / "ids.csv").read_text() == f"source,post_id\nx,{tweet(1)['id']}\nx,{tweet(2)['id']}\n"
    assert STUDY.service == "ChatGPT"
