"""Reading raw input again, and repairing from it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest

from analyzer.collect.archive import check, import_updates, rebuild
from analyzer.collect.archive.registry import FORMATS
from analyzer.store import Corpus
from analyzer.study import Study
from tests.collect.archive.made import NOW, STUDY, WIRE, lines, read, tweet, write

NAMES = ("twarc2_pages.jsonl", "RS_sample_long31.zst", "generic.csv", "generic.parquet", "jetstream_v1.jsonl")


@pytest.fixture
def filled(corpus: Corpus) -> Corpus:
    for name in NAMES:
        read(WIRE / name, corpus)
    import_updates([WIRE / "statuspage_incidents.json"], STUDY, corpus)
    with corpus.run("classify") as run:
        ids = corpus.posts()[["source", "post_id"]]
        run.add_labels(ids.assign(status="abstained", model="m"))
    return corpus


def shown(corpus: Corpus) -> list[pd.DataFrame]:
    tables = (corpus.posts(), corpus.updates(), corpus.labels(), corpus.coverage(), corpus.rejects())
    return [t.drop(columns="run_id", errors="ignore") for t in tables]


def test_rebuild_with_the_same_parsers_changes_nothing(filled: Corpus) -> None:
    before, state = shown(filled), filled.state()
    rebuild(None, filled, now=NOW)
    for one, two in zip(before, shown(filled), strict=True):
        pd.testing.assert_frame_equal(one, two)
    assert rebuild(None, filled, now=NOW).run_id is None
    assert filled.check()["ok"]
    assert len(filled.raw()) == sum(len(r["raw"]) for r in state["runs"])


def test_rebuild_uses_todays_parsers_and_yesterdays_settings(
    tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.csv", "when,words,brand\n2024-06-04 07:00:00,is it down,a\n2024-06-04 07:00:01,no,b\n")
    study = Study(
        service="ChatGPT",
        columns={"created_at": "when", "text": "words"},
        where={"brand": ("a",)},
        naive_time_zone="Europe/London",
    )
    read(path, corpus, study)
    read(write(tmp_path / "b.jsonl", lines([tweet(1)])), corpus)
    before = corpus.posts()
    real = FORMATS["twarc2"].parse
    monkeypatch.setattr(FORMATS["twarc2"], "parse", lambda item: {**real(item), "text": "read anew"})
    monkeypatch.setattr(FORMATS["twarc2"], "sql", lambda sample, study: None)
    summary = rebuild(Study(service="ChatGPT"), corpus, now=NOW)
    assert summary.n_posts == 2
    after = corpus.posts()
    assert after["text"].tolist() == ["is it down", "read anew"]
    assert after["created_at"].tolist() == before["created_at"].tolist()


def test_inputs_that_no_parser_here_reads_stay_as_they_are(corpus: Corpus) -> None:
    read(WIRE / "generic.csv", corpus)
    with corpus.run("collect", study=STUDY) as run:
        run.add_posts(corpus.posts().assign(post_id=["a", "b"]).drop(columns="run_id"))
        run.add_raw(b"{}", name="pages", format="own collector")
    summary = rebuild(None, corpus, now=NOW)
    assert summary.skipped["runs of unknown input, kept as they are"] == 1
    assert len(corpus.posts()) == 4


def test_pages_of_a_collector_are_read_again_and_their_coverage_stays(corpus: Corpus) -> None:
    page = json.loads((WIRE / "bsky_search_posts.json").read_text())
    entry = {"key": "k.1", "kind": "search", "url": "", "at": "2026-03-01T11:00:00+00:00", "page": page}
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    covered = {"source": "bluesky", "start": start, "end": start + dt.timedelta(days=1), "kind": "covered", "note": "n"}
    with corpus.run("collect", study=STUDY) as run:
        log = lines([{"rawlog": 1, "session": "s"}, entry])
        run.add_raw(log, name="bluesky.jsonl", format="pages", platform="bluesky", session="s")
        run.add_coverage(pd.DataFrame([covered]))
    assert corpus.posts().empty
    assert rebuild(None, corpus, now=NOW).n_posts == 1
    assert corpus.posts()["source"].tolist() == ["bluesky"]
    assert corpus.coverage()["kind"].tolist() == ["covered"]
    assert rebuild(None, corpus, now=NOW).run_id is None


@pytest.mark.parametrize("table", ["posts", "updates", "coverage"])
def test_damaged_tables_are_read_again_from_raw_input(table: str, filled: Corpus) -> None:
    before = shown(filled)
    for path in (filled.path / "tables" / table).iterdir():
        path.write_bytes(path.read_bytes()[:-20])
    found = check(filled, now=NOW)
    assert not found["ok"]
    assert found["repaired"] == []
    fixed = check(filled, repair=True, now=NOW)
    assert fixed["ok"]
    assert any(table in p for p in fixed["repaired"])
    for one, two in zip(before, shown(filled), strict=True):
        pd.testing.assert_frame_equal(one, two)


def test_a_lost_state_is_made_again_from_the_records_of_runs(filled: Corpus) -> None:
    before = shown(filled)
    (filled.path / "corpus.json").write_text("{")
    fixed = check(filled, repair=True, now=NOW)
    assert fixed["ok"]
    assert fixed["repaired"]
    for one, two in zip(before, shown(filled), strict=True):
        pd.testing.assert_frame_equal(one, two)


def test_damaged_raw_input_is_found_and_cannot_be_made_up(filled: Corpus) -> None:
    entry = filled.raw()[0]
    path = filled.path / entry["stored"]
    path.write_bytes(path.read_bytes()[:-3])
    found = check(filled, repair=True, now=NOW)
    assert not found["ok"]
    assert entry["name"] in found["problems"][0]
    assert len(filled.posts()) == len(shown(filled)[0])
