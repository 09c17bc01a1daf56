"""How each platform is asked whether posts are still there: one function a platform, yielding (id, gone or unknown)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from analyzer.collect import fields, limits
from analyzer.collect.adapter import cause, session
from analyzer.collect.bluesky_session import HOST as BLUESKY
from analyzer.collect.bluesky_session import Session
from analyzer.collect.clock import Stopped
from analyzer.collect.desk import Desk
from analyzer.collect.http import Answer
from analyzer.collect.plainjson import loads
from analyzer.collect.wire import ANY, refused
from analyzer.errors import AnalyzerError, CollectError

#: (post id, True if it is gone, False if it is there, None if the platform does not tell)
Verdicts = Iterator[tuple[str, bool | None]]
#: Ids in one request.
_BLUESKY_AT_ONCE, _REDDIT_AT_ONCE = 25, 100
FIREBASE = "https://hacker-news.firebaseio.com"
#: Seconds between two questions whether X's job is done, and how often it is asked.
_POLL_S, _POLLS = 30.0, 240
_GONE_TEXTS = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]"})


@dataclass(frozen=True)
class Check:
    """How one platform is asked."""

    ask: Callable[[Desk, Sequence[str]], Verdicts]
    limit: limits.Limit
    shape: Callable[[str, Any], str]


def x(desk: Desk, ids: Sequence[str]) -> Verdicts:
    """Ask X's batch compliance: upload the ids, wait for the job, read what must be deleted.

    docs.x.com/x-api/compliance/batch-compliance.
    """
    import requests
    import tweepy

    from analyzer.collect.x import HOST

    ids, nameless = _named(ids, r"\d{1,20}")
    yield from nameless
    if not ids:
        return
    client = tweepy.Client(desk.credentials.values("x")[0], return_type=requests.Response, wait_on_rate_limit=False)
    client.session = session(desk.wire, lambda method, url: "", base=desk.base(HOST))

    def job(call: Callable[[], Any]) -> Any:
        try:
            return fields.mapping(fields.mapping(loads(call().content)).get("data"))
        except tweepy.HTTPException as error:
            answer = Answer(error.response.status_code, {}, error.response.content)
            raise refused("x", answer, HOST + "/2/compliance/jobs") from error

    made = job(lambda: client.create_compliance_job("tweets", name="outage-analyzer"))
    name, upload, download = (fields.maybe(made, k) for k in ("id", "upload_url", "download_url"))
    if not (name and upload and download):
        raise CollectError("x: the compliance job has no addresses; the platform may have changed its format")
    body = ("\n".join(ids) + "\n").encode()
    sent = desk.wire.request("PUT", upload, kind=ANY, headers={"content-type": "text/plain"}, body=body)
    if sent.status not in (200, 201, 204):
        raise CollectError(f"x: the compliance job's ids were not taken (HTTP {sent.status})")
    for _ in range(_POLLS):
        status = fields.maybe(job(lambda: client.get_compliance_job(name)), "status")
        if status == "complete":
            break
        if status in ("failed", "expired"):
            raise CollectError(f"x: the compliance job has {status}; run the same command again")
        desk.wire.layer.clock.sleep(_POLL_S)
    else:
        raise CollectError("x: the compliance job was not done within two hours; run the same command again later")
    found = desk.wire.get(download, kind=ANY)
    if found.status != 200:
        raise CollectError(f"x: the compliance job's result cannot be read (HTTP {found.status})")
    gone = set()
    for line in found.body.splitlines():
        entry = fields.mapping(loads(line)) if line.strip() else {}
        if entry.get("action") == "delete":
            gone.add(str(entry.get("id")))
    yield from ((i, i in gone) for i in ids)


def reddit(desk: Desk, ids: Sequence[str]) -> Verdicts:
    """Ask Reddit for the things by full name; what is missing, or says that it was deleted, is gone."""
    from analyzer.collect.reddit import client

    ids, nameless = _named(ids, r"t[13]_[a-z0-9]+")
    yield from nameless
    reader = client(desk, lambda method, url: "")
    for part in _parts(ids, _REDDIT_AT_ONCE):
        try:
            found = {thing.fullname: thing for thing in reader.info(fullnames=list(part))}
        except Exception as error:  # praw wraps ours in several ways
            ours = cause(error)
            if isinstance(ours, AnalyzerError | Stopped):
                raise ours from None
            raise CollectError(f"reddit: the posts could not be asked for ({type(error).__name__})") from error
        for name in part:
            # Asking praw for an attribute that was not sent fetches the whole thread.
            held = vars(found[name]) if name in found else None
            words = "" if held is None else str(held.get("body") or held.get("selftext") or "").strip()
            yield name, held is None or words in _GONE_TEXTS or bool(held.get("removed_by_category"))


def bluesky(desk: Desk, ids: Sequence[str]) -> Verdicts:
    """Ask Bluesky for the posts by address; what is missing from the answer is gone."""
    ids, nameless = _named(ids, r"at://\S+")
    yield from nameless
    base = desk.base(BLUESKY)
    held = Session(desk.wire, desk.credentials, base)
    url = f"{base}/xrpc/app.bsky.feed.getPosts"
    for part in _parts(ids, _BLUESKY_AT_ONCE):
        answer = desk.wire.get(url, {"uris": list(part)}, headers=held.headers())
        if answer.status == 401 or (answer.status == 400 and b"ExpiredToken" in answer.body):
            held.renew()
            answer = desk.wire.get(url, {"uris": list(part)}, headers=held.headers())
        if answer.status != 200:
            raise refused("bluesky", answer, url)
        posts = fields.mapping(loads(answer.body)).get("posts")
        if not isinstance(posts, list):
            raise CollectError("bluesky: an answer without posts; the platform may have changed its format")
        there = {fields.maybe(fields.mapping(p), "uri") for p in posts}
        yield from ((i, i not in there) for i in part)


def mastodon(desk: Desk, ids: Sequence[str]) -> Verdicts:
    """Ask each post's home instance for it; 404 and 410 mean that it is gone, all else that nobody tells."""
    for name in ids:
        host, _, number = name.partition("/")
        if not re.fullmatch(r"\d+", number) or not re.fullmatch(r"[\w.-]+(:\d+)?", host):
            yield name, None  # not a Mastodon server's number: there is no such address
            continue
        base = desk.base(f"https://{host}") if desk.is_local else f"https://{host}"
        try:
            answer = desk.wire.get(f"{base}/api/v1/statuses/{number}", sound=False)
        except CollectError:
            yield name, None  # an instance that is down has deleted nothing
            continue
        yield name, True if answer.status in (404, 410) else False if answer.status == 200 else None


def hackernews(desk: Desk, ids: Sequence[str]) -> Verdicts:
    """Ask Firebase, where alone deletions are told; `null` is told of items not yet spread and decides nothing."""
    ids, nameless = _named(ids, r"\d{1,12}")
    yield from nameless
    base = desk.base(FIREBASE)
    for name in ids:
        answer = desk.wire.get(f"{base}/v0/item/{name}.json")
        item = loads(answer.body) if answer.status == 200 else None
        if not isinstance(item, dict):
            yield name, None
            continue
        yield name, item.get("deleted") is True or item.get("dead") is True


def _has(*names: str) -> Callable[[str, Any], str]:
    """Return a check that an answer is an object with one of these fields."""

    def shape(kind: str, page: Any) -> str:
        good = kind == ANY or not set(names).isdisjoint(fields.mapping(page))
        return "" if good else "a body of another shape"

    return shape


CHECKS: dict[str, Check] = {
    "x": Check(x, limits.X, _has("data")),
    "reddit": Check(reddit, limits.REDDIT, _has("access_token", "error", "data")),
    "bluesky": Check(bluesky, limits.BLUESKY, _has("accessJwt", "posts")),
    "mastodon": Check(mastodon, limits.MASTODON, _has("uri")),
    "hackernews": Check(hackernews, limits.NONE, lambda kind, page: "" if page is None else _has("id")(kind, page)),
}


def _named(ids: Sequence[str], pattern: str) -> tuple[list[str], list[tuple[str, None]]]:
    """Return the ids that are the platform's own, and verdicts on the others (made for rows without any): not told."""
    own = [i for i in ids if re.fullmatch(pattern, i)]
    known = set(own)
    return own, [(i, None) for i in ids if i not in known]


def _parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for at in range(0, len(ids), size):
        yield ids[at : at + size]
