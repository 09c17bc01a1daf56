"""The adapter that puts clients built on requests (tweepy, praw, Mastodon.py) on top of the wire.

It gives them time-outs they lack, drops `.netrc` and, on this machine, proxies; it can send a fixed host elsewhere
(tweepy has no option for that). What it hands back holds no rate-limit headers: waiting is not the client's business.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies

from analyzer.collect.address import is_loopback
from analyzer.collect.http import Answer, Ask, Body, Broken
from analyzer.collect.wire import Wire
from analyzer.errors import CollectError

#: Headers that clients need; all others are kept from them.
KEPT = ("content-type", "link", "location", "etag", "last-modified")
#: Names the kind of page that a method and address ask for; empty means that the answer is never recorded.
Kinds = Callable[[str, str], str]


class WireAdapter(HTTPAdapter):
    """Send a client's requests through the wire.

    Parameters
    ----------
    kinds
        Which answers are recorded, and as what.
    base
        Replaces scheme and host of each request; empty leaves them.
    hollow
        By kind of page, the body that the client gets in place of what was recorded: for clients whose own objects
        are not used and are dear to build.
    """

    def __init__(self, wire: Wire, kinds: Kinds, *, base: str = "", hollow: Mapping[str, bytes] | None = None) -> None:
        super().__init__(max_retries=0)
        self._wire, self._kinds, self._base, self._hollow = wire, kinds, base, dict(hollow or {})

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, **rest: Any
    ) -> requests.Response:
        """Answer one request of the client."""
        url = self._address(str(request.url))
        if not url.startswith("https://") and not is_loopback(url):
            # Configured addresses were checked; this one is where a server sends the client.
            raise CollectError(f"{self._wire.name}: the server redirects to {url.split('?')[0]}; plain http is refused")
        request.url = url
        method = str(request.method)
        body = request.body.encode() if isinstance(request.body, str) else request.body
        ask = Ask(method, url, self._kinds(method, url), {}, body if isinstance(body, bytes) else None)
        rest["proxies"] = {} if is_loopback(url) else get_environ_proxies(url)
        rest["verify"] = os.environ.get("REQUESTS_CA_BUNDLE") or True
        answer = self._wire.ask(ask, lambda: self._once(request, rest))
        if answer.status == 200 and ask.kind in self._hollow:
            answer = replace(answer, body=self._hollow[ask.kind])
        return _response(request, answer)

    def _address(self, url: str) -> str:
        if not self._base:
            return url
        base, parts = urlsplit(self._base), urlsplit(url)
        return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + parts.path, parts.query, ""))

    def _once(self, request: requests.PreparedRequest, rest: dict[str, Any]) -> Answer:
        policy = self._wire.policy
        try:
            response = super().send(request, stream=True, timeout=policy.timeout, **rest)
            body = Body(policy)
            try:
                for part in response.iter_content(65536):
                    body.add(part)
            finally:
                response.close()
        except requests.RequestException as error:
            raise Broken(type(error).__name__) from error
        lower = {k.lower(): v for k, v in response.headers.items()}
        return Answer(response.status_code, lower, body.whole())


def session(wire: Wire, kinds: Kinds, *, base: str = "", hollow: Mapping[str, bytes] | None = None) -> requests.Session:
    """Return a requests session whose every request goes through the wire."""
    made = requests.Session()
    made.trust_env = False  # a `default` entry in .netrc would replace the token
    adapter = WireAdapter(wire, kinds, base=base, hollow=hollow)
    for prefix in ("https://", "http://"):
        made.mount(prefix, adapter)
    return made


def _response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.request, response.url = request, str(request.url)
    response.headers = CaseInsensitiveDict({k: v for k, v in answer.headers.items() if k in KEPT})
    response.encoding = "utf-8"
    response.reason = ""
    response._content = answer.body
    response._content_consumed = True
    return response


def cause(error: BaseException) -> BaseException:
    """Return our own error or stop inside a client's wrapper, or the error itself.

    prawcore keeps what was raised as `original_exception`, Mastodon.py as its context.
    """
    from analyzer.collect.clock import Stopped
    from analyzer.errors import AnalyzerError

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, AnalyzerError | Stopped):
            return seen
        seen = getattr(seen, "original_exception", None) or seen.__cause__ or seen.__context__
    return error
