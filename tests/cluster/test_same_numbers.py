"""Over a cluster as on one process: the same tables and the same report, to the last digit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from analyzer import api, cluster
from analyzer.simulate import simulate
from analyzer.store import Corpus
from tests.cluster.made import assert_as_one_process, partitioned
from tests.collect.archive.made import NOW, STUDY, WIRE, lines, tweet, write

TABLES = ("posts", "updates", "rejects", "coverage", "ids")


def whole(corpus: Corpus, name: str) -> pd.DataFrame:
    """A table with the columns that only the store sees, in the order of its key."""
    files = [corpus.path / f["file"] for run in corpus.state()["runs"] for f in run["tables"].get(name, [])]
    if not files:
        return pd.DataFrame()
    found = pd.concat([pq.read_table(f).to_pandas() for f in files], ignore_index=True)
    keys = [c for c in ("source", "post_id", "model", "file", "line", "start") if c in found.columns]
    return found.sort_values(keys).reset_index(drop=True)


def assert_same(one: Corpus, two: Corpus) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(whole(one, name), whole(two, name))
    shown = ("posts", "labels", "updates", "rejects", "coverage", "ids")
    for name in shown:
        pd.testing.assert_frame_equal(getattr(one, name)(), getattr(two, name)())
    entries = [[{k: v for k, v in e.items() if k != "stored"} for e in c.raw()] for c in (one, two)]
    assert entries[0] == entries[1]
    assert two.check()["ok"]


def pair(tmp_path: Path) -> tuple[Corpus, Corpus]:
    one, two = Corpus(tmp_path / "one"), Corpus(tmp_path / "two")
    (tmp_path / "two.key").write_text((tmp_path / "one.key").read_text() if one.key() else "")
    return one, two


def messy(folder: Path) -> list[Path]:
    """Files with duplicates in and between them, damaged lines, foreign rows, an official account, and tables."""
    folder.mkdir()
    first = [tweet(n) for n in range(700)] + [tweet(n, text=f"chatgpt is back {n}") for n in range(0, 700, 9)]
    data = lines(first[:300]) + b"{broken\n\n" + lines(first[300:]) + b'{"id": "7"}\n' + b'"cut off'
    official = tweet(9999, author={"id": "1", "username": "OpenAI"}, text="We are investigating an outage")
    rows = "".join(f"{n},2024-06-04T07:00:{n % 60:02d}Z,chatgpt is down {n},x\n" for n in range(90))
    return [
        write(folder / "a.jsonl", data),
        write(folder / "b.jsonl", lines([tweet(n, text="chatgpt: later words") for n in range(650, 800)] + [official])),
        write(folder / "c.csv", "id,created_at,text,author\n" + rows + "x,never,no time,y\n"),
        write(folder / "ids.txt", "".join(f"{1_900_000_000_000_000_000 + n}\n" for n in range(790, 820))),
        WIRE / "RC_sample.zst",
    ]


def test_import_of_messy_files_twice_and_more(client: Any, tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    files = messy(tmp_path / "in")
    study = STUDY.__class__(service="ChatGPT", terms=("chatgpt",), accounts={"x": ("OpenAI",)}, source="x")
    from analyzer.collect.archive import import_files

    for chosen in (files[:3], files[:3], files):
        calm = import_files(chosen, study, one, now=NOW)
        spread = cluster.import_archive(client, chosen, study, two, now=NOW, piece_bytes=40_000)
        assert spread.to_dict() == calm.to_dict()
        assert str(spread) == str(calm)
        assert_same(one, two)
    assert len(one.state()["runs"]) == 2
    assert len(two.state()["runs"][0]["tables"]["posts"]) > 3
    assert not list((two.path / "tmp").glob("*"))


def test_the_whole_way_to_the_report(client: Any, tmp_path: Path) -> None:
    made = simulate(5, scenario="chatgpt")
    made.write(tmp_path / "in")
    one, two = pair(tmp_path)
    posts, updates = tmp_path / "in" / "posts.jsonl", tmp_path / "in" / "updates.jsonl"
    api.import_archive(posts, made.study, one)
    cluster.import_archive(client, posts, made.study, two, piece_bytes=posts.stat().st_size // 5)
    for corpus in (one, two):
        api.import_updates(updates, made.study, corpus)
    labels = api.classify(one)
    pd.testing.assert_frame_equal(cluster.classify(client, two, part_rows=500), labels)
    assert_same(one, two)
    calm = api.report_json(api.timeline_of(made.study, one))
    spread = api.report_json(cluster.timeline_of(client, made.study, two, part_rows=500))
    assert without_times(spread) == without_times(calm)
    assert calm["quality"]["n_clusters"] < calm["quality"]["n_selected"]
    assert not list(tmp_path.glob("two.cluster-*"))


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    plain = json.loads(json.dumps(document, default=str))
    plain.pop("generated_at", None)
    for run in plain["manifest"].get("coverage", []):
        run.pop("run_id", None)
    return dict(plain)


def test_a_corpus_with_many_runs_is_partitioned_rightly(client: Any, tmp_path: Path) -> None:
    """Rows that a later run replaced stay hidden, and posts that have a label are not judged again."""
    one, two = pair(tmp_path)
    from analyzer.collect.archive import import_files

    for start in (0, 80, 160):
        texts = [tweet(n, text=f"chatgpt is down for me, run {start}, {n % 11}") for n in range(start, start + 120)]
        path = write(tmp_path / f"{start}.jsonl", lines(texts))
        for corpus in (one, two):
            import_files([path], STUDY, corpus, now=NOW)
        pd.testing.assert_frame_equal(cluster.classify(client, two, part_rows=50), api.classify(one))
    assert_same(one, two)
    n_runs = len(two.state()["runs"])
    cluster.classify(client, two)
    assert len(two.state()["runs"]) == n_runs
    assert_as_one_process(partitioned(client, STUDY, two, 50), STUDY, two)


def test_an_empty_selection(client: Any, tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    path = write(tmp_path / "a.jsonl", lines([tweet(n) for n in range(30)]))
    api.import_archive(path, STUDY, one)
    cluster.import_archive(client, path, STUDY, two)
    other = STUDY.__class__(service="Netflix", terms=("netflix",))
    results = []
    for make in (lambda: api.timeline_of(other, one), lambda: cluster.timeline_of(client, other, two)):
        try:
            results.append(without_times(api.report_json(make())))
        except Exception as error:
            results.append({type(error).__name__: str(error)})
    assert results[0] == results[1]


def test_errors_of_a_piece_are_those_of_one_process_and_the_corpus_is_unharmed(client: Any, tmp_path: Path) -> None:
    from analyzer.errors import InputError

    corpus = Corpus(tmp_path / "corpus")
    bad = write(tmp_path / "a.csv", "alpha,beta\n1,2\n")
    with pytest.raises(InputError, match="the file has alpha, beta"):
        cluster.import_archive(client, bad, STUDY, corpus)
    with pytest.raises(InputError, match="no such file"):
        cluster.import_archive(client, tmp_path / "none", STUDY, corpus)
    broken = write(tmp_path / "b.jsonl", lines([tweet(1)]) + b"{broken\n" * 3)
    cluster.import_archive(client, broken, STUDY, corpus)
    naive = lines([tweet(n, created_at="2024-06-04 07:00") for n in range(500)])
    for size in (10, 20_000):
        with pytest.raises(InputError, match=r"none of its 500 rows can be read: .*first in line 1"):
            cluster.import_archive(client, write(tmp_path / "c.jsonl", naive), STUDY, corpus, piece_bytes=size * 1000)
    assert len(corpus.posts()) == 1
    assert corpus.check()["ok"]


def test_what_was_forgotten_does_not_come_back(client: Any, tmp_path: Path) -> None:
    from analyzer.collect.archive import import_files
    from analyzer.collect.forget import forget

    one, two = pair(tmp_path)
    first = write(tmp_path / "a.jsonl", lines([tweet(n) for n in range(50)]))
    header = "created_at,text,author\n"
    nameless = write(tmp_path / "b.csv", header + "2024-06-04T07:00:00Z,chatgpt is down for ever,x\n" * 2)
    study = STUDY.__class__(service="ChatGPT", terms=("chatgpt",), source="forum")
    for corpus in (one, two):
        import_files([first, nameless], study, corpus, now=NOW)
        made = corpus.query("SELECT post_id FROM posts WHERE source = 'forum'")["post_id"].tolist()
        forget(corpus, [tweet(7)["id"], *made], now=NOW)
    again = write(tmp_path / "c.jsonl", lines([tweet(n, text=f"chatgpt again {n}") for n in range(300)]))
    rows = "2024-06-04T08:00:00Z,chatgpt is up,y\n2024-06-04T07:00:00Z,chatgpt is down for ever,x\n"
    more = write(tmp_path / "d.csv", header + rows)
    calm = import_files([again, more], study, one, now=NOW)
    spread = cluster.import_archive(client, [again, more], study, two, now=NOW, piece_bytes=20_000)
    assert spread.to_dict() == calm.to_dict()
    assert calm.n_forgotten >= 2
    assert_same(one, two)
    held = b"".join(two.open_raw(e).read() for e in two.raw())
    assert b"chatgpt again 7\x22" not in held and b"chatgpt again 8\x22" in held
    assert b"for ever" not in held
