"""Saved pages of platforms that collectors read: Bluesky's search, Mastodon's timelines, Hacker News by Algolia.

The collectors' own pure readers are used, so that a saved page and a collected one give the same posts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from analyzer.collect.archive.base import DRAFT, JsonFormat, Row, Skip
from analyzer.collect.archive.links import has_address

_DRAFT = frozenset(DRAFT.names)


class Pages(JsonFormat):
    """Base: `module` and `collector` name the reader, loaded when a page of it is met."""

    module: ClassVar[str] = ""
    collector: ClassVar[str] = ""
    kind: ClassVar[str] = "search"

    def _reader(self) -> Any:
        from importlib import import_module

        return getattr(import_module(self.module), self.collector)

    def items(self, document: Any) -> Iterator[Any]:
        """Yield the page's items."""
        yield from self._reader().items(self.kind, document)

    def parse(self, item: Any) -> Row:
        """Read one item."""
        row = self._reader().parse(item)
        if row is None:
            raise Skip("items that are no posts")
        row = {k: v for k, v in row.items() if k in _DRAFT}
        row.setdefault("has_link", has_address(row["text"]))
        return {"kind": "original", "source": self.name.removesuffix("-pages"), **row}


class BlueskyPages(Pages):
    """``app.bsky.feed.searchPosts``."""

    name = "bluesky-pages"
    module, collector = "analyzer.collect.bluesky", "Bluesky"

    def claims(self, document: Any) -> bool:
        """A list of post views."""
        posts = document.get("posts") if isinstance(document, dict) else None
        return isinstance(posts, list) and bool(posts) and isinstance(posts[0], dict) and "record" in posts[0]


class MastodonPages(Pages):
    """Timelines and ``/api/v2/search``."""

    name = "mastodon-pages"
    module, collector = "analyzer.collect.mastodon", "Mastodon"

    def items(self, document: Any) -> Iterator[Any]:
        """Yield statuses."""
        yield from self._reader().items("search" if isinstance(document, dict) else "tag", document)

    def claims(self, document: Any) -> bool:
        """A list of statuses, or a search with one."""
        if isinstance(document, dict):
            document = document.get("statuses")
        if not isinstance(document, list) or not document or not isinstance(document[0], dict):
            return False
        return {"account", "content", "created_at", "uri"} <= document[0].keys()


class HackerNewsPages(Pages):
    """Algolia's ``search_by_date``."""

    name = "hackernews-pages"
    module, collector = "analyzer.collect.hackernews", "HackerNews"

    def claims(self, document: Any) -> bool:
        """A list of hits with Hacker News's tags."""
        hits = document.get("hits") if isinstance(document, dict) else None
        return isinstance(hits, list) and bool(hits) and isinstance(hits[0], dict) and "objectID" in hits[0]
