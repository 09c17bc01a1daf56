"""All parsers against what platforms may send one day: every field missing, retyped, huge, or in an odd script.

Beside `test_reader.py`, which mutates at random: here every field of every sample is tried with every odd value, whole
pages are of every shape, and the rows are written to a corpus, so that what a table cannot hold is found.
"""

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

from analyzer.collect import COLLECTORS, collector
from analyzer.collect.plainjson import dumps, loads
from analyzer.collect.rawlog import Page
from analyzer.collect.rawpages import redact
from analyzer.collect.reader import Reader
from analyzer.store import Corpus
from tests.collect.test_reader import AT, PAGES, STUDY, Keeper, frames, places
from tests.platforms import status

SAMPLES: dict[str, list[tuple[str, Any]]] = {source: [page] for source, page in PAGES.items()}
SAMPLES["statuspage"] += [("native", status.native()), ("probe", status.summary()), ("feed", status.atom())]
SAMPLES["bluesky"] += [("official", {"feed": [{"post": PAGES["bluesky"][1]["posts"][0]}, {"reason": {}, "post": {}}]})]
SAMPLES["mastodon"] += [("search", {"statuses": PAGES["mastodon"][1], "accounts": []})]
SAMPLES["reddit"] += [
    ("comments", [PAGES["reddit"][1], PAGES["reddit"][1]]),
    ("more", {"json": {"errors": [], "data": {"things": PAGES["reddit"][1]["data"]["children"]}}}),
]

#: As JSON may bring them.
ODD: list[Any] = [
    None, True, False, 0, -1, 7, 1.5, -0.0, 1e308, 10**30, -(10**18), 2**63, "", " ", "\x00", "a\x00b", "\ud83d",
    "\ud83d\ude00", "\u202e", "\ufeff", "NaN", "null", "1", "1e5", "-1", "9" * 400, "x" * 1_000_000, "@" * 5000,
    "<" * 5000, "<a href='" * 2000, "&#0;", "&#x110000;", "&amp;" * 3, "2026-03-01", "2026-03-01T10:00:00",
    "2026-03-01T10:00:00+25:00", "2026-03-01T10:00:00+00:00:01", "2026-02-30T10:00:00Z", "2026-03-01T24:00:00Z",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "Sun, 01 Mar 2026 10:00:00 PST", "at://", "at://did:plc:",
    "https://", "http://[", "http://[::1", "//", "t1_", [], [None], [[]], [0], {}, {"": None}, {"a": {"b": {"c": []}}},
]  # fmt: skip


def outcome(source: str, pages: list[tuple[str, Any]]) -> Any:
    """Read pages; what comes out fits the tables, and every item is accounted for."""
    for kind, page in pages:
        assert isinstance(collector(source).shape(kind, page), str)
    made = Reader(collector(source), STUDY, Keeper(), entry={"name": "pages.jsonl", "sha256": "0" * 64})
    batches = list(made.batches([Page("k", kind, "", AT, page, 2 + n) for n, (kind, page) in enumerate(pages)]))
    posts = [r for b in batches if b.posts is not None for r in b.posts.to_pylist()]
    updates = [u for b in batches for u in b.updates]
    rejects = [r for b in batches for r in b.rejects]
    c = made.counts
    assert (len(posts), len(updates), len(rejects)) == (c.n_posts, c.n_updates, c.n_rejects)
    assert c.n_posts + c.n_updates + c.n_duplicates + c.n_not_posts + c.n_rejects >= c.n_items
    for reject in rejects:
        assert reject["reason"] not in ("unreadable", "unreadable page"), reject["detail"]
        assert len(reject["raw"]) <= 2000 and len(reject["detail"]) <= 500
        (reject["raw"] + reject["detail"]).encode()
    for row in posts:
        assert row["text"].strip() and row["post_id"] and len(row["post_id"]) <= 500
        assert row["created_at"].tzinfo is not None
        assert all(row[n] is None or isinstance(row[n], int) for n in ("n_likes", "n_reposts", "n_replies"))
    for row in updates:
        assert row["incident_id"] and row["update_id"] and row["status"] and row["posted_at"].tzinfo is not None
    frames(posts, updates)
    return posts, updates, rejects


def replaced(page: Any, place: tuple[Any, ...], value: Any) -> Any:
    page = copy.deepcopy(page)
    owner = page
    for step in place[:-1]:
        owner = owner[step]
    owner[place[-1]] = value
    return page


def dropped(page: Any, place: tuple[Any, ...]) -> Any:
    page = copy.deepcopy(page)
    owner = page
    for step in place[:-1]:
        owner = owner[step]
    del owner[place[-1]]
    return page


def sent(page: Any) -> Any:
    """Return a page as it comes over the wire and out of the raw log."""
    return loads(dumps(loads(json.dumps(page))))


CASES = [(source, number) for source, pages in SAMPLES.items() for number in range(len(pages))]


@pytest.mark.parametrize(("source", "number"), CASES)
def test_every_field_missing(source: str, number: int) -> None:
    kind, page = SAMPLES[source][number]
    for place in places(page):
        outcome(source, [(kind, sent(dropped(page, place)))])


@pytest.mark.parametrize(("source", "number"), CASES)
def test_pages_of_every_shape(source: str, number: int) -> None:
    kind, _ = SAMPLES[source][number]
    for odd in ODD:
        outcome(source, [(kind, sent(odd)), (kind, sent([odd])), (kind, sent({"data": odd}))])


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_odd_values_anywhere(data: st.DataObject) -> None:
    check_odd(data)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@given(data=st.data())
@settings(max_examples=4000, deadline=None, suppress_health_check=list(HealthCheck))
def test_odd_values_anywhere_many(data: st.DataObject) -> None:
    check_odd(data)


def check_odd(data: st.DataObject) -> None:
    """A few odd values at a few places of a page; then the page is forgotten in part, which must not raise either."""
    source, number = data.draw(st.sampled_from(CASES))
    kind, page = SAMPLES[source][number]
    for _ in range(data.draw(st.integers(1, 3))):
        found = list(places(page))
        if found:
            page = replaced(page, data.draw(st.sampled_from(found)), data.draw(st.sampled_from(ODD)))
    page = sent(page)
    posts, updates, _ = outcome(source, [(kind, page)])
    lines: list[bytes] = []
    ids = {r["post_id"] for r in posts} | {r["update_id"] for r in updates}
    entry = {"key": "k", "kind": kind, "url": "", "at": AT.isoformat(), "page": page}
    redact([dumps(entry) + b"\n"], source, ids, lines.append)
    if source != "statuspage":
        left, _, _ = outcome(source, [(kind, loads(line)["page"]) for line in lines])
        assert not ids & {r["post_id"] for r in left}


@pytest.mark.slow
@pytest.mark.parametrize(("source", "number"), CASES)
def test_every_odd_value_in_every_field(source: str, number: int) -> None:
    kind, page = SAMPLES[source][number]
    for place in places(page):
        for odd in ODD:
            outcome(source, [(kind, sent(replaced(page, place, odd)))])


@pytest.mark.parametrize("source", [s for s in COLLECTORS if s != "statuspage"])
def test_odd_texts_are_kept_in_the_tables(source: str, tmp_path: Path) -> None:
    """Half a surrogate, a NUL, a million letters: stored and read back, or rejected with a reason; never lost."""
    kind, page = SAMPLES[source][0]
    name, where = {
        "x": ("text", lambda p: p["data"]),
        "reddit": ("title", lambda p: [c["data"] for c in p["data"]["children"][:1]]),
        "bluesky": ("text", lambda p: [v["record"] for v in p["posts"]]),
        "mastodon": ("content", lambda p: p),
        "hackernews": ("comment_text", lambda p: p["hits"]),
    }[source]
    texts = ["half \ud83d of a pair", "nul \x00 inside", "long " * 15_000, "\u202eturned round", "\U0001f600"]
    corpus, pages = Corpus(tmp_path / "corpus"), []
    for n, text in enumerate(texts):
        made = json.loads(json.dumps(page))
        for number, item in enumerate(where(made)):
            item[name] = text
            for field in ("id", "objectID", "uri"):
                if field in item:
                    item[field] = f"{item[field]}{n}{number}"
        for number, view in enumerate(made.get("posts", []) if isinstance(made, dict) else []):
            view["uri"] = f"{view['uri']}{n}{number}"
        pages.append(Page("k", kind, "", AT, sent(made), n + 2))
    with corpus.run("collect") as run:
        made_reader = Reader(collector(source), STUDY, corpus, entry={"name": "p", "sha256": "0"})
        for batch in made_reader.batches(pages):
            if batch.posts is not None:
                run.add_posts(batch.posts)
    assert made_reader.counts.n_rejects == 0
    held = " ".join(corpus.posts()["text"])
    assert all(words in held for words in ("half", "inside", "long long long", "turned round", "\U0001f600"))


@pytest.mark.parametrize("source", [s for s in COLLECTORS if s != "statuspage"])
def test_endless_texts_and_ids_of_no_letters_are_rejected(source: str) -> None:
    kind, page = SAMPLES[source][0]
    found = json.loads(json.dumps(page))
    for place in list(places(found)):
        if place[-1] in ("text", "title", "selftext", "body", "content", "comment_text"):
            found = replaced(found, place, "long " * 40_000)
    posts, _, rejects = outcome(source, [(kind, sent(found))])
    assert not posts and {r["reason"] for r in rejects} == {"text too long"}
    found = json.loads(json.dumps(page))
    for place in list(places(found)):
        if place[-1] in ("id", "name", "objectID", "uri"):
            found = replaced(found, place, "a\nb\x00c")
    posts, _, rejects = outcome(source, [(kind, sent(found))])
    assert not posts and {r["reason"] for r in rejects} == {"no id"}


def _zones() -> Iterator[tuple[str, dt.datetime | None]]:
    at = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
    yield "2026-03-01T10:00:00Z", at
    yield "2026-03-01T10:00:00.000Z", at
    yield "2026-03-01T10:00:00.123456789Z", at.replace(microsecond=123456)
    yield "2026-03-01 10:00:00+00:00", at
    yield "2026-03-01T15:45:00+05:45", at
    yield "2026-03-01T00:00:00-10:00", at
    yield "20260301T100000Z", at
    yield "2026-03-01T10:00:00", None  # no zone: nobody knows when that was
    yield "2026-03-01", None
    yield "tea time", None


@pytest.mark.parametrize(("told", "meant"), list(_zones()))
def test_times_with_odd_zones(told: str, meant: dt.datetime | None) -> None:
    from analyzer.collect.fields import moment_or_none

    assert moment_or_none(told) == meant
