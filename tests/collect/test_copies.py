"""Forgetting reaches copies of a post in inputs that give posts no id, and nothing else."""

from __future__ import annotations

import csv
import io
import json
import logging
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.collect.archive.rebuilding import rebuild
from analyzer.collect.forget import forget
from analyzer.store import Corpus
from tests.collect.archive.made import NOW, STUDY, lines, read, tweet, write
from tests.collect.test_forget import _unpacked

TEXT = "@somebody is chatgpt down again? everything hangs since breakfast"
#: The same post with its id, and rows as somebody's export without ids has them: one of them is the post.
OWN = tweet(1, text=TEXT)
AT = "2024-06-04T07:00:01Z"
ROWS = [
    {"time": "2024-06-04T06:00:00Z", "user": "a", "text": "chatgpt works here"},
    {"time": AT, "user": "b", "text": TEXT},
    {"time": "2024-06-04T09:30:00Z", "user": "c", "text": TEXT},
    {"time": "2024-06-04T09:31:00Z", "user": "d", "text": "another voice on chatgpt"},
]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "corpus")


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


FORMS = {
    "a.csv": as_csv,
    "a.jsonl": lambda rows: "".join(json.dumps(r) + "\n" for r in rows).encode(),
    "one-line.json": lambda rows: json.dumps(rows).encode(),
    "pretty.json": lambda rows: json.dumps({"posts": rows}, indent=1).encode(),
    "nested.jsonl": lambda rows: "".join(
        json.dumps({"time": r["time"], "user": r["user"], "content": {"text": r["text"]}}) + "\n" for r in rows
    ).encode(),
    "a.parquet": as_parquet,
}


def everything(corpus: Corpus) -> bytes:
    """All bytes of a corpus, its raw inputs unpacked."""
    raw = b"".join(_readable(corpus, e) for e in corpus.raw())
    rest = b"".join(p.read_bytes() for p in corpus.path.rglob("*") if p.is_file())
    tables = "".join(corpus.query(f"SELECT * FROM {t}").to_csv() for t in ("posts", "rejects", "labels"))
    return raw + rest + tables.encode()


def _readable(corpus: Corpus, entry: dict[str, Any]) -> bytes:
    data = _unpacked(corpus, entry)
    return repr(pq.read_table(io.BytesIO(data)).to_pylist()).encode() if data.startswith(b"PAR1") else data


@pytest.mark.parametrize("name", list(FORMS))
def test_a_copy_without_an_id_goes_with_the_post(name: str, tmp_path: Path, corpus: Corpus) -> None:
    read(write(tmp_path / "own.jsonl", lines([OWN, tweet(2)])), corpus)
    path = write(tmp_path / name, FORMS[name](ROWS))
    read(path, corpus)
    assert len(corpus.posts()) == 6
    counts = forget(corpus, [OWN["id"]], now=NOW)
    assert (counts["n_posts"], counts["n_copies"]) == (2, 1)
    left = corpus.posts()
    # The third row says the same three hours later and by somebody else: it is not this post.
    assert sorted(left["text"].str[:7]) == ["@user i", "another", "chatgpt", "chatgpt"]
    assert left["created_at"].astype(str).str.contains("09:30:00").sum() == 1
    assert AT.encode() not in everything(corpus) and b"07:00:01" not in everything(corpus)
    assert corpus.check()["ok"]
    # Neither the same file nor the same post by another way comes back.
    assert read(path, corpus).n_forgotten == 1
    read(write(tmp_path / "again.csv", as_csv([{**ROWS[1], "user": "somebody else"}, *ROWS[2:]])), corpus)
    assert len(corpus.posts().query("text.str.contains('breakfast')")["created_at"].unique()) == 1
    assert b"07:00:01" not in everything(corpus)
    before = len(corpus.posts())
    rebuild(None, corpus, now=NOW)
    assert len(corpus.posts()) == before


def test_two_inputs_without_ids_lose_it_both(tmp_path: Path, corpus: Corpus) -> None:
    """The tables hold such a row once, since it is the same; the inputs hold it twice."""
    read(write(tmp_path / "a.csv", as_csv(ROWS)), corpus)
    read(write(tmp_path / "b.csv", as_csv([*reversed(ROWS), {**ROWS[0], "user": "e", "text": "a fifth"}])), corpus)
    chosen = corpus.posts().query("created_at == @AT")["post_id"].tolist()
    assert len(corpus.posts()) == 5 and len(chosen) == 1
    assert forget(corpus, chosen, now=NOW)["n_posts"] == 1
    assert AT.encode() not in everything(corpus)
    assert chosen[0].encode() not in everything(corpus)
    assert len(corpus.posts()) == 4


def test_a_row_without_an_id_takes_the_post_itself_along(tmp_path: Path, corpus: Corpus) -> None:
    read(write(tmp_path / "a.csv", as_csv(ROWS)), corpus)
    read(write(tmp_path / "own.jsonl", lines([OWN, tweet(2)])), corpus)
    made = corpus.posts().query("source == 'file' and created_at == @AT")["post_id"].tolist()
    counts = forget(corpus, made, now=NOW)
    assert (counts["n_posts"], counts["n_copies"]) == (2, 1)
    assert OWN["id"].encode() not in everything(corpus)
    # Met again under its own id, it is known by its words.
    read(write(tmp_path / "later.jsonl", lines([OWN, tweet(3)])), corpus)
    assert OWN["id"] not in corpus.posts()["post_id"].tolist()
    assert OWN["id"].encode() not in everything(corpus)


def test_times_in_whole_minutes_are_met(tmp_path: Path, corpus: Corpus) -> None:
    read(write(tmp_path / "own.jsonl", lines([OWN])), corpus)
    read(write(tmp_path / "a.csv", as_csv([{**ROWS[1], "time": "2024-06-04T07:00Z"}, ROWS[3]])), corpus)
    assert forget(corpus, [OWN["id"]], now=NOW)["n_copies"] == 1
    assert corpus.posts()["text"].tolist() == [ROWS[3]["text"]]


def test_posts_with_an_id_of_their_own_stay_and_are_counted(tmp_path: Path, corpus: Corpus) -> None:
    """Whoever says the same twice has two posts; each has its name, and only the one that is named goes."""
    read(write(tmp_path / "own.jsonl", lines([OWN, tweet(7, text=TEXT, author_id=OWN["author_id"])])), corpus)
    counts = forget(corpus, [OWN["id"]], now=NOW)
    assert (counts["n_posts"], counts["n_copies"], counts["n_alike"]) == (1, 0, 1)
    assert corpus.posts()["post_id"].tolist() == [tweet(7)["id"]]
    read(write(tmp_path / "more.jsonl", lines([tweet(8, text=TEXT, author_id=OWN["author_id"])])), corpus)
    assert len(corpus.posts()) == 2


def test_the_same_author_and_words_without_an_id_go_whatever_the_time(tmp_path: Path, corpus: Corpus) -> None:
    rows = [{**r, "user": OWN["author_id"], "source": "x"} for r in ROWS]
    read(write(tmp_path / "own.jsonl", lines([OWN])), corpus)
    read(write(tmp_path / "a.csv", as_csv(rows)), corpus)
    assert forget(corpus, [OWN["id"]], now=NOW)["n_copies"] == 2
    assert len(corpus.posts()) == 2


def test_another_platform_is_another_post(tmp_path: Path, corpus: Corpus) -> None:
    read(write(tmp_path / "own.jsonl", lines([OWN])), corpus)
    read(write(tmp_path / "a.csv", as_csv([{**r, "source": "forum"} for r in ROWS])), corpus)
    assert forget(corpus, [OWN["id"]], now=NOW)["n_copies"] == 0
    assert len(corpus.posts()) == 4


@pytest.mark.parametrize("name", list(FORMS))
def test_a_copy_that_could_not_be_read_goes_too(name: str, tmp_path: Path, corpus: Corpus) -> None:
    read(write(tmp_path / "own.jsonl", lines([OWN])), corpus)
    read(write(tmp_path / name, FORMS[name]([ROWS[3], {**ROWS[1], "time": "tea time"}, ROWS[0]])), corpus)
    assert len(corpus.rejects()) == 1
    forget(corpus, [OWN["id"]], now=NOW)
    assert corpus.rejects().empty
    assert b"since breakfast" not in everything(corpus)
    assert b"another voice" in everything(corpus)


def test_the_words_of_a_repost_go_from_the_raw_input(tmp_path: Path, corpus: Corpus) -> None:
    repost = tweet(2, text="RT @a: " + TEXT, referenced_tweets=[{"type": "retweeted", "id": OWN["id"]}])
    read(write(tmp_path / "own.jsonl", lines([OWN, repost, tweet(4)])), corpus)
    assert forget(corpus, [OWN["id"]], now=NOW)["n_posts"] == 2
    assert b"since breakfast" not in everything(corpus)


def test_logs_say_nothing(tmp_path: Path, corpus: Corpus, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    read(write(tmp_path / "own.jsonl", lines([OWN])), corpus)
    read(write(tmp_path / "a.csv", as_csv(ROWS)), corpus)
    forget(corpus, [OWN["id"]], now=NOW)
    assert OWN["id"] not in caplog.text and "breakfast" not in caplog.text
    assert STUDY.service == "ChatGPT"


def test_ids_that_were_made_are_not_exported(tmp_path: Path, corpus: Corpus) -> None:
    from analyzer.collect.forget import export_ids

    read(write(tmp_path / "own.jsonl", lines([OWN])), corpus)
    read(write(tmp_path / "a.csv", as_csv(ROWS)), corpus)
    assert export_ids(corpus, tmp_path / "ids.csv") == 1
    assert (tmp_path / "ids.csv").read_text() == f"source,post_id\nx,{OWN['id']}\n"
