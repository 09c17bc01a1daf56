"""Bluesky's Jetstream, both versions: one event a line; only posts are read, all else is counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from analyzer.collect import fields
from analyzer.collect.archive.base import JsonFormat, Row, Skip, checked_text
from analyzer.collect.archive.links import ELSEWHERE_BLUESKY, any_elsewhere, text_elsewhere
from analyzer.collect.fields import Reject

_POST = "app.bsky.feed.post"
#: Posts dated before the network was open carry an imported date.
_OPENED = dt.datetime(2022, 11, 1, tzinfo=dt.UTC)


class Jetstream(JsonFormat):
    """Events of version 1 (``/subscribe``) and 2 (``subscribeEvents``)."""

    name = "jetstream"

    def claims(self, document: Any) -> bool:
        """An event has a DID and says its kind."""
        if not isinstance(document, dict):
            return False
        payload = document.get("payload")
        if document.get("$type") in ("message", "error") and isinstance(payload, dict):
            return "jetstream" in str(payload.get("$type")) or "did" in payload
        if "jetstream" in str(document.get("$type")):
            return True
        return "did" in document and "kind" in document and ("time_us" in document or "commit" in document)

    def items(self, document: Any) -> Iterator[Any]:
        """Yield the event in one shape: ``did, kind, time, commit``."""
        event = fields.mapping(document)
        if isinstance(event.get("payload"), dict):
            event = event["payload"]
        kind = event.get("$type")
        if isinstance(kind, str) and "#" in kind:
            yield {
                "did": event.get("did"),
                "kind": kind.rpartition("#")[2],
                "time": event.get("time"),
                "commit": event,
            }
        else:
            yield {**event, "time": event.get("time_us")}

    def parse(self, item: Any) -> Row:
        """Read one event."""
        event = fields.obj(item)
        if event.get("kind") != "commit":
            raise Skip(f"events of kind {event.get('kind')}" if isinstance(event.get("kind"), str) else "other events")
        commit = fields.obj(event.get("commit"))
        if commit.get("collection") != _POST:
            raise Skip("records that are no posts")
        if commit.get("operation") == "delete":
            raise Skip("deletions")
        record = fields.obj(commit.get("record"))
        did = fields.identity(event, "did")
        uri = f"at://{did}/{_POST}/{fields.identity(commit, 'rkey')}"
        text = checked_text(fields.words(record, "text"))
        reply, embed = fields.mapping(record.get("reply")), fields.mapping(record.get("embed"))
        parent = fields.maybe(fields.mapping(reply.get("parent")), "uri")
        quoted = _quoted(embed)
        langs = fields.listing(record.get("langs"))
        seen = _seen(event.get("time"))
        return {
            "source": "bluesky",
            "post_id": uri,
            "created_at": _written(record.get("createdAt"), seen),
            "text": text,
            "author": did,
            "handle": None,
            "language": fields.language(langs[0]) if len(langs) == 1 else None,
            "kind": "reply" if reply else "quote" if quoted else "original",
            "parent_id": parent or quoted,
            "thread_id": fields.maybe(fields.mapping(reply.get("root")), "uri") or uri,
            "url": None,
            "has_link": _links(record, embed, text),
            "observed_at": seen,
        }


def _quoted(embed: Any) -> str | None:
    record = fields.mapping(embed.get("record"))
    return fields.maybe(fields.mapping(record.get("record")) or record, "uri")


def _links(record: Any, embed: Any, text: str) -> bool:
    media = fields.mapping(embed.get("media"))
    found = [fields.maybe(fields.mapping(e.get("external")), "uri") for e in (embed, media)]
    for facet in fields.listing(record.get("facets")):
        for feature in fields.listing(fields.mapping(facet).get("features")):
            found.append(fields.maybe(fields.mapping(feature), "uri"))
    return any_elsewhere(found, ELSEWHERE_BLUESKY) or text_elsewhere(text, ELSEWHERE_BLUESKY)


def _seen(value: Any) -> dt.datetime | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = value / 1e6
    return fields.moment_or_none(value)


def _written(created: Any, seen: dt.datetime | None) -> dt.datetime:
    """Return the author's time if it is sane, else the network's: the clock is the author's own."""
    written = fields.moment_or_none(created)
    if written is not None and written >= _OPENED and (seen is None or written <= seen):
        return written
    if seen is None:
        raise Reject("no time", f"createdAt is {str(created)[:40]!r} and the event has no time")
    return seen
