"""HTML as Mastodon and Hacker News send it, to plain text; and whether a text links beyond its platform."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

_BREAK = re.compile(r"<br\s*/?>|</p>\s*<p[^>]*>|<p[^>]*>|</li>\s*<li[^>]*>", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"href\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|<!--.*?-->", re.DOTALL)
_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)


def text(html: str) -> str:
    r"""Return the text of simple HTML: line breaks kept, addresses written out, entities read.

    >>> text('<p>It is <a href="https://e.org/?a=1&amp;b=2" rel="nofollow">https://e.org/?a...</a> down<br>again</p>')
    'It is https://e.org/?a=1&b=2 down\nagain'
    """
    if "<" in html:
        html = _ANCHOR.sub(_written_out, html)
        html = _BREAK.sub("\n", html)
        html = _TAG.sub("", html)
    return unescape(html).strip()


def _written_out(match: re.Match[str]) -> str:
    inner = _TAG.sub("", match[2])
    if "mention" in match[1] or "hashtag" in match[1] or not inner.rstrip().endswith(("...", "…")):
        return inner
    href = _HREF.search(match[1])
    return href[1] if href else inner


def addresses(html: str) -> list[str]:
    """Return the addresses that a text or HTML links to, without those of mentions and hashtags."""
    found = []
    for anchor in _ANCHOR.finditer(html):
        href = _HREF.search(anchor[1])
        if href and "mention" not in anchor[1] and "hashtag" not in anchor[1]:
            found.append(unescape(href[1]))
    return found + _URL.findall(_ANCHOR.sub(" ", html))


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
