"""Several reports side by side: incidents aligned at their onset, the same numbers with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from analyzer.errors import UsageError
from analyzer.report import json_, numbers
from analyzer.report.charts import comparison
from analyzer.report.charts.series import width_name
from analyzer.report.document import Chart, Document, Element, Heading, Note, Paragraph, Table
from analyzer.report.format import NONE, Format, isolate, text
from analyzer.report.names import measure_name
from analyzer.report.pick import View, view
from analyzer.report.share_tables import share_text
from analyzer.report.shrink import Share, differing, shrink
from analyzer.schema import IMPACTS, Timeline

#: Measures that are compared.
MEASURES = (
    "frustration_ge2",
    "frustration_ge3",
    "humor",
    "report",
    "topic_transparency",
    "topic_dependence",
    "topic_switching",
    "topic_reliability",
    *(f"topic_{t}" for t in IMPACTS),
)


#: Names of headline numbers whose own names depend on the report.
_LABELS = {
    "most_affected": "Most affected use, or most named part",
    "peak": "Posts at the peak",
    "posts": "Posts above the usual number",
}


def compare(
    reports: Sequence[str | Path | Timeline],
    outputs: Iterable[str | Path],
    *,
    title: str | None = None,
    lang: str = "en",
) -> list[Path]:
    """Write a comparison of several reports.

    Parameters
    ----------
    reports
        Two or more report.json files (or timelines).
    outputs
        Paths that end in .html, .pdf, .md or .json.

    Raises
    ------
    UsageError
        Fewer than two reports are given.
    InputError
        A file is no report of this schema.
    """
    from analyzer.report import render_document

    timelines = [r if isinstance(r, Timeline) else json_.to_timeline(json_.load(r)) for r in reports]
    document = build(timelines, title=title, lang=lang)
    return render_document(document, outputs, data=lambda: document.data)


def build(timelines: Sequence[Timeline], *, title: str | None = None, lang: str = "en") -> Document:
    """Return the comparison as a document."""
    if len(timelines) < 2:
        raise UsageError("a comparison needs at least two reports; give two or more report.json files")
    f = Format(lang)
    views = [view(t) for t in timelines]
    names = comparison.names(timelines)
    elements: list[Element] = [*_lead(views, names, f), _caution(views)]
    drawings: tuple[tuple[str, Any], ...] = (
        ("aligned", comparison.plot_comparison),
        ("compared", comparison.plot_compared),
    )
    for name, plot in drawings:
        elements.append(_chart(name, plot, timelines, views, f))
    elements += [Heading("The numbers", anchor="numbers"), _headline(views, names, f)]
    elements += [Heading("The shares", anchor="shares"), _shares(views, names, f), _pairs(views, names, f)]
    heading = (
        text(title, limit=160)
        if title
        else f"{f.count(len(views))} {'incidents' if all(v.incident for v in views) else 'reports'} compared"
    )
    data: dict[str, Any] = {
        "schema": "outage-analyzer/comparison/1",
        "title": heading,
        "names": names,
        "reports": _data(views),
    }
    data["printed"] = {
        t.name: {"header": list(t.header), "rows": [list(r) for r in t.rows]} for t in elements if isinstance(t, Table)
    }
    return Document(
        heading, f"Aligned at the observed onset: {', '.join(names)}.", tuple(elements), lang, heading, data
    )


def _data(views: list[View]) -> list[dict[str, Any]]:
    out = []
    for v in views:
        shares = {m: json_.plain(r) for m in MEASURES if (r := v.share(m))}
        incident = json_.plain(v.incident) if v.incident else None
        out.append(
            {"service": v.timeline.study.service, "verdict": v.timeline.verdict, "incident": incident, "shares": shares}
        )
    return out


def _lead(views: list[View], names: list[str], f: Format) -> list[Element]:
    found = [(n, v) for n, v in zip(names, views, strict=True) if v.incident]
    out: list[Element] = []
    rest = [n for n, v in zip(names, views, strict=True) if not v.incident]
    said = f"{f.count(len(found))} of {f.count(len(views))} reports hold an incident"
    out.append(Paragraph(said + (f"; none is claimed for {', '.join(rest)}." if rest else "."), lead=True))
    lags = sorted((s["lag_s"], n) for n, v in found if (s := v.step("first_word")) and s["lag_s"] is not None)
    if len(lags) > 1 and lags[0][0] < lags[-1][0]:
        first, last = lags[0], lags[-1]
        said = f"The first official word came soonest for {first[1]} ({f.duration(first[0])} after the onset)"
        out.append(Paragraph(f"{said} and latest for {last[1]} ({f.duration(last[0])}).", lead=True))
    known = [
        (n, r)
        for n, v in found
        if (r := v.share("frustration_ge2")) and r["estimate"] is not None and r["low"] is not None
    ]
    if len(known) > 1:
        pairs = differing([Share(r["estimate"], r["low"], r["high"]) for _, r in known])
        if pairs:
            i, j, _ = pairs[0]
            hi, lo = (i, j) if known[i][1]["estimate"] > known[j][1]["estimate"] else (j, i)
            said = f"People were clearly more frustrated about {known[hi][0]} ({share_text(known[hi][1], f)})"
            out.append(Paragraph(f"{said} than about {known[lo][0]} ({share_text(known[lo][1], f)}).", lead=True))
        else:
            out.append(Paragraph("No two incidents differ clearly in how frustrated people were.", lead=True))
    return out


def _caution(views: list[View]) -> Note:
    items = ["Incidents differ in sources, languages and season; a difference between them is no ranking of providers."]
    models = {str(v.timeline.manifest.get("model")) for v in views}
    if len(models) > 1:
        items.append(
            f"The reports were made with different models: {', '.join(sorted(text(m, limit=40) for m in models))}."
        )
    sources = {tuple(sorted({c["source"] for c in v.coverage})) for v in views}
    if len(sources) > 1:
        items.append("The reports rest on different sources.")
    if any(v.timeline.study.simulated for v in views):
        items.append("At least one report is made from simulated posts.")
    return Note("caution", "Before comparing", tuple(items))


def _chart(name: str, plot: Any, timelines: Sequence[Timeline], views: list[View], f: Format) -> Chart:
    wide, narrow = comparison.sizes(views, name)
    draw = partial(_draw, plot, tuple(timelines))
    finding, said = comparison.title(views, name, f), comparison.alt(views, name, f)
    table = comparison.data(views, name, f)
    return Chart(name, finding, (plot.__doc__ or "").splitlines()[0], text(said, limit=1500), draw, wide, narrow, table)


def _draw(plot: Any, timelines: tuple[Timeline, ...], ax: Any) -> Any:
    return plot(timelines, ax=ax)


def _headline(views: list[View], names: list[str], f: Format) -> Table:
    per = [numbers.numbers(v, f) for v in views]
    rows = []
    for i in range(len(per[0])):
        first = per[0][i]
        label = _LABELS.get(first.key, first.label)
        cells = []
        for v, column in zip(views, per, strict=True):
            n = column[i]
            if not v.incident:
                cells.append(f"{NONE} ({v.timeline.verdict})")
                continue
            more = f" ({n.interval})" if n.interval else ""
            use = f"{n.label.split(': ')[1]} " if n.key == "most_affected" and ": " in n.label else ""
            use = f"part: {use}" if n.label.startswith("Most named part") else use
            more = f" per {width_name(v.timeline.bin_s)}{more}" if n.key == "peak" else more
            cells.append(f"{use}{n.value}{more}" if n.value != "unavailable" else f"{NONE} ({n.note})")
        rows.append((label, *cells))
    header = ("Number", *names)
    keys = tuple(n.key for n in per[0])
    return Table("headline", "Headline numbers with 95% intervals", header, tuple(rows), keys)


def _shares(views: list[View], names: list[str], f: Format) -> Table:
    rows: list[tuple[str, ...]] = []
    keys: list[str] = []
    for measure in MEASURES:
        found = [v.share(measure) for v in views]
        known = [r for r in found if r is not None and r["estimate"] is not None and r["low"] is not None]
        rows.append((measure_name(measure), *(share_text(r, f) for r in found)))
        keys.append(measure)
        if len(known) > 3:
            pooled = iter(shrink([Share(r["estimate"], r["low"], r["high"]) for r in known]))
            kept = [next(pooled) if any(r is k for k in known) else None for r in found]
            rows.append(("– pooled", *(NONE if p is None else f.share_interval(p.value, p.low, p.high) for p in kept)))
            keys.append(f"{measure}-pooled")
    caption = "Shares with 95% intervals" + (
        "; pooled: drawn to their mean as far as chance explains" if len(views) > 3 else ""
    )
    return Table(
        "compared-shares", caption, ("Measure", *names), tuple(rows), tuple(keys), frozenset(range(1, len(names) + 1))
    )


def _pairs(views: list[View], names: list[str], f: Format) -> Table | Paragraph:
    """Return the pairs of incidents that differ beyond chance: at most three a measure, the clearest first."""
    rows = []
    for measure in MEASURES:
        known = [
            (n, r)
            for n, v in zip(names, views, strict=True)
            if v.incident and (r := v.share(measure)) and r["estimate"] is not None and r["low"] is not None
        ]
        for i, j, p in differing([Share(r["estimate"], r["low"], r["high"]) for _, r in known])[:3]:
            hi, lo = (i, j) if known[i][1]["estimate"] > known[j][1]["estimate"] else (j, i)
            pair = [f"{known[k][0]}: {share_text(known[k][1], f)}" for k in (hi, lo)]
            rows.append((measure_name(measure), *pair, f.p(p).removeprefix("p = ").removeprefix("p ")))
    if not rows:
        return Paragraph("No pair differs in any share beyond chance.")
    header = ("Measure", "Higher", "Lower", "p, adjusted")
    caption = "Pairs that differ beyond chance; p adjusted for the number of pairs of each measure"
    return Table("pairs", caption, header, tuple(rows), numeric=frozenset({3}))


def label(timeline: Timeline) -> str:
    """Return how a report is called in a comparison."""
    v, f = view(timeline), Format()
    day = v.incident["onset"] if v.incident else (v.window[0] if v.window else None)
    name = isolate(text(timeline.study.service, limit=24))
    return f"{name}, {f.time(day, zone=False).rpartition(' ')[0]}" if day else name
