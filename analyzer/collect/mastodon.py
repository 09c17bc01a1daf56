"""Mastodon through Mastodon.py: hashtag timelines of several instances, status search where the server allows it.

Ids are snowflakes (milliseconds << 16), so a window is asked for by ids; timelines come newest first.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from analyzer.collect import fields, limits, plain
from analyzer.collect.adapter import cause, session
from analyzer.collect.address import checked
from analyzer.collect.base import WireCollector
from analyzer.collect.desk import Desk
from analyzer.collect.fields import Reject
from analyzer.errors import CollectError
from analyzer.study import Study

PER_PAGE = 40
INSTANCES = ("https://mastodon.social",)
#: Rows are read from the recorded pages; Mastodon.py's typed objects would take 2 ms a post and are not built.
_HOLLOW = {"timeline": b"[]", "official": b"[]", "search": b'{"accounts": [], "statuses": [], "hashtags": []}'}
_ODD_IDS = "this server's ids hold no time (it is no Mastodon), so that it cannot be asked for what is older"


class Mastodon(WireCollector):
    """Public posts with a hashtag, and the official accounts' own."""

    name = "mastodon"
    limit = limits.MASTODON
    settings = fields.known("instances hashtags queries search token_instance")
    fields = fields.known(
        "id created_at in_reply_to_id in_reply_to_account_id sensitive spoiler_text visibility language uri "
        "url replies_count reblogs_count favourites_count quotes_count edited_at content reblog account "
        "media_attachments mentions tags emojis card poll application text filtered pinned quote "
        "quote_approval edit_history"
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        given = desk.setting("instances", ())
        bases = [desk.base(INSTANCES[0])] if not given else [self._instance(i) for i in given]
        (self._token,) = desk.credentials.values(self.name)
        self._home = checked(str(desk.settings.get("token_instance", bases[0])), name=self.name)
        self._bases = bases

    def _instance(self, name: str) -> str:
        return checked(name if "://" in name else f"https://{name}", name=self.name)

    def fetch(self, study: Study) -> Iterator[Any]:
        """Ask each instance for the official accounts, the hashtags and, with a token, the search."""
        problems = []
        self.desk.expect(q for base in self._bases for q in self._queries(base))
        for base in self._bases:
            try:
                yield from self._instance_pages(base)
            except CollectError as error:
                if getattr(error, "status", None) is None or len(self._bases) == 1:
                    raise
                problems.append(str(error))
                self.desk.give_up(
                    [*self._queries(base), *(f"@{a} {base}" for a in self.desk.accounts)],
                    f"{urlsplit(base).hostname} refused",
                )
        if problems and len(problems) == len(self._bases):
            raise CollectError("; ".join(problems))

    def _queries(self, base: str) -> list[str]:
        return [f"#{tag} {base}" for tag in self._tags()]

    def _instance_pages(self, base: str) -> Iterator[Any]:
        client = self._client(base)
        for account in self.desk.accounts:
            yield from self._account(client, base, account)
        for tag in self._tags():
            query = f"#{tag} {base}"
            for start, end in self.desk.windows(query):
                yield from self._timeline(client, tag, query, start, end)
        if self._token and base == self._home and self.desk.setting("search", False):
            for term in self.desk.terms():
                yield from self._search(client, term)

    def _client(self, base: str) -> Any:
        from mastodon import Mastodon as Client

        # The token belongs to one instance and is sent to no other.
        token = self._token if base == self._home and self._token else None
        return Client(
            api_base_url=base,
            access_token=token,
            ratelimit_method="throw",
            request_timeout=self.wire.policy.read_s,
            version_check_mode="none",
            session=session(self.wire, _kind, hollow=_HOLLOW),
            user_agent=self.wire.user_agent,
        )

    def _tags(self) -> list[str]:
        """Return the hashtags to ask for: those given, or the terms written as one word."""
        given = self.desk.setting("hashtags", ()) or self.desk.terms()
        words = [re.sub(r"\W+", "", t) for t in given]
        return list(dict.fromkeys(w.casefold() for w in words if w))

    def _timeline(self, client: Any, tag: str, query: str, start: dt.datetime, end: dt.datetime) -> Iterator[Any]:
        low, high = _snowflake(start) - 1, _snowflake(end)
        while True:
            page = fields.listing(self._call(client.timeline_hashtag, tag, limit=PER_PAGE, max_id=high, since_id=low))
            yield page
            ids = [i for s in page if (i := _number(s)) is not None]
            if page and (not ids or min(ids) >= high):
                self.desk.hole(start, _moment(high), "unknown", f"{query}: {_ODD_IDS}")
                return
            if not page:
                break
            high = min(ids)
            self.desk.cover(query, _moment(high) + dt.timedelta(milliseconds=1), end)
        self.desk.cover(query, start, end)

    def _account(self, client: Any, base: str, account: str) -> Iterator[Any]:
        host = urlsplit(base).netloc
        name, _, where = account.partition("@")
        if where and where != host and len(self._bases) > 1 and any(urlsplit(b).netloc == where for b in self._bases):
            return  # asked for at its own instance
        query = f"@{account} {base}"
        for start, end in self.desk.windows(query):
            found = self._call(client.account_lookup, account if where and where != host else name, recorded=False)
            low, high = _snowflake(start) - 1, _snowflake(end)
            while True:
                found_page = self._call(client.account_statuses, found["id"], limit=PER_PAGE, max_id=high, since_id=low)
                page = fields.listing(found_page)
                yield page
                ids = [i for s in page if (i := _number(s)) is not None]
                if page and (not ids or min(ids) >= high):
                    self.desk.hole(start, _moment(high), "unknown", f"{query}: {_ODD_IDS}")
                    break
                if not page:
                    self.desk.cover(query, start, end)
                    break
                high = min(ids)

    def _search(self, client: Any, term: str) -> Iterator[Any]:
        """Search posts; what a server gives is its own choice, so this adds posts and never counts as covered."""
        start, end = self.desk.window
        high = _snowflake(end)
        while True:
            # `min_id` would turn the order round on some servers, so the window's start is watched here.
            found = self._call(client.search_v2, term, result_type="statuses", resolve=False, max_id=high)
            page = fields.listing(fields.mapping(found).get("statuses"))
            yield page
            ids = [i for s in page if (i := _number(s)) is not None]
            if not ids or min(ids) >= high or min(ids) < _snowflake(start):
                return
            high = min(ids)

    def _call(self, function: Any, *args: Any, recorded: bool = True, **kwargs: Any) -> Any:
        """Call Mastodon.py; a recorded call gives the page as the platform sent it."""
        from mastodon import MastodonAPIError, MastodonError

        from analyzer.collect.wire import Refused

        try:
            found = function(*args, **kwargs)
            return self.wire.last if recorded else found
        except MastodonAPIError as error:
            status = next((a for a in error.args if isinstance(a, int)), 0)
            raise Refused(f"mastodon: HTTP {status} ({_hint(status, bool(self._token))})", status) from error
        except (MastodonError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            if (ours := cause(error)) is not error:
                raise ours from None
            raise CollectError(f"mastodon: the client failed: {type(error).__name__}") from error

    @staticmethod
    def shape(kind: str, page: Any) -> str:
        """A timeline is a list, a search result an object with statuses; instances and accounts have names or ids."""
        if not kind:
            known = {"id", "domain", "uri", "title"}
            return "" if not known.isdisjoint(fields.mapping(page)) else "a body that is neither instance nor account"
        if kind == "search":
            return "" if isinstance(fields.mapping(page).get("statuses"), list) else "a body without statuses"
        return "" if isinstance(page, list) else "a body that is no list"

    @staticmethod
    def items(kind: str, page: Any) -> Iterator[Any]:
        """Yield the statuses."""
        yield from fields.listing(fields.mapping(page).get("statuses")) if kind == "search" else fields.listing(page)

    @staticmethod
    def parse(raw: Any) -> dict[str, Any] | None:
        """Read one status; what is not public is no post for us."""
        status = fields.obj(raw)
        if fields.maybe(status, "visibility") not in (None, "public", "unlisted"):
            return None
        account = fields.mapping(status.get("account"))
        fields.identity(status, "id")
        uri = fields.identity(status, "uri")
        html = status.get("content")
        text = plain.text(html) if isinstance(html, str) else ""
        warning = fields.maybe(status, "spoiler_text")
        text = "\n\n".join(t for t in (warning, text) if t)
        reblog = fields.mapping(status.get("reblog"))
        if not text.strip():
            raise Reject("no text", "field 'content' holds none")
        reply = fields.maybe(status, "in_reply_to_id")
        host = fields.address(uri).netloc
        return {
            "source": "mastodon",
            "post_id": global_id(uri),
            "created_at": fields.moment(status.get("created_at"), "created_at"),
            "text": text,
            "author": full_name(account, host),
            "handle": full_name(account, host),
            "language": fields.language(status.get("language")),
            "kind": "repost" if reblog else "reply" if reply else "original",
            # The id that a reply answers is local to the instance asked, so it names no post elsewhere.
            "parent_id": global_id(str(reblog["uri"])) if fields.maybe(reblog, "uri") else None,
            "n_likes": fields.count(status, "favourites_count"),
            "n_reposts": fields.count(status, "reblogs_count"),
            "n_replies": fields.count(status, "replies_count"),
            "url": None,  # every public address of a post names its author
            "has_link": plain.leaves(plain.addresses(html if isinstance(html, str) else ""), (host,)),
        }


def global_id(uri: str) -> str:
    """Return a post's id across instances, without its author's name: host and last part of its address.

    >>> global_id("https://example.org/users/someone/statuses/1161500")
    'example.org/1161500'
    """
    parts = fields.address(uri)
    tail = [p for p in parts.path.split("/") if p and p != "activity"]
    if not parts.netloc or not tail:
        raise Reject("no id", "field 'uri' holds no address")
    return f"{parts.netloc}/{tail[-1]}"


def full_name(account: Any, host: str) -> str | None:
    """Return ``name@host`` in lower case, whichever instance tells it."""
    acct = fields.maybe(account, "acct") or fields.maybe(account, "username")
    if not acct:
        return None
    own = fields.address(fields.maybe(account, "url")).netloc or host
    return (acct if "@" in acct else f"{acct}@{own}").lower()


def _kind(method: str, url: str) -> str:
    path = urlsplit(url).path
    if path.startswith("/api/v1/timelines/tag/"):
        return "timeline"
    if re.fullmatch(r"/api/v1/accounts/\d+/statuses/?", path):
        return "official"
    return "search" if path.startswith("/api/v2/search") else ""


def _snowflake(time: dt.datetime) -> int:
    return int(time.timestamp() * 1000) << 16


def _moment(snowflake: int) -> dt.datetime:
    return dt.datetime.fromtimestamp((snowflake >> 16) / 1000, dt.UTC)


def _number(status: Any) -> int | None:
    try:
        return int(status["id"])
    except (KeyError, TypeError, ValueError):
        return None


def _hint(status: int, token: bool) -> str:
    if status == 401 and token:
        return "the token is not accepted; make a new one on the instance that `token_instance` names"
    if status in (401, 403, 422):
        return "this instance shows it to its own users only; set OUTAGE_MASTODON_ACCESS_TOKEN for it"
    return "the instance refuses"
