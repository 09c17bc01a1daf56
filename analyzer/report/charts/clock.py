"""Time on the x axis: UTC below, the study's zone above, phases as shades and official updates as marks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from analyzer.report.charts.style import LIGHT, is_narrow, point
from analyzer.report.format import Format, text
from analyzer.report.names import stage_name
from analyzer.report.pick import Row, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Span = tuple[dt.datetime, dt.datetime]
#: More updates than these are marked by short strokes at the top.
MANY = 9


def naive(time: dt.datetime) -> Any:  # Any: matplotlib's stubs know no datetimes
    """Return a UTC time without its zone, as matplotlib's axis (set to UTC) takes it."""
    return time.astimezone(dt.UTC).replace(tzinfo=None)


def time_axis(ax: Axes, span: Span, *, zone: str = "UTC") -> None:
    """Set limits, ticks and the unit of a time axis; a second axis above where the study has another zone."""
    from matplotlib.dates import AutoDateLocator

    ax.set_xlim(naive(span[0]), naive(span[1]))
    most = 4 if is_narrow(ax) else 8
    locator = AutoDateLocator(minticks=2, maxticks=most)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(_formatter(locator, "UTC"))
    ax.set_xlabel(f"Time (UTC), {_days(span)}")
    if not _is_utc(zone, span):
        above = ax.secondary_xaxis("top")
        second = AutoDateLocator(minticks=2, maxticks=most, tz=ZoneInfo(zone))
        above.xaxis.set_major_locator(second)
        above.xaxis.set_major_formatter(_formatter(second, zone))
        above.set_xlabel(zone.replace("_", " "), loc="right", fontsize=8)
        above.tick_params(length=2)


def _is_utc(zone: str, span: Span) -> bool:
    """Say whether a zone shows the same clock as UTC over the whole span, so that a second axis would say nothing."""
    there = ZoneInfo(zone)
    return not any(t.astimezone(there).utcoffset() for t in (span[0], span[0] + (span[1] - span[0]) / 2, span[1]))


def _formatter(locator: Any, zone: str) -> Any:
    from matplotlib.dates import ConciseDateFormatter

    formats = ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S"]
    zeros = ["", "%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"]
    return ConciseDateFormatter(locator, tz=ZoneInfo(zone), formats=formats, zero_formats=zeros, show_offset=False)


def _days(span: Span) -> str:
    first, last = span[0].date(), (span[1] - dt.timedelta(microseconds=1)).date()
    if first == last:
        return f"{first.day} {first:%b %Y}"
    if first.year == last.year and first.month == last.month:
        return f"{first.day}–{last.day} {last:%b %Y}"
    return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"


def shade_phases(ax: Axes, view: View, span: Span, *, names: bool = True) -> None:
    """Shade every second phase of the main incident and name it at the top, where its width holds the name."""
    width = (span[1] - span[0]).total_seconds()
    inches = float(ax.figure.get_figure(root=True).get_size_inches()[0])
    head = 0.86 if len(_inside(view, span)) > MANY else 0.985
    for i, phase in enumerate(view.main_phases()):
        start, end = max(phase["start"], span[0]), min(phase["end"], span[1])
        if start >= end:
            continue
        if i % 2:
            ax.axvspan(naive(start), naive(end), color=LIGHT["shade"], zorder=0)
        name = view.phase_name(phase["phase"])
        room = (end - start).total_seconds() / width * inches * 0.86
        if not names or room < 0.17:
            continue
        flat = room > 0.075 * len(name)
        ax.text(
            naive(start + (end - start) / 2),
            head,
            name,
            transform=ax.get_xaxis_transform(),
            rotation=0 if flat else 90,
            ha="center",
            va="top",
            fontsize=7.5,
            color=LIGHT["muted"],
            clip_on=True,
        )


def _inside(view: View, span: Span) -> list[tuple[int, Row]]:
    return [(i, u) for i, u in enumerate(view.updates, 1) if span[0] <= u["posted_at"] < span[1]]


def moment(time: dt.datetime, span: Span) -> str:
    """Return a time as a mark in a chart says it: with its day where the chart shows several days."""
    clock = f"{time.astimezone(dt.UTC):%H:%M}"
    return clock if span[1] - span[0] <= dt.timedelta(hours=36) else f"{time.day} {time:%b} {clock}"


def mark_updates(ax: Axes, view: View, span: Span, f: Format) -> list[Row]:
    """Mark official updates by dashed lines, numbered as in the table; those too near to print share a label."""
    inside = _inside(view, span)
    width = (span[1] - span[0]).total_seconds()
    gap = width * (0.075 if is_narrow(ax) else 0.032)
    last: dt.datetime | None = None
    pad = dt.timedelta(seconds=width * 0.006)
    for number, update in inside:
        time = update["posted_at"]
        many = len(inside) > MANY
        style = {"ymin": 0.9, "linewidth": 0.9} if many else {"linewidth": 1.1, "linestyle": (0, (4, 2))}
        ax.axvline(naive(time), color=LIGHT["green"], zorder=3, **style)
        said = text(f"Official update {number}, {f.time(time)}: {stage_name(update)}")
        point(ax, said, x=(naive(time - pad), naive(time + pad)))
        if last is None or (time - last).total_seconds() >= gap:
            ax.text(
                naive(time),
                0.9 if many else 0.995,
                str(number),
                transform=ax.get_xaxis_transform(),
                ha="center",
                va="top",
                fontsize=7.5,
                color=LIGHT["green"],
                bbox={"facecolor": LIGHT["paper"], "edgecolor": "none", "pad": 1},
                zorder=4,
            )
            last = time
    return [u for _, u in inside]
