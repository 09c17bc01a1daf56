"""Hacker News through Algolia's search by date: stories and comments, sliced past the limit of 1,000 hits a query.

https://hn.algolia.com/api; past 1,000 hits the server answers with an empty page, so only page 0 is ever asked for
and the window's end moves down to the oldest hit seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from analyzer.collect import fields, plain
from analyzer.collect.base import WireCollector
from analyzer.collect.fields import Reject
from analyzer.study import Study

HOST = "https://hn.algolia.com"
#: Largest page, which is also all that one query ever gives.
PER_PAGE = 1000
_OWN = ("ycombinator.com",)


class HackerNews(WireCollector):
    """Stories and comments that hold a term."""

    name = "hackernews"
    settle_s = 120.0
    settings = frozenset({"queries"})
    fields = fields.known(
        "objectID created_at created_at_i author title url story_text comment_text points num_comments "
        "story_id parent_id _tags children updated_at _highlightResult story_title story_url relevancy_score"
    )

    def fetch(self, study: Study) -> Iterator[Any]:
        """Ask for each term's missing windows, newest first."""
        terms = self.desk.terms()
        self.desk.expect(terms)
        for term in terms:
            for start, end in self.desk.windows(term):
                yield from self._slice(term, start, end)

    def _slice(self, term: str, start: dt.datetime, end: dt.datetime) -> Iterator[Any]:
        first, last = int(start.timestamp()), int(end.timestamp()) - 1
        url = self.desk.base(HOST) + "/api/v1/search_by_date"
        expected, seen, upper = 0, set[str](), end
        while last >= first:
            page = self.wire.json(
                url,
                {
                    "query": f'"{term}"' if " " in term else term,
                    "tags": "(story,comment)",
                    "numericFilters": f"created_at_i>={first},created_at_i<={last}",
                    "hitsPerPage": PER_PAGE,
                    "page": 0,
                    "typoTolerance": "false",
                    "advancedSyntax": "true",
                },
                kind="search",
            )
            yield page
            hits = [fields.mapping(h) for h in fields.listing(fields.mapping(page).get("hits"))]
            expected = expected or fields.count(fields.mapping(page), "nbHits") or 0
            times = [t for h in hits if (t := _written_at(h)) is not None and first <= t <= last]
            seen.update(str(h.get("objectID")) for h in hits)
            if len(hits) < PER_PAGE:
                break
            if not times:
                self.desk.hole(start, min(upper, _time(last + 1)), "unknown", "hits without a time that can be read")
                return
            oldest = min(times)
            self.desk.cover(term, _time(oldest + 1), upper)
            if oldest == last:
                # More hits in one second than a query gives: the rest of that second cannot be had, now or later.
                self.desk.hole(_time(last), _time(last + 1), "truncated", f"over {PER_PAGE} hits in one second")
                upper, oldest = _time(last), last - 1
            last = oldest
        self.desk.cover(term, start, upper)
        if expected > len(seen):
            self.desk.notes[f"{term}: hits the server counted but did not give"] = expected - len(seen)

    @staticmethod
    def shape(kind: str, page: Any) -> str:
        """A page holds a list of hits."""
        return "" if isinstance(fields.mapping(page).get("hits"), list) else "a body without hits"

    @staticmethod
    def items(kind: str, page: Any) -> Iterator[Any]:
        """Yield the hits."""
        yield from fields.listing(fields.mapping(page).get("hits"))

    @staticmethod
    def parse(raw: Any) -> dict[str, Any] | None:
        """Read one hit: a story (title and text) or a comment."""
        hit = fields.obj(raw)
        post_id = fields.identity(hit, "objectID")
        html = fields.maybe(hit, "comment_text") or fields.maybe(hit, "story_text") or ""
        title = fields.maybe(hit, "title")
        text = "\n\n".join(t for t in (title, plain.text(html)) if t)
        if not text.strip():
            raise Reject("no text", "neither title, story_text nor comment_text holds any")
        comment = fields.maybe(hit, "comment_text") is not None
        links = plain.addresses(html) + ([u] if (u := fields.maybe(hit, "url")) else [])
        return {
            "source": "hackernews",
            "post_id": post_id,
            "created_at": fields.moment(hit.get("created_at_i", hit.get("created_at")), "created_at_i"),
            "text": text,
            "author": fields.maybe(hit, "author"),
            "kind": "reply" if comment else "original",
            "parent_id": fields.maybe(hit, "parent_id"),
            "thread_id": fields.maybe(hit, "story_id"),
            "n_likes": fields.count(hit, "points"),
            "n_replies": fields.count(hit, "num_comments"),
            "url": f"https://news.ycombinator.com/item?id={post_id}",
            "has_link": plain.leaves(links, _OWN),
        }


def _written_at(hit: Any) -> int | None:
    """Return the second of a hit, from its number or its text."""
    seconds = fields.count(hit, "created_at_i")
    if seconds is None and (told := fields.moment_or_none(hit.get("created_at"))) is not None:
        return int(told.timestamp())
    return seconds


def _time(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
