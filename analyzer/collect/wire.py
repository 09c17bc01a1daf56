"""One source's way to the network: what clients ask goes through the waiting layer and into the raw log.

A request that the raw log already holds is answered from it, so a resumed collection asks only for what is missing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from analyzer.collect.address import is_loopback
from analyzer.collect.http import Answer, Ask, Body, Broken, Layer, Policy
from analyzer.collect.plainjson import dumps, loads
from analyzer.collect.rawlog import RawLog
from analyzer.errors import CollectError

#: Says what is wrong with the parsed body of a page (`kind`, value), or returns an empty string.
Shape = Callable[[str, Any], str]
#: Kinds whose bodies are XML, not JSON.
FEEDS = frozenset({"feed"})
#: Kind of answers that are no page and of no format (what a signed address gives): they are not checked.
ANY = "any"
#: Answers of an unknown shape that are asked for again before one is kept.
ODD_TRIES = 3


class Refused(CollectError):
    """The platform answered with a 4xx that waiting does not change."""

    def __init__(self, message: str, status: int, body: bytes = b"") -> None:
        super().__init__(message)
        self.status, self.body = status, body


class Wire:
    """The network as one source sees it.

    Parameters
    ----------
    layer
        Owns waiting and retries.
    rawlog
        Where pages are recorded; None records nothing (for checks outside a collection).
    user_agent
        Sent with each request.
    shape
        The source's own check of a page; a page that fails it is asked for again, and kept as it is if it stays so.
    on_page
        Called after each page with its kind and the parsed page, for progress.
    strict
        Give up on a page that stays of another shape, instead of keeping it.
    """

    def __init__(
        self,
        layer: Layer,
        rawlog: RawLog | None = None,
        *,
        user_agent: str,
        shape: Shape | None = None,
        on_page: Callable[[str, Any], None] | None = None,
        strict: bool = False,
    ) -> None:
        self.layer, self.rawlog, self.user_agent = layer, rawlog, user_agent
        self._shape = shape or (lambda kind, page: "")
        self._on_page = on_page or (lambda kind, page: None)
        self._client: Any = None
        self._strict = strict
        self._odd: dict[str, int] = {}
        #: Recorded pages that failed the source's own check: what they should have told is not known.
        self.n_odd = 0
        self.n_replayed = 0
        self._page: Any = None
        self._malformed = ""
        #: The last recorded page, parsed.
        self.last: Any = None

    @property
    def policy(self) -> Policy:
        """Time-outs and caps."""
        return self.layer.policy

    @property
    def name(self) -> str:
        """The source."""
        return self.layer.name

    def now(self) -> dt.datetime:
        """Return the moment that the collection began: the same when it is resumed."""
        return self.rawlog.started if self.rawlog else self.layer.clock.now()

    def ask(self, ask: Ask, send: Callable[[], Answer]) -> Answer:
        """Answer a request from the raw log, or from the network by `send`; record it if it names a kind."""
        key = ""
        if ask.kind and self.rawlog is not None:
            key = self.rawlog.key(ask.method, ask.url, ask.body)
            held = self.rawlog.get(key)
            if held is not None:
                self.n_replayed += 1
                self._seen(ask.kind, held if ask.kind in FEEDS else loads(held))
                return Answer(200, {"content-type": "application/json"}, held)
        answer = self.layer.run(ask, send, self._check)
        if key and answer.status == 200 and not self._malformed:
            self._record(key, ask, answer)
        return answer

    def _check(self, ask: Ask, answer: Answer) -> str:
        """Return what is wrong with a body; empty when it can be used, or when asking again has not helped."""
        self._malformed = self._read(ask, answer)
        wrong = self._malformed or self._shape(ask.kind, self._page)
        if not wrong or self._strict or (self._malformed and ask.sound):
            return wrong
        # The platform may have changed its format: after three such answers the page is kept as it is, and counted.
        self._odd[ask.url] = self._odd.get(ask.url, 0) + 1
        return wrong if self._odd[ask.url] <= ODD_TRIES else ""

    def _read(self, ask: Ask, answer: Answer) -> str:
        """Parse a body into `_page`; returns why it cannot be parsed, or an empty string."""
        if ask.kind == ANY:
            return ""
        if ask.kind in FEEDS:
            self._page = answer.body
            start = answer.body[:400].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
            return "" if start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf")) else "a body that is no feed"
        try:
            self._page = loads(answer.body)
        except ValueError:
            return "a body that is not JSON"
        return ""

    def _record(self, key: str, ask: Ask, answer: Answer) -> None:
        assert self.rawlog is not None
        body = answer.body
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            body = body.decode("utf-8", "replace").encode() if ask.kind in FEEDS else dumps(self._page)
        at = self.layer.clock.now()
        self.rawlog.append(key, kind=ask.kind, url=ask.url, at=at, body=body, is_json=ask.kind not in FEEDS)
        self._seen(ask.kind, self._page)

    def _seen(self, kind: str, page: Any) -> None:
        self.last = page
        if self._shape(kind, page):
            self.n_odd += 1
        self._on_page(kind, page)

    # ---- httpx, for platforms without a good client ----------------------------------------------------------

    def get(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        *,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        sound: bool = True,
    ) -> Answer:
        """GET an address; the answer may be a refusal (4xx) or 304, and without `sound` any body."""
        return self.request("GET", url, params, kind=kind, headers=headers, sound=sound)

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        *,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        sound: bool = True,
    ) -> Answer:
        """Send one request with httpx through the layer and the log."""
        kept = {k: v for k, v in (params or {}).items() if v is not None}
        full = f"{url}?{urlencode(kept, doseq=True)}" if kept else url
        ask = Ask(method, full, kind, dict(headers or {}), body, sound)
        return self.ask(ask, lambda: self._send(ask))

    def json(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        *,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """GET an address and return its JSON.

        Raises
        ------
        Refused
            On a 4xx answer.
        """
        answer = self.get(url, params, kind=kind, headers=headers)
        if answer.status != 200:
            raise refused(self.name, answer, url)
        return self.last if kind else loads(answer.body)

    def _send(self, ask: Ask) -> Answer:
        import httpx

        if self._client is None:
            # On this machine no proxy is ever right; elsewhere the environment's proxy is the user's own.
            self._client = httpx.Client(
                timeout=httpx.Timeout(self.policy.read_s, connect=self.policy.connect_s),
                trust_env=not is_loopback(ask.url),
                follow_redirects=False,
                headers={"user-agent": self.user_agent, "accept": "application/json, application/xml;q=0.9"},
            )
        try:
            with self._client.stream(ask.method, ask.url, headers=dict(ask.headers), content=ask.body) as response:
                body = Body(self.policy)
                for part in response.iter_bytes():
                    body.add(part)
                lower = {k.lower(): v for k, v in response.headers.items()}
                return Answer(response.status_code, lower, body.whole(), self.layer.clock.now())
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Broken(type(error).__name__) from error

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None


def refused(name: str, answer: Answer, url: str) -> Refused:
    """Return the error for a 4xx answer, with the platform's own words where it has any."""
    words = ""
    try:
        data = loads(answer.body)
        if isinstance(data, dict):
            said = data.get("detail") or data.get("message") or data.get("error") or data.get("title") or ""
            words = f": {said}"[:200] if isinstance(said, str) and said else ""
    except ValueError:
        pass
    hint = {
        400: "the request is not accepted; see the platform's words",
        401: "the credentials are not accepted; `outage-analyzer sources` says where they are read from",
        403: "the platform does not allow this with these credentials",
        404: "there is nothing at this address",
        410: "there is nothing at this address any more",
    }.get(answer.status, "the platform refuses")
    path = url.split("?", 1)[0]
    return Refused(f"{name}: HTTP {answer.status} from {path}{words} ({hint})", answer.status, answer.body)
