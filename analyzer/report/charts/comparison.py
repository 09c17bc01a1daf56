"""Incidents side by side: their volume aligned at the onset, and their headline shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analyzer.report.charts.dots import Dot, Size, dot_rows, dot_title, sizes_for
from analyzer.report.charts.grid import grid, head
from analyzer.report.charts.series import width_name
from analyzer.report.charts.style import LIGHT, canvas, fmt, is_narrow, key_row, point, say_missing, set_title
from analyzer.report.document import Table
from analyzer.report.format import NONE, Format
from analyzer.report.names import measure_name
from analyzer.report.pick import Row, View, view
from analyzer.report.share_tables import share_text
from analyzer.report.shrink import Share, differing
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = ("frustration_ge2", "topic_transparency", "humor")
_MOST = 12


def names(timelines: Sequence[Timeline]) -> list[str]:
    """Return a name for each report; equal names are numbered."""
    from analyzer.report.compare import label

    found = [label(t) for t in timelines]
    return [n if found.count(n) == 1 else f"{n} ({found[:i].count(n) + 1})" for i, n in enumerate(found)]


def _hours(v: View) -> float:
    """Return how long after the onset there is something to see."""
    found = v.incident
    if not found:
        return 0.0
    last = found["recovery"] or (v.window[1] if v.window else found["peak"])
    return float((last - found["onset"]).total_seconds()) / 3600


def sizes(views: Sequence[View], name: str) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    n = max(1, min(sum(v.incident is not None for v in views), _MOST))
    if name == "aligned":
        return (7.4, 0.9 + 0.95 * n), (3.6, 1.0 + 1.1 * n)
    return sizes_for(n * len(_SHOWN), len(_SHOWN))


def title(views: Sequence[View], name: str, f: Format) -> str:
    """Return the finding."""
    found = [(n, v) for n, v in zip(names([v.timeline for v in views]), views, strict=True) if v.incident]
    if name == "aligned":
        ended = [(_hours(v), n) for n, v in found if v.incident and v.incident["recovery"]]
        if len(ended) < 2:
            return "Posts about each outage, aligned at the onset"
        longest, shortest = max(ended), min(ended)
        if longest[0] == shortest[0]:
            return f"Reports lasted {f.duration(longest[0] * 3600)} for each"
        return (
            f"Reports lasted longest for {longest[1]} ({f.duration(longest[0] * 3600)}) and shortest for "
            f"{shortest[1]} ({f.duration(shortest[0] * 3600)})"
        )
    rows = [(n, r) for n, v in found if (r := v.share("frustration_ge2")) and r["estimate"] is not None]
    known = [(r["estimate"], n) for n, r in rows]
    if len(known) < 2:
        return "Headline shares of each incident"
    bounded = [Share(r["estimate"], r["low"], r["high"]) for _, r in rows if r["low"] is not None]
    said = f"Clear frustration runs from {f.share(min(known)[0])} ({min(known)[1]}) to {f.share(max(known)[0])}"
    return f"{said} ({max(known)[1]})" + ("" if differing(bounded) else "; no two clearly differ")


def alt(views: Sequence[View], name: str, f: Format) -> str:
    """Return the text alternative."""
    called = names([v.timeline for v in views])
    parts = []
    for n, v in zip(called, views, strict=True):
        if name == "aligned":
            found = v.incident
            parts.append(f"{n} peak {f.count(found['peak_count'])} posts" if found else f"{n} no incident")
        else:
            if not v.incident:
                continue
            parts.append(f"{n} " + ", ".join(f"{measure_name(m)} {share_text(v.share(m), f)}" for m in _SHOWN))
    lead = (
        "Posts about each outage by time since its onset" if name == "aligned" else "Headline shares of each incident"
    )
    return f"{lead}: {'; '.join(parts)}."


def data(views: Sequence[View], name: str, f: Format) -> Table:
    """Return the numbers behind a chart."""
    found = [(n, v) for n, v in zip(names([v.timeline for v in views]), views, strict=True) if v.incident][:_MOST]
    numeric = frozenset(range(1, len(found) + 1))
    if name != "aligned":
        rows = tuple((measure_name(m), *(share_text(v.share(m), f) for _, v in found)) for m in _SHOWN)
        head = ("Measure", *(n for n, _ in found))
        return Table("compared", "Headline shares (95% intervals)", head, rows, numeric=numeric, folded=True)
    until = _until(found)
    step = next(s for s in (0.5, 1, 2, 3, 6) if until / s <= 24 or s == 6)
    times = [i * step for i in range(-1, math.ceil(until / step))]
    rows = tuple((f"{f.number(t, 1)} h", *(_between(v, t, t + step, f) for _, v in found)) for t in times)
    head = ("From the onset", *(n for n, _ in found))
    caption = f"Posts per {width_name(int(step * 3600))} after the onset"
    return Table("aligned", caption, head, rows, numeric=numeric, folded=True)


def _until(found: Sequence[tuple[str, View]]) -> float:
    """Return how many hours after the onset are shown."""
    return max(1.0, min(72.0, 1.35 * max((_hours(v) for _, v in found), default=0.0)))


def _between(v: View, start: float, end: float, f: Format) -> str:
    """Return the posts in bins that begin between two hours after the onset."""
    assert v.incident
    onset = v.incident["onset"]
    inside = [b for b in v.bins if start <= (b["start"] - onset).total_seconds() / 3600 < end]
    seen = [b for b in inside if b["covered"] > 0]
    return f.count(sum(b["n_relevant"] for b in seen)) if seen else NONE


def plot_comparison(timelines: Sequence[Timeline], *, ax: Axes | None = None) -> Axes:
    """Posts about each outage by time since its observed onset, each against its own peak."""
    views, f = [view(t) for t in timelines], fmt()
    with canvas(ax, size=sizes(views, "aligned")[0]) as ax:
        found = [(n, v) for n, v in zip(names(timelines), views, strict=True) if v.incident][:_MOST]
        if not found:
            return say_missing(ax, "None of the reports holds an incident, so there is no onset to align at.")
        until = _until(found)
        small = grid(ax, len(found), 1, gap=(0.2, 0.5 if is_narrow(ax) else 0.36))
        for i, (one, (n, v)) in enumerate(zip(small, found, strict=True)):
            _aligned(one, n, v, until, f)
            one.tick_params(labelbottom=i == len(found) - 1)
        small[-1].set_xlabel("Hours after the observed onset")
        key_row(
            ax,
            [("posts, against the own peak", "blue"), ("official updates", "green"), ("recovery", "purple")],
            drop=32,
        )
        set_title(ax, title(views, "aligned", f))
    return ax


def _aligned(ax: Axes, name: str, v: View, until: float, f: Format) -> None:
    found = v.incident
    assert found is not None
    x, y = [], []
    peak = max(found["peak_count"], 1)
    for b in v.bins:
        hour = (b["start"] - found["onset"]).total_seconds() / 3600
        if -0.25 * until <= hour <= until:
            value = b["n_relevant"] / peak if b["covered"] > 0 else float("nan")
            x += [hour, hour + v.timeline.bin_s / 3600]
            y += [value, value]
    ax.fill_between(x, y, color=LIGHT["blue-soft"])
    ax.plot(x, y, color=LIGHT["blue"], linewidth=1.1)
    ax.axvline(0, color=LIGHT["purple"], linewidth=1.2)
    if found["recovery"]:
        ax.axvline(_hours(v), color=LIGHT["purple"], linewidth=1.1, linestyle=":")
    for u in v.updates:
        ax.axvline(
            (u["posted_at"] - found["onset"]).total_seconds() / 3600,
            color=LIGHT["green"],
            linewidth=0.9,
            linestyle=(0, (4, 2)),
        )
    ax.set_xlim(-0.25 * until, until)
    ax.set_ylim(0, 1.08)
    ax.set_yticks([0, 1], ["0", f.count(peak)])
    ahead = f"peak {f.count(peak)} per {width_name(v.timeline.bin_s)}"
    lasted = f"recovered after {f.duration(_hours(v) * 3600)}" if found["recovery"] else "not recovered in the data"
    head(ax, f"{name}: {ahead}, {lasted}" if not is_narrow(ax) else f"{name}\n{ahead}")
    point(ax, f"{name}: peak {f.count(peak)} posts, {lasted}")


def plot_compared(timelines: Sequence[Timeline], *, ax: Axes | None = None) -> Axes:
    """Headline shares of each incident with 95% intervals."""
    views, f = [view(t) for t in timelines], fmt()
    with canvas(ax, size=sizes(views, "compared")[0]) as ax:
        dots = []
        for measure in _SHOWN:
            for n, v in [x for x in zip(names(timelines), views, strict=True) if x[1].incident][:_MOST]:
                row: Row = v.share(measure) or {"estimate": None, "low": None, "high": None, "suppressed": False}
                role = "orange" if measure.startswith("frustration") else "blue"
                block = measure_name(measure).capitalize()
                dots.append(Dot(n, row["estimate"], row["low"], row["high"], share_text(row, f), role, block))
        if not any(d.value is not None for d in dots):
            return say_missing(ax, "No share could be estimated in any report.")
        dot_rows(ax, dots, unit="Share of posts about the outage")
        dot_title(ax, title(views, "compared", f))
    return ax
