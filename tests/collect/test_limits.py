"""Four meanings of "reset", and what servers say that cannot be used."""

from __future__ import annotations

import datetime as dt

import pytest

from analyzer.collect import limits

NOW = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
UNIX = NOW.timestamp()


@pytest.mark.parametrize(
    ("limit", "headers", "wait"),
    [
        (limits.X, {"x-rate-limit-reset": str(int(UNIX) + 90)}, 90),
        (limits.BLUESKY, {"ratelimit-reset": str(int(UNIX) + 7)}, 7),
        (limits.REDDIT, {"x-ratelimit-reset": "120"}, 120),
        (limits.MASTODON, {"x-ratelimit-reset": "2026-03-01T10:05:00.000000Z"}, 300),
        (limits.REDDIT, {"retry-after": "7", "x-ratelimit-reset": "120"}, 7),
        (limits.NONE, {"retry-after": "Sun, 01 Mar 2026 10:00:30 GMT"}, 30),
        (limits.X, {"x-rate-limit-reset": str(int(UNIX) - 60)}, -60),
        (limits.X, {}, None),
        (limits.X, {"x-rate-limit-reset": "soon"}, None),
        (limits.MASTODON, {"x-ratelimit-reset": str(int(UNIX) + 300)}, 300),
        (limits.MASTODON, {"x-ratelimit-reset": "at noon"}, None),
        (limits.NONE, {"retry-after": "tomorrow"}, None),
        (limits.X, {"x-rate-limit-reset": "inf"}, None),
    ],
)
def test_directed_wait(limit: limits.Limit, headers: dict[str, str], wait: float | None) -> None:
    assert limits.wait_s(headers, limit, NOW) == wait


def test_a_wrong_local_clock_does_no_harm() -> None:
    headers = {"date": "Sun, 01 Mar 2026 10:00:00 GMT", "x-rate-limit-reset": str(int(UNIX) + 60)}
    assert limits.wait_s(headers, limits.X, NOW + dt.timedelta(hours=5)) == 60


@pytest.mark.parametrize(
    ("value", "is_spent"), [("0", True), ("0.0", True), ("0.5", True), ("1", False), ("12.0", False), ("many", False)]
)
def test_spent(value: str, is_spent: bool) -> None:
    assert limits.spent({"x-ratelimit-remaining": value}, limits.REDDIT) is is_spent


@pytest.mark.parametrize(
    ("status", "body", "final"),
    [
        (402, b"", True),
        (429, b'{"title": "UsageCapExceeded"}', True),
        (429, b'{"type": "https://api.twitter.com/2/problems/usage-capped"}', True),
        (429, b'{"title": "Too Many Requests", "type": "about:blank"}', False),
        (429, b"[1]", False),
        (429, b"<html>", False),
        (503, b'{"title": "UsageCapExceeded"}', False),
    ],
)
def test_usage_cap_is_final(status: int, body: bytes, final: bool) -> None:
    assert limits.usage_capped(status, body) is final
