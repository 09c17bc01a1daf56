"""Bluesky: sessions, post search with a scroll that ends early, an account's feed."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from typing import Any

from tests.platforms.world import MARK, OFFICIAL, TERM, Post, iso, parse

HANDLE, PASSWORD = "tester.example.org", "loopback-app-password"
TOO_MANY = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}


def rate(reset: dt.datetime, left: int, now: dt.datetime) -> dict[str, str]:
    """Return the headers: unix seconds."""
    return {
        "ratelimit-limit": "3000",
        "ratelimit-remaining": str(left),
        "ratelimit-reset": str(int(reset.timestamp())),
        "ratelimit-policy": "3000;w=300",
    }


def expired() -> Any:
    """Return the answer to a token that ran out."""
    from tests.platforms.server import Reply

    return Reply(400, {"error": "ExpiredToken", "message": "Token has expired"})


def _jwt(kind: str, n: int) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'scope': kind, 'n': n, 'exp': 4102444800})}.c2lnbmF0dXJl"


def answer(request: Any) -> Any:
    """Answer a request."""
    from tests.platforms.server import Reply

    world, query, state, now = request.world, request.query, request.state, request.world.now
    method = request.path.removeprefix("/xrpc/")
    if method in ("com.atproto.server.createSession", "com.atproto.server.refreshSession"):
        n = state.get("bluesky_token", 0)
        if method.endswith("createSession"):
            state["bluesky_sessions"] = state.get("bluesky_sessions", 0) + 1
            if json.loads(request.body) != {"identifier": HANDLE, "password": PASSWORD}:
                return Reply(401, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"})
        elif request.headers.get("authorization") != f"Bearer {_jwt('refresh', n)}":
            return Reply(400, {"error": "ExpiredToken", "message": "Token has been revoked"})
        state["bluesky_token"] = n + 1
        return Reply(200, {
            "did": did_of("tester"), "handle": HANDLE, "accessJwt": _jwt("access", n + 1), "active": True,
            "refreshJwt": _jwt("refresh", n + 1),
            "didDoc": {"service": [{"id": "#atproto_pds", "serviceEndpoint": request.base}]},
        })  # fmt: skip
    if request.headers.get("authorization") != f"Bearer {_jwt('access', state.get('bluesky_token', 0))}":
        return expired() if "authorization" in request.headers else Reply(403, "<html>403</html>", {}, "text/html")
    headers = rate(now + dt.timedelta(seconds=300), 2900, now)
    limit = int(query.get("limit", 25))
    if not 1 <= limit <= 100:
        return Reply(400, {"error": "InvalidRequest", "message": "limit must be 1 to 100"})
    at = int(query["cursor"]) if query.get("cursor") else 0
    if method == "app.bsky.feed.getAuthorFeed":
        mine = [p for p in reversed(world.posts["bluesky"]) if handle_of(p) == query["actor"]]
        page: dict[str, Any] = {"feed": [{"post": view(p)} for p in mine[at : at + limit]]}
        if at + limit < len(mine):
            page["cursor"] = str(at + limit)
        return Reply(200, page, headers)
    if method == "app.bsky.feed.getPosts":
        wanted = set(request.many["uris"])
        here = [v for v in map(view, world.posts["bluesky"]) if v["uri"] in wanted]
        return Reply(200, {"posts": here}, headers) if len(wanted) <= 25 else Reply(400, {"error": "InvalidRequest"})
    if method != "app.bsky.feed.searchPosts":
        return Reply(501, {"error": "MethodNotImplemented", "message": "Method Not Implemented"})
    low = parse(query["since"]) if "since" in query else 0
    high = parse(query["until"]) if "until" in query else 1e15
    found = world.find("bluesky", query.get("q", "").strip('"'), low_ms=low, high_ms=high)[::-1]
    held = found[: world.cap]
    page = {"posts": [view(p) for p in held[at : at + limit]], "hitsTotal": len(found)}
    if at + limit < len(held):
        page["cursor"] = str(at + limit)
    return Reply(200, page, headers)


def did_of(name: str) -> str:
    """Return a DID; like real ones it does not show whose it is."""
    return f"did:plc:{hashlib.sha256(name.encode()).hexdigest()[:24]}"


def handle_of(post: Post) -> str:
    """Return the handle."""
    return f"{post.handle.lower()}.example.org"


def view(post: Post) -> dict[str, Any]:
    """Return a post view."""
    author = f"{MARK}{post.author:05d}" if not post.official else OFFICIAL.lower()
    uri = f"at://{did_of(author)}/app.bsky.feed.post/3l{post.n:011d}"
    record: dict[str, Any] = {
        "$type": "app.bsky.feed.post", "createdAt": iso(post.time), "langs": [post.language], "text": post.text,
    }  # fmt: skip
    if post.parent is not None:
        root = {"uri": f"at://{did_of(author)}/app.bsky.feed.post/3l{post.parent:011d}", "cid": f"bafy{post.parent}"}
        record["reply"] = {"root": root, "parent": root}
    if "https://" in post.text:
        link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://status.example.org/incident"}
        record["facets"] = [{"index": {"byteStart": 0, "byteEnd": 5}, "features": [link]}]
    return {
        "uri": uri, "cid": f"bafy{post.n}", "record": record, "replyCount": 0, "repostCount": 0,
        "author": {"did": did_of(author), "handle": handle_of(post), "displayName": "Someone", "labels": []},
        "likeCount": post.n % 5, "quoteCount": 0, "indexedAt": iso(post.time + dt.timedelta(seconds=1)), "labels": [],
    }  # fmt: skip


__all__ = ["HANDLE", "PASSWORD", "TERM", "TOO_MANY", "answer", "expired", "rate", "view"]
