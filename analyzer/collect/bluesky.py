"""Bluesky's post search over httpx: three endpoints, a session kept on disk, and slicing where the scroll ends early.

The atproto client is not used: one malformed post makes it refuse a whole page. Search is `since` inclusive, `until`
exclusive, newest first; the cursor "may not allow scrolling through the entire result set", so each end of a scroll
is checked by asking again for what is older than the oldest post seen (docs.bsky.app, app.bsky.feed.searchPosts).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from analyzer.collect import fields, limits, plain
from analyzer.collect.base import WireCollector
from analyzer.collect.bluesky_session import HOST, Session
from analyzer.collect.desk import Desk, ceil, iso
from analyzer.collect.http import Answer
from analyzer.collect.wire import Refused, refused
from analyzer.study import Study

PER_PAGE = 100
#: Posts that are asked for by address in one request.
_AT_ONCE = 25
_OWN = ("bsky.app", "bsky.social")
#: Posts dated before the network existed carry an imported date; the time of indexing is the sane one.
_EARLIEST = dt.datetime(2022, 11, 1, tzinfo=dt.UTC)


class Bluesky(WireCollector):
    """Posts that hold a term, and the official accounts' own."""

    name = "bluesky"
    limit = limits.BLUESKY
    settings = frozenset({"queries", "ids"})
    fields = fields.known(
        "uri cid author record replyCount repostCount likeCount quoteCount bookmarkCount indexedAt labels "
        "embed viewer threadgate debug"
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._base = desk.base(HOST)
        self._session = Session(desk.wire, desk.credentials, self._base)

    def fetch(self, study: Study) -> Iterator[Any]:
        """Ask for the accounts' feeds, then for each term's missing windows."""
        self.desk.expect([*(f"@{a}" for a in self.desk.accounts), *self.desk.terms()])
        for account in self.desk.accounts:
            for start, end in self.desk.windows(f"@{account}"):
                yield from self._feed(account, start, end)
        for term in self.desk.terms():
            for start, end in self.desk.windows(term):
                yield from self._slices(term, start, end)
        for part in self.desk.wanted(_AT_ONCE):
            yield self._page(self._get("app.bsky.feed.getPosts", {"uris": part}, kind="lookup"))

    def _slices(self, term: str, start: dt.datetime, end: dt.datetime) -> Iterator[Any]:
        """Scroll; where a scroll ends, begin another below the oldest post, until one brings nothing new."""
        until, seen = end, set[str]()
        query = f'"{term}"' if " " in term else term
        while True:
            oldest, fresh = until, 0
            for page in self._scroll(query, start, until):
                yield page
                posts = [fields.mapping(p) for p in fields.listing(fields.mapping(page).get("posts"))]
                uris = {str(p.get("uri")) for p in posts}
                fresh += len(uris - seen)
                seen |= uris
                oldest = min([oldest, *(t for p in posts if (t := _sorted_at(p)) is not None)])
                self.desk.cover(term, ceil(oldest), end)
            # `until` is exclusive: one millisecond more asks for the oldest instant again, so none of it is lost.
            lower = oldest + dt.timedelta(milliseconds=1)
            if not fresh or lower <= start or lower >= until:
                break
            until = lower
        self.desk.cover(term, start, end)

    def _scroll(self, query: str, start: dt.datetime, until: dt.datetime) -> Iterator[Any]:
        cursor, before = None, set[str]()
        while True:
            params = {"q": query, "since": iso(start), "until": iso(until), "sort": "latest", "limit": PER_PAGE}
            answer = self._get("app.bsky.feed.searchPosts", {**params, "cursor": cursor}, kind="search")
            if answer.status == 400 and cursor:
                return  # a cursor that has expired: the next slice begins below what was seen
            page = self._page(answer)
            yield page
            cursor = fields.maybe(fields.mapping(page), "cursor")
            if not cursor or cursor in before or not fields.listing(fields.mapping(page).get("posts")):
                return  # the same cursor again would go round for ever; the next slice goes on
            before.add(cursor)

    def _feed(self, account: str, start: dt.datetime, end: dt.datetime) -> Iterator[Any]:
        cursor, before = None, set[str]()
        while True:
            params = {"actor": account, "limit": PER_PAGE, "filter": "posts_with_replies", "cursor": cursor}
            page = self._page(self._get("app.bsky.feed.getAuthorFeed", params, kind="official"))
            yield page
            posts = list(self.items("official", page))
            times = [t for p in posts if (t := _sorted_at(fields.mapping(p))) is not None]
            cursor = fields.maybe(fields.mapping(page), "cursor")
            if not cursor or not posts or (times and min(times) < start):
                self.desk.cover(f"@{account}", start, end)
                return
            if cursor in before:
                oldest = min(times, default=end)
                self.desk.cover(f"@{account}", ceil(oldest), end)
                self.desk.hole(start, oldest, "unknown", "the feed's cursor goes round; nothing older was told")
                return
            before.add(cursor)

    def _page(self, answer: Answer) -> Any:
        """Return the page just recorded, or raise what was refused."""
        if answer.status == 200:
            return self.wire.last
        error = refused(self.name, answer, f"{self._base}/xrpc")
        if answer.status == 403:
            raise Refused(f"{error}. Search needs a session with an app password on the account's own server", 403)
        raise error

    def _get(self, method: str, params: dict[str, Any], *, kind: str) -> Answer:
        """Ask with the session's token; an expired one is renewed once."""
        url = f"{self._base}/xrpc/{method}"
        answer = self.wire.get(url, params, kind=kind, headers=self._session.headers())
        if answer.status == 401 or (answer.status == 400 and b"ExpiredToken" in answer.body):
            self._session.renew()
            answer = self.wire.get(url, params, kind=kind, headers=self._session.headers())
        return answer

    @staticmethod
    def shape(kind: str, page: Any) -> str:
        """A page holds a list of posts (or a feed), a session its token."""
        if not kind:
            return "" if fields.maybe(fields.mapping(page), "accessJwt") else "a body without a token"
        name = "feed" if kind == "official" else "posts"
        return "" if isinstance(fields.mapping(page).get(name), list) else f"a body without {name}"

    @staticmethod
    def items(kind: str, page: Any) -> Iterator[Any]:
        """Yield the post views of a page."""
        page = fields.mapping(page)
        if kind == "official":
            # A repost in an account's feed is somebody else's post.
            entries = [fields.mapping(e) for e in fields.listing(page.get("feed"))]
            yield from (e.get("post") for e in entries if not e.get("reason"))
        else:
            yield from fields.listing(page.get("posts"))

    @staticmethod
    def parse(raw: Any) -> dict[str, Any] | None:
        """Read one post view."""
        post = fields.obj(raw)
        record = fields.obj(post.get("record"))
        author = fields.mapping(post.get("author"))
        uri = fields.identity(post, "uri")
        reply = fields.mapping(record.get("reply"))
        embed = fields.mapping(record.get("embed"))
        quoted = fields.mapping(embed.get("record"))
        quoted = fields.mapping(quoted.get("record")) or quoted
        parent = fields.maybe(fields.mapping(reply.get("parent")), "uri") or fields.maybe(quoted, "uri")
        text = fields.words(record, "text")
        langs = fields.listing(record.get("langs"))
        return {
            "source": "bluesky",
            "post_id": uri,
            "created_at": written_at(record.get("createdAt"), post.get("indexedAt")),
            "text": text,
            "author": fields.maybe(author, "did") or did(uri),
            "handle": fields.maybe(author, "handle"),
            "language": fields.language(langs[0]) if len(langs) == 1 else None,
            "kind": "reply" if reply else "quote" if fields.maybe(quoted, "uri") else "original",
            "parent_id": parent,
            "thread_id": fields.maybe(fields.mapping(reply.get("root")), "uri") or uri,
            "n_likes": fields.count(post, "likeCount"),
            "n_reposts": fields.count(post, "repostCount"),
            "n_replies": fields.count(post, "replyCount"),
            "url": None,  # every public address of a post names its author
            "has_link": plain.leaves(_links(record, embed) or plain.addresses(text), _OWN),
        }


def did(uri: str) -> str | None:
    """Return the author's DID in an at:// address."""
    parts = uri.split("/")
    return parts[2] if uri.startswith("at://did:") and len(parts) > 2 else None


def written_at(created: Any, indexed: Any) -> dt.datetime:
    """Return when a post was written: the client's word, unless it is later than the index or before the network."""
    said, known = fields.moment_or_none(created), fields.moment_or_none(indexed)
    if said is None and known is None:
        return fields.moment(created, "createdAt")
    if said is None or known is None:
        return said or known  # type: ignore[return-value]
    return known if said > known or said < _EARLIEST else said


def _sorted_at(post: Any) -> dt.datetime | None:
    record = fields.mapping(post.get("record"))
    times = [fields.moment_or_none(record.get("createdAt")), fields.moment_or_none(post.get("indexedAt"))]
    return min((t for t in times if t is not None), default=None)


def _links(record: Any, embed: Any) -> list[str]:
    found = [fields.maybe(fields.mapping(embed.get("external")), "uri")]
    for facet in fields.listing(record.get("facets")):
        features = fields.listing(fields.mapping(facet).get("features"))
        found += [fields.maybe(fields.mapping(f), "uri") for f in features]
    return [u for u in found if u]
