"""Status pages: incident.io's own format, Statuspage v2 (or the compatible shim), then RSS and Atom.

Which one answered, and how complete it is, is recorded. What does not answer is unknown, never "no incident".
Formats: docs.incident.io/status-pages, the OpenAPI of Statuspage customers; the native one is undocumented.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from analyzer.collect import fields, statusfeed
from analyzer.collect.address import checked
from analyzer.collect.base import WireCollector
from analyzer.collect.fields import Reject
from analyzer.collect.http import Answer, GaveUp
from analyzer.collect.official import stage_of_status, stage_of_text
from analyzer.collect.plainjson import loads
from analyzer.errors import CollectError
from analyzer.study import Study

#: Statuspage gives the 50 most recent incidents and no second page.
MOST = 50
#: Moves of a page that are followed.
HOPS = 4
FEEDS = ("/history.atom", "/history.rss", "/feed.atom", "/feed.rss")
_MAINTENANCE = frozenset({"scheduled", "in_progress", "verifying", "completed"})


class StatusPage(WireCollector):
    """The provider's own status page, named by `status_page` in the study."""

    name = "statuspage"
    table = "updates"
    settle_s = 0.0

    def fetch(self, study: Study) -> Iterator[Any]:
        """Try the formats in turn; the first that answers is the one that is read."""
        given = str(self.desk.settings.get("base_url", study.status_page))
        if not given:
            raise CollectError(
                "statuspage: the study names no status page; set status_page = 'https://status.example.com' in it"
            )
        base = checked(given if "://" in given else f"https://{given}", name=self.name)
        host = urlsplit(study.status_page or base).hostname or urlsplit(base).netloc
        tries = [(f"{base}/proxy/{host}/incidents", "native"), (f"{base}/api/v2/incidents.json", "incidents")]
        tries += [(base + path, "feed") for path in FEEDS]
        self.desk.expect([self.name])
        refusals = []
        for url, kind in tries:
            try:
                answer = self._try(url, kind)
            except GaveUp as error:
                # A page that fails for good may still have a feed.
                refusals.append(f"{kind}: {error}"[:120])
                continue
            if answer.status == 200:
                yield from self._answered(url, kind, answer)
                return
            if answer.status == 304:
                self._unchanged()
                return
            refusals.append(f"{kind}: HTTP {answer.status}")
        raise CollectError(
            f"statuspage: {base} answers in none of the known formats ({'; '.join(refusals)}). Whether there were "
            "incidents is unknown; give their timeline by `outage-analyzer updates`"
        )

    def _unchanged(self) -> None:
        """The page says what it said last time: that holds up to now."""
        self.wire.n_odd = 0  # answers of other formats, on the way to this one
        said = fields.maybe(self.desk.memory, "completeness")
        self.desk.notes |= {"unchanged": True, **({"completeness": said} if said else {})}
        start, end = self.desk.window
        earlier = self.desk.covered.get(self.name, [])
        self.desk.cover(self.name, max(start, min((a for a, _ in earlier), default=start)), end)

    def _try(self, url: str, kind: str) -> Answer:
        """Ask for a page; one that answers every address with the same HTML has none of this kind."""
        known = bool(self._conditional(url))
        if kind == "native" and not known and not self._has_summary(url):
            return Answer(404, {}, b"")
        answer = self._get(url, kind)
        if answer.status == 200 and not _is_of(kind, answer.body):
            return Answer(404, {}, b"")
        if kind == "native" and known and answer.status == 200:
            self._has_summary(url)  # the names of components, which the incidents give by id only
        return answer

    def _has_summary(self, url: str) -> bool:
        """Ask for incident.io's summary, which is small and names the components."""
        answer = self._get(url.removesuffix("/incidents"), "probe")
        return answer.status == 200 and _is_of("probe", answer.body)

    def _get(self, url: str, kind: str) -> Answer:
        """GET, following a page that has moved (as status.anthropic.com did), though never to plain http."""
        for _ in range(HOPS):
            answer = self.wire.get(url, kind=kind, headers=self._conditional(url), sound=False)
            target = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer
            url = checked(urljoin(url, target), name=self.name)
        return answer

    def _conditional(self, url: str) -> dict[str, str]:
        etag = fields.maybe(fields.mapping(self.desk.memory.get("etags")), url)
        return {"if-none-match": etag} if etag else {}

    def _answered(self, url: str, kind: str, answer: Answer) -> Iterator[Any]:
        if etag := answer.headers.get("etag"):
            self.desk.remember["etags"] = {url: etag}
        page = answer.body.decode("utf-8", "replace") if kind == "feed" else loads(answer.body)
        yield page
        found = [i for i in self.items(kind, page) if isinstance(i, dict)]
        bodies = [_body(fields.mapping(i.get("update"))) for i in found]
        incidents = {str(fields.mapping(i.get("incident")).get("id")) for i in found}
        complete = {"native": "incident.io", "incidents": "Statuspage v2", "feed": "feed: the latest words only"}[kind]
        shim = kind == "incidents" and (_is_shim(page) or (bool(found) and not any(bodies)))
        if shim:
            complete = "incident.io's compatible shim: without the provider's words, components and older updates"
        if kind == "incidents" and len(incidents) >= MOST:
            complete += f"; the {MOST} most recent incidents only"
        self.desk.remember["completeness"] = complete
        self.desk.notes |= {"answered": kind, "completeness": complete, "n_incidents": len(incidents)}
        self.desk.notify(f"statuspage: {complete}, {len(incidents)} incidents, {len(found)} updates")
        self.wire.n_odd = 0  # answers of other formats, on the way to this one
        start, end = self.desk.window
        times = [t for i in found if (t := _posted(fields.mapping(i.get("update")))) is not None]
        reach = min(times, default=end)
        if kind == "incidents" and not shim and len(incidents) < MOST:
            reach = min(reach, start)
        self.desk.cover(self.name, max(reach, start), end)
        self.desk.hole(start, min(max(reach, start), end), "unknown", f"the page does not reach back ({complete})")

    @staticmethod
    def shape(kind: str, page: Any) -> str:
        """A page holds a list of incidents."""
        if kind == "probe":
            return "" if isinstance(fields.mapping(page).get("summary"), dict) else "a body without a summary"
        if kind in ("incidents", "native"):
            return "" if isinstance(fields.mapping(page).get("incidents"), list) else "a body without incidents"
        return ""

    @staticmethod
    def names(kind: str, page: Any) -> Iterator[tuple[str, str]]:
        """Yield ``(id, name)`` of the components in incident.io's summary."""
        if kind != "probe":
            return
        summary = fields.mapping(fields.mapping(page).get("summary"))
        stack = [*fields.listing(summary.get("components"))]
        stack += fields.listing(fields.mapping(summary.get("structure")).get("items"))
        while stack:
            item = fields.mapping(stack.pop())
            named = fields.maybe(item, "component_id") or fields.maybe(item, "id")
            if named and (name := fields.maybe(item, "name")):
                yield named, name
            stack += [item[k] for k in ("group", "component") if k in item]
            stack += fields.listing(item.get("components"))

    @staticmethod
    def items(kind: str, page: Any) -> Iterator[Any]:
        """Yield ``{"incident", "update", "n"}`` for each update of each incident."""
        if kind == "feed":
            yield from statusfeed.items(page)
            return
        if kind == "probe":
            return
        for incident in fields.listing(fields.mapping(page).get("incidents")):
            if not isinstance(incident, dict):
                yield incident
                continue
            updates = incident.get("incident_updates", incident.get("updates"))
            if not isinstance(updates, list) or not updates:
                # Only the incident's own word is known.
                updates = [{k: incident.get(k) for k in ("status", "created_at", "published_at", "body")}]
            for number, update in enumerate(updates):
                yield {"incident": incident, "update": update, "n": len(updates) - number}

    @staticmethod
    def parse(raw: Any) -> dict[str, Any] | None:
        """Read one update of one incident; planned maintenance is no incident."""
        item = fields.obj(raw)
        incident, update = fields.obj(item.get("incident")), fields.obj(item.get("update"))
        impact = fields.maybe(incident, "impact")
        body = _body(update)
        status = fields.maybe(update, "status") or fields.maybe(update, "to_status") or stage_of_text(body or "")
        status = status or fields.maybe(incident, "status")
        if not status:
            raise Reject("no status", "neither update nor incident has a status")
        if impact == "maintenance" or status.lower() in _MAINTENANCE or incident.get("type") == "maintenance":
            return None
        incident_id = fields.identity(incident, "id")
        posted = _posted(update)
        if posted is None:
            raise Reject("no time", "none of created_at, published_at and display_at can be read")
        return {
            "provider": "",
            "incident_id": incident_id,
            "update_id": fields.maybe(update, "id") or f"{incident_id}-{item.get('n', 1)}",
            "source": _source(incident, update),
            "incident_name": fields.maybe(incident, "name"),
            "impact": impact,
            "status": status,
            "stage": stage_of_status(status),
            "posted_at": posted,
            "claimed_at": fields.moment_or_none(update.get("display_at")),
            "body": body,
            "components": _components(incident, update),
            # incident.io names components by id only; the reader looks the names up.
            "component_ids": _component_ids(incident, update),
        }


def _is_of(kind: str, body: bytes) -> bool:
    """Return whether a body is of a kind's format at all."""
    if kind == "feed":
        return b"<channel" in body or b"<feed" in body
    try:
        page = fields.mapping(loads(body))
    except ValueError:
        return False
    return "summary" in page if kind == "probe" else isinstance(page.get("incidents"), list)


def _posted(update: Any) -> Any:
    for name in ("created_at", "published_at", "display_at", "updated_at"):
        if (found := fields.moment_or_none(update.get(name))) is not None:
            return found
    return None


def _body(update: Any) -> str | None:
    return fields.maybe(update, "body") or fields.maybe(update, "message_string")


def _source(incident: Any, update: Any) -> str:
    if incident.get("feed"):
        return "rss"
    return "incidentio" if _is_ulid(str(incident.get("id"))) or "published_at" in update else "statuspage"


def _is_shim(page: Any) -> bool:
    """Return whether a page in Statuspage's shape is incident.io's: its ids are ULIDs."""
    return _is_ulid(str(fields.mapping(fields.mapping(page).get("page")).get("id")))


def _is_ulid(text: str) -> bool:
    return len(text) == 26 and text.isalnum() and text.startswith("0")


def _components(incident: Any, update: Any) -> list[str] | None:
    return _first_of(incident, update, ("name", "component_name"))


def _component_ids(incident: Any, update: Any) -> list[str] | None:
    return _first_of(incident, update, ("component_id",))


def _first_of(incident: Any, update: Any, wanted: tuple[str, ...]) -> list[str] | None:
    """Return a field of the components that the update names, or else those of its incident."""
    for owner, name in (
        (update, "affected_components"),
        (update, "component_statuses"),
        (incident, "components"),
        (incident, "affected_components"),
        (incident, "component_impacts"),
    ):
        listed = [fields.mapping(c) for c in fields.listing(owner.get(name))]
        found = [n for c in listed if (n := next((v for w in wanted if (v := fields.maybe(c, w))), None))]
        if found:
            return list(dict.fromkeys(found))
    return None
