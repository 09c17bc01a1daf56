"""Answers about people: who was hit, how they felt, what they missed, whether they stayed."""

from __future__ import annotations

from analyzer.report.format import Format, text
from analyzer.report.names import measure_name, topic_name
from analyzer.report.pick import Row, View, unsettled
from analyzer.report.share_tables import part_text, share_text, share_words
from analyzer.schema import IMPACTS

#: A question, its answer, and how sure that is.
Answer = tuple[str, str, str]
_FAR = "The correction moves the count too far to claim either."


def late_for(v: View, f: Format) -> Answer:
    """Say how many wrote before the first official word, and of which uses."""
    question = "For whom did the first word come too late?"
    word, phases = v.step("first_word"), v.main_phases()
    if not word:
        return question, "Unknown: no official word about this incident is among the data.", "Not known."
    inside = [p for p in phases if p["phase"] not in ("baseline", "recovered", "aftermath")]
    before = sum(p["n_relevant"] for p in inside if p["phase"] == "unacknowledged")
    total = sum(p["n_relevant"] for p in inside)
    if not before or not total:
        return question, "For nobody who wrote: it came before reports rose.", "Counted."
    said = f"{f.count(before)} of {f.count(total)} posts of the incident ({f.share(before / total)}) came before it."
    uses = [r for t in IMPACTS if (r := v.share(f"topic_{t}", scope="phase", group="unacknowledged"))]
    named = sorted((r for r in uses if _clear(r)), key=lambda r: -r["estimate"])[:3]
    if named:
        said += f" Uses named in them: {_named_uses(named, f)}."
    return question, said, f"Counted; the uses rest on {f.posts(named[0]['n'])}." if named else "Counted."


def _named_uses(rows: list[Row], f: Format) -> str:
    return "; ".join(f"{measure_name(r['measure'])} {share_text(r, f)}" for r in rows)


def _clear(row: Row) -> bool:
    """Say whether a share can be claimed and even its lower bound is at least 1%."""
    return row["estimate"] is not None and not unsettled(row) and row["low"] is not None and row["low"] >= 0.01


def hit(v: View, f: Format) -> Answer:
    """Say which uses and which parts of the service posts name as hit."""
    question, parts = "Who was hit?", _parts(v, f)
    found = [r for t in IMPACTS if (r := v.settled(f"topic_{t}"))]
    ranked = sorted(found, key=lambda r: -r["estimate"])
    if not ranked:
        return question, f"{parts}Which uses were hit is not settled: too few people said.".strip(), "Not estimated."
    first, n = ranked[0], f"Among {f.posts(ranked[0]['n'])}."
    if parts:
        n = f"Uses among {f.posts(ranked[0]['n'])}, parts among {f.count(v.total('n_relevant'))}."
    if not _clear(first):
        most = f"{measure_name(first['measure'])} is named most, {share_text(first, f)}"
        return question, f"{parts}No use, such as work or education, is clearly named; {most}.", n
    named = [r for r in ranked if _clear(r)][:4]
    said = f"Uses named in posts: {_named_uses(named, f)}. {parts}".strip()
    if len(ranked) < 2:
        return question, said, n
    apart = first["low"] is not None and ranked[1]["high"] is not None and first["low"] > ranked[1]["high"]
    order = (
        "The first is clearly ahead." if apart else "The intervals of the first two overlap, so their order is open."
    )
    return question, said, f"{n} {order}"


def _parts(v: View, f: Format) -> str:
    """Return the parts of the service that at least one post in twenty names."""
    found = sorted((r for r in v.extractions if r["kind"] == "component" and r["low"] >= 0.05), key=lambda r: -r["n"])
    named = [part_text(r, f) for r in found[:2]]
    return f"Parts of the service named: {'; '.join(named)}. " if named else ""


def angry(v: View, f: Format) -> Answer:
    """Say how many are clearly and severely frustrated."""
    question = "How angry were they?"
    clear, severe = v.share("frustration_ge2"), v.share("frustration_ge3")
    if not clear or clear["estimate"] is None:
        return question, "Too few people to say.", "Not estimated."
    if unsettled(clear):
        return question, _open(clear, f), _FAR
    said = f"{share_words(clear, f)} of posts are clearly frustrated"
    if severe and severe["estimate"] is not None and not unsettled(severe):
        said += f", {share_words(severe, f)} severely"
    return question, said[:1].upper() + said[1:] + ".", f"{_basis(clear, f)}{_spread(v, 'frustration_ge2', f)}"


def _basis(row: Row, f: Format) -> str:
    corrected = "" if row["method"] == "wilson" else ", corrected for classifier error"
    vague = row["low"] is not None and row["high"] is not None and row["high"] - row["low"] > 0.35
    said = f"{f.posts(row['n'])}{corrected}."
    return f"{said} Hardly more is known than that it lies in the interval." if vague else said


def _spread(v: View, measure: str, f: Format) -> str:
    rows = [r for r in v.robustness if r["measure"] == measure and r["estimate"] is not None and r["variant"] != "all"]
    found = [r["estimate"] for r in rows]
    if len(found) < 2:
        return ""
    low, high = f.share(min(found)), f.share(max(found))
    return f" Counted in {len(found)} other ways: " + (f"always {low}." if low == high else f"{low} to {high}.")


def _open(row: Row, f: Format) -> str:
    return f"Not settled: {f.share(row['naive'])} of posts as counted, {f.share(row['estimate'])} corrected."


def _simple(v: View, f: Format, question: str, measure: str, said: str) -> Answer:
    row = v.share(measure)
    if not row or row["estimate"] is None:
        return question, "Too few people to say.", "Not estimated."
    if unsettled(row):
        return question, _open(row, f), _FAR
    words = f"{share_words(row, f)} {said}"
    return question, words[:1].upper() + words[1:], f"{_basis(row, f)}{_spread(v, measure, f)}"


def missing(v: View, f: Format) -> Answer:
    """Say how many miss information, how many speak of the cause, and how long the provider was silent."""
    said = "of posts miss or ask for information, such as a cause or when it ends."
    answer = _simple(v, f, "Was information missing?", "topic_transparency", said)
    cause, silence = v.settled("topic_cause"), v.fact("longest_silence_s")
    more = f" {_start(cause, f)} speak of the cause." if cause else ""
    more += f" The longest silence between official words lasted {f.duration(silence['value'])}." if silence else ""
    return answer[0], answer[1] + more, answer[2]


def _start(row: Row, f: Format) -> str:
    """Return a share as the begin of a sentence."""
    said = share_words(row, f)
    return said[:1].upper() + said[1:]


def response(v: View, f: Format) -> Answer:
    """Say how many speak of what the provider says and does, and of money back."""
    said = "of posts speak of what the provider says or does about it."
    answer = _simple(v, f, "What did people say about the provider's response?", "topic_response", said)
    pay = v.settled("topic_compensation")
    return answer[0], answer[1] + (f" {_start(pay, f)} ask for money back." if pay else ""), answer[2]


def joked(v: View, f: Format) -> Answer:
    """Say how many joke."""
    return _simple(v, f, "Did people joke?", "humor", "of posts are jokes, memes or sarcasm.")


def dependent(v: View, f: Format) -> Answer:
    """Say how many worry about relying on one platform."""
    said = "of posts reflect on depending on one platform."
    return _simple(v, f, "Did they worry about relying on one platform?", "topic_dependence", said)


def left(v: View, f: Format) -> Answer:
    """Say how many look elsewhere, and where."""
    said = "of posts speak of alternatives or of leaving."
    answer = _simple(v, f, "Did they look elsewhere?", "topic_switching", said)
    named = sorted((r for r in v.extractions if r["kind"] == "competitor"), key=lambda r: -r["n"])
    more = f" Named most: {text(named[0]['value'], limit=40)} ({_named(named[0], f)})." if named else ""
    return answer[0], answer[1] + more, answer[2]


def _named(row: Row, f: Format) -> str:
    return f.share_interval(row["share"], row["low"], row["high"]).replace(" (", ", ").removesuffix(")")


def trust(v: View, f: Format) -> Answer:
    """Say how many doubt the service, and when that was over."""
    said = f"of posts doubt its {topic_name('reliability')} or speak of repeated failures."
    answer = _simple(v, f, "Did they lose trust?", "topic_reliability", said)
    back = v.timeline.facts.get("reliability_back_s") or {}
    more = ""
    if back.get("value") is not None:
        more = f" Such talk was back at its usual level {f.duration(back['value'])} after the onset."
    elif back.get("low") is not None:
        more = f" Such talk was still above its usual level {f.duration(back['low'])} after the onset."
    return answer[0], answer[1] + more, answer[2]
