"""Hacker News by Algolia: search by date with its limit of 1,000 hits a query."""

from __future__ import annotations

import datetime as dt
import re
from html import escape
from typing import Any

from tests.platforms.world import Post

TOO_MANY = {"message": "Too Many Requests", "status": 429}


def rate(reset: dt.datetime, left: int, now: dt.datetime) -> dict[str, str]:
    """Return no headers: none are documented."""
    return {}


def answer(request: Any) -> Any:
    """Answer a request."""
    from tests.platforms.server import Reply

    world, query = request.world, request.query
    if request.path.startswith("/v0/item/"):
        number = int(request.path.rsplit("/", 1)[-1].removesuffix(".json")) - 40_000_000
        here = any(p.n == number for p in world.posts["hackernews"])
        item = {"id": number, "type": "comment", "time": 0, "by": "x", "text": "y"}
        return Reply(200, item if here else {"id": number, "deleted": True, "time": 0, "type": "comment"})
    low, high = 0, 2**40
    for name, op, value in re.findall(r"(created_at_i)(>=|<=|<|>)(\d+)", query.get("numericFilters", "")):
        assert name
        number = int(value)
        low = max(low, number + (op == ">")) if op[0] == ">" else low
        high = min(high, number + (op == "<=")) if op[0] == "<" else high
    words = query.get("query", "").strip('"')
    found = world.find("hackernews", words, low_ms=low * 1000, high_ms=high * 1000)[::-1]
    if stories := {int(n) - 40_000_000 for n in re.findall(r"story_(\d+)", query.get("tags", ""))}:
        found = [p for p in found if p.parent in stories]
    size, page = min(int(query.get("hitsPerPage", 20)), 1000), int(query.get("page", 0))
    if (page + 1) * size > world.cap and page > 0:
        note = "you can only fetch the 1000 hits for this query."
        return Reply(200, {"hits": [], "nbHits": 0, "page": page, "nbPages": 0, "hitsPerPage": size, "message": note})
    part = found[page * size : (page + 1) * size]
    return Reply(200, {
        "hits": [hit(p) for p in part], "nbHits": len(found), "page": page, "hitsPerPage": size,
        "nbPages": min(-(-len(found) // size), world.cap // size), "exhaustiveNbHits": True, "query": words,
        "params": "",
        "processingTimeMS": 1,
    })  # fmt: skip


def hit(post: Post) -> dict[str, Any]:
    """Return a hit: a comment if the post answers another, or a story."""
    comment = post.parent is not None
    text = f"{escape(post.text)}<p>second paragraph"
    return {
        "objectID": str(40_000_000 + post.n), "created_at": post.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "created_at_i": post.ms // 1000, "author": post.handle,
        "title": None if comment else post.text, "url": None,
        "story_text": None, "comment_text": text if comment else None, "points": None if comment else 5,
        "num_comments": None if comment else post.n % 3, "story_id": 40_000_000 + (post.parent or post.n),
        "parent_id": 40_000_000 + post.parent if post.parent is not None else None,
        "_tags": ["comment" if comment else "story", f"author_{post.handle}"], "children": [],
        "updated_at": "2026-03-02T00:00:00Z", "_highlightResult": {},
    }  # fmt: skip
