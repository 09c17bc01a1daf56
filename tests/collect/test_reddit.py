"""Reddit through the real praw: listings past their cap, comment trees, subreddits that are not there."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from analyzer.collect import collect
from analyzer.errors import CollectError
from tests.platforms import play, reddit, world
from tests.platforms.faults import Script
from tests.platforms.server import Platforms


def test_every_submission_and_comment_once(tmp_path: Path) -> None:
    with Platforms(world.World(300)) as platforms:
        corpus = play.corpus(tmp_path)
        result = collect(play.study(platforms.base), corpus, ["reddit"], options=play.options(tmp_path))
        posts = corpus.posts()
        assert sorted(posts["post_id"]) == sorted(reddit.fullname(p) for p in platforms.world.posts["reddit"])
        comments = posts[posts["kind"] == "reply"]
        assert len(comments) == sum(p.parent is not None for p in platforms.world.posts["reddit"])
        assert comments["thread_id"].str.startswith("t3_").all()
        counts = result.results[0].counts
        assert counts.n_duplicates > 0 and counts.n_rejects == 0
        # One token, and no page twice.
        assert platforms.state["reddit_token"] == 1
        assert len(platforms.pages()) == len(set(platforms.pages()))


def test_long_threads_are_read_through_morechildren_and_bounded(tmp_path: Path) -> None:
    made = world.World(330, platforms=("reddit",))
    root = world.Post(0, made.posts["reddit"][0].time, 1, f"{world.TERM} down", None)
    made.posts["reddit"] = [root] + [world.Post(p.n, p.time, p.author, p.text, 0) for p in made.posts["reddit"][1:]]
    with Platforms(made) as platforms:
        for name, most, expected in (("all", 16, 330), ("one", 1, 1 + reddit.SHOWN + reddit.EACH_MORE)):
            corpus = play.corpus(tmp_path, name)
            study = play.study(platforms.base, reddit={"max_more": most, "subreddits": (reddit.SUBREDDITS[0],)})
            collect(study, corpus, ["reddit"], options=play.options(tmp_path))
            assert len(corpus.posts()) == expected


def test_a_cut_listing_is_said_and_other_orders_are_asked_for(tmp_path: Path) -> None:
    made = world.World(1300, platforms=("reddit",))
    with Platforms(made) as platforms:
        study = play.study(platforms.base, reddit={"comments": False, "subreddits": (reddit.SUBREDDITS[0],)})
        corpus = play.corpus(tmp_path)
        collect(study, corpus, ["reddit"], options=play.options(tmp_path))
        whole = reddit.submissions(made, reddit.SUBREDDITS[0])
        assert len(whole) < 1000
    made = world.World(2000, platforms=("reddit",))
    with Platforms(made) as platforms:
        study = play.study(platforms.base, reddit={"comments": False, "subreddits": ("all",)})
        corpus = play.corpus(tmp_path, "cut")
        collect(study, corpus, ["reddit"], options=play.options(tmp_path))
        n = len(corpus.posts())
        assert 1000 < n < len(reddit.submissions(made, "all"))
        coverage = corpus.coverage().set_index("kind")
        assert coverage.loc["truncated", "note"] == "r/all: search gives 1,000 at most"
        assert coverage.loc["truncated", "end"] == coverage.loc["covered", "start"]
        found = {s for s in ("relevance", "top", "comments", "new") if any(f"sort={s}" in u for u in platforms.pages())}
        assert found == {"relevance", "top", "comments", "new"}


def test_only_threads_that_have_grown_are_read_again(tmp_path: Path) -> None:
    made = world.World(120, platforms=("reddit",))
    with Platforms(made) as platforms:
        corpus, study = play.corpus(tmp_path), play.study(platforms.base)
        collect(study, corpus, ["reddit"], options=play.options(tmp_path))
        link = next(p for p in reddit.submissions(made, "all") if reddit.comments(made, p))
        made.posts["reddit"].append(world.Post(500, world.NOW, 3, "one more", link.n))
        made.__dict__.pop("_comments")
        made._folded.clear()
        platforms.requests.clear()
        n = len(corpus.posts())
        collect(study, corpus, ["reddit"], options=play.options(tmp_path))
        assert [u for u in platforms.pages() if "/comments/" in u] == [
            u for u in platforms.pages() if f"/comments/{reddit.short(link)}/" in u
        ]
        assert len(corpus.posts()) == n + 1


def test_a_missing_subreddit_is_a_gap_and_all_missing_an_error(tmp_path: Path) -> None:
    with Platforms(world.World(40)) as platforms:
        study = play.study(platforms.base, reddit={"subreddits": ("nothere", reddit.SUBREDDITS[1])})
        corpus = play.corpus(tmp_path)
        result = collect(study, corpus, ["reddit"], options=play.options(tmp_path))
        assert any("nothere" in line for line in result.results[0].uncovered)
        assert len(corpus.posts()) > 0
        study = play.study(platforms.base, reddit={"subreddits": ("nothere",)})
        with pytest.raises(CollectError, match="404"):
            collect(study, play.corpus(tmp_path, "none"), ["reddit"], options=play.options(tmp_path))


def test_praw_never_sleeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(seconds: float) -> None:
        raise AssertionError(f"praw slept {seconds} s")

    monkeypatch.setattr("prawcore.sessions.time.sleep", fail)
    script = Script(seed=3, rate=0.4)
    with Platforms(world.World(40), script=script) as platforms:
        options = play.options(tmp_path)
        collect(play.study(platforms.base), play.corpus(tmp_path), ["reddit"], options=options)
        assert options.clock.slept  # type: ignore[attr-defined]


def test_wrong_credentials(tmp_path: Path) -> None:
    with Platforms(world.World(5)) as platforms:
        options = play.options(tmp_path)
        environ = {**play.environ(tmp_path), "OUTAGE_REDDIT_CLIENT_SECRET": "other-secret-value"}
        object.__setattr__(options.credentials, "environ", environ)
        with pytest.raises(CollectError, match="credentials are not accepted") as info:
            collect(play.study(platforms.base), play.corpus(tmp_path), ["reddit"], options=options)
        assert "other-secret-value" not in str(info.value)


def test_praw_ini_of_the_work_folder_has_no_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "praw.ini").write_text("[DEFAULT]\nreddit_url=http://127.0.0.1:9\noauth_url=http://127.0.0.1:9\n")
    monkeypatch.chdir(work)
    caplog.set_level(logging.WARNING)
    with Platforms(world.World(20)) as platforms:
        corpus = play.corpus(tmp_path)
        collect(play.study(platforms.base), corpus, ["reddit"], options=play.options(tmp_path))
        assert len(corpus.posts()) == 20


def test_deleted_comments_are_no_posts() -> None:
    from analyzer.collect.reddit import Reddit

    data = {"id": "a", "link_id": "t3_b", "body": "[removed]", "created_utc": 1772359200, "author": "[deleted]"}
    assert Reddit.parse({"kind": "t1", "data": data}) is None


def test_subreddits_may_be_written_with_their_prefix_and_are_named_in_errors(tmp_path: Path) -> None:
    with Platforms(world.World(60)) as platforms:
        corpus = play.corpus(tmp_path)
        study = play.study(platforms.base, reddit={"subreddits": ("r/glimmerbot", "/r/outages/", "outages")})
        collect(study, corpus, ["reddit"], options=play.options(tmp_path))
        assert len(corpus.posts()) > 0
        assert {url.split("/")[2] for _, url, _ in platforms.requests if url.startswith("/r/")} == set(
            reddit.SUBREDDITS
        )
        study = play.study(platforms.base, reddit={"subreddits": ("nothere",)})
        with pytest.raises(CollectError, match="r/nothere: HTTP 404"):
            collect(study, corpus, ["reddit"], options=play.options(tmp_path))


def test_wrong_credentials_are_told_once(tmp_path: Path) -> None:
    with Platforms(world.World(20)) as platforms:
        options = play.options(tmp_path)
        object.__setattr__(
            options.credentials, "environ", {**play.environ(tmp_path), "OUTAGE_REDDIT_CLIENT_SECRET": "x"}
        )
        with pytest.raises(CollectError) as caught:
            collect(play.study(platforms.base), play.corpus(tmp_path), ["reddit"], options=options)
        assert str(caught.value).count("401") == 1
