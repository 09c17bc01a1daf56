"""HTML as Mastodon and Hacker News send it, to plain text; and whether a text links beyond its platform."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urlsplit

# Every pattern stops at the next "<", so that the work grows with the length of the text and no faster.
_BREAK = re.compile(r"<br\s*/?>|</p>\s*<p[^<>]*>|<p[^<>]*>|</li>\s*<li[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_HREF = re.compile(r"href\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)


def text(html: str) -> str:
    r"""Return the text of simple HTML: line breaks kept, addresses written out, entities read.

    >>> text('<p>It is <a href="https://e.org/?a=1&amp;b=2" rel="nofollow">https://e.org/?a...</a> down<br>again</p>')
    'It is https://e.org/?a=1&b=2 down\nagain'
    """
    if "<" in html:
        html = _replaced(_without_comments(html), _written_out)
        html = _BREAK.sub("\n", html)
        html = _TAG.sub("", html)
    return unescape(html).strip()


def addresses(html: str) -> list[str]:
    """Return the addresses that a text or HTML links to, without those of mentions and hashtags."""
    found = []
    for _, _, about, _ in _anchors(html):
        href = _HREF.search(about)
        if href and "mention" not in about and "hashtag" not in about:
            found.append(unescape(href[1]))
    return found + _URL.findall(_replaced(html, lambda about, inner: " "))


def _anchors(html: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield start, end, attributes and content of the links in HTML."""
    opened: re.Match[str] | None = None
    for tag in _TAG.finditer(html):
        if tag[2] not in ("a", "A"):
            continue
        if not tag[1]:
            opened = opened or tag
        elif opened:
            yield opened.start(), tag.end(), opened[3], html[opened.end() : tag.start()]
            opened = None


def _replaced(html: str, new: Callable[[str, str], str]) -> str:
    """Put ``new(attributes, content)`` in the place of each link."""
    parts, last = [], 0
    for start, end, about, inner in _anchors(html):
        parts += [html[last:start], new(about, inner)]
        last = end
    return "".join([*parts, html[last:]])


def _written_out(about: str, inner: str) -> str:
    inner = _TAG.sub("", inner)
    if "mention" in about or "hashtag" in about or not inner.rstrip().endswith(("...", "…")):
        return inner
    href = _HREF.search(about)
    return href[1] if href else inner


def _without_comments(html: str) -> str:
    """Leave out what stands between ``<!--`` and ``-->``."""
    parts, last = [], 0
    while (start := html.find("<!--", last)) >= 0 and (end := html.find("-->", start + 4)) >= 0:
        parts.append(html[last:start])
        last = end + 3
    return "".join([*parts, html[last:]])


def leaves(urls: list[str], own: tuple[str, ...]) -> bool:
    """Return whether any address leads to a host outside `own` (and its subdomains).

    >>> leaves(["https://i.redd.it/a.png"], ("redd.it",)), leaves(["https://example.org"], ("redd.it",))
    (False, True)
    """
    for url in urls:
        try:
            host = (urlsplit(url).hostname or "").lower()
        except ValueError:
            continue
        if host and not any(host == o or host.endswith("." + o) for o in own):
            return True
    return False
