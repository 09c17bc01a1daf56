"""Imported id lists are filled by collecting, where the study asks for it: by the real clients, once, in the cap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.collect import collect
from analyzer.collect.archive import import_files
from analyzer.collect.forget import forget
from tests.platforms import bluesky, play, reddit, world, x
from tests.platforms.faults import Script
from tests.platforms.server import Platforms

NAME = {"x": x.snowflake, "reddit": reddit.fullname, "bluesky": lambda post: bluesky.view(post)["uri"]}


def ids_of(made: world.World, source: str) -> list[str]:
    """Ids of posts that no search finds, as they do not hold the term."""
    return [NAME[source](p) for p in made.posts[source] if world.TERM not in p.text.casefold() and not p.official]


def prepared(source: str, platforms: Platforms, folder: Path, **more: Any) -> tuple[Any, Any, list[str]]:
    ids = ids_of(platforms.world, source)
    gone = {"x": "1900000000000000001", "reddit": "t3_gone1", "bluesky": "at://did:plc:a/app.bsky.feed.post/3lgone"}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "ids.txt"
    path.write_text("\n".join([*ids, gone[source]]) + "\n")
    corpus, study = (
        play.corpus(folder),
        play.study(platforms.base, **{source: {"ids": True, "comments": False, **more}}),
    )
    if source != "reddit":
        study.sources[source].pop("comments")
    import_files([path], study, corpus)
    return corpus, study, ids


@pytest.mark.parametrize("source", list(NAME))
def test_ids_are_filled(source: str, tmp_path: Path) -> None:
    with Platforms(world.World(700), script=Script(seed=3, rate=0.2)) as platforms:
        corpus, study, ids = prepared(source, platforms, tmp_path)
        assert len(ids) > 25 and len(corpus.posts()) == 0
        collect(study, corpus, [source], options=play.options(tmp_path))
        held = set(corpus.posts()["post_id"])
        assert set(ids) <= held
        # Asked for again is only what is not there.
        platforms.requests.clear()
        collect(study, corpus, [source], options=play.options(tmp_path))
        asked = [url for _, url, fault in platforms.requests if "tweets?" in url or "info" in url or "getPosts" in url]
        assert asked and all(i.rsplit("/", 1)[-1] not in url for i in ids for url in asked)
        forget(corpus, ids[:2])
        collect(study, corpus, [source], options=play.options(tmp_path))
        assert set(corpus.posts()["post_id"]) == held - set(ids[:2])


def test_without_the_setting_nothing_is_asked_for(tmp_path: Path) -> None:
    with Platforms(world.World(60)) as platforms:
        corpus, study, _ = prepared("bluesky", platforms, tmp_path, ids=False)
        collect(study, corpus, ["bluesky"], options=play.options(tmp_path))
        assert not [url for _, url, _ in platforms.requests if "getPosts" in url]


def test_the_cap_holds_for_ids_too(tmp_path: Path) -> None:
    lines: list[str] = []
    with Platforms(world.World(900)) as platforms:
        corpus, study, ids = prepared("x", platforms, tmp_path, queries=("nothingofthekind",), estimate=False)
        assert len(ids) > 30
        official = sum(p.official for p in platforms.world.posts["x"])
        cap = 0.005 * (official + 20)
        options = play.options(tmp_path)
        collect(study, corpus, ["x"], max_cost=cap, options=options, progress=lines.append)
        assert platforms.state["x_posts_read"] == official + 20
        assert len(corpus.posts()) == 20 and any("not all ids" in line for line in lines)
