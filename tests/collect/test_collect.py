"""`collect`: which sources it takes, a user's own collectors, results, and old logs of an earlier study."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzer.collect import COLLECTORS, collect, collector
from analyzer.collect.base import Collector, WireCollector
from analyzer.collect.rawlog import RawLog
from analyzer.errors import CollectError, CorpusError
from analyzer.study import Study
from tests.platforms import play, world
from tests.platforms.server import Platforms

T = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)


class Forum:
    """A user's own collector, without registration."""

    name = "forum"

    def __init__(self, items: list[Any], fail: bool = False) -> None:
        self.items, self.fail = items, fail

    def fetch(self, study: Study) -> Iterator[Any]:
        yield from self.items
        if self.fail:
            raise CollectError("forum: closed")

    def parse(self, raw: Any) -> dict[str, Any] | None:
        if raw.get("kind") == "ad":
            return None
        return {"post_id": raw["id"], "created_at": T, "text": raw["text"], "author": raw["who"]}


ITEMS = [
    {"id": "1", "text": "it is down, says @someone", "who": "jane"},
    {"id": "2", "text": "for me too", "who": "joe"},
    {"id": "3", "kind": "ad"},
    {"id": "4"},
]


def test_registry_is_plain_and_complete() -> None:
    for name in COLLECTORS:
        made = collector(name)
        assert made.name == name and issubclass(made, WireCollector)
    with pytest.raises(CollectError, match="known are x, reddit"):
        collector("friendster")
    assert isinstance(Forum([]), Collector)


def test_a_users_own_collector(tmp_path: Path) -> None:
    corpus = play.corpus(tmp_path)
    study = Study("Glimmerbot")
    result = collect(study, corpus, Forum(ITEMS), options=play.options(tmp_path))  # type: ignore[arg-type]
    posts = corpus.posts()
    assert posts["text"].tolist() == ["it is down, says @user", "for me too"]
    assert posts["source"].unique().tolist() == ["forum"] and posts["author"].nunique() == 2
    counts = result.results[0].counts
    assert (counts.n_items, counts.n_not_posts, counts.n_rejects) == (4, 1, 1)
    (entry,) = corpus.raw()
    with corpus.open_raw(entry) as stream:
        assert stream.read().count(b"\n") == 5
    # Again: nothing changes.
    before = play.snapshot(corpus)
    collect(study, corpus, [Forum(ITEMS)], options=play.options(tmp_path))
    assert play.snapshot(corpus) == before


def test_a_users_own_collector_that_fails_keeps_what_came(tmp_path: Path) -> None:
    corpus = play.corpus(tmp_path)
    with pytest.raises(CollectError, match="closed"):
        collect(Study("Glimmerbot"), corpus, [Forum(ITEMS, fail=True)], options=play.options(tmp_path))
    assert len(corpus.posts()) == 2


def test_a_name_that_is_no_file_name(tmp_path: Path) -> None:
    odd = Forum([])
    odd.name = "../up"
    with pytest.raises(CorpusError, match="letters"):
        collect(Study("Glimmerbot"), play.corpus(tmp_path), [odd], options=play.options(tmp_path))


def test_sources_of_the_study_or_all_that_are_free(tmp_path: Path) -> None:
    from analyzer.collect import _chosen

    options = play.options(tmp_path)
    bare = Study("Glimmerbot")
    assert _chosen(bare, None, options) == ["reddit", "bluesky", "mastodon", "hackernews"], "X costs: only when named"
    assert _chosen(replace(bare, status_page="https://s.example"), None, options)[-1] == "statuspage"
    named = replace(bare, sources={"x": {}, "hackernews": {}}, status_page="https://s.example")
    assert _chosen(named, None, options) == ["x", "hackernews", "statuspage"]
    with pytest.raises(CollectError, match="friendster"):
        _chosen(replace(bare, sources={"friendster": {}}), None, options)


def test_one_failing_source_does_not_stop_the_others(tmp_path: Path) -> None:
    with Platforms(world.World(30, status="none")) as platforms:
        corpus = play.corpus(tmp_path)
        done = collect(play.study(platforms.base), corpus, ["statuspage", "hackernews"], options=play.options(tmp_path))
        assert list(done.errors) == ["statuspage"]
        assert "error:" in str(done) and "hackernews: " in str(done)
        assert done.to_dict()["sources"][1]["n_posts"] == len(corpus.posts()) > 0


def test_settings_of_a_wrong_kind_are_named(tmp_path: Path) -> None:
    study = play.study("http://127.0.0.1:9", reddit={"comments": "yes"}, hackernews={"queries": 3})
    with pytest.raises(CollectError, match=r"\[sources.hackernews\] queries = 3: give a list of strings"):
        collect(study, play.corpus(tmp_path), ["hackernews"], options=play.options(tmp_path))


def test_a_log_of_an_earlier_wording_of_the_study_is_not_lost(tmp_path: Path) -> None:
    with Platforms(world.World(60)) as platforms:
        study = play.study(platforms.base)
        corpus = play.corpus(tmp_path)
        collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        n = len(corpus.posts())
        # As a kill would leave it: pages of the old wording, not committed.
        (entry,) = corpus.raw()
        with corpus.open_raw(entry) as stream:
            lines = stream.read().splitlines(keepends=True)
        other = play.corpus(tmp_path, "other")
        path = other.path / "raw" / "open" / "hackernews.jsonl"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"".join(lines) + b'{"torn')
        changed = replace(study, terms=("nothing-has-this-word",))
        collect(changed, other, ["hackernews"], options=play.options(tmp_path))
        assert len(other.posts()) == n
        assert [e["format"] for e in other.raw()] == ["pages", "pages"]
        assert not path.exists()


def test_a_collection_resumed_late_is_brought_up_to_now(tmp_path: Path) -> None:
    made = world.World(60, platforms=("hackernews",))
    with Platforms(made) as platforms:
        study = play.study(platforms.base, until=None, hackernews={"comments": False})
        corpus = play.corpus(tmp_path)
        early = play.options(tmp_path, clock=play.QuickClock(world.ONSET))
        whole = made.posts["hackernews"]
        made.posts["hackernews"] = [p for p in whole if p.time < world.ONSET]
        collect(study, corpus, ["hackernews"], options=early)
        # As a kill at 10 h would leave it: the pages, not committed.
        (entry,) = corpus.raw()
        other = play.corpus(tmp_path, "other")
        path = other.path / "raw" / "open" / "hackernews.jsonl"
        path.parent.mkdir(parents=True)
        with corpus.open_raw(entry) as stream:
            path.write_bytes(stream.read())
        made.posts["hackernews"] = whole
        made._folded.clear()
        done = collect(study, other, ["hackernews"], options=play.options(tmp_path))
        assert [r.n_replayed for r in done.results] == [1, 0]
        assert len(other.posts()) == len(made.find("hackernews", world.TERM))


def test_a_source_that_cannot_begin_leaves_no_corpus(tmp_path: Path) -> None:
    options = play.options(tmp_path)
    object.__setattr__(options.credentials, "environ", {"HOME": str(tmp_path)})
    corpus = play.corpus(tmp_path)
    with pytest.raises(CollectError, match="OUTAGE_X_BEARER_TOKEN"):
        collect(Study("Glimmerbot", sources={"x": {}}), corpus, ["x"], options=options)
    assert not corpus.exists()


def test_the_same_failure_is_noted_once(tmp_path: Path) -> None:
    with Platforms(world.World(1, status="none")) as platforms:
        corpus = play.corpus(tmp_path)
        options = play.options(tmp_path, n_rounds=4)
        collect(play.study(platforms.base), corpus, ["statuspage"], follow=True, options=options)
        assert len(corpus.raw()) == 1 and corpus.coverage()["kind"].tolist() == ["gap"]


def test_two_collections_of_one_source_do_not_mix(tmp_path: Path) -> None:
    with Platforms(world.World(10)) as platforms:
        corpus = play.corpus(tmp_path)
        held = RawLog(corpus.path / "raw" / "open" / "hackernews.jsonl", {"source": "hackernews"})
        with pytest.raises(CorpusError, match="another process"):
            collect(play.study(platforms.base), corpus, ["hackernews"], options=play.options(tmp_path))
        held.close(remove=True)


def test_what_only_one_query_saw_is_not_covered(tmp_path: Path) -> None:
    """Stopped between two queries: the posts of the first are there, and nothing is said to be covered."""
    with Platforms(world.World(60)) as platforms:
        study = play.study(platforms.base, hackernews={"queries": (world.TERM, "nothing", "else")})
        corpus = play.corpus(tmp_path)
        options = play.options(tmp_path)
        real = platforms.script.next

        def stop_at_the_second(platform: str, request: str) -> str:
            if len(platforms.requests) == 1:
                options.clock.stop.set()
            return real(platform, request)

        platforms.script.next = stop_at_the_second  # type: ignore[method-assign]
        done = collect(study, corpus, ["hackernews"], options=options)
        assert done.stopped and len(corpus.posts()) > 0
        assert corpus.coverage()["kind"].tolist() == ["gap"]
        platforms.script.next = real  # type: ignore[method-assign]
        platforms.requests.clear()
        collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        assert "covered" in corpus.coverage()["kind"].tolist()
        asked = [url for _, url, _ in platforms.requests]
        assert ["query=else" in url for url in asked if "story_" not in url] == [True], "only the third query was left"
        assert any("story_" in url for url in asked), "comments of stories that were found before the stop"


def test_other_wordings_of_the_study_stay_covered(tmp_path: Path) -> None:
    with Platforms(world.World(30)) as platforms:
        corpus, one = play.corpus(tmp_path), play.study(platforms.base, hackernews={"comments": False})
        other = replace(one, terms=("nothing",))
        for study in (one, other, one, other):
            collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        assert len(platforms.requests) == 2


def test_a_commit_waits_for_another_writer(tmp_path: Path) -> None:
    with Platforms(world.World(10)) as platforms:
        corpus = play.corpus(tmp_path)
        options = play.options(tmp_path)
        real, held = options.clock.sleep, []

        def sleep(seconds: float) -> None:
            real(seconds)
            if held:
                held.pop().__exit__(None, None, None)

        options.clock.sleep = sleep  # type: ignore[method-assign]
        other = corpus.run("import")
        other.__enter__()
        held.append(other)
        collect(play.study(platforms.base), corpus, ["hackernews"], options=options)
        assert not held and len(corpus.posts()) > 0


def test_what_a_page_adds_is_in_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.platforms import hackernews

    real = hackernews.hit
    monkeypatch.setattr(hackernews, "hit", lambda post: {**real(post), "brand_new": 1})
    with Platforms(world.World(10)) as platforms:
        done = collect(
            play.study(platforms.base), play.corpus(tmp_path), ["hackernews"], options=play.options(tmp_path)
        )
        assert "fields that are new: brand_new" in str(done)


def test_a_setting_that_is_none_is_named(tmp_path: Path) -> None:
    lines: list[str] = []
    with Platforms(world.World(20)) as platforms:
        study = play.study(platforms.base, hackernews={"querys": ("a",)})
        collect(study, play.corpus(tmp_path), ["hackernews"], options=play.options(tmp_path), progress=lines.append)
    assert [line for line in lines if "querys is no setting" in line and "queries" in line]


def test_every_documented_setting_is_one() -> None:
    """The settings that the page on platforms names are those that the collectors know, and the other way round."""
    import re

    from analyzer.collect.base import SHARED

    page = (Path(__file__).resolve().parents[2] / "docs" / "platforms.md").read_text(encoding="utf-8")
    titles = {"x": "X", "reddit": "Reddit", "bluesky": "Bluesky", "mastodon": "Mastodon", "hackernews": "Hacker News"}
    for name, title in titles.items():
        part = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        listed = part.partition("**Settings**")[2].partition("\n- **")[0]
        told = set(re.findall(r"`([a-z_]+)`", listed)) - SHARED
        assert told == collector(name).settings, name
    assert set(titles) | {"statuspage"} == set(COLLECTORS)
