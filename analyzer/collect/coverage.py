"""What was in fact looked at, as COVERAGE rows: a stretch counts as covered only if every query saw it. Pure."""

from __future__ import annotations

from typing import Any

from analyzer.collect import plan
from analyzer.collect.desk import Desk, Hole


def covered(desk: Desk) -> list[plan.Interval]:
    """Return the stretches of the window that all queries saw, earlier collections included."""
    spans = desk.all_spans()
    start, end = desk.window
    return [(max(a, start), min(b, end)) for a, b in plan.common(list(spans.values())) if b > start and a < end]


def sharpened(desk: Desk) -> list[Hole]:
    """Return the holes, cut down to what is not covered, with unexplained ones added as gaps."""
    start, end = desk.window
    seen = covered(desk)
    out: list[Hole] = []
    for hole in desk.holes:
        if hole.kind in ("truncated", "unknown"):
            # A listing was cut, whatever other queries saw of the same time.
            out.append(hole)
            continue
        out += [Hole(a, b, hole.kind, hole.note) for a, b in plan.missing((hole.start, hole.end), seen)]
    explained = seen + [(h.start, h.end) for h in out]
    for a, b in plan.missing((start, end), explained):
        # The last moments before now are asked for again next time, and are no hole.
        if (b - a).total_seconds() > desk.settle_s + 30:
            out.append(Hole(a, b, "gap", "not reached"))
    return out


def rows(desk: Desk) -> list[dict[str, Any]]:
    """Return COVERAGE rows without `run_id`; what was cut is not called covered."""
    cut = [(h.start, h.end) for h in desk.holes if h.kind == "truncated"]
    whole = [part for seen in covered(desk) for part in plan.missing(seen, cut)]
    out = [{"source": desk.name, "start": a, "end": b, "kind": "covered", "note": _note(desk)} for a, b in whole]
    out += [{"source": desk.name, "start": h.start, "end": h.end, "kind": h.kind, "note": h.note} for h in desk.holes]
    unique = {(r["start"], r["end"], r["kind"]): r for r in out}
    return list(unique.values())


def _note(desk: Desk) -> str | None:
    said = desk.notes.get("completeness")
    return str(said) if said else None
