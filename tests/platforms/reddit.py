"""Reddit: token, search and newest of a subreddit, comment trees with omitted comments."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from tests.platforms.world import Post

CLIENT_ID, SECRET = "loopback-reddit-id", "loopback-reddit-secret"
TOO_MANY = {"message": "Too Many Requests", "error": 429}
SUBREDDITS = ("glimmerbot", "outages")
SHOWN, EACH_MORE = 5, 100
_DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "year": 366, "all": 1e6}


def rate(reset: dt.datetime, left: int, now: dt.datetime) -> dict[str, str]:
    """Return the headers: seconds that remain."""
    return {
        "x-ratelimit-remaining": f"{float(left)}",
        "x-ratelimit-used": "1",
        "x-ratelimit-reset": str(int((reset - now).total_seconds())),
    }


def expired() -> Any:
    """Return the answer to a token that ran out."""
    from tests.platforms.server import Reply

    return Reply(401, {"message": "Unauthorized", "error": 401})


def answer(request: Any) -> Any:
    """Answer a request."""
    from tests.platforms.server import Reply

    now = request.world.now
    if request.path == "/api/v1/access_token":
        basic = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return Reply(401, {"message": "Unauthorized", "error": 401})
        n = request.state["reddit_token"] = request.state.get("reddit_token", 0) + 1
        token = f"loopback-reddit-token-{n}"
        return Reply(200, {"access_token": token, "token_type": "bearer", "expires_in": 86400, "scope": "*"})
    if not request.headers.get("authorization", "").startswith("bearer loopback-reddit-token-"):
        return Reply(401, {"message": "Unauthorized", "error": 401})
    if "outage-analyzer" not in request.headers.get("user-agent", ""):
        return Reply(429, TOO_MANY)
    headers = rate(now + dt.timedelta(seconds=300), 99, now)
    parts = [p for p in request.path.split("/") if p]
    if parts[0] == "comments":
        return _thread(request, parts[1], headers)
    if parts[:2] == ["api", "info"]:
        wanted = request.query["id"].split(",")
        here = {fullname(p): p for p in request.world.posts["reddit"]}
        found = [here[i] for i in wanted if i in here]
        children = [
            {"kind": fullname(p)[:2], "data": submission(p, request.world) if p.parent is None else comment(p, p)}
            for p in found
        ]
        return Reply(200, {"kind": "Listing", "data": {"after": None, "children": children}}, headers)
    if parts[:2] == ["api", "morechildren"]:
        return _more(request, headers)
    if parts[1] not in (*SUBREDDITS, "all"):
        return Reply(404, {"message": "Not Found", "error": 404, "reason": "banned"})
    return _listing(request, parts[1], parts[2], headers)


def submissions(world: Any, subreddit: str) -> list[Post]:
    """Return the posts that are submissions of a subreddit (each goes to one)."""
    held = world.__dict__.setdefault("_submissions", {})
    key = (subreddit, id(world.posts["reddit"]), len(world.posts["reddit"]))
    if key not in held:
        posts = [p for p in world.posts["reddit"] if p.parent is None]
        held[key] = posts if subreddit == "all" else [p for p in posts if SUBREDDITS[p.n % 2] == subreddit]
    found: list[Post] = held[key]
    return found


def comments(world: Any, link: Post) -> list[Post]:
    """Return the comments under a submission."""
    held = world.__dict__.setdefault("_comments", {})
    if not held:
        roots: dict[int, int] = {}
        for p in world.posts["reddit"]:
            roots[p.n] = p.n if p.parent is None else roots[p.parent]
            if p.parent is not None:
                held.setdefault(roots[p.n], []).append(p)
        held.setdefault(-1, [])
    return held.get(link.n, [])


def _listing(request: Any, subreddit: str, what: str, headers: dict[str, str]) -> Any:
    from tests.platforms.server import Reply

    world, query = request.world, request.query
    found, places = _found(world, subreddit, what, query)
    after = query.get("after")
    at = places.get(after, 0) if after else 0
    part = found[at : at + min(int(query.get("limit", 25)), 100)]
    last = fullname(part[-1]) if part and at + len(part) < len(found) else None
    children = [{"kind": "t3", "data": submission(p, world)} for p in part]
    data = {"after": last, "before": None, "dist": len(part), "modhash": None, "geo_filter": "", "children": children}
    return Reply(200, {"kind": "Listing", "data": data}, headers)


def _found(world: Any, subreddit: str, what: str, query: dict[str, str]) -> tuple[list[Post], dict[str, int]]:
    """Return what a listing holds in its order, and the place after each post; asked for page by page, made once."""
    posts = submissions(world, subreddit)
    words, sort = query.get("q", "").strip('"').casefold(), query.get("sort")
    key = (id(posts), len(posts), what, words, query.get("t"), sort, world.cap, world.now)
    held = world.__dict__.setdefault("_listings", {})
    if key not in held:
        found = posts
        if what == "search":
            oldest = world.now.timestamp() - 86400 * _DAYS[query.get("t", "all")]
            found = [p for p in found if words in p.text.casefold() and p.ms / 1000 >= oldest]
        found = list(reversed(found))
        if sort in ("top", "comments", "relevance"):
            found.sort(key=lambda p: (p.n * 7919) % 10007)
        found = found[: world.cap]
        held[key] = found, {fullname(p): i + 1 for i, p in enumerate(found)}
    answer: tuple[list[Post], dict[str, int]] = held[key]
    return answer


def _thread(request: Any, name: str, headers: dict[str, str]) -> Any:
    from tests.platforms.server import Reply

    world = request.world
    link = next((p for p in submissions(world, "all") if short(p) == name), None)
    if link is None:
        return Reply(404, {"message": "Not Found", "error": 404})
    under = comments(world, link)
    children = [{"kind": "t1", "data": comment(p, link)} for p in under[:SHOWN]]
    if len(under) > SHOWN:
        ids = [short(p) for p in under[SHOWN:]]
        for at in range(0, len(ids), EACH_MORE):
            part = ids[at : at + EACH_MORE]
            more = {"count": len(part), "name": f"t1_{part[0]}", "id": part[0], "parent_id": fullname(link), "depth": 0}
            children.append({"kind": "more", "data": {**more, "children": part}})
    listing = {"kind": "Listing", "data": {"after": None, "before": None, "children": children}}
    top = {"kind": "t3", "data": submission(link, world)}
    return Reply(200, [{"kind": "Listing", "data": {"after": None, "children": [top]}}, listing], headers)


def _more(request: Any, headers: dict[str, str]) -> Any:
    from tests.platforms.server import Reply

    form = {**request.query, **request.form}
    world = request.world
    link = next(p for p in submissions(world, "all") if fullname(p) == form["link_id"])
    wanted = set(form["children"].split(","))
    things = [{"kind": "t1", "data": comment(p, link)} for p in comments(world, link) if short(p) in wanted]
    return Reply(200, {"json": {"errors": [], "data": {"things": things}}}, headers)


def short(post: Post) -> str:
    """Return the id."""
    return f"{'o' if post.parent is not None else 's'}{post.n}"


def fullname(post: Post) -> str:
    """Return the full name."""
    return f"{'t1' if post.parent is not None else 't3'}_{short(post)}"


def submission(post: Post, world: Any) -> dict[str, Any]:
    """Return a submission as Reddit sends it."""
    subreddit = SUBREDDITS[post.n % 2]
    n = len(comments(world, post))
    return {
        "id": short(post), "name": fullname(post), "title": post.text, "selftext": "more words" if post.n % 4 else "",
        "author": post.handle, "author_fullname": f"t2_{post.handle}", "created": float(post.ms // 1000),
        "created_utc": float(post.ms // 1000), "subreddit": subreddit, "subreddit_id": f"t5_{subreddit}",
        "score": post.n % 9,
        "ups": post.n % 9, "num_comments": n, "permalink": f"/r/{subreddit}/comments/{short(post)}/x/",
        "url": "https://example.org/", "domain": f"self.{subreddit}", "is_self": post.n % 5 != 0, "over_18": False,
        "edited": False, "locked": False, "removed_by_category": None, "crosspost_parent": None,
    }  # fmt: skip


def comment(post: Post, link: Post) -> dict[str, Any]:
    """Return a comment as Reddit sends it."""
    subreddit = SUBREDDITS[link.n % 2]
    return {
        "id": short(post), "name": fullname(post), "parent_id": fullname(link), "link_id": fullname(link),
        "body": post.text, "author": post.handle, "created_utc": float(post.ms // 1000), "score": 1, "replies": "",
        "subreddit": subreddit, "edited": False, "depth": 0, "stickied": False,
        "permalink": f"/r/{subreddit}/comments/{short(link)}/x/{short(post)}/",
    }  # fmt: skip
