"""Importing the provider's official timeline: incidents in Statuspage shape, as JSON or JSON lines."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.collect import fields
from analyzer.collect.archive import stream
from analyzer.collect.archive.lines import Chunk, chunks
from analyzer.collect.archive.part import shown
from analyzer.collect.archive.summary import FileSummary, Summary
from analyzer.collect.fields import Reject
from analyzer.errors import InputError
from analyzer.schema import STAGES, UPDATES

if TYPE_CHECKING:
    from analyzer.study import Study

#: Kept before and after the study's window.
MARGIN = dt.timedelta(days=1)
#: Status words outside the usual five whose meaning is plain.
_PLAIN = {
    "service_disruption": "investigating",
    "service_outage": "investigating",
    "available": "resolved",
    "completed": "resolved",
}
_MAX_DOCUMENT = 256 << 20


def import_updates(
    paths: Sequence[str | Path], study: Study, corpus: Any, *, everything: bool = False, now: dt.datetime | None = None
) -> Summary:
    """Read official timelines into a corpus; doing it twice changes nothing.

    Parameters
    ----------
    paths
        Statuspage-shaped JSON (``{"incidents": [...]}``, a list, or one incident) or JSON lines; gzip and zstandard
        are unpacked.
    study
        Its `provider` (where given) and window (and a day around it) select incidents; an incident is kept whole.
    corpus
        An `analyzer.store.Corpus`.
    everything
        Keep all incidents, whatever the study says.
    now
        The clock, for the run's manifest.

    Raises
    ------
    InputError
        If a file is missing, empty, or holds no incident. The corpus is unharmed.
    """
    summary = Summary()
    with corpus.run("updates", study=study, now=now) as run:
        for path in dict.fromkeys(Path(p) for p in paths):
            _file(path, study, run, summary, everything)
    summary.settle(run, "updates")
    return summary


def _file(path: Path, study: Study, run: Any, summary: Summary, everything: bool) -> None:
    about = FileSummary(path.name, format="statuspage")
    summary.files.append(about)
    with stream.open_input(path) as file:
        writer = run.raw_writer(name=path.name, format="statuspage", info={"everything": True} if everything else {})
        packed = stream.Packed(file, path.name, writer.write)
        read_incidents(packed, study, run, summary, about=about, everything=everything)
    entry = writer.close()
    about.sha256 = entry["sha256"]
    run.keep_raw(entry)


def read_incidents(
    packed: stream.Packed, study: Study, run: Any, summary: Summary, *, about: FileSummary, everything: bool
) -> None:
    """Read one opened file into a run."""
    import pyarrow as pa

    mark = str(len(run.raw))
    rows: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    n_found = 0

    def reject(line: int, why: Reject, raw: Any) -> None:
        summary.rejected[why.reason] += 1
        rejected.append(
            {"file": about.name, "line": line, "reason": why.reason, "detail": why.detail, "raw": shown(raw)}
            | {"_input": mark}
        )

    for line, item, why in incidents(packed, about.name):
        about.n_rows += 1
        if why is not None:
            reject(line, why, item)
            continue
        try:
            found, problems = read_incident(item, study)
        except Reject as bad:
            reject(line, bad, item)
            continue
        n_found += 1
        for problem in problems:
            reject(line, problem, item)
        if not everything and (reason := _outside(found, study)):
            summary.skipped[reason] += 1
            continue
        summary.n_incidents += 1
        if not found and not problems:
            summary.skipped["incidents without any update"] += 1
        rows += found
    if not n_found:
        raise InputError(
            f"{about.name}: no incident in it; a Statuspage timeline has objects with `incident_updates` "
            "(api/v2/incidents.json has them under `incidents`)"
        )
    about.truncated = packed.truncated
    summary.n_rows += about.n_rows
    schema = pa.schema([f for f in UPDATES.arrow() if f.name != "run_id"])
    run.add_updates(pa.Table.from_pylist(rows, schema=schema))
    if rejected:
        run.add_rejects(pa.Table.from_pylist(rejected))


def incidents(packed: stream.Packed, name: str) -> Iterator[tuple[int, Any, Reject | None]]:
    """Yield ``(line, incident, None)``, or ``(line, raw, why)`` for what cannot be read."""
    pieces = chunks(stream.to_utf8(iter(packed)))
    first = next(pieces, None)
    if first is None:
        raise InputError(f"{name} is empty; nothing to read")
    lines = _lines(itertools.chain([first], pieces))
    start = next(lines, None)
    if start is None:
        raise InputError(f"{name} is empty; nothing to read")
    try:
        orjson.loads(start[1])
    except ValueError:
        # The first line alone is no JSON: either one document over many lines, or a damaged first line.
        held = [start, *itertools.takewhile(_within(_MAX_DOCUMENT), lines)]
        try:
            document = orjson.loads("".join(line for _, line, _ in held))
        except ValueError:
            yield from _each(iter(held))
            return
        for number, item in enumerate(_inside(document), 1):
            yield number, item, None
        return
    yield from _each(itertools.chain([start], lines))


def _within(size: int) -> Any:
    left = [size]

    def within(entry: tuple[int, str, Reject | None]) -> bool:
        left[0] -= len(entry[1])
        return left[0] > 0

    return within


def _lines(pieces: Iterator[Chunk]) -> Iterator[tuple[int, str, Reject | None]]:
    for chunk in pieces:
        for number, reason, detail, raw in chunk.bad:
            yield number, raw.decode("utf-8", "replace"), Reject(reason, detail)
        for number, line in zip(chunk.numbers.to_pylist(), chunk.lines.to_pylist(), strict=True):
            if line.strip():
                yield number, line, None


def _each(lines: Iterator[tuple[int, str, Reject | None]]) -> Iterator[tuple[int, Any, Reject | None]]:
    for number, line, why in lines:
        if why is not None:
            yield number, line, why
            continue
        try:
            document = orjson.loads(line)
        except ValueError as error:
            yield number, line, Reject("not JSON", str(error)[:200])
            continue
        for item in _inside(document):
            yield number, item, None if isinstance(item, dict) else Reject("no object", "an incident is a JSON object")


def _inside(document: Any) -> list[Any]:
    found: list[Any] = []
    waiting = [document]  # lists may hold lists, and deeper than Python calls itself
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += reversed(item)
        elif isinstance(item, dict) and isinstance(item.get("incidents"), list):
            found += item["incidents"]
        else:
            found.append(item)
    return found


def read_incident(item: Any, study: Study) -> tuple[list[dict[str, Any]], list[Reject]]:
    """Return the rows of one incident, in the order of their times, and the updates that cannot be read.

    The first update claims the incident's start, the last its end; the others claim nothing. An only update claims
    what it reports: the end, if it says that it is over.

    Raises
    ------
    Reject
        If it is no incident.
    """
    incident = fields.obj(item)
    said = incident.get("incident_updates")
    if not isinstance(said, list):
        raise Reject("no incident", "an incident has a list `incident_updates`")
    incident_id = fields.identity(incident, "id")
    provider = fields.maybe(incident, "provider") or study.provider or study.service
    started = fields.moment_or_none(incident.get("started_at") or incident.get("created_at"))
    resolved = fields.moment_or_none(incident.get("resolved_at"))
    common = {
        "provider": provider,
        "incident_id": incident_id,
        "source": "statuspage",
        "incident_name": fields.maybe(incident, "name"),
        "impact": fields.maybe(incident, "impact"),
        "components": [n for c in fields.listing(incident.get("components")) if (n := _component(c))],
    }
    rows: list[dict[str, Any]] = []
    problems: list[Reject] = []
    # Pages list the newest first; equal times keep the order of what happened.
    times = [fields.moment_or_none(_time(u)) for u in said]
    known = [t for t in times if t is not None]
    newest_first = len(known) > 1 and known[0] > known[-1]
    for place, update in enumerate(reversed(said) if newest_first else said):
        try:
            rows.append({**common, **_update(fields.obj(update), place)})
        except Reject as why:
            problems.append(why)
    rows.sort(key=lambda row: row["posted_at"])
    for row in rows:
        row["claimed_at"] = None
    if rows:
        rows[-1]["claimed_at"] = resolved
        over = len(rows) == 1 and rows[0]["stage"] in ("resolved", "postmortem")
        rows[0]["claimed_at"] = (resolved if over else started) or started or resolved
    return rows, problems


def _time(update: Any) -> Any:
    update = fields.mapping(update)
    return update.get("display_at") or update.get("created_at") or update.get("published_at")


def _update(update: Mapping[str, Any], place: int) -> dict[str, Any]:
    status = fields.words(update, "status").strip() if update.get("status") else "update"
    return {
        "update_id": fields.maybe(update, "id") or f"{place + 1:03d}",
        "status": status,
        "stage": stage(status),
        "posted_at": fields.moment(_time(update), "created_at"),
        "body": fields.maybe(update, "body"),
    }


def stage(status: str) -> str | None:
    """Return the stage that a status word plainly names, or None.

    >>> stage("Investigating"), stage("service_outage"), stage("update")
    ('investigating', 'investigating', None)
    """
    word = status.strip().lower().replace(" ", "_")
    return word if word in STAGES else _PLAIN.get(word)


def _component(value: Any) -> str | None:
    return fields.maybe(value, "name") if isinstance(value, dict) else value if isinstance(value, str) else None


def _outside(rows: list[dict[str, Any]], study: Study) -> str:
    """Return why the study leaves an incident out, or an empty string."""
    if not rows:
        return ""
    if study.provider and _same(rows[0]["provider"]) != _same(study.provider):
        return "incidents of other providers"
    times = [t for row in rows for t in (row["posted_at"], row["claimed_at"]) if t]
    if (study.since and max(times) < study.since - MARGIN) or (study.until and min(times) >= study.until + MARGIN):
        return "incidents outside the study's window"
    return ""


def _same(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
