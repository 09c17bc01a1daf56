"""Bins as they are drawn: cut to a span and merged until a screen can show them."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from analyzer.report.charts.clock import Span
from analyzer.report.pick import Row, View

_SUMS = ("n_posts", "n_relevant")
_USUAL = ("expected", "expected_low", "expected_high")
_SHARES = ("frustration", "frustration_low", "frustration_high", "humor", "humor_low", "humor_high")


def drawn_bins(view: View, span: Span | None, *, most: int = 260) -> tuple[list[Row], int]:
    """Return the bins inside `span`, merged to at most `most`, and their width in seconds.

    Counts add up, shares are weighted by relevant posts, the bounds of the usual number add up (so they stay wide).
    """
    inside = [b for b in view.bins if span is None or span[0] <= b["start"] < span[1]]
    step = max(1, math.ceil(len(inside) / most))
    width = view.timeline.bin_s * step
    if step == 1:
        return inside, width
    return [_merge(inside[i : i + step]) for i in range(0, len(inside), step)], width


def _merge(group: list[Row]) -> Row:
    merged: Row = {"start": group[0]["start"], "phase": group[0]["phase"], "n_authors": -1}
    merged["covered"] = sum(b["covered"] for b in group) / len(group)
    for name in _SUMS:
        merged[name] = sum(b[name] for b in group)
    for name in _USUAL:
        values = [b[name] for b in group if b[name] is not None]
        merged[name] = sum(values) if len(values) == len(group) else None
    for name in _SHARES:
        pairs = [(b[name], max(b["n_relevant"], 1)) for b in group if b[name] is not None]
        merged[name] = sum(v * w for v, w in pairs) / sum(w for _, w in pairs) if pairs else None
    return merged


def steps(bins: list[Row], width_s: float, name: str) -> tuple[list[Any], list[float]]:
    """Return x (edges, without zone) and y of a step line; holes and missing values are gaps."""
    x: list[Any] = []
    y: list[float] = []
    for row in bins:
        value = row[name] if row["covered"] > 0 else None
        start = row["start"].replace(tzinfo=None)
        x += [start, start + dt.timedelta(seconds=width_s)]
        y += [math.nan if value is None else float(value)] * 2
    return x, y


def middles(bins: list[Row], width_s: float) -> list[Any]:
    """Return the middle of each bin, without zone."""
    return [b["start"].replace(tzinfo=None) + dt.timedelta(seconds=width_s / 2) for b in bins]


def column(bins: list[Row], name: str) -> list[float]:
    """Return one column as floats; missing values and holes are nan."""
    return [math.nan if b[name] is None or b["covered"] <= 0 else float(b[name]) for b in bins]


def holes(bins: list[Row], width_s: float) -> list[tuple[Any, Any]]:
    """Return the stretches that were not collected, joined, without zone."""
    found: list[tuple[Any, Any]] = []
    for row in bins:
        if row["covered"] > 0:
            continue
        start = row["start"].replace(tzinfo=None)
        end = start + dt.timedelta(seconds=width_s)
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def width_name(seconds: float) -> str:
    """Return how a bin's width is called on an axis: minute, 10 min, hour, 6 h, day."""
    names = {60: "minute", 3600: "hour", 86_400: "day"}
    if seconds in names:
        return names[int(seconds)]
    if seconds % 86_400 == 0:
        return f"{int(seconds // 86_400)} days"
    if seconds % 3600 == 0:
        return f"{int(seconds // 3600)} h"
    return f"{seconds / 60:g} min"
