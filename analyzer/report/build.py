"""From a timeline to a document: which sections there are, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from analyzer.report import answers, numbers, quality, share_tables, summary, tables
from analyzer.report.charts import CHARTS, module, sources
from analyzer.report.document import Bullets, Chart, Document, Element, Heading, Note, Numbers, Paragraph, Ref, Table
from analyzer.report.format import Format, isolate, text
from analyzer.report.lessons import lessons
from analyzer.report.limits import limits
from analyzer.report.names import measure_name, source_name, stage_name
from analyzer.report.pick import View, view
from analyzer.schema import Timeline

#: Which charts stand in which section; a chart that is named nowhere stands in the last one.
PLACES: dict[str, tuple[str, ...]] = {
    "course": ("overview", "ladder"),
    "feelings": ("frustration", "humor"),
    "hit": ("impact", "topics"),
    "effects": ("effects",),
    "words": ("words", "named", "emergent"),
    "sources": ("sources",),
    "robust": ("robustness",),
    "data": ("coverage",),
}


def build(timeline: Timeline, *, title: str | None = None, lang: str = "en", allow_verbatim: bool = False) -> Document:
    """Return the report of a timeline as a document of final strings and drawings not yet made."""
    v, f = view(timeline), Format(lang)
    name = text(title or timeline.study.title, limit=160) if title or timeline.study.title else _title(v, f)
    elements: list[Element] = [
        *summary.sentences(v, f),
        Numbers(numbers.numbers(v, f)),
        quality.banner(v, f),
        *_charts(v, f, ("rate",)),
    ]
    if table := answers.table(v, f):
        elements += [Heading("Questions and answers", anchor="answers"), table]
    for section in (_course, _official, _feelings, _hit, _effects, _words, _sources, _robust, _lessons, _limits, _data):
        elements += section(v, f)
    if allow_verbatim:
        elements += _exemplars(v, f)
    elements += [*_rest(v, f), *_manifest(v, f)]
    return Document(
        name, _subtitle(v, f), tuple(elements), lang, " ".join(p.text for p in elements[:3] if isinstance(p, Paragraph))
    )


def _title(v: View, f: Format) -> str:
    name = summary.service(v)
    if v.incident:
        return f"{name}: what people reported on {f.time(v.incident['onset'], zone=False).rpartition(' ')[0]}"
    return f"{name}: {v.timeline.verdict}"


def _subtitle(v: View, f: Format) -> str:
    window = v.window
    when = f"Posts from {f.time(window[0])} to {f.time(window[1])}" if window else "No posts"
    return when + (", simulated" if v.timeline.study.simulated else "") + f". Verdict: {_verdict(v, f)}."


def _verdict(v: View, f: Format) -> str:
    n = len(v.incidents)
    return v.timeline.verdict if not n else "one incident found" if n == 1 else f"{f.count(n)} incidents found"


def _charts(v: View, f: Format, names: tuple[str, ...]) -> list[Element]:
    """Return the charts of these names that have something to show."""
    found: list[Element] = []
    for plot in CHARTS:
        if plot.__name__.removeprefix("plot_") in names and not module(plot).missing(v):
            found.append(chart(v, f, plot))
    return found


def chart(v: View, f: Format, plot: Callable[..., Any]) -> Chart:
    """Return one chart as an element."""
    file = module(plot)
    name = plot.__name__.removeprefix("plot_")
    caption = (plot.__doc__ or name).splitlines()[0]
    wide, narrow = file.sizes(v)
    draw = partial(_draw, plot, v.timeline)
    return Chart(
        name,
        text(file.title(v, f)),
        caption,
        text(file.alt(v, f), limit=1200),
        draw,
        wide,
        narrow,
        file.data(v, f),
    )


def _draw(plot: Callable[..., Any], timeline: Timeline, ax: Any) -> Any:
    return plot(timeline, ax=ax)


def _section(head: str, anchor: str, body: list[Element]) -> list[Element]:
    """Return a section, or nothing where it has no body."""
    return [Heading(head, anchor=anchor), *body] if body else []


def _table(table: Table) -> list[Element]:
    return [table] if table.rows else []


def _course(v: View, f: Format) -> list[Element]:
    body = _charts(v, f, PLACES["course"]) + _table(tables.ladder(v, f))
    body += _table(tables.incidents(v, f))
    for i, found in enumerate(v.incidents):
        lead = "Evidence" if len(v.incidents) == 1 else f"Evidence for incident {i + 1}"
        body.append(Paragraph(f"{lead}: {text(found['evidence'])}", (Ref("incidents", str(i), f"incident {i + 1}"),)))
    body += _table(tables.phases(v, f)) + _table(tables.facts(v, f))
    return _section("What happened when", "course", body)


def _official(v: View, f: Format) -> list[Element]:
    if not v.updates:
        return []
    first, last = v.updates[0], v.updates[-1]
    lead = Paragraph(
        f"{f.count(len(v.updates))} official updates, from {f.time(first['posted_at'])} ({stage_name(first)}) "
        f"to {f.time(last['posted_at'])} ({stage_name(last)}).",
        (Ref("updates", str(first["update_id"]), "first update"),),
    )
    return _section("What the provider said", "official", [lead, tables.updates(v, f)])


def _feelings(v: View, f: Format) -> list[Element]:
    return _section("How people felt", "feelings", _charts(v, f, PLACES["feelings"]))


def _hit(v: View, f: Format) -> list[Element]:
    body = _charts(v, f, PLACES["hit"])
    if (rows := [r for r in v.shares if r["scope"] == "incident"]) and all(r["suppressed"] for r in rows):
        body.append(Paragraph(f"Fewer than 5 people wrote, so none of {f.count(len(rows))} shares is shown."))
    else:
        body += _table(share_tables.shares(v, f))
    body += _table(share_tables.matrix(v, f, "phase"))
    return _section("Who was hit, and what they spoke of", "hit", body)


def _effects(v: View, f: Format) -> list[Element]:
    return _section("Did the updates help?", "effects", _charts(v, f, PLACES["effects"]) + _table(tables.effects(v, f)))


def _words(v: View, f: Format) -> list[Element]:
    body = _charts(v, f, PLACES["words"])
    return _section("In which words", "words", body)


def _sources(v: View, f: Format) -> list[Element]:
    body = _charts(v, f, PLACES["sources"])
    for scope in ("source", "language"):
        body += _table(share_tables.matrix(v, f, scope)) if len(v.groups(scope)) > 1 else []
    if not body and (alone := sources.only(v)):
        body.append(Paragraph(f"All posts come from {alone}: there is nothing to compare."))
    return _section("Where, and in which language", "sources", body)


def _robust(v: View, f: Format) -> list[Element]:
    return _section("Does it hold when counted otherwise?", "robust", _charts(v, f, PLACES["robust"]))


def _lessons(v: View, f: Format) -> list[Element]:
    body: list[Element] = []
    for theme, found in lessons(v, f).items():
        body += [Heading(theme, 3), Bullets(found)]
    if body:
        body.insert(
            0,
            Paragraph(
                "Drafts to be edited by people who know the service. Each sentence names the rows that it rests on."
            ),
        )
    return _section("Lessons", "lessons", body)


def _limits(v: View, f: Format) -> list[Element]:
    return _section("What this cannot tell you", "limits", [Bullets(tuple(Paragraph(s) for s in limits(v, f)))])


def _data(v: View, f: Format) -> list[Element]:
    body = _charts(v, f, PLACES["data"]) + _table(tables.coverage(v, f)) + _table(quality.table(v, f))
    return _section("The data", "data", body)


def _exemplars(v: View, f: Format) -> list[Element]:
    items = tuple(_exemplar(dict(e), f) for e in v.timeline.exemplars)
    if not items:
        return []
    note = Note(
        "caution", "Verbatim posts", ("Shown by request. Ask before quoting them further: their writers can be found.",)
    )
    return _section("Posts in their own words", "exemplars", [note, Bullets(items)])


def _exemplar(post: dict[str, Any], f: Format) -> Paragraph:
    """Return one post: what it stands for, its words, where and when."""
    lead = f"{measure_name(post['measure']).capitalize()}: " if post.get("measure") else ""
    when = post.get("created_at")
    where = source_name(str(post.get("source") or "unknown source"))
    return Paragraph(
        f"{lead}“{isolate(text(post.get('text'), limit=400))}” ({where}{f', {f.time(when)}' if when else ''})"
    )


def _rest(v: View, f: Format) -> list[Element]:
    placed = {"rate", *(n for names in PLACES.values() for n in names)}
    names = tuple(n for p in CHARTS if (n := p.__name__.removeprefix("plot_")) not in placed)
    return _section("More charts", "more", _charts(v, f, names))


def _manifest(v: View, f: Format) -> list[Element]:
    return _section("How to repeat this", "manifest", _table(tables.manifest(v, f)))
