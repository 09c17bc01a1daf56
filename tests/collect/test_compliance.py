"""What was deleted on a platform goes here too, raw pages and all; what a platform does not tell stays."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from analyzer.collect import collect, comply
from analyzer.errors import CollectError
from tests.platforms import play, world
from tests.platforms.faults import Script
from tests.platforms.server import Platforms

POSTED = [s for s in play.SOURCES if s != "statuspage"]


def delete(made: world.World, source: str, n: int) -> set[str]:
    """Delete some posts on the platform that nothing answers; returns words that only they hold."""
    answered = {p.parent for p in made.posts[source]}
    chosen = [
        p for p in made.posts[source] if not p.official and p.n not in answered and world.TERM in p.text.casefold()
    ][:n]
    made.posts[source] = [p for p in made.posts[source] if p not in chosen]
    made._folded.clear()
    made.__dict__.pop("_comments", None)
    return {p.text.rsplit("#", 1)[-1] for p in chosen}


def collected(source: str, folder: Path, platforms: Platforms) -> tuple[Any, Any]:
    corpus, study = play.corpus(folder), play.study(platforms.base)
    collect(study, corpus, [source], options=play.options(folder))
    return corpus, study


@pytest.mark.parametrize("source", POSTED)
def test_deletions_are_followed_everywhere(source: str, tmp_path: Path) -> None:
    with Platforms(world.World(80), script=Script()) as platforms:
        corpus, study = collected(source, tmp_path, platforms)
        before = set(corpus.posts()["post_id"])
        marks = delete(platforms.world, source, 6)
        options = play.options(tmp_path)
        seen = comply(study, corpus, [source], apply=False, options=options)
        assert (seen.results[0].n_gone, seen.results[0].n_removed) == (6, 0)
        assert set(corpus.posts()["post_id"]) == before
        platforms.script = Script(seed=4, rate=0.3)
        done = comply(study, corpus, options=options)
        (result,) = done.results
        assert not done.errors and (result.n_checked, result.n_gone, result.n_removed) == (len(before), 6, 6)
        left = corpus.posts()
        assert len(left) == len(before) - 6
        held = [t.rsplit("#", 1)[-1].split("\n")[0] for t in left["text"]]
        assert marks.isdisjoint(held)
        assert corpus.check()["ok"]
        # Collecting or asking again brings nothing back.
        collect(study, corpus, [source], options=options)
        assert len(corpus.posts()) == len(left)
        assert comply(study, corpus, [source], options=options).results[0].n_gone == 0


def test_what_is_not_told_stays(tmp_path: Path) -> None:
    with Platforms(world.World(30)) as platforms:
        corpus, study = collected("mastodon", tmp_path, platforms)
        n = len(corpus.posts())
        platforms.state["mastodon_private"] = True
        platforms.script = Script(queue=["503-html"] * 8)
        done = comply(study, corpus, ["mastodon"], options=play.options(tmp_path))
        assert (done.results[0].n_unknown, done.results[0].n_gone, len(corpus.posts())) == (1, 0, n)


def test_a_refusal_removes_nothing(tmp_path: Path) -> None:
    with Platforms(world.World(30)) as platforms:
        corpus, study = collected("x", tmp_path, platforms)
        n = len(corpus.posts())
        options = play.options(tmp_path)
        object.__setattr__(options.credentials, "environ", {**play.environ(tmp_path), "OUTAGE_X_BEARER_TOKEN": "wrong"})
        done = comply(study, corpus, ["x"], options=options)
        assert "401" in done.errors["x"] and len(corpus.posts()) == n
        with pytest.raises(CollectError, match="cannot be asked"):
            comply(study, corpus, ["statuspage"], options=options)


def test_a_platform_that_has_lost_everything_is_not_believed(tmp_path: Path) -> None:
    with Platforms(world.World(80)) as platforms:
        corpus, study = collected("bluesky", tmp_path, platforms)
        n = len(corpus.posts())
        platforms.world.posts["bluesky"] = []
        done = comply(study, corpus, options=play.options(tmp_path))
        assert "nothing was removed" in done.errors["bluesky"]
        assert (done.results[0].n_gone, done.results[0].n_removed, len(corpus.posts())) == (n, 0, n)
        comply(study, corpus, most=1.0, options=play.options(tmp_path))
        assert len(corpus.posts()) == 0


@pytest.mark.parametrize("source", POSTED)
def test_answers_of_another_shape_delete_nothing(source: str, tmp_path: Path) -> None:
    with Platforms(world.World(40)) as platforms:
        corpus, study = collected(source, tmp_path, platforms)
        n = len(corpus.posts())
        platforms.script = Script(queue=[*([""] if source == "reddit" else []), *["odd"] * 60])
        done = comply(study, corpus, [source], options=play.options(tmp_path))
        assert done.results[0].n_gone == 0 and len(corpus.posts()) == n
        assert done.errors or done.results[0].n_unknown


def test_the_clock_runs_from_the_first_collection_and_from_each_check(tmp_path: Path) -> None:
    from analyzer.collect.compliance import clock

    with Platforms(world.World(30)) as platforms:
        corpus, study = collected("reddit", tmp_path, platforms)
        (row,) = clock(corpus, world.NOW + dt.timedelta(hours=47))
        assert (row["source"], row["checked_at"], row["overdue"]) == ("reddit", None, False)
        assert row["due_at"] - world.NOW == pytest.approx(dt.timedelta(hours=48), abs=dt.timedelta(minutes=5))
        assert clock(corpus, world.NOW + dt.timedelta(hours=49))[0]["overdue"]
        later = play.options(tmp_path, clock=play.QuickClock(world.NOW + dt.timedelta(hours=40)))
        comply(study, corpus, options=later)
        (row,) = clock(corpus, world.NOW + dt.timedelta(hours=80))
        assert row["checked_at"] is not None and not row["overdue"]


def test_the_next_check_is_said(tmp_path: Path) -> None:
    """Asking says when to ask again; a platform that was not asked, or could not be, is overdue."""
    with Platforms(world.World(30)) as platforms:
        corpus, study = play.corpus(tmp_path), play.study(platforms.base)
        collect(study, corpus, ["reddit", "bluesky"], options=play.options(tmp_path))
        later = play.options(tmp_path, clock=play.QuickClock(world.NOW + dt.timedelta(hours=40)))
        done = comply(study, corpus, ["reddit"], options=later)
        assert "reddit: last checked 2026-03-03 06:05 UTC; next check due by 2026-03-05 06:05 UTC" in str(done)
        assert "bluesky: never checked; overdue since 2026-03-02 14:0" in str(done)
        told = {row["source"]: row for row in done.to_dict()["due"]}
        assert told["reddit"]["due_at"].startswith("2026-03-05T06:0") and told["bluesky"]["overdue"]
        # Only counting is no check.
        much_later = play.options(tmp_path, clock=play.QuickClock(world.NOW + dt.timedelta(hours=90)))
        assert "reddit: last checked 2026-03-03" in str(comply(study, corpus, apply=False, options=much_later))


@pytest.mark.parametrize("source", POSTED)
def test_rows_without_an_id_of_their_own_are_asked_of_nobody(source: str, tmp_path: Path) -> None:
    """An id that importing made names no post on the platform: its absence there means nothing."""
    from analyzer.collect.archive import import_files

    path = tmp_path / "a.csv"
    path.write_text(f"time,text,source\n2026-03-01T10:00:00Z,glimmerbot is down,{source}\n")
    with Platforms(world.World(30)) as platforms:
        corpus, study = collected(source, tmp_path, platforms)
        n = len(corpus.posts())
        import_files([path], study, corpus)
        platforms.requests.clear()
        done = comply(study, corpus, [source], most=1.0, options=play.options(tmp_path))
        assert (done.results[0].n_gone, done.results[0].n_unknown, len(corpus.posts())) == (0, 1, n + 1)
        assert not done.errors and not any("row-" in url for _, url, _ in platforms.requests)
