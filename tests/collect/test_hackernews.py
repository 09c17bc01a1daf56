"""Hacker News by httpx: past 1,000 hits a query, and more in a second than a query gives."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from analyzer.collect import collect
from analyzer.collect.hackernews import HackerNews
from tests.platforms import play, world
from tests.platforms.server import Platforms


def test_three_and_a_half_thousand_hits_in_few_requests(tmp_path: Path) -> None:
    with Platforms(world.World(3800, platforms=("hackernews",))) as platforms:
        corpus = play.corpus(tmp_path)
        study = play.study(platforms.base, hackernews={"comments": False})
        result = collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        wanted = platforms.world.find("hackernews", world.TERM)
        assert len(corpus.posts()) == len(wanted) > 3500
        assert len(platforms.requests) == 4
        assert result.results[0].notes == {}


def test_more_in_one_second_than_a_query_gives_is_said(tmp_path: Path) -> None:
    made = world.World(1, platforms=("hackernews",))
    second = world.ONSET
    posts = [world.Post(n, second + dt.timedelta(microseconds=n), n, f"{world.TERM} {n}") for n in range(1400)]
    before = [world.Post(2000 + n, second - dt.timedelta(seconds=60 - n), n, f"{world.TERM} {n}") for n in range(50)]
    made.posts["hackernews"] = before + posts
    with Platforms(made) as platforms:
        corpus = play.corpus(tmp_path)
        study = play.study(platforms.base, hackernews={"comments": False})
        result = collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        assert len(corpus.posts()) == 1050
        truncated = corpus.coverage().query("kind == 'truncated'")
        assert truncated["start"].tolist() == [second]
        assert truncated["end"].tolist() == [second + dt.timedelta(seconds=1)]
        covered = corpus.coverage().query("kind == 'covered'")
        assert covered["end"].tolist()[0] == second and covered["start"].tolist()[1] == second + dt.timedelta(seconds=1)
        assert result.results[0].notes == {f"{world.TERM}: hits the server counted but did not give": 400}


def test_a_truncated_second_is_never_called_covered_later(tmp_path: Path) -> None:
    """What was cut stays cut: collecting again asks for that second only, and says again that it is not whole."""
    made = world.World(1, platforms=("hackernews",))
    second = world.ONSET
    made.posts["hackernews"] = [
        world.Post(n, second + dt.timedelta(microseconds=n), n, f"{world.TERM} {n}") for n in range(1400)
    ]
    with Platforms(made) as platforms:
        corpus, study = play.corpus(tmp_path), play.study(platforms.base, hackernews={"comments": False})
        collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        n_asked = len(platforms.requests)
        result = collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        assert len(platforms.requests) == n_asked + 1
        assert any("truncated" in line for line in result.results[0].uncovered)
        rows = corpus.coverage()
        covered = rows.query("kind == 'covered'")
        assert not ((covered["start"] <= second) & (covered["end"] > second)).any()
        assert rows.query("kind == 'truncated'")["start"].tolist() == [second]


def test_hits_without_any_time_end_the_search_and_are_not_called_covered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.platforms import hackernews

    real = hackernews.hit
    monkeypatch.setattr(
        hackernews, "hit", lambda post: {k: v for k, v in real(post).items() if not k.startswith("created_at")}
    )
    with Platforms(world.World(1300, platforms=("hackernews",))) as platforms:
        corpus = play.corpus(tmp_path)
        study = play.study(platforms.base, hackernews={"comments": False})
        result = collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        assert len(platforms.requests) == 1
        assert result.results[0].counts.n_rejects == 1000
        assert corpus.coverage()["kind"].tolist() == ["unknown"]


def test_comments_of_a_story_come_along(tmp_path: Path) -> None:
    """A comment need not repeat the name of what it is about; comments of other stories stay away."""
    made = world.World(400, platforms=("hackernews",))
    told = {p.n: p for p in made.posts["hackernews"]}
    with Platforms(made) as platforms:
        corpus, study = play.corpus(tmp_path), play.study(platforms.base)
        collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        ids = set(corpus.posts()["post_id"])
        named = {p.n for p in made.find("hackernews", world.TERM)}
        stories = {n for n in named if told[n].parent is None and n % 3}
        answers = {p.n for p in made.posts["hackernews"] if p.parent in stories}
        assert answers - named, "some hold no term"
        assert ids == {str(40_000_000 + n) for n in named | answers}
        n = len(platforms.requests)
        collect(study, corpus, ["hackernews"], options=play.options(tmp_path))
        assert len(platforms.requests) == n
    again = play.corpus(tmp_path, "few")
    with Platforms(made) as platforms:
        study = play.study(platforms.base, hackernews={"max_stories": 5})
        done = collect(study, again, ["hackernews"], options=play.options(tmp_path))
        assert any("comments of the newest 5 of" in line for line in done.results[0].uncovered)


def test_a_server_that_knows_no_tags_brings_no_strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.platforms import hackernews

    real = hackernews.answer

    def answer(request: Any) -> Any:
        request.query.pop("tags", None)
        return real(request)

    with Platforms(world.World(200, platforms=("hackernews",))) as platforms:
        corpora = [play.corpus(tmp_path, name) for name in ("one", "two")]
        study = play.study(platforms.base)
        collect(study, corpora[0], ["hackernews"], options=play.options(tmp_path))
        monkeypatch.setattr(hackernews, "answer", answer)
        collect(study, corpora[1], ["hackernews"], options=play.options(tmp_path))
        assert play.snapshot(corpora[0]) == play.snapshot(corpora[1])


def test_a_comment() -> None:
    link = (
        '<a href="https:&#x2F;&#x2F;example.org&#x2F;long" rel="nofollow">https:&#x2F;&#x2F;example.org&#x2F;l...</a>'
    )
    hit = {"objectID": "41", "created_at_i": 1772359200, "author": "a", "story_id": 40, "parent_id": 40, "points": None}
    row = HackerNews.parse({**hit, "comment_text": f"It &amp; <i>more</i><p>{link}"})
    assert row is not None
    assert row["text"] == "It & more\nhttps://example.org/long"
    assert (row["kind"], row["parent_id"], row["has_link"], row["n_likes"]) == ("reply", "40", True, None)
