"""Reddit through praw, read-only: searches of several subreddits, their newest posts, and bounded comment trees.

A listing holds at most 1,000 items and search knows no time range, only hour, day, week, month, year and all: so the
shortest filter that reaches back far enough is asked for, newest first, and other orders only where that was cut.
praw builds its objects as ever; rows are read from the recorded pages.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from analyzer.collect import fields, limits
from analyzer.collect.adapter import Kinds, cause, session
from analyzer.collect.archive.pushshift import parse_reddit
from analyzer.collect.base import WireCollector
from analyzer.collect.clock import Stopped
from analyzer.collect.desk import Desk
from analyzer.collect.fields import Reject
from analyzer.collect.wire import Refused
from analyzer.errors import AnalyzerError, CollectError
from analyzer.study import Study

HOST, OAUTH, SHORT = "https://www.reddit.com", "https://oauth.reddit.com", "https://redd.it"
#: A listing with this many items was cut by Reddit's limit of about 1,000.
CUT = 950
#: Things that are asked for by full name in one request.
_AT_ONCE = 100
_FILTERS = (("hour", 1 / 24), ("day", 1.0), ("week", 7.0), ("month", 28.0), ("year", 365.0), ("all", 1e9))
_SORTS = ("relevance", "top", "comments")
#: What praw and its objects raise on odd answers (some are builtin errors).
_ODD = (ValueError, KeyError, TypeError, AttributeError, AssertionError)


class Reddit(WireCollector):
    """Submissions that hold a term, the newest of each subreddit, and their comments."""

    name = "reddit"
    limit = limits.REDDIT
    settings = fields.known(
        "subreddits queries time_filters sorts new comments max_threads max_more ids oauth_url short_url"
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._praw = client(desk, _kind)
        #: Threads of the window, with how many comments they had.
        self._threads: dict[str, int] = {}

    def fetch(self, study: Study) -> Iterator[Any]:
        """Search, list the newest, then read the comments of what was found in the window."""
        problems = []
        given = self.desk.setting("subreddits", ("all",))
        subreddits = list(dict.fromkeys(re.sub(r"^/?r/", "", s.strip()).strip("/") for s in given))
        self.desk.expect(q for name in subreddits for q in self._queries(name))
        for name in subreddits:
            try:
                yield from self._subreddit(name)
            except Refused as error:
                if error.status == 401:
                    raise  # the credentials, which are the same for all
                problems.append(str(error).replace("reddit:", f"reddit: r/{name}:", 1))
                self.desk.give_up(self._queries(name), f"r/{name}: {error}"[:200])
        if problems and len(problems) == len(subreddits):
            raise CollectError("; ".join(problems))
        if self.desk.setting("comments", True):
            yield from self._comments()
        for part in self.desk.wanted(_AT_ONCE):
            found = iter(self._praw.info(fullnames=part))
            while self._guard(next, found, None) is not None:
                pass
            yield self.wire.last

    def _queries(self, name: str) -> list[str]:
        return [f"r/{name} {term}" for term in map(_quoted, self.desk.terms())]

    def _subreddit(self, name: str) -> Iterator[Any]:
        place = self._praw.subreddit(name)
        for term in self.desk.terms():
            yield from self._search(place, name, _quoted(term))
        if name != "all" and self.desk.setting("new", True):
            listing = self._listing(place.new(limit=None), f"r/{name} new")
            oldest, n = yield from listing
            start = self.desk.window[0]
            if n >= CUT and oldest > start:
                self.desk.hole(start, oldest, "truncated", f"r/{name}: /new reaches back to here only")

    def _search(self, place: Any, name: str, term: str) -> Iterator[Any]:
        (start, end), query = self.desk.window, f"r/{name} {term}"
        filters = self.desk.setting("time_filters", ()) or (self._filter(start),)
        for chosen in filters:
            oldest, n = yield from self._listing(place.search(term, sort="new", time_filter=chosen, limit=None), query)
            days = dict(_FILTERS).get(chosen, 1e9)
            reach = max(start, self.wire.now() - dt.timedelta(days=min(days, 36500.0)))
            if n < CUT:
                self.desk.cover(query, reach, end)
                continue
            self.desk.cover(query, max(oldest, start), end)
            self.desk.hole(reach, oldest, "truncated", f"r/{name}: search gives 1,000 at most")
            for sort in self.desk.setting("sorts", _SORTS):
                yield from self._listing(place.search(term, sort=sort, time_filter=chosen, limit=None), query)

    def _filter(self, start: dt.datetime) -> str:
        days = (self.wire.now() - start) / dt.timedelta(days=1)
        return next(name for name, reach in _FILTERS if days <= reach)

    def _listing(self, items: Iterator[Any], query: str) -> Any:
        """Drive a praw listing to its end; yields each page, returns the oldest time seen and the number of items."""
        start, end = self.desk.window
        oldest, n, page, before = end, 0, None, set[str]()
        found = iter(items)
        while True:
            item = self._guard(next, found, None)
            if self.wire.last is not page:
                page = self.wire.last
                yield page
                after = fields.maybe(fields.mapping(fields.mapping(page).get("data")), "after") or ""
                if after in before:
                    item = None  # praw would go round for ever
                    self.desk.hole(start, oldest, "unknown", f"{query}: the listing gave the same page twice")
                before |= {after} - {""}
            if item is None:
                return oldest, n
            n += 1
            time = fields.moment_or_none(getattr(item, "created_utc", None))
            if time is not None:
                oldest = min(oldest, time)
                n_comments = vars(item).get("num_comments")
                if start <= time < end and isinstance(n_comments, int) and n_comments > 0:
                    self._threads[str(item.id)] = n_comments

    def _comments(self) -> Iterator[Any]:
        most = int(self.desk.setting("max_threads", 500))
        before = fields.mapping(self.desk.memory.get("threads"))
        # A thread that has no more comments than last time is not read again.
        grown = [name for name, n in self._threads.items() if before.get(name) != n]
        self.desk.remember["threads"] = {**before}
        for number, name in enumerate(grown):
            if number >= most:
                start, end = self.desk.window
                note = f"comments of {most:,} of {len(grown):,} threads were read (max_threads)"
                self.desk.hole(start, end, "unknown", note)
                return
            submission = self._praw.submission(name)
            try:
                self._guard(lambda s=submission: s.comments.replace_more(limit=self._more(), threshold=0))
            except Refused as error:
                said = f"threads that were refused (HTTP {error.status})"  # their names would outlive forgetting
                self.desk.notes[said] = int(self.desk.notes.get(said, 0)) + 1
            self.desk.remember["threads"][name] = self._threads[name]
            yield self.wire.last

    def _more(self) -> int:
        return int(self.desk.setting("max_more", 16))

    def _guard(self, function: Any, *args: Any) -> Any:
        """Call praw; an odd answer ends the listing, a refusal becomes our own error."""
        import prawcore
        from praw.exceptions import PRAWException

        try:
            return function(*args)
        except prawcore.ResponseException as error:
            status = error.response.status_code
            hint = {
                401: "the credentials are not accepted; `outage-analyzer sources` says where they are read from",
                403: "private, or not for this client",
                404: "banned, or not there",
                301: "there is no such subreddit",
                302: "there is no such subreddit",
            }.get(status, "refused")
            raise Refused(f"reddit: HTTP {status} ({hint})", status) from error
        except (prawcore.PrawcoreException, PRAWException, *_ODD) as error:
            ours = cause(error)
            if isinstance(ours, AnalyzerError | Stopped):
                raise ours from None
            self.desk.notes["odd answers"] = int(self.desk.notes.get("odd answers", 0)) + 1
            self.desk.doubt = f"an answer that praw could not read ({type(error).__name__})"
            self.desk.hole(*self.desk.window, "unknown", self.desk.doubt)
            return None

    @staticmethod
    def shape(kind: str, page: Any) -> str:
        """A token, a listing, a thread (two listings), or what `morechildren` answers."""
        if not kind:
            good = not {"access_token", "error"}.isdisjoint(fields.mapping(page))
        elif kind == "comments":
            good = isinstance(page, list) and len(page) == 2 and all(_children(p) is not None for p in page)
        elif kind == "more":
            good = isinstance(fields.mapping(fields.mapping(page).get("json")).get("data"), dict)
        else:
            good = _children(page) is not None
        return "" if good else "a body that is no listing"

    @staticmethod
    def items(kind: str, page: Any) -> Iterator[Any]:
        """Yield submissions and comments (replies too); markers of omitted comments are passed over."""
        if kind == "more":
            data = fields.mapping(fields.mapping(fields.mapping(page).get("json")).get("data"))
            stack = list(reversed(fields.listing(data.get("things"))))
        else:
            pages = page if isinstance(page, list) else [page]
            stack = [c for p in reversed(pages) for c in reversed(_children(p) or [])]
        while stack:
            child = stack.pop()
            if isinstance(child, dict) and child.get("kind") == "more":
                continue
            yield child
            replies = fields.mapping(fields.mapping(child).get("data")).get("replies")
            stack += reversed(_children(replies) or [])

    @staticmethod
    def parse(raw: Any) -> dict[str, Any] | None:
        """Read a submission (t3) or a comment (t1); what was deleted is no post."""
        child = fields.obj(raw)
        if child.get("kind") not in ("t1", "t3"):
            raise Reject("unknown kind", f"field 'kind' holds {str(child.get('kind'))[:40]!r}; t1 and t3 are read")
        try:
            return parse_reddit(fields.obj(child.get("data")), escaped=False)  # praw asks for raw_json
        except Reject as error:
            if error.reason == "deleted":
                return None
            raise


def _quoted(term: str) -> str:
    return f'"{term}"' if " " in term else term


def client(desk: Desk, kinds: Kinds) -> Any:
    """Return a read-only praw whose requests go through the desk's wire."""
    import praw
    import prawcore

    class TimeoutRequestor(prawcore.Requestor):
        """prawcore passes a constant time-out; this one is ours."""

        def request(self, *args: Any, timeout: Any = None, **kwargs: Any) -> Any:
            return super().request(*args, timeout=desk.wire.policy.read_s, **kwargs)

    client_id, secret = desk.credentials.values("reddit")
    base = desk.base(HOST)
    return praw.Reddit(
        client_id=client_id,
        client_secret=secret,
        user_agent=desk.wire.user_agent,
        reddit_url=base,
        oauth_url=desk.base(base if "base_url" in desk.settings else OAUTH, "oauth_url"),
        short_url=desk.base(base if "base_url" in desk.settings else SHORT, "short_url"),
        check_for_updates=False,
        requestor_class=TimeoutRequestor,
        requestor_kwargs={"session": session(desk.wire, kinds)},
        # Explicit, so that no praw.ini of the work folder has a say.
        username=None,
        password=None,
        refresh_token=None,
        ratelimit_seconds=0,
    )


def _children(listing: Any) -> list[Any] | None:
    """Return a listing's children, or None where it is no listing."""
    found = fields.mapping(fields.mapping(listing).get("data")).get("children")
    return found if isinstance(found, list) else None


def _kind(method: str, url: str) -> str:
    path = urlsplit(url).path
    if "/api/morechildren" in path:
        return "more"
    if path.startswith("/comments/"):
        return "comments"
    return "listing" if path.startswith(("/r/", "/api/info")) else ""
