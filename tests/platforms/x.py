"""X API v2: recent and full-archive search, and counts."""

from __future__ import annotations

import base64
import datetime as dt
import re
from typing import Any

from tests.platforms.world import MARK, OFFICIAL, Post, iso, parse

TOKEN = "loopback-x-bearer-token"
TOO_MANY = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
EPOCH = 1288834974657


def rate(reset: dt.datetime, left: int, now: dt.datetime) -> dict[str, str]:
    """Return the headers: unix seconds."""
    return {
        "x-rate-limit-limit": "450",
        "x-rate-limit-remaining": str(left),
        "x-rate-limit-reset": str(int(reset.timestamp())),
    }


def answer(request: Any) -> Any:
    """Answer a request."""
    from tests.platforms.server import Reply

    world, now = request.world, request.world.now
    if request.path.startswith("/2/compliance/files/"):
        return _files(request)
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return Reply(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})
    if request.path.startswith("/2/compliance/jobs"):
        return _job(request)
    if request.path == "/2/tweets":
        return _lookup(request)
    match = re.fullmatch(r"/2/tweets/(search|counts)/(recent|all)", request.path)
    if not match:
        return Reply(404, {"title": "Not Found", "detail": "no such route"})
    what, endpoint = match[1], match[2]
    if what == "search" and request.state.get("x_cap_after") is not None:
        request.state["x_cap_after"] -= 1
        if request.state["x_cap_after"] < 0:
            kind = "https://api.twitter.com/2/problems/usage-capped"
            return Reply(
                429, {"title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly product cap", "type": kind}
            )
    query = request.query
    problem = _problem(query, endpoint, what, now)
    if problem:
        kind = "https://api.twitter.com/2/problems/invalid-request"
        return Reply(
            400, {"errors": [{"message": problem}], "title": "Invalid Request", "detail": problem, "type": kind}
        )
    held = request.state.setdefault("x_found", {})
    key = (query["query"], query.get("start_time"), query.get("end_time"), id(world.posts["x"]))
    if key not in held:
        held[key] = _found(world, query)
    found = list(held[key])
    headers = rate(now + dt.timedelta(minutes=15), 449, now)
    if what == "counts":
        return Reply(200, {"data": [], "meta": {"total_tweet_count": len(found)}}, headers)
    found.reverse()
    size = int(query.get("max_results", 10))
    token = query.get("next_token") or query.get("pagination_token")
    at = int(base64.urlsafe_b64decode(token).decode().split(":")[1]) if token else 0
    part = found[at : at + size]
    meta: dict[str, Any] = {"result_count": len(part)}
    if at + size < len(found):
        meta["next_token"] = base64.urlsafe_b64encode(f"at:{at + size}".encode()).decode()
    page: dict[str, Any] = {"meta": meta}
    if part:
        page["data"] = [tweet(p) for p in part]
        meta |= {"newest_id": snowflake(part[0]), "oldest_id": snowflake(part[-1])}
        if "author_id" in query.get("expansions", ""):
            authors = {p.handle: p for p in part}.values()
            page["includes"] = {
                "users": [{"id": author_id(p), "username": p.handle, "name": p.handle} for p in authors]
            }
    request.state["x_posts_read"] = request.state.get("x_posts_read", 0) + len(part)
    return Reply(200, page, headers)


def _lookup(request: Any) -> Any:
    """Posts by id; those that are gone are told as errors, with status 200."""
    from tests.platforms.server import Reply

    ids = request.query["ids"].split(",")
    if len(ids) > 100:
        return Reply(400, {"title": "Invalid Request", "detail": "at most 100 ids"})
    there = {snowflake(p): p for p in request.world.posts["x"]}
    kind = "https://api.twitter.com/2/problems/resource-not-found"
    page: dict[str, Any] = {"data": [tweet(there[i]) for i in ids if i in there]}
    if gone := [i for i in ids if i not in there]:
        page["errors"] = [
            {"value": i, "title": "Not Found Error", "resource_type": "tweet", "type": kind} for i in gone
        ]
    if not page["data"]:
        del page["data"]
    request.state["x_posts_read"] = request.state.get("x_posts_read", 0) + len(page.get("data", []))
    return Reply(200, page, rate(request.world.now + dt.timedelta(minutes=15), 299, request.world.now))


def _job(request: Any) -> Any:
    """A compliance job: made, in progress once, then complete."""
    from tests.platforms.server import Reply

    job = {"id": "77", "type": "tweets", "status": "created"}
    if request.method == "POST":
        files = f"{request.base}/2/compliance/files"
        request.state["x_job_polls"] = 0
        return Reply(200, {"data": {**job, "upload_url": f"{files}/up", "download_url": f"{files}/down"}})
    request.state["x_job_polls"] += 1
    status = "complete" if request.state["x_job_polls"] > 1 else "in_progress"
    return Reply(200, {"data": {**job, "status": status}})


def _files(request: Any) -> Any:
    """What the signed addresses take and give."""
    from tests.platforms.server import Reply

    if request.method == "PUT":
        request.state["x_job_ids"] = request.body.decode().split()
        return Reply(200, b"", {}, "application/xml")
    there = {snowflake(p) for p in request.world.posts["x"]}
    lines = [
        f'{{"id": "{i}", "action": "delete", "created_at": "2026-03-01T09:00:00Z", "reason": "deleted"}}'
        for i in request.state["x_job_ids"]
        if i not in there
    ]
    return Reply(200, "\n".join(lines) + "\n", {}, "text/plain")


def _problem(query: dict[str, str], endpoint: str, what: str, now: dt.datetime) -> str:
    largest, longest = (100, 512) if endpoint == "recent" else (500, 1024)
    if not query.get("query") or len(query["query"]) > longest:
        return f"query must have 1 to {longest} characters"
    if what == "search" and not 10 <= int(query.get("max_results", 10)) <= largest:
        return f"max_results must be 10 to {largest}"
    if (
        "start_time" in query
        and endpoint == "recent"
        and parse(query["start_time"]) < (now - dt.timedelta(days=7)).timestamp() * 1000
    ):
        return "start_time must be within 7 days"
    if "end_time" in query and parse(query["end_time"]) > (now - dt.timedelta(seconds=10)).timestamp() * 1000:
        return "end_time must be 10 seconds before now"
    return ""


def _found(world: Any, query: dict[str, str]) -> list[Post]:
    low = parse(query["start_time"]) if "start_time" in query else 0
    high = parse(query["end_time"]) if "end_time" in query else 1e15
    text = query["query"]
    groups = [g for g in re.findall(r"\(([^)]*)\)", text)]
    rest = re.sub(r"\([^)]*\)", " ", text)
    groups += re.findall(r'-?"[^"]*"|\S+', rest)
    found = world.find("x", "", low_ms=low, high_ms=high)
    for group in groups:
        if group == "-is:retweet":
            continue
        wanted = [w.strip() for w in re.split(r"\bOR\b", group)]
        found = [p for p in found if any(_holds(p, w) for w in wanted)]
    return found


def _holds(post: Post, word: str) -> bool:
    if word.startswith("-"):
        return not _holds(post, word[1:])
    if word.startswith("from:"):
        return post.handle.casefold() == word[5:].casefold()
    if word.startswith("lang:"):
        return post.language == word[5:]
    bare = word.strip('"').casefold()
    return bare in post.text.casefold()


def snowflake(post: Post) -> str:
    """Return the id, which holds the time."""
    return str(((post.ms - EPOCH) << 22) | (post.n & 0x3FFFFF))


def author_id(post: Post) -> str:
    """Return the author's number."""
    return "1" if post.official else str(5_000_000 + post.author)


def tweet(post: Post) -> dict[str, Any]:
    """Return a post as X sends it."""
    out: dict[str, Any] = {
        "id": snowflake(post),
        "text": post.text,
        "author_id": author_id(post),
        "created_at": iso(post.time),
        "conversation_id": snowflake(post),
        "lang": post.language,
        "edit_history_tweet_ids": [snowflake(post)],
        "public_metrics": {
            "retweet_count": post.n % 3, "reply_count": 0, "like_count": post.n % 7, "quote_count": 0,
            "bookmark_count": 0, "impression_count": 50,
        },
    }  # fmt: skip
    if "https://" in post.text:
        out["entities"] = {"urls": [{"url": "https://t.co/a", "expanded_url": "https://status.example.org/incident"}]}
    if post.text.startswith(f"@{MARK}"):
        out["entities"] = {
            "mentions": [{"username": post.text[1 : 6 + len(MARK)], "id": "9"}],
            **out.get("entities", {}),
        }
    if post.parent is not None:
        out["referenced_tweets"] = [{"type": "replied_to", "id": str(post.parent)}]
        out["in_reply_to_user_id"] = "77"
    return out


__all__ = ["OFFICIAL", "TOKEN", "TOO_MANY", "answer", "rate", "tweet"]
