"""What posts spoke of, by phase: one small chart a topic, all on one scale."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from analyzer.report.charts.dots import Size, percent_axis
from analyzer.report.charts.grid import grid, head
from analyzer.report.charts.style import LIGHT, canvas, fmt, is_narrow, point, say_missing, set_title
from analyzer.report.document import Table
from analyzer.report.format import Format
from analyzer.report.names import topic_name
from analyzer.report.pick import Row, View, view
from analyzer.report.share_tables import share_text
from analyzer.schema import TOPICS, Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The topic that nearly every post has; it would flatten the others on one scale.
_OWN = "availability"
#: Phases before and after the incident, drawn in grey.
_CALM = ("baseline", "recovered", "aftermath")


def _phases(v: View) -> list[str]:
    """Return the phases that have shares, in order of time."""
    known = {r["group"] for r in v.shares if r["scope"] == "phase"}
    return [p["phase"] for p in v.main_phases() if p["phase"] in known]


def _row(v: View, topic: str, phase: str) -> Row | None:
    return v.share(f"topic_{topic}", scope="phase", group=phase)


def missing(v: View) -> str:
    """Say why the chart cannot be drawn; empty if it can."""
    known = any((r := _row(v, t, p)) and r["estimate"] is not None for t in TOPICS for p in _phases(v))
    return "" if known else "Topics by phase are not known: there is no incident, or too few people wrote."


def _moves(v: View) -> list[tuple[float, str, Row, Row]]:
    """Return the topics whose first and last phase of the incident differ beyond their intervals, the largest first."""
    phases = [p for p in _phases(v) if p not in _CALM]
    out = []
    if len(phases) > 1:
        for topic in TOPICS:
            a, b = _row(v, topic, phases[0]), _row(v, topic, phases[-1])
            if not a or not b or a["estimate"] is None or b["estimate"] is None:
                continue
            if a["high"] < b["low"] or b["high"] < a["low"]:
                out.append((abs(b["estimate"] - a["estimate"]), topic, a, b))
    return sorted(out, key=lambda m: (m[1] == _OWN, -m[0]))


def title(v: View, f: Format) -> str:
    """Return the finding."""
    if moves := _moves(v):
        _, topic, a, b = moves[0]
        verb = "rises" if b["estimate"] > a["estimate"] else "falls"
        return (
            f"Talk of {topic_name(topic)} {verb} from {f.share(a['estimate'])} to {f.share(b['estimate'])} in "
            "the course of the incident"
        )
    whole = [r for t in TOPICS if t != "availability" and (r := v.share(f"topic_{t}")) and r["estimate"] is not None]
    if not whole:
        return "Topics by phase"
    top = max(whole, key=lambda r: r["estimate"])
    name = topic_name(top["measure"].removeprefix("topic_"))
    several = sum(p not in _CALM for p in _phases(v)) > 1
    lead = "No topic's share clearly changes from the first phase to the last; b" if several else "B"
    return f"{lead}eside whether it is down, most speak of {name}: {share_text(top, f)}"


def alt(v: View, f: Format) -> str:
    """Return the text alternative."""
    parts = []
    for topic in TOPICS:
        values = [
            f.share(r["estimate"]) if (r := _row(v, topic, p)) and r["estimate"] is not None else "suppressed"
            for p in _phases(v)
        ]
        parts.append(f"{topic_name(topic)} {', '.join(values)}")
    phases = ", ".join(v.phase_name(p) for p in _phases(v))
    return missing(v) or f"Share of posts by topic in the phases {phases}: {'; '.join(parts)}."


def data(v: View, f: Format) -> Table:
    """Return the numbers behind the chart."""
    phases = _phases(v)
    rows = tuple((topic_name(t), *(share_text(_row(v, t, p), f) for p in phases)) for t in TOPICS)
    header = ("Topic", *(v.phase_name(p) for p in phases))
    return Table("topics", "Topics by phase", header, rows, numeric=frozenset(range(1, len(header))), folded=True)


def sizes(v: View) -> tuple[Size, Size]:
    """Return wide and narrow sizes in inches."""
    return (7.4, 4.6), (3.6, 7.2)


def plot_topics(timeline: Timeline, *, ax: Axes | None = None) -> Axes:
    """Share of posts that speak of each topic, by phase, with 95% intervals; all but the last on one scale."""
    v, f = view(timeline), fmt()
    with canvas(ax, size=sizes(v)[0]) as ax:
        if reason := missing(v):
            return say_missing(ax, reason)
        narrow = is_narrow(ax)
        columns = 2 if narrow else 5
        order = (*(t for t in TOPICS if t != _OWN), _OWN)
        small = grid(ax, len(order), columns, gap=(0.36, 0.42))
        phases = _phases(v)
        for i, (one, topic) in enumerate(zip(small, order, strict=True)):
            _topic(one, v, topic, phases, f)
            one.set_xlim(-0.5, len(phases) - 0.5)
            one.grid(axis="y")
            one.tick_params(labelleft=i % columns == 0 or topic == _OWN, labelbottom=False, bottom=False, labelsize=7.5)
            name = topic_name(topic) + (" (own scale)" if topic == _OWN else "")
            head(one, "\n".join(textwrap.wrap(name, 22 if narrow else 19)))
            one.set_ylim(0, _top(v, (_OWN,) if topic == _OWN else order[:-1], phases))
            percent_axis(one, "y")
        names = ", ".join(f"{i + 1} {v.phase_name(p)}" for i, p in enumerate(phases))
        ax.annotate(
            textwrap.fill(f"Left to right, the phases: {names}.", 48 if narrow else 110),
            (0, 0),
            xycoords="axes fraction",
            xytext=(0, -8),
            textcoords="offset points",
            va="top",
            fontsize=7.8,
            color=LIGHT["muted"],
        )
        set_title(ax, title(v, f))
    return ax


def _top(v: View, topics: tuple[str, ...], phases: list[str]) -> float:
    rows = [v.share(f"topic_{t}", scope="phase", group=p) for t in topics for p in phases]
    return min(1.04, 1.08 * max((r["high"] for r in rows if r and r["high"] is not None), default=1.0))


def _topic(ax: Axes, v: View, topic: str, phases: list[str], f: Format) -> None:
    """Draw one topic: a line of intervals and a row of dots for the phases of the incident, and for those beside it."""
    rows = [_row(v, topic, phase) for phase in phases]
    for i, (phase, row) in enumerate(zip(phases, rows, strict=True)):
        point(ax, f"{topic_name(topic)}, {v.phase_name(phase)}: {share_text(row, f)}", x=(i - 0.5, i + 0.5))
    shown = [(i, r) for i, r in enumerate(rows) if r is not None and r["estimate"] is not None]
    gone = [i for i in range(len(phases)) if i not in {j for j, _ in shown}]
    ax.plot(gone, [0.01] * len(gone), marker="x", color=LIGHT["line"], markersize=3.5, linestyle="none")
    for calm in (True, False):
        some = [(i, r) for i, r in shown if (phases[i] in _CALM) is calm]
        known = [(i, r) for i, r in some if r["low"] is not None and r["high"] is not None]
        color = LIGHT["line" if calm else "blue"]
        x = [v for i, _ in known for v in (i, i, math.nan)]
        y = [v for _, r in known for v in (r["low"], r["high"], math.nan)]
        ax.plot(x, y, color=color, linewidth=1.6, alpha=0.75)
        ax.plot([i for i, _ in some], [r["estimate"] for _, r in some], "o", markersize=3.6, color=color)
