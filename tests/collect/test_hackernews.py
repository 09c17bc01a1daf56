"""Hacker News by httpx: past 1,000 hits a query, and more in a second than a query gives."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from analyzer.collect import collect
from analyzer.collect.hackernews import HackerNews
from tests.platforms import play, world
from tests.platforms.server import Platforms


def test_three_and_a_half_thousand_hits_in_few_requests(tmp_path: Path) -> None:
    with Platforms(world.World(3800, platforms=("hackernews",))) as platforms:
        corpus = play.corpus(tmp_path)
        result = collect(play.study(platforms.base), corpus, ["hackernews"], options=play.options(tmp_path))
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
        result = collect(play.study(platforms.base), corpus, ["hackernews"], options=play.options(tmp_path))
        assert len(corpus.posts()) == 1050
        truncated = corpus.coverage().query("kind == 'truncated'")
        assert truncated["start"].tolist() == [second]
        assert truncated["end"].tolist() == [second + dt.timedelta(seconds=1)]
        covered = corpus.coverage().query("kind == 'covered'")
        assert covered["end"].tolist()[0] == second and covered["start"].tolist()[1] == second + dt.timedelta(seconds=1)
        assert result.results[0].notes == {f"{world.TERM}: hits the server counted but did not give": 400}


def test_a_comment() -> None:
    link = (
        '<a href="https:&#x2F;&#x2F;example.org&#x2F;long" rel="nofollow">https:&#x2F;&#x2F;example.org&#x2F;l...</a>'
    )
    hit = {"objectID": "41", "created_at_i": 1772359200, "author": "a", "story_id": 40, "parent_id": 40, "points": None}
    row = HackerNews.parse({**hit, "comment_text": f"It &amp; <i>more</i><p>{link}"})
    assert row is not None
    assert row["text"] == "It & more\nhttps://example.org/long"
    assert (row["kind"], row["parent_id"], row["has_link"], row["n_likes"]) == ("reply", "40", True, None)
