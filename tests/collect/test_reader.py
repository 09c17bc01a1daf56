"""Whatever a platform sends becomes a row, an official update or a counted rejection; wire samples are read."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import schema
from analyzer.collect import COLLECTORS, collector
from analyzer.collect.rawlog import Page
from analyzer.collect.reader import Batch, Reader
from analyzer.study import Study
from tests.platforms import bluesky, hackernews, mastodon, reddit, status, world, x

WIRE = Path(__file__).resolve().parents[1] / "data" / "wire"
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
STUDY = Study("ChatGPT", provider="Synthetic", accounts={"x": ("synth_a",)})


class Keeper:
    """A corpus as the door sees it."""

    has_tombstones = False

    def pseudonym(self, source: str, author: str) -> str:
        return f"author-{hash((source, author)) & 0xFFFF:x}"

    def forgotten(self, source: str, post_ids: list[str]) -> list[bool]:
        return [False] * len(post_ids)


def read(source: str, kind: str, page: Any) -> tuple[Reader, list[dict[str, Any]], list[dict[str, Any]], list[Any]]:
    made = Reader(collector(source), STUDY, Keeper(), entry={"name": "pages.jsonl", "sha256": "0" * 64})
    batches = list(made.batches([Page("k", kind, "", AT, page, 2)]))
    posts = [r for b in batches if b.posts is not None for r in b.posts.to_pylist()]
    return made, posts, [u for b in batches for u in b.updates], [r for b in batches for r in b.rejects]


@pytest.mark.parametrize(
    ("name", "source", "kind", "n_posts", "n_updates"),
    [
        ("x_search_recent_page.json", "x", "search", 1, 0),
        ("reddit_listing_search.json", "reddit", "listing", 2, 0),
        ("reddit_comments_with_more.json", "reddit", "comments", 2, 0),
        ("reddit_morechildren.json", "reddit", "more", 2, 0),
        ("bsky_search_posts.json", "bluesky", "search", 1, 0),
        ("mastodon_timeline_tag.json", "mastodon", "timeline", 1, 0),
        ("mastodon_search_v2.json", "mastodon", "search", 1, 0),
        ("hn_algolia_search_by_date.json", "hackernews", "search", 2, 0),
        ("statuspage_incidents.json", "statuspage", "incidents", 0, 2),
        ("incidentio_compat_incidents.json", "statuspage", "incidents", 0, 1),
        ("statuspage_history.atom", "statuspage", "feed", 0, 1),
        ("incidentio_feed.rss", "statuspage", "feed", 0, 1),
    ],
)
def test_wire_samples(name: str, source: str, kind: str, n_posts: int, n_updates: int) -> None:
    text = (WIRE / name).read_text()
    made, posts, updates, rejects = read(source, kind, text if kind == "feed" else json.loads(text))
    assert (len(posts), len(updates), rejects) == (n_posts, n_updates, [])
    assert made.counts.new_fields == {}
    for row in updates:
        assert row["posted_at"] == dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC) or row["stage"] == "investigating"
        assert row["stage"] in schema.STAGES and row["incident_name"].startswith("SYNTHETIC")


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("statuspage_summary.json", "incidents", ""),
        ("incidentio_compat_summary.json", "incidents", "a body without incidents"),
        ("incidentio_native_proxy_summary.json", "incidents", "a body without incidents"),
        ("hn_firebase_item.json", "", ""),
    ],
)
def test_samples_that_are_no_lists_of_incidents(name: str, kind: str, why: str) -> None:
    page = json.loads((WIRE / name).read_text())
    assert collector("statuspage").shape(kind, page) == why
    if why:
        assert read("statuspage", kind, page)[1:] == ([], [], [])


def test_error_samples_are_judged_as_they_should() -> None:
    from analyzer.collect import limits

    samples = json.loads((WIRE / "errors.json").read_text())
    final = {n for n, s in samples.items() if limits.usage_capped(s["status"], json.dumps(s["body"]).encode())}
    assert final == {"x_429_usage_cap (no reset header)"}
    reddit_headers = samples["reddit_429"]["headers"]
    assert limits.wait_s(reddit_headers, limits.REDDIT, AT) == 7 and limits.spent(reddit_headers, limits.REDDIT)
    headers = {k.lower(): v for k, v in samples["mastodon_429"]["headers"].items()}
    assert limits.wait_s(headers, limits.MASTODON, dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)) == 300


def test_people_in_official_words_are_masked() -> None:
    tweet = {**x.tweet(_POST), "author_id": "1", "author": {"username": "Synth_A", "id": "1"}}
    tweet["text"] = "Thanks to @quillmark00007 we have identified the issue"
    _, posts, updates, _ = read("x", "search", {"data": [tweet]})
    assert not posts and [u["body"] for u in updates] == ["Thanks to @user we have identified the issue"]


def test_a_page_in_detail() -> None:
    _, posts, _, _ = read("x", "search", json.loads((WIRE / "x_search_recent_page.json").read_text()))
    (row,) = posts
    assert row["post_id"] == "1900000000000000003" and row["n_likes"] == 2 and row["kind"] == "original"
    assert row["url"] == "https://x.com/i/status/1900000000000000003" and row["observed_at"] == AT
    assert row["author"].startswith("author-") and row["_line"] == 2
    assert "synth" not in str({k: v for k, v in row.items() if k != "text"})


# ---- mutated payloads -----------------------------------------------------------------------------------------

_POST = world.Post(3, AT, 5, f"@quillmark00001 {world.TERM} is down https://example.org", 1)
PAGES: dict[str, tuple[str, Any]] = {
    "x": ("search", {"data": [x.tweet(_POST)] * 2, "includes": {"users": [{"id": "5000005", "username": "u"}]}}),
    "reddit": ("listing", {"kind": "Listing", "data": {"after": None, "children": [
        {"kind": "t3", "data": reddit.submission(_POST, world.World(4))},
        {"kind": "t1", "data": {**reddit.comment(_POST, _POST), "replies": {"kind": "Listing", "data": {"children": [
            {"kind": "t1", "data": {**reddit.comment(_POST, _POST), "id": "zz"}}]}}}}]}}),
    "bluesky": ("search", {"posts": [bluesky.view(_POST)] * 2, "cursor": "1"}),
    "mastodon": ("timeline", [mastodon.toot(_POST)] * 2),
    "hackernews": ("search", {"hits": [hackernews.hit(_POST)] * 2, "nbHits": 2}),
    "statuspage": ("incidents", {"incidents": [status.incident(shim=False)]}),
}  # fmt: skip
_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["2026-03-01T10:00:00", "-1", "1e400", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "@a", "<p>", "\ud83d"]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*at, key)
        yield from places(below, (*at, key))


@st.composite
def mutated(draw: st.DrawFn, page: Any) -> Any:
    """Drop, retype or add fields at a few places."""
    page = json.loads(json.dumps(page))
    for _ in range(draw(st.integers(1, 4))):
        all_places = list(places(page))
        if not all_places:
            break
        *way, key = draw(st.sampled_from(all_places))
        owner = page
        for step in way:
            owner = owner[step]
        what = draw(st.sampled_from(["drop", "retype", "add"]))
        if what == "drop":
            del owner[key]
        elif what == "retype":
            owner[key] = draw(_ODD)
        elif isinstance(owner, dict):
            owner[draw(st.text(min_size=1, max_size=5))] = draw(_ODD)
        else:
            owner.append(draw(_ODD))
    return page


@pytest.mark.parametrize("source", list(COLLECTORS))
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_mutated_pages_never_raise(source: str, data: st.DataObject) -> None:
    check_mutated(source, data)


def check_mutated(source: str, data: st.DataObject) -> None:
    from analyzer.collect.plainjson import loads

    kind, page = PAGES[source]
    # As it would come over the wire: what is no JSON is refused before.
    page = loads(json.dumps(data.draw(mutated(page))))
    collector(source).shape(kind, page)
    made, posts, updates, rejects = read(source, kind, page)
    counts = made.counts
    assert len(rejects) == counts.n_rejects and len(posts) == counts.n_posts and len(updates) == counts.n_updates
    handled = counts.n_posts + counts.n_updates + counts.n_duplicates + counts.n_not_posts + counts.n_rejects
    assert handled >= counts.n_items
    for reject in rejects:
        assert reject["reason"] and reject["detail"] and reject["reason"] not in ("unreadable", "unreadable page"), (
            reject
        )
    frames(posts, updates)


@pytest.mark.slow
@pytest.mark.parametrize("source", list(COLLECTORS))
@given(data=st.data())
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_many_mutated_pages_never_raise(source: str, data: st.DataObject) -> None:
    check_mutated(source, data)


def frames(posts: list[dict[str, Any]], updates: list[dict[str, Any]]) -> None:
    """What comes out fits the tables."""
    import pandas as pd

    if posts:
        kept = [{k: v for k, v in {**p, "run_id": "r"}.items() if not k.startswith("_")} for p in posts]
        schema.check(pd.DataFrame(kept), schema.POSTS)
    if updates:
        schema.check(
            pd.DataFrame([{**{n: None for n in schema.UPDATES.names}, **u, "run_id": "r"} for u in updates]),
            schema.UPDATES,
        )


@pytest.mark.parametrize("source", list(COLLECTORS))
@pytest.mark.parametrize(
    "page",
    [
        None,
        [],
        {},
        "x",
        7,
        [[]],
        {"data": 3},
        {"data": [None, 5, "x"]},
        [None, {"id": 1}],
        {"posts": {}},
        {"hits": [[]]},
        {"incidents": [None]},
    ],
)
def test_pages_of_any_shape(source: str, page: Any) -> None:
    kind = PAGES[source][0]
    made, posts, updates, _ = read(source, kind, page)
    assert not posts and not updates
    assert made.counts.n_pages == 1


def test_new_fields_are_counted_not_fatal() -> None:
    page = copy.deepcopy(PAGES["x"][1])
    page["data"] = [{**page["data"][0], "vibes": 1}, page["data"][0]]
    page["data"][0]["vibes"] = {"level": 3}
    made, posts, _, rejects = read("x", "search", page)
    assert made.counts.new_fields == {"vibes": 1} and len(posts) == 1 and not rejects


def test_a_parser_that_slips_costs_one_item() -> None:
    class Mine:
        name = "mine"
        table = "plain"
        fields: frozenset[str] = frozenset()

        @staticmethod
        def items(kind: str, page: Any) -> Iterator[Any]:
            yield from page

        @staticmethod
        def parse(raw: Any) -> dict[str, Any] | None:
            return {
                "post_id": str(raw["id"]),
                "created_at": raw["at"],
                "text": raw["text"],
                "language": raw.get("language"),
            }

    page = [
        {"id": 1, "at": AT, "text": "fine"},
        {"at": AT, "text": "no id"},
        {"id": 3, "at": AT.replace(tzinfo=None), "text": "naive"},
        {"id": 4, "at": AT, "text": ""},
        {"id": 5, "at": AT, "text": "odd language", "language": 5},
        {"id": 6, "at": AT, "text": "fine too"},
    ]
    made = Reader(Mine(), STUDY, Keeper(), entry={"name": "f", "sha256": "0"})
    (batch,) = [b for b in made.batches([Page("k", "plain", "", AT, page, 2)]) if isinstance(b, Batch)]
    assert batch.posts is not None
    assert batch.posts["text"].to_pylist() == ["fine", "fine too"]
    assert [r["reason"] for r in batch.rejects] == ["unreadable", "no time", "no text", "unreadable"]
