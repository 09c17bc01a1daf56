"""Small pure parts: addresses, credentials, fields, plain text, plans, coverage, official posts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.collect import fields, official, plain, plan
from analyzer.collect.address import checked, is_loopback
from analyzer.collect.credentials import PLATFORMS, Credentials, sources
from analyzer.collect.desk import ceil, floor, iso
from analyzer.collect.plainjson import dumps, loads
from analyzer.errors import CollectError
from analyzer.study import Study

T = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)


def at(minute: float) -> dt.datetime:
    return T + dt.timedelta(minutes=minute)


# ---- addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:80", "http://localhost:8321/", "http://[::1]:9", "https://api.x.com"]
)
def test_addresses_that_may_be_used(url: str) -> None:
    assert checked(url, name="x") == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org", "plain http"),
        ("http://127.0.0.1.example.org", "plain http"),
        ("http://localhost.example.org", "plain http"),
        ("http://10.0.0.1", "plain http"),
        ("https://user:word@example.org", "user name or password"),
        ("https://example.org/?key=1", "query or fragment"),
        ("ftp://example.org", "no http"),
        ("example.org", "no http"),
        ("http://", "no http"),
        ("http://127.0.0.1:port", "no address"),
    ],
)
def test_addresses_that_may_not(url: str, why: str) -> None:
    with pytest.raises(CollectError, match=why) as info:
        checked(url, name="x")
    assert "[sources.x] base_url" in str(info.value)
    assert why != "user name or password" or "word@" not in str(info.value)


def test_loopback() -> None:
    assert is_loopback("http://127.8.9.10") and not is_loopback("http://[::2]") and not is_loopback("http://[")


# ---- credentials ----------------------------------------------------------------------------------------------


def test_ours_come_before_the_platforms_own(tmp_path: Path) -> None:
    environ = {"OUTAGE_X_BEARER_TOKEN": "ours-1", "BEARER_TOKEN": "theirs-1", "HOME": str(tmp_path)}
    assert Credentials(environ).values("x") == ["ours-1"]
    assert Credentials({"BEARER_TOKEN": "theirs-1", "HOME": str(tmp_path)}).values("x") == ["theirs-1"]


def test_missing_ones_are_named_with_the_address(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match=r"OUTAGE_X_BEARER_TOKEN.*https://console\.x\.com"):
        Credentials({"HOME": str(tmp_path)}).values("x")


def test_praw_ini_from_the_config_folder_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, config = tmp_path / "work", tmp_path / "config"
    work.mkdir()
    config.mkdir()
    (work / "praw.ini").write_text("[DEFAULT]\nclient_id=from-work\nclient_secret=from-work\n")
    monkeypatch.chdir(work)
    environ = {"XDG_CONFIG_HOME": str(config), "HOME": str(tmp_path)}
    assert Credentials(environ).missing("reddit") == ["OUTAGE_REDDIT_CLIENT_ID", "OUTAGE_REDDIT_CLIENT_SECRET"]
    (config / "praw.ini").write_text("[DEFAULT]\nclient_id=a%b\n[bot]\nclient_secret=from-site\n")
    assert Credentials(environ).missing("reddit") == ["OUTAGE_REDDIT_CLIENT_SECRET"]
    assert Credentials({**environ, "praw_site": "bot"}).values("reddit") == ["a%b", "from-site"]


def test_sources_show_no_value(tmp_path: Path) -> None:
    environ = {"OUTAGE_X_BEARER_TOKEN": "very-secret", "OUTAGE_BLUESKY_HANDLE": "me", "HOME": str(tmp_path)}
    found = {str(row["source"]): row for row in sources(Credentials(environ))}
    assert list(found) == list(PLATFORMS)
    ready = [name for name, row in found.items() if row["ready"]]
    assert ready == ["x", "mastodon", "hackernews", "statuspage"]
    assert found["bluesky"]["missing"] == ["OUTAGE_BLUESKY_APP_PASSWORD"]
    assert "very-secret" not in str(found) and "very-secret" not in repr(Credentials(environ))


# ---- fields ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01T10:00:00Z", T),
        ("2026-03-01T12:00:00+02:00", T),
        (T.timestamp(), T),
        (str(int(T.timestamp())), T),
        ("2026-03-01T10:00:00", None),
        ("yesterday", None),
        (True, None),
        (None, None),
        (-5, None),
        (1e300, None),
        ("0001-01-01T00:00:00Z", None),
        ([], None),
    ],
)
def test_moments(value: Any, expected: dt.datetime | None) -> None:
    assert fields.moment_or_none(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), (3.0, 3), ("3", 3), (None, None), (True, None), ("3.5", None), (3.5, None), (2**80, None), ([3], None)],
)
def test_counts_are_unknown_never_zero(value: Any, expected: int | None) -> None:
    assert fields.count({"n": value}, "n") == expected


def test_lone_surrogates_and_big_numbers() -> None:
    assert loads(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert loads(b'"a\\ud83d b"') == "a\ufffd b"
    assert loads(dumps({"n": 2**80})) == {"n": 2**80} or isinstance(loads(dumps({"n": 2**80}))["n"], float)
    for bad in (b"{", b"NaN", b'{"a": Infinity}', b"\x00", b"", b"[" * 100_000):
        with pytest.raises(ValueError):
            loads(bad)


# ---- text -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b &amp; c</p>", "a\nb & c"),
        ("a<br/>b", "a\nb"),
        ("1 &lt; 2 and 3 < 4", "1 < 2 and 3 < 4"),
        ('<a href="https://e.org/t/x" class="mention hashtag">#<span>x</span></a> down', "#x down"),
        (
            '<a href="https://e.org/l"><span class="invisible">https://</span><span>e.org/l</span></a>',
            "https://e.org/l",
        ),
        ("<script>x</script>", "x"),
        ("", ""),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    assert plain.text(html) == text


def test_links_beyond_the_platform() -> None:
    mention = '<a href="https://other.example/@me" class="u-url mention">@me</a>'
    assert not plain.leaves(plain.addresses(mention), ("home.example",))
    assert plain.leaves(plain.addresses(mention + "see https://else.example/a"), ("home.example",))
    assert not plain.leaves(["https://[broken", "https://sub.home.example/"], ("home.example",))


# ---- plans ----------------------------------------------------------------------------------------------------

_INTERVALS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6)


def minutes(intervals: list[plan.Interval]) -> set[int]:
    return {m for a, b in intervals for m in range(61) if a <= at(m) and at(m + 1) <= b}


@given(_INTERVALS, st.integers(0, 60), st.integers(0, 60))
def test_missing_is_the_window_less_what_is_covered(raw: list[tuple[int, int]], low: int, high: int) -> None:
    covered = [(at(a), at(b)) for a, b in raw]
    window = (at(low), at(high))
    left = plan.missing(window, covered)
    whole = minutes([window]) if low < high else set()
    assert minutes(left) == whole - minutes(plan.merged(covered))
    assert all(a < b for a, b in left)


@given(st.lists(_INTERVALS, min_size=1, max_size=3))
def test_common_is_what_every_query_saw(raw: list[list[tuple[int, int]]]) -> None:
    spans = [[(at(a), at(b)) for a, b in one] for one in raw]
    expected = set.intersection(*(minutes(plan.merged(s)) for s in spans))
    assert minutes(plan.common(spans)) == expected


def test_spans_survive_a_manifest() -> None:
    spans = {"a b": [(at(0), at(5)), (at(5), at(9))], "c": []}
    assert plan.from_rows(plan.to_rows(spans)) == {"a b": [(at(0), at(9))]}
    assert plan.from_rows([["q", "x", "y"], ["q"], 3]) == {}  # type: ignore[list-item]


def test_terms_that_another_implies_are_not_asked_for() -> None:
    assert plan.smallest(("ChatGPT", "chatgpt", "ChatGPT down", "down", "open ai")) == ["chatgpt", "down", "open ai"]


def test_seconds() -> None:
    odd = T + dt.timedelta(milliseconds=250)
    assert (floor(odd), ceil(odd), ceil(T)) == (T, T + dt.timedelta(seconds=1), T)
    assert (iso(T), iso(odd)) == ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.250Z")


# ---- official posts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("We are investigating elevated errors.", "investigating"),
        ("We have identified the issue and are working on a fix.", "identified"),
        ("A fix has been implemented and we are monitoring.", "monitoring"),
        ("This is now resolved. Thanks for bearing with us.", "resolved"),
        ("We're back online.", "resolved"),
        ("Some errors may still occur.", None),
    ],
)
def test_stages_of_official_posts(text: str, stage: str | None) -> None:
    row = {"source": "x", "post_id": "1", "text": text, "kind": "original", "created_at": T, "thread_id": "9"}
    update = official.update_of_post(row, Study("ChatGPT", provider="OpenAI"))
    assert update is not None
    assert (update["stage"], update["incident_id"], update["provider"]) == (stage, "x:9", "OpenAI")


@pytest.mark.parametrize(("text", "kind"), [("Meet our new model!", "original"), ("investigating errors", "repost")])
def test_other_official_posts_are_left_out(text: str, kind: str) -> None:
    row = {"source": "x", "post_id": "1", "text": text, "kind": kind, "created_at": T}
    assert official.update_of_post(row, Study("ChatGPT")) is None


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"text": "@someone we are investigating", "parent_id": "7"}, False),
        ({"text": "Update: we are investigating", "parent_id": "7"}, True),
        ({"text": "investigating", "author": "did:plc:us", "parent_id": "at://did:plc:us/app.bsky.feed.post/1"}, True),
        (
            {"text": "investigating", "author": "did:plc:us", "parent_id": "at://did:plc:you/app.bsky.feed.post/1"},
            False,
        ),
    ],
)
def test_answers_to_customers_are_no_word_to_all(row: dict[str, Any], kept: bool) -> None:
    row = {"source": "x", "post_id": "1", "kind": "reply", "created_at": T, "thread_id": "9", **row}
    assert (official.update_of_post(row, Study("ChatGPT")) is not None) is kept


def test_accounts_are_matched_whatever_their_case() -> None:
    names = official.account_names(Study("C", accounts={"x": ("@OpenAI",), "mastodon": ("brand@example.org",)}))
    assert official.is_official({"source": "x", "handle": "openai"}, names)
    assert official.is_official({"source": "mastodon", "handle": "Brand@example.org"}, names)
    assert not official.is_official({"source": "mastodon", "handle": "brand@evil.example"}, names)
    assert not official.is_official({"source": "reddit", "handle": "openai"}, names)
    assert not official.is_official({"source": "x", "handle": None}, names)
