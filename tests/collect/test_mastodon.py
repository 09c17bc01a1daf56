"""Mastodon through the real Mastodon.py: timelines of several instances, tokens, ids that name nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.collect import collect
from analyzer.collect.mastodon import full_name, global_id
from analyzer.errors import CollectError
from tests.platforms import mastodon, play, world
from tests.platforms.server import Platforms


def test_all_posts_of_the_tag_once_over_two_instances(tmp_path: Path) -> None:
    with Platforms(world.World(150)) as platforms:
        other = platforms.base.replace("127.0.0.1", "localhost")
        corpus = play.corpus(tmp_path)
        study = play.study(platforms.base, mastodon={"instances": (platforms.base, other)})
        result = collect(study, corpus, ["mastodon"], options=play.options(tmp_path))
        posts = corpus.posts()
        wanted = [p for p in platforms.world.find("mastodon", world.TERM) if not p.official]
        assert posts["post_id"].tolist() == [f"example.org/{mastodon.snowflake(p)}" for p in wanted]
        assert result.results[0].counts.n_duplicates >= len(posts)
        assert len(corpus.updates()) == sum(p.official for p in platforms.world.posts["mastodon"])
        assert not posts["text"].str.contains("<", regex=False).sum() - sum("<sigh>" in p.text for p in wanted)


def test_the_token_goes_to_its_own_instance_only(tmp_path: Path) -> None:
    with Platforms(world.World(20)) as home, Platforms(world.World(20)) as other:
        seen: list[str | None] = []
        import tests.platforms.server as server

        real = server.mastodon.answer

        def answer(request: server.Request) -> server.Reply:
            seen.append((request.base, request.headers.get("authorization")))  # type: ignore[arg-type]
            return real(request)

        patch = pytest.MonkeyPatch()
        patch.setattr(server.mastodon, "answer", answer)
        try:
            study = play.study(home.base, mastodon={"instances": (home.base, other.base)})
            collect(study, play.corpus(tmp_path), ["mastodon"], options=play.options(tmp_path))
        finally:
            patch.undo()
        assert {b for b, a in seen if a} == {home.base}  # type: ignore[misc]
        assert {b for b, a in seen} == {home.base, other.base}  # type: ignore[misc]


def test_an_instance_for_its_own_users_only_says_so(tmp_path: Path) -> None:
    with Platforms(world.World(20)) as platforms:
        platforms.state["mastodon_private"] = True
        options = play.options(tmp_path)
        environ = {k: v for k, v in play.environ(tmp_path).items() if "MASTODON" not in k}
        object.__setattr__(options.credentials, "environ", environ)
        with pytest.raises(CollectError, match="OUTAGE_MASTODON_ACCESS_TOKEN"):
            collect(play.study(platforms.base), play.corpus(tmp_path), ["mastodon"], options=options)


def test_search_adds_posts_where_asked_for(tmp_path: Path) -> None:
    with Platforms(world.World(60)) as platforms:
        study = play.study(platforms.base, mastodon={"search": True, "hashtags": ("nothing",)})
        corpus = play.corpus(tmp_path)
        collect(study, corpus, ["mastodon"], options=play.options(tmp_path))
        wanted = [p for p in platforms.world.find("mastodon", world.TERM) if not p.official]
        assert len(corpus.posts()) == len(wanted)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("https://example.org/users/someone/statuses/12", "example.org/12"),
        ("https://example.org/users/someone/statuses/12/activity", "example.org/12"),
        ("https://example.org/objects/0b1c", "example.org/0b1c"),
        ("https://example.org/@someone/12", "example.org/12"),
    ],
)
def test_ids_name_no_author(uri: str, name: str) -> None:
    assert global_id(uri) == name


def test_an_author_has_one_name_on_all_instances() -> None:
    here = {"acct": "Some", "url": "https://example.org/@Some"}
    there = {"acct": "some@example.org", "url": "https://example.org/@Some"}
    assert full_name(here, "example.org") == full_name(there, "other.example") == "some@example.org"
