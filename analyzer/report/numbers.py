"""The eight headline numbers, each with its interval; one that is unknown says why."""

from __future__ import annotations

from typing import Any

from analyzer.report.charts.series import width_name
from analyzer.report.document import Number
from analyzer.report.format import Format, text
from analyzer.report.names import topic_name
from analyzer.report.pick import Row, View, unsettled
from analyzer.report.share_tables import share_text
from analyzer.report.summary import clearly_affected, named_part

_NO_USE = ("most_affected", "Most affected use", "no use is clearly named")


def numbers(v: View, f: Format) -> tuple[Number, ...]:
    """Return the eight headline numbers, in their fixed order; one that is unknown says why."""
    return (*_times(v, f), *_amounts(v, f))


def _gone(key: str, label: str, why: str) -> Number:
    return Number(key, label, "unavailable", note=why)


def _times(v: View, f: Format) -> list[Number]:
    found = v.incident
    if not found:
        why = v.timeline.verdict
        names = {
            "onset": "Observed onset",
            "lag": "Onset to first official word",
            "peak": "Peak",
            "duration": "Onset to recovery",
        }
        return [_gone(key, name, why) for key, name in names.items()]
    onset = f.time_interval(found["onset"], found["onset_low"], found["onset_high"])
    raw = (found["onset"], found["onset_low"], found["onset_high"])
    width = width_name(v.timeline.bin_s)
    return [
        _timed("onset", "Observed onset", onset, "", raw, "time"),
        _lag(v, f),
        _peak(v, f"Posts per {width} at the peak", f),
        _lasted(found, f),
    ]


def _peak(v: View, label: str, f: Format) -> Number:
    """Return the count of the fullest bin, and what it would be without the luck of being the fullest."""
    found, fact = v.incident, v.fact("peak_posts")
    assert found is not None
    count, note = found["peak_count"], f"at {f.time(found['peak'])}"
    if fact and fact.get("low") is not None:
        note += f"; without luck {f.count(fact['value'])} ({f.count(fact['low'])}–{f.count(fact['high'])})"
    return Number("peak", label, f.count(count), "", note, count, None, None, "posts")


def _timed(key: str, label: str, shown: str, note: str, raw: tuple[Any, Any, Any], unit: str) -> Number:
    """Return a number whose printed form is ``value (interval)``."""
    value, _, interval = shown.partition(" (")
    return Number(key, label, value, interval.removesuffix(")"), note, *raw, unit)


def _lag(v: View, f: Format) -> Number:
    label, word = "Onset to first official word", v.step("first_word")
    if not word or word["lag_s"] is None:
        return _gone("lag", label, "none belongs to it" if v.updates else "no official update is known")
    raw = (word["lag_s"], word["lag_low_s"], word["lag_high_s"])
    return _timed("lag", label, f.duration_interval(*raw), "", raw, "s")


def _lasted(found: Row, f: Format) -> Number:
    label = "Onset to recovery"
    if found["recovery"] is None:
        return _gone("duration", label, "the data end before recovery")
    raw = _duration(found)
    return _timed("duration", label, f.duration_interval(*raw), f"back at {f.time(found['recovery'])}", raw, "s")


def _duration(found: Row) -> tuple[float, float | None, float | None]:
    """Return onset to recovery in seconds, with the outer bounds that both intervals leave."""
    lasted = (found["recovery"] - found["onset"]).total_seconds()
    if found["recovery_low"] is None or found["recovery_high"] is None:
        return lasted, None, None
    low = (found["recovery_low"] - found["onset_high"]).total_seconds()
    return lasted, max(0.0, low), (found["recovery_high"] - found["onset_low"]).total_seconds()


def _amounts(v: View, f: Format) -> list[Number]:
    excess = v.fact("excess_posts")
    if v.incident and excess:
        low, high = excess.get("low"), excess.get("high")
        bounds = f"{f.count(low)}–{f.count(high)}" if low is not None and high is not None else ""
        first = Number(
            "posts",
            "Posts above the usual number",
            f.count(excess["value"]),
            bounds,
            "",
            excess["value"],
            low,
            high,
            "posts",
        )
    elif v.incident:
        first = Number(
            "posts",
            "Posts above the usual number",
            f.count(v.incident["n_excess"]),
            raw=v.incident["n_excess"],
            unit="posts",
        )
    else:
        n = v.total("n_relevant")
        first = Number("posts", "Posts about an outage", f.count(n), note="in the whole window", raw=n, unit="posts")
    out = [first]
    for key, label in (
        ("frustration_ge2", "Clearly frustrated"),
        ("topic_transparency", "Miss or ask for information"),
    ):
        out.append(_share(v.share(key), key, label, f))
    hit = clearly_affected(v)
    name = topic_name(hit["measure"].removeprefix("topic_")) if hit else ""
    out.insert(2, _share(hit, "most_affected", f"Most affected use: {name}", f) if hit else _part(v, f))
    return out


def _part(v: View, f: Format) -> Number:
    """Return the part of the service that is named most, where no use is."""
    part = named_part(v)
    if part is None:
        return _gone(*_NO_USE)
    raw = (part["share"], part["low"], part["high"])
    label, note = f"Most named part: {text(part['value'], limit=40)}", f"{f.posts(part['n'])}; {_NO_USE[2]}"
    return _timed("most_affected", label, f.share_interval(*raw), note, raw, "share")


def _share(row: Row | None, key: str, label: str, f: Format) -> Number:
    if row is None:
        return _gone(key, label, "not estimated")
    if row["estimate"] is None:
        return _gone(key, label, "fewer than 5 people" if row["suppressed"] else f.posts(row["n"]))
    if unsettled(row):
        return _gone(key, label, f"counted {f.share(row['naive'])}, corrected {f.share(row['estimate'])}: not settled")
    raw = (row["estimate"], row["low"], row["high"])
    note = f"{f.posts(row['n'])}, counted {f.share(row['naive'])}"
    return _timed(key, label, share_text(row, f), note, raw, "share")
