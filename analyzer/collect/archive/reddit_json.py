"""Reddit's own JSON: listings, threads (``[listing, listing]``) and what ``morechildren`` answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.collect import fields
from analyzer.collect.archive.base import JsonFormat, Row, Skip
from analyzer.collect.archive.pushshift import parse_reddit


class RedditJson(JsonFormat):
    """Pages saved from Reddit."""

    name = "reddit-json"

    def claims(self, document: Any) -> bool:
        """A listing, or a list that begins with one."""
        while isinstance(document, list) and document:
            document = document[0]
        if not isinstance(document, dict):
            return False
        if isinstance(document.get("json"), dict):
            return "things" in fields.mapping(document["json"].get("data"))
        kind, data = document.get("kind"), document.get("data")
        return isinstance(data, dict) and (kind == "Listing" or (kind in ("t1", "t3") and "id" in data))

    def items(self, document: Any) -> Iterator[Any]:
        """Yield things, replies among them, without recursion."""
        todo = [document]
        while todo:
            thing = todo.pop()
            if isinstance(thing, list):
                todo += reversed(thing)
                continue
            thing = fields.mapping(thing)
            data = fields.mapping(thing.get("data"))
            if thing.get("kind") == "Listing":
                todo += reversed(fields.listing(data.get("children")))
            elif isinstance(thing.get("json"), dict):
                todo += reversed(fields.listing(fields.mapping(thing["json"].get("data")).get("things")))
            else:
                yield thing
                if isinstance(data.get("replies"), dict):
                    todo.append(data["replies"])

    def parse(self, item: Any) -> Row:
        """Read a submission (t3) or a comment (t1)."""
        kind = fields.obj(item).get("kind")
        if kind == "more":
            raise Skip("comments not loaded by the page")
        if kind not in ("t1", "t3"):
            raise Skip("neither a submission nor a comment")
        return parse_reddit(fields.obj(item.get("data")), escaped=True)
