"""X through the real tweepy: cost and cap, windows and endpoints, refusals, and what a query holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from analyzer.collect import collect, x_query
from analyzer.errors import CollectError
from analyzer.study import Study
from tests.platforms import play, world
from tests.platforms.faults import Script
from tests.platforms.server import Platforms


def searches(platforms: Platforms) -> list[dict[str, str]]:
    found = []
    for _, url, _ in platforms.requests:
        parts = urlsplit(url)
        if "/search/" in parts.path:
            found.append({"path": parts.path, **{k: v[0] for k, v in parse_qs(parts.query).items()}})
    return found


def test_all_posts_of_the_window_and_the_official_ones_apart(tmp_path: Path) -> None:
    with Platforms(world.World(700)) as platforms:
        corpus = play.corpus(tmp_path)
        result = collect(play.study(platforms.base), corpus, ["x"], options=play.options(tmp_path))
        posts, updates = corpus.posts(), corpus.updates()
        expected = [p for p in platforms.world.find("x", world.TERM) if not p.official]
        assert len(posts) == len(expected)
        assert posts["created_at"].tolist() == [p.time for p in expected]
        assert set(updates["stage"]) == {"investigating", "resolved"}
        assert len(updates) == sum(p.official for p in platforms.world.posts["x"])
        assert result.results[0].notes["cost_usd"] == pytest.approx(0.005 * platforms.state["x_posts_read"] + 2 * 0.005)
        assert platforms.state["x_posts_read"] == len(posts) + len(updates)
        coverage = corpus.coverage()
        assert coverage["kind"].tolist() == ["covered"]
        assert (coverage["start"][0], coverage["end"][0]) == (world.SINCE, world.UNTIL)


def test_second_collection_asks_for_nothing(tmp_path: Path) -> None:
    with Platforms(world.World(300)) as platforms:
        corpus = play.corpus(tmp_path)
        collect(play.study(platforms.base), corpus, ["x"], options=play.options(tmp_path))
        before, n = play.snapshot(corpus), len(platforms.requests)
        result = collect(play.study(platforms.base), corpus, ["x"], options=play.options(tmp_path))
        assert len(platforms.requests) == n
        assert play.snapshot(corpus) == before
        assert result.results[0].counts.n_pages == 0


def test_a_wider_window_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    with Platforms(world.World(600)) as platforms:
        corpus = play.corpus(tmp_path)
        whole = play.study(platforms.base)
        collect(replace(whole, since=world.ONSET), corpus, ["x"], options=play.options(tmp_path))
        platforms.requests.clear()
        platforms.state.clear()
        collect(whole, corpus, ["x"], options=play.options(tmp_path))
        assert {s["end_time"] for s in searches(platforms)} == {"2026-03-01T10:00:00Z"}
        both = play.corpus(tmp_path, "both")
        collect(whole, both, ["x"], options=play.options(tmp_path))
        assert play.snapshot(corpus)["posts"] == play.snapshot(both)["posts"]


@pytest.mark.parametrize("cap", [0.0, 0.30, 1.0])
def test_the_cap_is_never_exceeded_and_what_it_cost_is_said(cap: float, tmp_path: Path) -> None:
    lines: list[str] = []
    with Platforms(world.World(700)) as platforms:
        corpus = play.corpus(tmp_path)
        study = play.study(platforms.base)
        result = collect(study, corpus, ["x"], max_cost=cap, options=play.options(tmp_path), progress=lines.append)
        read = platforms.state.get("x_posts_read", 0)
        counts = sum("/counts/" in url for _, url, _ in platforms.requests)
        assert read * 0.005 + counts * 0.005 <= cap + 1e-9
        assert cap == 0 or read > 0
        assert lines[0] == f"x: hard cap ${cap:,.2f}, which reads at most {int(cap / 0.005 + 1e-9):,} posts"
        assert any("not covered" in line for line in lines)
        assert "truncated" in corpus.coverage()["kind"].tolist()
        assert result.results[0].uncovered


def test_cap_spent_then_raised_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with Platforms(world.World(400)) as platforms:
        corpus = play.corpus(tmp_path)
        study = play.study(platforms.base)
        collect(study, corpus, ["x"], max_cost=1.0, options=play.options(tmp_path))
        first = platforms.state["x_posts_read"]
        collect(study, corpus, ["x"], max_cost=50, options=play.options(tmp_path))
        total = len(platforms.world.find("x", world.TERM))
        assert len(corpus.posts()) + len(corpus.updates()) == total
        # The second of the oldest post seen is asked for again, nothing else.
        assert platforms.state["x_posts_read"] <= total + 5
        assert 0 < first < total


def test_the_cap_is_for_all_rounds_of_following(tmp_path: Path) -> None:
    made = world.World(900, platforms=("x",))
    whole = list(made.posts["x"])
    with Platforms(made) as platforms:
        clock = play.QuickClock(world.SINCE + dt.timedelta(minutes=60))
        options = play.options(tmp_path, clock=clock, interval_s=1800, n_rounds=10)
        real = clock.sleep

        def sleep(seconds: float) -> None:
            real(seconds)
            made.now = clock.now()
            made._folded.clear()
            made.posts["x"] = [p for p in whole if p.time <= made.now]

        clock.sleep = sleep  # type: ignore[method-assign]
        sleep(0)
        corpus = play.corpus(tmp_path)
        collect(play.study(platforms.base), corpus, ["x"], follow=True, max_cost=1.0, options=options)
        counts = sum("/counts/" in url for _, url, _ in platforms.requests)
        assert platforms.state["x_posts_read"] * 0.005 + counts * 0.005 <= 1.0 + 1e-9
        assert platforms.state["x_posts_read"] > 150
        assert counts <= 2, "only the first, long window is worth a count"
        assert "truncated" in corpus.coverage()["kind"].tolist()


def test_default_cap_away_from_loopback(tmp_path: Path) -> None:
    study = Study("Glimmerbot", since=world.SINCE, until=world.UNTIL, sources={"x": {"max_cost": "much"}})
    with pytest.raises(CollectError, match="makes no sense"):
        collect(study, play.corpus(tmp_path), ["x"], options=play.options(tmp_path))
    assert x_query.Budget(x_query.DEFAULT_MAX_COST).posts_left() == 1000


def test_usage_cap_ends_it_and_keeps_what_was_paid_for(tmp_path: Path) -> None:
    with Platforms(world.World(900)) as platforms:
        platforms.state["x_cap_after"] = 4
        corpus = play.corpus(tmp_path)
        options = play.options(tmp_path)
        with pytest.raises(CollectError, match="usage cap"):
            collect(play.study(platforms.base), corpus, ["x"], options=options)
        assert len(corpus.posts()) == 300
        coverage = corpus.coverage()
        assert coverage["kind"].tolist() == ["rate_limited", "covered"]
        assert coverage["end"][0] == coverage["start"][1]
        assert (corpus.posts()["created_at"] >= coverage["start"][1] - dt.timedelta(seconds=1)).all()
        assert not options.clock.slept  # type: ignore[attr-defined]
        platforms.state["x_cap_after"] = None
        collect(play.study(platforms.base), corpus, ["x"], options=play.options(tmp_path))
        assert len(corpus.posts()) + len(corpus.updates()) == len(platforms.world.find("x", world.TERM))


def test_expansions_are_opt_in_and_billed(tmp_path: Path) -> None:
    with Platforms(world.World(120)) as platforms:
        corpus = play.corpus(tmp_path)
        study = play.study(platforms.base, x={"expansions": True})
        result = collect(study, corpus, ["x"], options=play.options(tmp_path))
        assert all(s.get("expansions") == "author_id" for s in searches(platforms))
        assert result.results[0].notes["cost_usd"] > 0.005 * 1.5 * platforms.state["x_posts_read"]
    with Platforms(world.World(120)) as platforms:
        collect(play.study(platforms.base), play.corpus(tmp_path, "b"), ["x"], options=play.options(tmp_path))
        assert not any("expansions" in s for s in searches(platforms))


def test_old_windows_use_the_full_archive(tmp_path: Path) -> None:
    with Platforms(world.World(900)) as platforms:
        platforms.world.now = world.NOW + dt.timedelta(days=30)
        clock = play.QuickClock(platforms.world.now)
        corpus = play.corpus(tmp_path)
        collect(play.study(platforms.base), corpus, ["x"], options=play.options(tmp_path, clock=clock))
        asked = searches(platforms)
        assert {s["path"] for s in asked} == {"/2/tweets/search/all"} and asked[0]["max_results"] == "500"
        assert len(corpus.posts()) == len([p for p in platforms.world.find("x", world.TERM) if not p.official])


def test_recent_search_beyond_its_reach_is_a_gap(tmp_path: Path) -> None:
    with Platforms(world.World(200)) as platforms:
        platforms.world.now = world.NOW + dt.timedelta(days=6, hours=22)
        clock = play.QuickClock(platforms.world.now)
        corpus = play.corpus(tmp_path)
        study = play.study(platforms.base, x={"endpoint": "recent"})
        collect(study, corpus, ["x"], options=play.options(tmp_path, clock=clock))
        coverage = corpus.coverage()
        assert coverage["kind"].tolist() == ["gap", "covered"]
        assert coverage["note"][0] == "recent search reaches back 7 days only"
        assert (corpus.posts()["created_at"] >= coverage["start"][1]).all()


@pytest.mark.parametrize("service", ["X", "Twitter", "x.com"])
def test_x_is_not_measured_with_its_own_data(service: str, tmp_path: Path) -> None:
    with Platforms(world.World(30)) as platforms:
        study = replace(play.study(platforms.base), service=service)
        with pytest.raises(CollectError, match="X performance benchmarking"):
            collect(study, play.corpus(tmp_path), ["x"], options=play.options(tmp_path))
        assert platforms.requests == []
        sources = {
            **study.sources,
            "x": {**study.sources["x"], "permitted_ground": "Article 40 DSA, granted in writing"},
        }
        collect(replace(study, sources=sources), play.corpus(tmp_path), ["x"], options=play.options(tmp_path))
        assert platforms.requests


def test_five_hundred_with_a_json_list_does_not_reach_tweepy(tmp_path: Path) -> None:
    with Platforms(world.World(30), script=Script(queue=["500-list", "500-list"])) as platforms:
        corpus = play.corpus(tmp_path)
        collect(play.study(platforms.base), corpus, ["x"], options=play.options(tmp_path))
        assert len(corpus.posts()) > 0


def test_environment_proxies_and_netrc_are_not_used_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with Platforms(world.World(30)) as platforms:
        for source in ("x", "mastodon", "reddit", "bluesky", "hackernews", "statuspage"):
            corpus = play.corpus(tmp_path / source)
            result = collect(play.study(platforms.base), corpus, [source], options=play.options(tmp_path))
            assert not result.errors and len(corpus.posts()) + len(corpus.updates()) > 0


# ---- the query ------------------------------------------------------------------------------------------------


def study(**more: Any) -> Study:
    return Study("ChatGPT", **more)


def test_query_holds_terms_phrases_languages_and_exclusions() -> None:
    made = study(
        terms=("chatgpt", "chat gpt", "#chatgptdown"), languages=("en", "de"), exclude=("crypto", "free money")
    )
    (query,) = x_query.queries(made, made.terms, length=512, accounts=("OpenAI",))
    assert query == (
        '(chatgpt OR "chat gpt" OR #chatgptdown) (lang:en OR lang:de) -is:retweet -crypto -"free money" -from:OpenAI'
    )


def test_operators_in_terms_are_words() -> None:
    assert x_query.queries(study(), ("is:retweet", "or", 'say "hi"'), length=512) == [
        '("is:retweet" OR "or" OR "say hi") -is:retweet'
    ]


@pytest.mark.parametrize("length", [512, 1024])
def test_long_lists_are_split_within_the_length_and_lose_nothing(length: int) -> None:
    terms = [f"word{n:03d} other" for n in range(120)]
    found = x_query.queries(study(languages=("en",)), terms, length=length)
    assert all(len(q) <= length for q in found)
    assert [t for t in terms if sum(f'"{t}"' in q for q in found) != 1] == []
    assert len(found) == -(-sum(len(t) + 6 for t in terms) // (length - 26))


def test_a_term_that_cannot_fit_is_an_error() -> None:
    with pytest.raises(CollectError, match="a query may have 512"):
        x_query.queries(study(exclude=tuple(f"no{n:04d}" for n in range(100))), ("chatgpt",), length=512)


def test_account_names_are_checked() -> None:
    assert x_query.official_query(["OpenAI", "ChatGPTapp"]) == "(from:OpenAI OR from:ChatGPTapp) -is:retweet"
    with pytest.raises(CollectError, match="no X account name"):
        x_query.official_query(["a OR from:b"])


def test_budget_pages() -> None:
    budget = x_query.Budget(1.0)
    assert (budget.posts_left(), budget.page(100), budget.page(500)) == (200, 100, 200)
    budget.add(n_posts=195)
    assert budget.page(100) == 0, "five posts are less than the smallest page"
    assert x_query.Budget(None).page(500) == 500
