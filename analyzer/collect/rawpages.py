"""Raw pages that the corpus holds, rewritten without forgotten posts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from analyzer.collect import COLLECTORS
from analyzer.collect.archive.pushshift import full_name
from analyzer.collect.fields import Reject, identity, mapping
from analyzer.collect.mastodon import global_id
from analyzer.collect.plainjson import dumps, loads

#: Ids shorter than this are only taken out where a text is nothing but the id.
_LONG = 8
_BLANK = "[redacted]"


def redact(lines: Iterable[bytes], platform: str, ids: Iterable[str], write: Callable[[bytes], Any]) -> int:
    """Rewrite a raw log without forgotten posts, in whichever page and depth they stand.

    Parameters
    ----------
    lines
        Lines of the raw log.
    ids
        Ids (as in POSTS) to forget.
    write
        Takes the lines; what holds no forgotten post is passed on byte for byte.

    Returns
    -------
    int
        How many posts, and values that name one, were taken out.
    """
    gone = _Gone(platform, ids)
    total = 0
    for line in lines:
        try:
            entry = loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or "page" not in entry:
            write(line)
            continue
        if platform not in COLLECTORS:
            # The page is one item of an unknown shape: it goes as a whole if it holds the id anywhere.
            if any(text in gone.ids for text in _texts(entry["page"])):
                total += 1
            else:
                write(line)
            continue
        page = gone.without(entry["page"])
        # What was asked for may name posts, too.
        asked = {name: gone.asked(str(entry.get(name, ""))) for name in ("url", "kind")}
        n, gone.n = gone.n, 0
        total += n
        write(dumps({**entry, **asked, "page": page}) + b"\n" if n else line)
    return total


class _Gone:
    """Takes posts out of JSON values of one platform, and counts them in `n`."""

    def __init__(self, platform: str, ids: Iterable[str]) -> None:
        self.platform, self.n = platform, 0
        self.ids = frozenset(ids)
        # Other names of the same posts: Reddit's without their prefix, Mastodon's without their host.
        self._bare = {i.rsplit("_" if platform == "reddit" else "/", 1)[-1] for i in self.ids}
        names = self.ids | self._bare if platform in ("reddit", "mastodon") else self.ids
        long = sorted((i for i in names if len(i) >= _LONG), key=len, reverse=True)
        self._inside = re.compile("|".join(map(re.escape, long))) if long else None
        either = "|".join(map(re.escape, sorted(self.ids | self._bare, key=len, reverse=True)))
        self._asked = re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])")
        self._in_path = re.compile(r"(?<=/)(" + "|".join(map(re.escape, self._bare)) + r")(?=[/?#]|$)")

    def without(self, value: Any) -> Any:
        """Return a value without the posts and without what names them."""
        if isinstance(value, dict):
            if post_id(value, self.platform) in self.ids:
                self.n += 1
                return None
            return {k: self.address(v) if k == "permalink" else self.without(v) for k, v in value.items()}
        if isinstance(value, list):
            kept = [(self.without(inner), inner) for inner in value]
            return [new for new, old in kept if new is not None or old is None]
        return self._text(value) if isinstance(value, str) else self._number(value)

    def _text(self, value: str) -> str | None:
        if value in self.ids or (self.platform in ("reddit", "mastodon") and value in self._bare):
            self.n += 1
            return None
        if self._inside is not None:
            value, n = self._inside.subn(_BLANK, value)
            self.n += n
        return value

    def _number(self, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in self.ids:
            self.n += 1
            return None
        return value

    def address(self, url: Any) -> Any:
        """Return an address without the posts' names in its path."""
        if not isinstance(url, str) or not self._bare:
            return url
        url, n = self._in_path.subn(_BLANK, url)
        self.n += n
        return url

    def asked(self, text: str) -> str:
        """Return an address that was asked for (or the kind of its page) without the posts' names."""
        found, n = self._asked.subn(_BLANK, unquote(text)) if self.ids else (text, 0)
        self.n += n
        return found if n else text


def post_id(item: Mapping[str, Any], platform: str) -> str | None:
    """Return the id, as in POSTS, of a JSON object that is a post (or stands for one); None for any other object."""
    try:
        if platform == "x":
            return identity(item, "id") if "text" in item or "type" in item else None
        if platform == "reddit":
            return full_name(mapping(item.get("data"))) if item.get("kind") in ("t1", "t3") else None
        if platform == "hackernews":
            return identity(item, "objectID") if "objectID" in item else None
        if platform in ("bluesky", "mastodon"):
            uri = identity(item, "uri") if "uri" in item else ""
            return (uri if platform == "bluesky" else global_id(uri)) or None
    except Reject:
        pass
    return None


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts and whole numbers in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
