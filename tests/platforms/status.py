"""Status pages in all formats: Statuspage v2, incident.io native and shim, feeds; one incident of three words."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime
from html import escape
from typing import Any

from tests.platforms.world import ONSET, iso

TOO_MANY = {"error": "Too many requests"}
UPDATES = (
    ("investigating", 12, "We are investigating elevated error rates."),
    ("identified", 40, "The issue has been identified and a fix is being implemented."),
    ("monitoring", 75, "A fix has been implemented and we are monitoring the results."),
    ("resolved", 95, "This incident has been resolved."),
)
NAME = "Elevated error rates on Glimmerbot"


def rate(reset: dt.datetime, left: int, now: dt.datetime) -> dict[str, str]:
    """Return what some pages send."""
    return {"retry-after": str(max(0, int((reset - now).total_seconds())))}


def times() -> list[tuple[str, dt.datetime, str]]:
    """Return status, time and words of each update."""
    return [(s, ONSET + dt.timedelta(minutes=m), body) for s, m, body in UPDATES]


def answer(request: Any) -> Any:
    """Answer a request."""
    from tests.platforms.server import Reply

    mode, path = request.world.status, request.path
    page: Any = None
    if path.startswith("/proxy/") and mode == "incidentio":
        page = native() if path.endswith("/incidents") else summary()
    elif path == "/api/v2/incidents.json" and mode in ("statuspage", "shim", "incidentio"):
        page_id = "p" if mode == "statuspage" else "01SYNTHETICPAGEULID0000000"
        page = {"page": {"id": page_id, "name": "Loopback"}, "incidents": [incident(shim=mode != "statuspage")]}
    elif path in ("/history.atom", "/feed.rss") and mode == "feed":
        kind = "application/atom+xml" if path.endswith("atom") else "application/rss+xml"
        return _tagged(request, Reply(200, atom() if path.endswith("atom") else rss(), {}, kind))
    if page is None:
        return Reply(404, "<!doctype html><title>Not found</title>", {}, "text/html")
    return _tagged(request, Reply(200, page))


def _tagged(request: Any, reply: Any) -> Any:
    import hashlib

    from tests.platforms.server import Reply

    tag = f'W/"{hashlib.sha256(reply.data()).hexdigest()[:12]}"'
    if request.headers.get("if-none-match") == tag:
        return Reply(304, b"", {"etag": tag})
    reply.headers["etag"] = tag
    return reply


def incident(*, shim: bool) -> dict[str, Any]:
    """Return the incident in Statuspage's shape; the shim leaves the words out."""
    updates = [
        {
            "id": f"u{n}", "status": s, "body": "" if shim else body, "created_at": iso(t), "updated_at": iso(t),
            "display_at": iso(t - dt.timedelta(minutes=2)), "affected_components": None,
        }
        for n, (s, t, body) in enumerate(times())
    ]  # fmt: skip
    return {
        "id": "01SYNTHETICINCULID00000001" if shim else "incident001", "name": NAME, "status": "resolved",
        "impact": "major", "created_at": iso(times()[0][1]),
        "started_at": iso(ONSET), "updated_at": iso(times()[-1][1]),
        "resolved_at": iso(times()[-1][1]),
        "components": [] if shim else [{"id": "c", "name": "Chat", "status": "operational"}],
        "incident_updates": updates[::-1],
    }  # fmt: skip


def native() -> dict[str, Any]:
    """Return incident.io's own list."""
    updates = [
        {"id": f"n{n}", "published_at": iso(t), "to_status": s, "message_string": b}
        for n, (s, t, b) in enumerate(times())
    ]
    return {"incidents": [{
        "id": "01SYNTHETICINCULID00000001", "name": NAME, "status": "resolved", "published_at": iso(times()[0][1]),
        "updates": updates,
        "component_impacts": [
            {"component_id": c, "start_at": iso(ONSET), "end_at": iso(times()[-1][1]), "status": "partial_outage"}
            for c in ("01C", "01D", "01C")
        ],
    }]}  # fmt: skip


def summary() -> dict[str, Any]:
    """Return incident.io's summary: alone in it components have names, some of them within groups only."""
    group = {"id": "01G", "name": "APIs", "hidden": False, "components": [{"component_id": "01D", "name": "Images"}]}
    components = [{"id": "01C", "name": "Chat"}]
    return {"summary": {"name": "Loopback", "components": components, "structure": {"items": [{"group": group}]}}}


def atom() -> str:
    """Return Statuspage's Atom history."""
    words = "".join(
        f"<p><small>Mar 1, {t:%H:%M} UTC</small><br><strong>{s.title()}</strong> - {b}</p>" for s, t, b in times()[::-1]
    )
    last = times()[-1][1].strftime("%Y-%m-%dT%H:%M:%SZ")
    link = '<link rel="alternate" type="text/html" href="https://status.example.org/incidents/incident001"/>'
    entry = (
        f"<entry><id>tag:x,2005:Incident/1</id><published>{last}</published><updated>{last}</updated>{link}"
        f'<title>{NAME}</title><content type="html">{escape(words)}</content></entry>'
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><id>h</id>'
    return f"{head}<title>Loopback</title><updated>{last}</updated>{entry}</feed>"


def rss() -> str:
    """Return incident.io's RSS."""
    s, t, b = times()[-1]
    words = escape(f"<b>Status: {s.title()}</b><br/>{b}")
    link = "https://status.example.org/incidents/01X"
    item = (
        f"<item><title>{NAME}</title><description>{words}</description><pubDate>{format_datetime(t)}</pubDate>"
        f"<link>{link}</link><guid>{link}</guid></item>"
    )
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Loopback</title>'
    return f"{head}{item}</channel></rss>"
