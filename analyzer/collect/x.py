"""X through tweepy: recent or full-archive search, with a cost estimate and a hard cap before the first post is read.

tweepy is asked for `requests.Response`, so each page is kept byte for byte (the same shape as twarc's JSONL). Its own
waiting is never used; time-outs come from the mounted adapter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from analyzer.collect import fields, limits, x_query
from analyzer.collect.adapter import session
from analyzer.collect.archive.twarc2 import Twarc2
from analyzer.collect.base import WireCollector
from analyzer.collect.desk import Desk, ceil
from analyzer.collect.http import Answer
from analyzer.collect.wire import refused
from analyzer.errors import CollectError
from analyzer.study import Study

HOST = "https://api.twitter.com"
#: Search takes no `end_time` nearer to the present than 10 s.
_LAG = dt.timedelta(seconds=15)
#: Posts that are asked for by id in one request.
_AT_ONCE = 100
#: Windows longer than this are counted before they are read.
_WORTH_A_COUNT = dt.timedelta(hours=1)
_TWEET_FIELDS = (
    "id,text,author_id,created_at,conversation_id,lang,public_metrics,referenced_tweets,in_reply_to_user_id,entities,"
    "note_tweet,edit_history_tweet_ids"
)


class X(WireCollector):
    """Posts that hold a term, and the official accounts' own."""

    name = "x"
    limit = limits.X
    settings = fields.known(
        "endpoint query queries query_length page max_cost estimate expansions ids permitted_ground"
    )
    fields = fields.known(
        "id text author_id created_at conversation_id lang public_metrics referenced_tweets "
        "in_reply_to_user_id entities note_tweet edit_history_tweet_ids author possibly_sensitive "
        "reply_settings source context_annotations geo attachments edit_controls withheld article "
        "community_id display_text_range"
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        import requests
        import tweepy

        x_query.refuse_measuring_x(desk.study, str(desk.setting("permitted_ground", "")))
        (token,) = desk.credentials.values(self.name)
        self._client = tweepy.Client(token, return_type=requests.Response, wait_on_rate_limit=False)
        self._client.user_agent = desk.wire.user_agent
        self._client.session = session(desk.wire, _kind, base=desk.base(HOST))
        self._endpoint = x_query.endpoint(str(desk.setting("endpoint", "auto")), desk.window[0], desk.wire.now())
        expansions = bool(desk.setting("expansions", False))
        cap = desk.max_cost if desk.max_cost is not None else desk.settings.get("max_cost")
        if cap is None and not desk.is_local:
            cap = x_query.DEFAULT_MAX_COST
        if cap is not None and (isinstance(cap, bool) or not isinstance(cap, int | float) or cap < 0):
            raise CollectError(f"x: a cap of {cap!r} makes no sense; give US dollars, such as 5")
        self.budget = x_query.Budget(cap, spent=desk.spent, expansions=expansions)

    def fetch(self, study: Study) -> Iterator[Any]:
        """Estimate, then page through the official accounts' posts and each query's missing windows."""
        accounts = self.desk.accounts
        length = int(self.desk.setting("query_length", x_query.LENGTH[self._endpoint]))
        given = str(self.desk.setting("query", ""))
        asked = [given] if given else x_query.queries(study, self.desk.terms(), length=length, accounts=accounts)
        asked = [x_query.official_query(accounts)] * bool(accounts) + asked
        self.desk.expect(asked)
        todo = [(query, *window) for query in asked for window in self._windows(query)]
        try:
            self._estimate(todo)
            for query, start, end in todo:
                yield from self._pages(query, start, end)
            yield from self._looked_up()
        finally:
            self.desk.notes["cost_usd"] = round(self.budget.spent, 4)

    def _windows(self, query: str) -> list[tuple[dt.datetime, dt.datetime]]:
        """Return what the endpoint can give of the missing windows."""
        now = self.wire.now()
        first = ceil(now - x_query.REACH + dt.timedelta(minutes=1)) if self._endpoint == "recent" else None
        out = []
        for start, end in self.desk.windows(query):
            end = min(end, (now - _LAG).replace(microsecond=0))
            if first is not None and start < first:
                self.desk.hole(start, min(first, end), "gap", "recent search reaches back 7 days only")
                start = first
            if start < end:
                out.append((start, end))
        return out

    def _estimate(self, todo: list[tuple[str, dt.datetime, dt.datetime]]) -> None:
        """Say what the collection will cost and what the cap allows, before any post is read."""
        cap, left = self.budget.cap, self.budget.posts_left()
        if cap is not None:
            self.desk.notify(f"x: hard cap ${cap:,.2f}, which reads at most {left:,} posts")
        if not todo or self.budget.page(x_query.PER_PAGE[self._endpoint]) == 0:
            return
        # A count costs as much as a post: short windows, as in following, are not worth it.
        length = max((end - start for _, start, end in todo), default=dt.timedelta())
        total = 0
        for query, start, end in todo if self.desk.setting("estimate", True) and length > _WORTH_A_COUNT else []:
            found = self._count(query, start, end)
            if found is None:
                return
            total += found
        if total:
            cost = total * self.budget.per_post
            self.desk.notes["estimate_posts"], self.desk.notes["estimate_usd"] = total, round(cost, 2)
            over = (
                f"; the cap stops it at {left:,} posts, the newest first" if left is not None and left < total else ""
            )
            self.desk.notify(f"x: about {total:,} posts, about ${cost:,.2f}{over}")

    def _count(self, query: str, start: dt.datetime, end: dt.datetime) -> int | None:
        name = "get_recent_tweets_count" if self._endpoint == "recent" else "get_all_tweets_count"
        total, token, before = 0, None, set[str]()
        while True:
            if self.budget.cap is not None and self.budget.spent + x_query.PER_COUNT[self._endpoint] > self.budget.cap:
                return None
            params = {"start_time": start, "end_time": end, "granularity": "day"}
            try:
                page = self._call(name, query, {**params, **({"next_token": token} if token else {})})
            except CollectError as error:
                self.desk.notify(f"x: no estimate ({error})")
                return None
            self.budget.add(other=x_query.PER_COUNT[self._endpoint])
            meta = fields.mapping(fields.mapping(page).get("meta"))
            total += fields.count(meta, "total_tweet_count") or 0
            token = fields.maybe(meta, "next_token")
            if not token or token in before:
                return total
            before.add(token)

    def _pages(self, query: str, start: dt.datetime, end: dt.datetime) -> Iterator[Any]:
        token, oldest, before = None, end, set[str]()
        name = "search_recent_tweets" if self._endpoint == "recent" else "search_all_tweets"
        while True:
            size = self.budget.page(min(x_query.PER_PAGE[self._endpoint], int(self.desk.setting("page", 500))))
            if not size:
                note = f"the cost cap of ${self.budget.cap:,.2f} was reached"
                self.desk.hole(start, oldest, "truncated", note)
                self.desk.notify(f"x: {note}; not covered: {start:%Y-%m-%d %H:%M} to {oldest:%Y-%m-%d %H:%M} UTC")
                return
            params: dict[str, Any] = {"start_time": start, "end_time": end, "max_results": size}
            params["tweet_fields"] = _TWEET_FIELDS
            if self.budget.expansions:
                params |= {"expansions": "author_id", "user_fields": "id,username,created_at,verified"}
            page = self._call(name, query, {**params, **({"next_token": token} if token else {})})
            yield page
            tweets = fields.listing(fields.mapping(page).get("data"))
            users = fields.listing(fields.mapping(fields.mapping(page).get("includes")).get("users"))
            self.budget.add(n_posts=len(tweets), n_users=len(users))
            times = [fields.moment_or_none(fields.mapping(t).get("created_at")) for t in tweets]
            oldest = min([oldest, *(t for t in times if t is not None)])
            token = fields.maybe(fields.mapping(fields.mapping(page).get("meta")), "next_token")
            if not token:
                self.desk.cover(query, start, end)
                return
            self.desk.cover(query, ceil(oldest + dt.timedelta(microseconds=1)), end)
            if token in before:
                # Each page costs: the same token again would buy the same posts for ever.
                self.desk.hole(start, oldest, "unknown", "the search gave the same page token twice")
                return
            before.add(token)

    def _looked_up(self) -> Iterator[Any]:
        """Ask for posts by id, as long as the cap allows."""
        ids = [i for part in self.desk.wanted(_AT_ONCE) for i in part]
        while ids:
            left = self.budget.posts_left()
            size = _AT_ONCE if left is None else min(_AT_ONCE, left)
            part, ids = ids[:size], ids[size:]
            if not part:
                self.desk.notify(f"x: the cost cap of ${self.budget.cap:,.2f} was reached; not all ids were asked for")
                return
            params: dict[str, Any] = {"tweet_fields": _TWEET_FIELDS}
            if self.budget.expansions:
                params |= {"expansions": "author_id", "user_fields": "id,username,created_at,verified"}
            page = self._call("get_tweets", part, params)
            yield page
            users = fields.listing(fields.mapping(fields.mapping(page).get("includes")).get("users"))
            self.budget.add(n_posts=len(fields.listing(fields.mapping(page).get("data"))), n_users=len(users))

    def _call(self, name: str, query: Any, params: dict[str, Any]) -> Any:
        """Call tweepy and return the page as the platform sent it."""
        import requests
        import tweepy

        try:
            getattr(self._client, name)(query, **params)
        except tweepy.HTTPException as error:
            answer = Answer(error.response.status_code, {}, error.response.content)
            raise refused(self.name, answer, self.desk.base(HOST) + "/2/tweets") from error
        except (tweepy.TweepyException, requests.RequestException, ValueError, AttributeError) as error:
            raise CollectError(f"x: the client failed: {type(error).__name__}") from error
        return self.wire.last

    @staticmethod
    def shape(kind: str, page: Any) -> str:
        """A page is an object with posts, counts or at least a meta block."""
        page = fields.mapping(page)
        if isinstance(page.get("data", []), list) and ("data" in page or "meta" in page or "errors" in page):
            return ""
        return "a body that is no page"

    @staticmethod
    def items(kind: str, page: Any) -> Iterator[Any]:
        """Yield the posts, each with its `author` object where the page includes it (as twarc flattens pages)."""
        if kind == "counts":
            return
        page = fields.mapping(page)
        users = fields.listing(fields.mapping(page.get("includes")).get("users"))
        names = {str(u.get("id")): u for u in users if isinstance(u, dict)}
        for tweet in fields.listing(page.get("data")):
            author = names.get(str(tweet.get("author_id"))) if isinstance(tweet, dict) else None
            yield {**tweet, "author": author} if author else tweet

    @staticmethod
    def parse(raw: Any) -> dict[str, Any] | None:
        """Read one post, as in a page's `data` or flattened."""
        return Twarc2().parse(raw)


def _kind(method: str, url: str) -> str:
    parts = urlsplit(url)
    if "/counts/" in parts.path:
        return "counts"
    if parts.path.endswith("/2/tweets"):
        return "lookup"
    if "/search/" not in parts.path:
        return ""
    query = dict(parse_qsl(parts.query)).get("query", "")
    return "official" if query.lstrip("(").startswith("from:") else "search"
