"""RSS and Atom feeds of status pages, through feedparser: the last words about each incident."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from analyzer.collect import plain
from analyzer.collect.official import stage_of_status

#: ``<small>Mar 1, 12:00 UTC</small> <strong>Resolved</strong> - the words`` (Statuspage's Atom and RSS).
_UPDATE = re.compile(r"<strong>([^<]+)</strong>\s*(?:-|–|:)?\s*(.*?)(?=</p>|<p>|$)", re.DOTALL | re.IGNORECASE)
#: ``<b>Status: Resolved</b>`` (incident.io's RSS).
_STATUS = re.compile(r"<b>\s*status:([^<]+)</b>\s*(?:<br\s*/?>)?\s*(.*)", re.DOTALL | re.IGNORECASE)


def items(text: Any) -> Iterator[dict[str, Any]]:
    """Yield ``{"incident", "update", "n"}`` of the newest update of each entry.

    A feed dates the entry, not each update in it, so that only the newest one has a known time.
    """
    import feedparser

    if not isinstance(text, str):
        return
    feed = feedparser.parse(text.encode("utf-8"))
    if not feed.get("version"):
        return  # HTML, say, is no feed and raises nothing
    for entry in feed.entries:
        link = str(entry.get("link") or entry.get("id") or "")
        html = entry.content[0].value if entry.get("content") else str(entry.get("summary") or "")
        status, body = _first(html)
        # Asking feedparser for a time of update that is not there warns.
        time = entry["updated_parsed"] if "updated_parsed" in entry else entry.get("published_parsed")
        posted = dt.datetime.fromtimestamp(calendar.timegm(time), dt.UTC).isoformat() if time else None
        incident_id = [p for p in urlsplit(link).path.split("/") if p][-1:] or [link]
        yield {
            "incident": {"id": incident_id[0], "name": entry.get("title"), "feed": True},
            "update": {"status": status, "body": body, "created_at": posted, "id": f"{incident_id[0]}@{posted}"},
            "n": 1,
        }


def _first(html: str) -> tuple[str | None, str | None]:
    """Return status and words of the newest update in an entry."""
    for pattern in (_STATUS, _UPDATE):
        for match in pattern.finditer(html):
            status = match[1].strip().lower()
            if pattern is _UPDATE and not 3 <= len(status) <= 40:
                continue
            if pattern is _STATUS or stage_of_status(status):
                return status, plain.text(match[2]) or None
            break
    return None, plain.text(html) or None
