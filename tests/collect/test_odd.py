"""Answers that make no sense, told again and again: the collection ends, and nothing is called covered that was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.collect import collect
from analyzer.errors import CollectError
from tests.platforms import bluesky, mastodon, play, reddit, world, x
from tests.platforms import server as served
from tests.platforms.server import Platforms

POSTED = [s for s in play.SOURCES if s != "statuspage"]


def collected(source: str, folder: Path, platforms: Platforms) -> tuple[Any, Any]:
    corpus = play.corpus(folder)
    done = collect(play.study(platforms.base), corpus, [source], options=play.options(folder))
    return corpus, done.results[0]


@pytest.mark.parametrize("source", POSTED)
@pytest.mark.parametrize("page", [{"unexpected": True}, 7])
def test_a_format_that_changed_covers_nothing(
    source: str, page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = {"x": x, "reddit": reddit, "bluesky": bluesky, "mastodon": mastodon}.get(source) or _hackernews()
    real = module.answer

    def answer(request: Any) -> Any:
        reply = real(request)
        pages = ("search", "/r/", "timelines", "statuses", "getAuthorFeed")
        return served.Reply(200, page, reply.headers) if any(p in request.path for p in pages) else reply

    monkeypatch.setattr(module, "answer", answer)
    with Platforms(world.World(30)) as platforms:
        corpus, result = collected(source, tmp_path, platforms)
    rows = corpus.coverage()
    assert result.counts.n_posts == 0
    assert not (rows["kind"] == "covered").any()
    assert len(rows) and result.uncovered
    assert len(set(result.uncovered)) == len(result.uncovered) <= 4


def _hackernews() -> Any:
    from tests.platforms import hackernews

    return hackernews


@pytest.mark.parametrize("source", ["x", "reddit", "bluesky"])
def test_a_cursor_that_goes_round_ends(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose next page is the same page for ever costs a few requests, not a night (or, on X, a fortune)."""
    module = {"x": x, "reddit": reddit, "bluesky": bluesky}[source]
    real = module.answer

    def answer(request: Any) -> Any:
        if source == "bluesky":
            request.query.pop("cursor", None)
        if source == "reddit":
            request.query.pop("after", None)
        for name in ("next_token", "pagination_token"):
            request.query.pop(name, None)
        return real(request)

    monkeypatch.setattr(module, "answer", answer)
    with Platforms(world.World(1200, cap=1000)) as platforms:
        study = play.study(platforms.base, reddit={"comments": False, "subreddits": ("outages",), "sorts": ()})
        corpus = play.corpus(tmp_path)
        done = collect(study, corpus, [source], options=play.options(tmp_path))
        assert len(platforms.requests) < 60
    assert done.results[0].counts.n_posts > 0
    if source != "bluesky":  # its search is asked for what is older in slices, so that nothing is lost
        assert done.results[0].uncovered
        assert not (corpus.coverage()["kind"] == "covered").all()


def test_a_server_whose_ids_hold_no_time_is_not_called_covered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GoToSocial and Pleroma speak as Mastodon does, but their ids are no numbers."""
    real = mastodon.toot
    monkeypatch.setattr(mastodon, "toot", lambda post: {**real(post), "id": f"01J{post.n:023d}"})
    with Platforms(world.World(90)) as platforms:
        corpus, result = collected("mastodon", tmp_path, platforms)
    assert 0 < result.counts.n_posts <= 40
    assert any("hold no time" in line for line in result.uncovered)
    assert "covered" not in corpus.coverage()["kind"].tolist()


@pytest.mark.parametrize("source", ["x", "mastodon", "reddit"])
def test_nobody_is_followed_to_plain_http(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token must not leave in the open because a server says so (no test reaches beyond this machine anyway)."""
    module = {"x": x, "mastodon": mastodon, "reddit": reddit}[source]
    real = module.answer

    def answer(request: Any) -> Any:
        reply = real(request)
        if any(p in request.path for p in ("/search", "/timelines", "/r/", "/statuses")):
            return served.Reply(302, b"", {"location": f"http://status.example.org{request.path}"})
        return reply

    monkeypatch.setattr(module, "answer", answer)
    with Platforms(world.World(20)) as platforms:
        study = play.study(platforms.base, x={"estimate": False})
        with pytest.raises(CollectError) as caught:
            collect(study, play.corpus(tmp_path), [source], options=play.options(tmp_path))
        assert len(platforms.requests) < 40
    words = {"x": "TooManyRedirects", "mastodon": "plain http is refused", "reddit": "no such subreddit"}
    assert words[source] in str(caught.value)
