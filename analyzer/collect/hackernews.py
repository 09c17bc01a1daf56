"""Hacker News through Algolia's search by date: stories and comments, sliced past the limit of 1,000 hits a query.

https://hn.algolia.com/api; past 1,000 hits the server answers with an empty page, so only page 0 is ever asked for
and the window's end moves down to the oldest hit seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from analyzer.collect import fields, plain
from analyzer.collect.base import WireCollector
from analyzer.collect.desk import Desk
from analyzer.collect.fields import Reject
from analyzer.study import Study

HOST = "https://hn.algolia.com"
#: Largest page, which is also all that one query ever gives.
PER_PAGE = 1000
#: Stories whose comments are asked for in one request.
AT_ONCE = 20
_OWN = ("ycombinator.com",)


class HackerNews(WireCollector):
    """Stories and comments that hold a term, and all comments of those stories."""

    name = "hackernews"
    settle_s = 120.0
    settings = frozenset({"queries", "comments", "max_stories"})
    fields = fields.known(
        "objectID created_at created_at_i author title url story_text comment_text points num_comments "
        "story_id parent_id _tags children updated_at _highlightResult story_title story_url relevancy_score"
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        # Kept by service, since a corpus may hold several studies.
        before = fields.mapping(desk.memory.get("stories"))
        known = fields.mapping(before.get(desk.study.service))
        #: Stories that hold a term, with the second up to which their comments were asked for. A story is noted as soon
        #: as it is seen, so that one found before a stop is asked for after it.
        self._stories = {k: n for k in known if (n := fields.count(known, k)) is not None}
        desk.remember["stories"] = {**before, desk.study.service: self._stories}

    def fetch(self, study: Study) -> Iterator[Any]:
        """Ask for each term's missing windows, newest first, then for the comments of the stories found."""
        terms = self.desk.terms()
        self.desk.expect(terms)
        for term in terms:
            for start, end in self.desk.windows(term):
                yield from self._slice(term, start, end)
        if self.desk.setting("comments", True):
            yield from self._comments()

    def _slice(self, term: str, start: dt.datetime, end: dt.datetime) -> Iterator[Any]:
        expected, seen, upper = 0, set[str](), end
        asked = {
            "query": f'"{term}"' if " " in term else term,
            "tags": "(story,comment)",
            "typoTolerance": "false",
            "advancedSyntax": "true",
        }
        for page, oldest, last in self._pages(asked, start, end, kind="search"):
            yield page
            expected = expected or fields.count(fields.mapping(page), "nbHits") or 0
            hits = _hits(page)
            seen.update(str(h.get("objectID")) for h in hits)
            self._note_stories(hits)
            if oldest is None:
                self.desk.hole(start, min(upper, _time(last + 1)), "unknown", "hits without a time that can be read")
                return
            if len(hits) < PER_PAGE:
                break
            self.desk.cover(term, _time(oldest + 1), upper)
            if oldest == last:
                # More hits in one second than a query gives: the rest of that second cannot be had, now or later.
                self.desk.hole(_time(last), _time(last + 1), "truncated", f"over {PER_PAGE} hits in one second")
                upper = _time(last)
        self.desk.cover(term, start, upper)
        if expected > len(seen):
            self.desk.notes[f"{term}: hits the server counted but did not give"] = expected - len(seen)

    def _pages(
        self, asked: dict[str, str], start: dt.datetime, end: dt.datetime, *, kind: str
    ) -> Iterator[tuple[Any, int | None, int]]:
        """Yield ``(page, oldest second in it, last second asked for)``, moving down until a page is not full.

        The oldest second is None where no hit of a full page has a time: then there is no going on.
        """
        first, last = int(start.timestamp()), int(end.timestamp()) - 1
        url = self.desk.base(HOST) + "/api/v1/search_by_date"
        while last >= first:
            between = f"created_at_i>={first},created_at_i<={last}"
            page = self.wire.json(
                url, {**asked, "numericFilters": between, "hitsPerPage": PER_PAGE, "page": 0}, kind=kind
            )
            hits = _hits(page)
            times = [t for h in hits if (t := _written_at(h)) is not None and first <= t <= last]
            oldest = min(times, default=last if len(hits) < PER_PAGE else None)
            yield page, oldest, last
            if len(hits) < PER_PAGE or oldest is None:
                return
            last = last - 1 if oldest == last else oldest

    def _note_stories(self, hits: list[Any]) -> None:
        for hit in hits:
            name, written = fields.maybe(hit, "objectID"), _written_at(hit)
            comment = fields.maybe(hit, "comment_text") is not None
            if name and name.isdecimal() and written and not comment and fields.count(hit, "num_comments"):
                self._stories.setdefault(name, int(self.desk.window[0].timestamp()))

    def _comments(self) -> Iterator[Any]:
        """Ask for what is new under the stories, those of earlier collections too; what answers one needs no term."""
        start, end = self.desk.window
        end = min(end, self.wire.now() - dt.timedelta(seconds=self.settle_s))
        until, most = int(end.timestamp()), self.desk.setting("max_stories", 500)
        todo = sorted((k for k, n in self._stories.items() if n < until), key=int, reverse=True)
        if len(todo) > most:
            note = f"comments of the newest {most:,} of {len(todo):,} stories were read (max_stories)"
            self.desk.hole(start, end, "unknown", note)
        for low, names in groupby(sorted(todo[:most], key=lambda k: (self._stories[k], int(k))), self._stories.get):
            held = list(names)
            for at in range(0, len(held), AT_ONCE):
                part = held[at : at + AT_ONCE]
                tags = {"tags": f"comment,({','.join('story_' + n for n in part)})"}
                for page, _, _ in self._pages(tags, _time(low or 0), end, kind=" ".join(["comments", *part])):
                    yield page
                self._stories |= dict.fromkeys(part, until)

    @staticmethod
    def shape(kind: str, page: Any) -> str:
        """A page holds a list of hits."""
        return "" if isinstance(fields.mapping(page).get("hits"), list) else "a body without hits"

    @staticmethod
    def items(kind: str, page: Any) -> Iterator[Any]:
        """Yield the hits; of comments, those of the stories that were asked for (their numbers stand in the kind)."""
        hits = fields.listing(fields.mapping(page).get("hits"))
        stories: set[str | None] = set(kind.split()[1:])
        if stories:
            # Under a story that was forgotten since, neither kind nor hits name it.
            stories |= {None} if any("redacted" in str(s) for s in stories) else set()
            hits = [h for h in hits if fields.maybe(fields.mapping(h), "story_id") in stories]
        yield from hits

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


def _hits(page: Any) -> list[Any]:
    return [fields.mapping(h) for h in fields.listing(fields.mapping(page).get("hits"))]


def _written_at(hit: Any) -> int | None:
    """Return the second of a hit, from its number or its text."""
    seconds = fields.count(hit, "created_at_i")
    if seconds is None and (told := fields.moment_or_none(hit.get("created_at"))) is not None:
        return int(told.timestamp())
    return seconds


def _time(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
