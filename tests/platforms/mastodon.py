"""Mastodon: hashtag timelines, an account's posts, search with a token."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import Any

from tests.platforms.world import OFFICIAL, TERM, Post, iso

TOKEN = "loopback-mastodon-token"
TOO_MANY = {"error": "Too many requests"}


def rate(reset: dt.datetime, left: int, now: dt.datetime) -> dict[str, str]:
    """Return the headers: an ISO 8601 time."""
    return {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": iso(reset)}


def answer(request: Any) -> Any:
    """Answer a request."""
    from tests.platforms.server import Reply

    world, query, now = request.world, request.query, request.world.now
    headers = rate(now + dt.timedelta(seconds=300), 299, now)
    given = request.headers.get("authorization")
    if given not in (None, f"Bearer {TOKEN}"):
        return Reply(401, {"error": "The access token is invalid"})
    path = request.path.rstrip("/")
    if path in ("/api/v1/instance", "/api/v2/instance"):
        return Reply(
            200,
            {
                "domain": "example.org",
                "uri": "example.org",
                "title": "Loopback",
                "version": "4.4.0",
                "api_versions": {"mastodon": 6},
            },
        )
    if path.startswith("/api/v1/statuses/"):
        one = next((p for p in world.posts["mastodon"] if str(snowflake(p)) == path.rsplit("/", 1)[-1]), None)
        return Reply(404, {"error": "Record not found"}) if one is None else Reply(200, toot(one), headers)
    if path == "/api/v1/accounts/lookup":
        if query.get("acct", "").casefold().split("@")[0] != OFFICIAL.casefold():
            return Reply(404, {"error": "Record not found"})
        return Reply(200, account(Post(0, now, 0, "", official=True)), headers)
    if path.startswith("/api/v1/timelines/tag/"):
        if request.state.get("mastodon_private") and not given:
            return Reply(401, {"error": "This method requires an authenticated user"})
        tag = path.rsplit("/", 1)[-1]
        found = world.find("mastodon", tag) if tag == TERM else []
    elif path == "/api/v1/accounts/1/statuses":
        found = [p for p in world.posts["mastodon"] if p.official]
    elif path == "/api/v2/search" and given:
        found = world.find("mastodon", query.get("q", ""))
    else:
        return Reply(404 if path != "/api/v2/search" else 401, {"error": "Record not found"})
    low = max(int(query.get("since_id") or 0), int(query.get("min_id") or 0))
    high = int(query.get("max_id") or 2**63)
    found = [p for p in found if low < snowflake(p) < high]
    limit = min(int(query.get("limit", 20)), 40)
    part = found[:limit][::-1] if query.get("min_id") else found[-limit:][::-1]
    if part:
        first, last = snowflake(part[0]), snowflake(part[-1])
        url = f"{request.base}{request.path}"
        headers["Link"] = f'<{url}?max_id={last}>; rel="next", <{url}?min_id={first}>; rel="prev"'
    statuses = [toot(p) for p in part]
    return Reply(200, {"accounts": [], "hashtags": [], "statuses": statuses} if "search" in path else statuses, headers)


def snowflake(post: Post) -> int:
    """Return the id, which holds the time."""
    return (post.ms << 16) | (post.n & 0xFFFF)


def account(post: Post) -> dict[str, Any]:
    """Return an account."""
    name = post.handle
    return {
        "id": "1" if post.official else str(1000 + post.author), "username": name, "acct": name, "display_name": name,
        "locked": False, "bot": False, "created_at": "2020-01-01T00:00:00.000Z", "note": "",
        "url": f"https://example.org/@{name}", "followers_count": 1, "following_count": 1, "statuses_count": 1,
        "emojis": [], "fields": [], "uri": f"https://example.org/users/{name}",
    }  # fmt: skip


def toot(post: Post) -> dict[str, Any]:
    """Return a status."""
    text = escape(post.text, quote=False)
    tag = f'<a href="https://example.org/tags/{TERM}" class="mention hashtag" rel="tag">#<span>{TERM}</span></a>'
    return {
        "id": str(snowflake(post)), "created_at": iso(post.time), "sensitive": False, "spoiler_text": "",
        "in_reply_to_id": str(post.parent) if post.parent is not None else None, "in_reply_to_account_id": None,
        "visibility": "public", "language": post.language, "edited_at": None, "replies_count": 0, "reblogs_count": 0,
        "uri": f"https://example.org/users/{post.handle}/statuses/{snowflake(post)}",
        "url": f"https://example.org/@{post.handle}/{snowflake(post)}", "favourites_count": post.n % 4,
        "content": f"<p>{text.replace('#' + TERM, tag)}</p>", "reblog": None, "account": account(post),
        "media_attachments": [], "mentions": [], "tags": [{"name": TERM, "url": f"https://example.org/tags/{TERM}"}],
        "emojis": [], "card": None, "poll": None,
    }  # fmt: skip
