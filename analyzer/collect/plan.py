"""Which stretches of time are still to be asked for, and which were in fact covered. Pure functions over intervals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

#: One interval ``[start, end)``.
Interval = tuple[dt.datetime, dt.datetime]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the union as intervals in order, none touching another."""
    out: list[Interval] = []
    for start, end in sorted(i for i in intervals if i[0] < i[1]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def missing(window: Interval, covered: Iterable[Interval]) -> list[Interval]:
    """Return the parts of `window` that `covered` leaves out, in order."""
    out: list[Interval] = []
    at, last = window
    for start, end in merged(covered):
        if end <= at:
            continue
        if start >= last:
            break
        if start > at:
            out.append((at, min(start, last)))
        at = max(at, end)
    if at < last:
        out.append((at, last))
    return out


def common(covered: Sequence[Iterable[Interval]]) -> list[Interval]:
    """Return what all of several lists of intervals cover: a stretch counts only if every query saw it."""
    if not covered:
        return []
    out = merged(covered[0])
    for other in covered[1:]:
        cut = []
        for a, b in out:
            cut += [(max(a, c), min(b, d)) for c, d in merged(other) if c < b and d > a]
        out = merged(cut)
    return out


def smallest(terms: Iterable[str]) -> list[str]:
    """Return the search terms without those that another one implies (searches match all words of a term).

    >>> smallest(["ChatGPT down", "chatgpt", "OpenAI"])
    ['chatgpt', 'OpenAI']
    """
    unique = list({t.casefold(): t for t in terms}.values())
    bags = {t: set(t.casefold().split()) for t in unique}
    return [t for t in unique if not any(o != t and bags[o] < bags[t] for o in unique)]


def to_rows(spans: Mapping[str, Iterable[Interval]]) -> list[list[str]]:
    """Return covered spans by query as plain values, for a manifest."""
    return [[q, s.isoformat(), e.isoformat()] for q in sorted(spans) for s, e in merged(spans[q])]


def from_rows(rows: Iterable[Sequence[str]]) -> dict[str, list[Interval]]:
    """Read what `to_rows` wrote; rows that cannot be read are passed over (they are asked for again)."""
    out: dict[str, list[Interval]] = {}
    for row in rows:
        try:
            query, start, end = row
            interval = (dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end))
        except (TypeError, ValueError):
            continue
        out.setdefault(query, []).append(interval)
    return {q: merged(v) for q, v in out.items()}
