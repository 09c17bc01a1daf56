"""What a report cannot tell: sentences made from coverage, sample sizes, error rates and what was left out."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.report.format import Format, text
from analyzer.report.names import source_name
from analyzer.report.pick import View


def limits(v: View, f: Format) -> tuple[str, ...]:
    """Return the sentences, the weightiest first."""
    return (*_nature(v), *_coverage(v, f), *_size(v, f), *_classifier(v, f), *_official(v, f), *_people(v, f))


def _nature(v: View) -> Iterator[str]:
    if v.timeline.study.simulated:
        yield "The posts are simulated: this report shows what the analysis does and says nothing about a real service."
    yield (
        "Shares are shares of posts, not of users: who writes in public differs from who is hit, and many "
        "who are hit write nothing."
    )
    found = v.incident
    if found and found["kind"] not in ("outage", "unknown"):
        yield (
            f"The rise looks like {found['kind']} rather than an outage, so nothing here measures a service's failure."
        )
    yield (
        "What people report is not what a monitor measures: the observed onset is when reports rose, not "
        "when the fault began."
    )


def _coverage(v: View, f: Format) -> Iterator[str]:
    span = v.focus
    names = sorted({source_name(c["source"]) for c in v.coverage})
    if len(names) == 1:
        yield f"Only {names[0]} was looked at: people elsewhere may have noticed earlier and felt otherwise."
    holes: dict[str, float] = {}
    for c in v.coverage:
        if span and c["kind"] in ("gap", "rate_limited", "truncated") and c["start"] < span[1] and c["end"] > span[0]:
            seconds = (min(c["end"], span[1]) - max(c["start"], span[0])).total_seconds()
            holes[source_name(c["source"])] = holes.get(source_name(c["source"]), 0.0) + seconds
    for name, seconds in holes.items():
        yield (
            f"{name} was not collected for {f.duration(seconds)} of the time shown: what was said there then "
            "is unknown, not absent."
        )
    if any(c["kind"] == "unknown" for c in v.coverage):
        unknown = sorted({source_name(c["source"]) for c in v.coverage if c["kind"] == "unknown"})
        yield f"How completely {', '.join(unknown)} was collected is unknown: a quiet stretch may be a hole."
    if not v.coverage:
        yield "Nothing is known about how completely the posts were collected: a quiet stretch may be a hole."
    yield "Posts that were deleted before collection are missing."


def _size(v: View, f: Format) -> Iterator[str]:
    n = v.total("n_relevant")
    if n < 200:
        yield (
            f"Only {f.posts(n)} carry everything here: intervals are wide, and small differences "
            "between groups mean nothing."
        )
    thin = [p for p in v.main_phases() if 0 < p["n_relevant"] < 30]
    if thin:
        names = ", ".join(f"{v.phase_name(p['phase'])} ({f.count(p['n_relevant'])})" for p in thin)
        yield f"Phases with fewer than 30 posts carry little: {names}."
    hidden = sum(1 for r in v.shares if r["suppressed"])
    if hidden:
        yield f"{f.count(hidden)} shares rest on fewer than 5 people and are suppressed."
    if v.incident and v.incident["censored"]:
        yield "The data end before recovery: durations are lower bounds."


def _classifier(v: View, f: Format) -> Iterator[str]:
    methods = {r["method"] for r in v.shares if not r["suppressed"]}
    model = text(v.timeline.manifest.get("model") or "the classifier", limit=60)
    if methods and methods <= {"wilson"}:
        yield f"Shares are not corrected for the errors of {model}: the interval holds sampling error only."
    elif "anchored" in methods:
        yield (
            f"{model} was not measured on posts of this service: the intervals hold how far it went astray on services "
            "that it had not seen, and hand-checked posts of this incident would narrow them (“outage-analyzer audit”)."
        )
    elif methods:
        yield (
            f"Shares are corrected with error rates of {model} that were measured on other posts: where people write "
            "very differently here, the correction is off, and hand-checked posts of this incident would show it "
            "(“outage-analyzer audit”)."
        )
    gone = v.timeline.quality.get("n_unsupported") or 0
    seen = v.timeline.quality.get("n_selected") or 0
    if gone:
        part = f" ({f.share(gone / seen, digits=1)} of all selected)" if seen else ""
        yield (
            f"{f.count(gone)} posts{part} are in languages that the classifier does not read; their writers "
            "have no voice here."
        )
    shy = v.timeline.quality.get("n_abstained") or 0
    if shy:
        yield f"The classifier abstained on {f.count(shy)} posts."


def _official(v: View, f: Format) -> Iterator[str]:
    if not v.updates:
        yield "No official update is among the data: nothing can be said about how fast or how well the provider spoke."
    refused = [r for r in v.effects if r["verdict"] != "estimated"]
    if refused:
        yield (
            f"For {f.count(len(refused))} of {f.count(len(v.effects))} comparisons around updates the data do "
            "not carry an answer."
        )
    if v.effects:
        yield "What changes after an update need not change because of it: updates are published when things change."


def _people(v: View, f: Format) -> Iterator[str]:
    if v.timeline.quality.get("n_authors") is None:
        yield (
            "The source names no authors: one person who writes ten times counts ten times, and cells are "
            "suppressed by texts, not people."
        )
    twins = v.timeline.quality.get("n_duplicate_texts") or 0
    n = v.timeline.quality.get("n_relevant") or 0
    if n and twins / n > 0.1:
        yield f"{f.count(twins)} posts repeat another post's text; see how the numbers move when each text counts once."
