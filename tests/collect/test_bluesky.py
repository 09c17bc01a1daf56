"""Bluesky by httpx: scrolls that end early, sessions that run out, accounts' own feeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.collect import collect
from analyzer.errors import CollectError
from tests.platforms import play, world
from tests.platforms.faults import Script
from tests.platforms.server import Platforms


def expected(platforms: Platforms) -> int:
    return len([p for p in platforms.world.find("bluesky", world.TERM) if not p.official])


@pytest.mark.parametrize("cap", [100, 150, 1000])
def test_slicing_gets_past_the_end_of_a_scroll(cap: int, tmp_path: Path) -> None:
    with Platforms(world.World(900, cap=cap)) as platforms:
        corpus = play.corpus(tmp_path)
        result = collect(play.study(platforms.base), corpus, ["bluesky"], options=play.options(tmp_path))
        posts = corpus.posts()
        assert len(posts) == expected(platforms)
        assert posts["post_id"].is_unique
        assert result.results[0].uncovered == []


def test_many_posts_in_one_millisecond_are_not_lost(tmp_path: Path) -> None:
    made = world.World(400, platforms=("bluesky",), cap=100)
    posts = made.posts["bluesky"]
    same = posts[150].time
    made.posts["bluesky"] = [
        world.Post(p.n, same if 150 <= p.n < 200 else p.time, p.author, f"{world.TERM} {p.n}")
        for p in posts
        if p.n < 150 or p.time >= same
    ]
    with Platforms(made) as platforms:
        corpus = play.corpus(tmp_path)
        collect(play.study(platforms.base), corpus, ["bluesky"], options=play.options(tmp_path))
        assert len(corpus.posts()) == len(made.posts["bluesky"])


def test_the_session_is_kept_and_renewed(tmp_path: Path) -> None:
    with Platforms(world.World(60)) as platforms:
        for name in ("a", "b", "c"):
            corpus = play.corpus(tmp_path, name)
            collect(play.study(platforms.base), corpus, ["bluesky"], options=play.options(tmp_path))
        assert platforms.state["bluesky_sessions"] == 1
        platforms.script.queue += ["expired"]
        collect(play.study(platforms.base), play.corpus(tmp_path, "d"), ["bluesky"], options=play.options(tmp_path))
        assert platforms.state["bluesky_sessions"] == 1, "renewed with the refresh token"
        platforms.state["bluesky_token"] += 7
        collect(play.study(platforms.base), play.corpus(tmp_path, "e"), ["bluesky"], options=play.options(tmp_path))
        assert platforms.state["bluesky_sessions"] == 2, "signed in again when that is refused too"


def test_a_broken_session_file_is_made_anew(tmp_path: Path) -> None:
    with Platforms(world.World(20)) as platforms:
        collect(play.study(platforms.base), play.corpus(tmp_path), ["bluesky"], options=play.options(tmp_path))
        (path,) = (tmp_path / "outage-analyzer").glob("bluesky-*.json")
        path.write_text("{")
        collect(play.study(platforms.base), play.corpus(tmp_path, "b"), ["bluesky"], options=play.options(tmp_path))
        assert platforms.state["bluesky_sessions"] == 2


def test_wrong_password(tmp_path: Path) -> None:
    with Platforms(world.World(5)) as platforms:
        options = play.options(tmp_path)
        environ = {**play.environ(tmp_path), "OUTAGE_BLUESKY_APP_PASSWORD": "not-the-password"}
        object.__setattr__(options.credentials, "environ", environ)
        with pytest.raises(CollectError, match="HTTP 401") as info:
            collect(play.study(platforms.base), play.corpus(tmp_path), ["bluesky"], options=options)
        assert "not-the-password" not in str(info.value)


def test_an_expired_cursor_begins_a_new_slice(tmp_path: Path) -> None:
    class Forgetful(Script):
        def next(self, platform: str, request: str) -> str:
            return "expired-cursor" if "cursor=200" in request else ""

    made = world.World(600, platforms=("bluesky",))
    with Platforms(made, script=Forgetful()) as platforms:
        import tests.platforms.server as server

        real = server.faulty

        def faulty(fault: str, reply: server.Reply, module: object, now: object) -> server.Reply:
            if fault == "expired-cursor":
                return server.Reply(400, {"error": "InvalidRequest", "message": "cursor is malformed or expired"})
            return real(fault, reply, module, now)  # type: ignore[arg-type]

        patch = pytest.MonkeyPatch()
        patch.setattr(server, "faulty", faulty)
        try:
            corpus = play.corpus(tmp_path)
            collect(play.study(platforms.base), corpus, ["bluesky"], options=play.options(tmp_path))
        finally:
            patch.undo()
        assert len(corpus.posts()) == expected(platforms)
