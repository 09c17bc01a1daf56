"""Page one: what happened, in three sentences made from the numbers."""

from __future__ import annotations

from typing import Any

from analyzer.report.charts.series import width_name
from analyzer.report.document import Paragraph, Ref
from analyzer.report.format import Format, isolate, text
from analyzer.report.names import listed, measure_name, source_name, topic_name
from analyzer.report.pick import Row, View, unsettled
from analyzer.report.share_tables import share_ref, share_text, share_words
from analyzer.schema import IMPACTS


def service(v: View) -> str:
    """Return the service's name, safe inside a sentence."""
    return isolate(text(v.timeline.study.service, limit=80))


def sentences(v: View, f: Format) -> tuple[Paragraph, ...]:
    """Return the three sentences."""
    if v.incident:
        return (_course(v, v.incident, f), _official(v, v.incident, f), _reaction(v, f))
    return _quiet(v, f)


def _course(v: View, found: Row, f: Format) -> Paragraph:
    onset = f.time_interval(found["onset"], found["onset_low"], found["onset_high"])
    usual = next((b["expected"] for b in v.bins if b["start"] == found["peak"]), None)
    peak = (
        f"peaked at {f.clock(found['peak'], found['onset'])} with {f.posts(found['peak_count'])} per "
        f"{width_name(v.timeline.bin_s)}"
    )
    if usual is not None:
        peak += f" (usual: {f.number(usual, 1 if usual < 10 else 0)})"
    if found["recovery"] is None:
        end = "had not returned to their usual level when the data end"
    else:
        back = f.clock(found["recovery"], found["onset"])
        end = (
            f"were back at their usual level at {back}, "
            f"{f.duration((found['recovery'] - found['onset']).total_seconds())} after the onset"
        )
    kind = {"outage": "", "unknown": ""}.get(found["kind"], f" (probably {found['kind']}, not an outage)")
    more = f" It is the largest of {f.count(len(v.incidents))} rises in the window." if len(v.incidents) > 1 else ""
    said = f"Posts about {service(v)} being down left their usual level at {onset}{kind}, {peak}, and {end}.{more}"
    return Paragraph(said, (Ref("incidents", str(v.incident_number), f"incident {v.incident_number + 1}"),), lead=True)


def _official(v: View, found: Row, f: Format) -> Paragraph:
    word, done = v.step("first_word"), v.step("resolved_word")
    if not v.updates:
        return Paragraph(
            "No official word of the provider is among the data, so nothing is said about its timing.", lead=True
        )
    n = len(v.updates)
    count = "1 official update is" if n == 1 else f"{f.count(n)} official updates are"
    if word is None:
        return Paragraph(f"{count} known, but none belongs to this incident.", lead=True)
    refs = [Ref("ladder", "first_word", "first official word")]
    lag = f.duration_interval(abs(word["lag_s"]), *sorted(_absolute(word)))
    before = "after" if word["lag_s"] >= 0 else "before"
    said = (
        f"The provider first spoke at {f.clock(word['time'], found['onset'])}, {lag} {before} the observed "
        f"onset; {count} known"
    )
    if done:
        refs.append(Ref("ladder", "resolved_word", "officially resolved"))
        said += f", and it declared the incident resolved at {f.clock(done['time'], found['onset'])}"
        if found["recovery"] is not None:
            gap = (found["recovery"] - done["time"]).total_seconds()
            said += f", {f.duration(abs(gap))} {'before' if gap >= 0 else 'after'} posts were back at their usual level"
    return Paragraph(said + ".", tuple(refs), lead=True)


def _absolute(row: Row) -> tuple[Any, Any]:
    low, high = row["lag_low_s"], row["lag_high_s"]
    if low is None or high is None:
        return (row["lag_s"], row["lag_s"])
    return (low, high) if row["lag_s"] >= 0 else (-high, -low)


def _reaction(v: View, f: Format) -> Paragraph:
    measures = (
        ("frustration_ge2", "are clearly frustrated"),
        ("topic_transparency", "miss or ask for information"),
        ("humor", "joke"),
    )
    known = [(r, words) for m, words in measures if (r := v.settled(m))]
    doubted = [r for m, _ in measures if (r := v.share(m)) and unsettled(r)]
    if not known and not doubted:
        return Paragraph("Too few people wrote about it to say how they felt.", lead=True)
    refs = [share_ref(r) for r, _ in known] + [share_ref(r) for r in doubted]
    parts = [f"{share_words(r, f)} {words}" for r, words in known]
    n = (known[0][0] if known else doubted[0])["n"]
    said = (
        f"Of {f.count(n)} posts about the outage, {listed(parts)}"
        if parts
        else f"{f.count(n)} posts are about the outage"
    )
    hit = clearly_affected(v)
    if hit:
        refs.append(share_ref(hit))
        said += (
            f"; the use named most as hit is {topic_name(hit['measure'].removeprefix('topic_'))}, by "
            f"{share_text(hit, f)}"
        )
    else:
        said += "; no use is clearly named as hit"
        if part := named_part(v):
            refs.append(Ref("extractions", f"component-{part['value'][:60]}", text(part["value"], limit=40)))
            share = f.share_interval(part["share"], part["low"], part["high"])
            said += f"; the part of the service named most is {text(part['value'], limit=40)}, by {share}"
    if doubted:
        names = listed([measure_name(r["measure"]) for r in doubted])
        said += f"; count and correction are too far apart to claim a share for {names}"
    return Paragraph(said + ".", tuple(refs), lead=True)


def _quiet(v: View, f: Format) -> tuple[Paragraph, ...]:
    n, seen = v.total("n_relevant"), v.total("n_selected")
    looked = f"{f.count(n)} of {f.posts(seen)} about {service(v)} {'speaks' if n == 1 else 'speak'} of an outage"
    window = v.window
    when = f" between {f.time(window[0])} and {f.time(window[1])}" if window else ""
    tall = max(v.bins, key=lambda b: b["n_relevant"], default=None)
    verdict = v.timeline.verdict[:1].upper() + v.timeline.verdict[1:]
    out = [Paragraph(f"{verdict}: {text(v.timeline.reason)}", lead=True), Paragraph(f"{looked}{when}.", lead=True)]
    if tall and tall["expected_high"] is not None:
        said = (
            f"The fullest {width_name(v.timeline.bin_s)} starts at {f.time(tall['start'])} and holds "
            f"{f.count(tall['n_relevant'])} such posts"
        )
        out.append(
            Paragraph(
                f"{said}, where up to {f.number(tall['expected_high'], 1)} are within the usual range.", lead=True
            )
        )
    else:
        sources = sorted({source_name(c["source"]) for c in v.coverage})
        out.append(Paragraph(f"Sources looked at: {', '.join(sources) or 'unknown'}.", lead=True))
    return tuple(out)


def named_part(v: View) -> Row | None:
    """Return the part of the service that most posts name, if at least one post in twenty does."""
    found = [r for r in v.extractions if r["kind"] == "component" and r["low"] >= 0.05]
    return max(found, key=lambda r: r["n"], default=None)


def most_affected(v: View) -> Row | None:
    """Return the share of the use that most posts name as hit; None where none can be claimed."""
    found = [r for t in IMPACTS if (r := v.settled(f"topic_{t}"))]
    return max(found, key=lambda r: r["estimate"], default=None)


def clearly_affected(v: View) -> Row | None:
    """Return that share if even its lower bound is at least 1%; else None: no use is clearly named."""
    hit = most_affected(v)
    return hit if hit and hit["low"] is not None and hit["low"] >= 0.01 else None
