"""The questions that a reader brings, answered from the numbers: the answer, and how sure it is."""

from __future__ import annotations

from analyzer.report.document import Table
from analyzer.report.format import Format, text
from analyzer.report.names import measure_name, topic_name
from analyzer.report.pick import Row, View, unsettled
from analyzer.report.share_tables import share_text
from analyzer.report.tables import effect_text
from analyzer.schema import IMPACTS

Answer = tuple[str, str, str]


def table(v: View, f: Format) -> Table | None:
    """Return questions, answers and how sure they are; None where there is no incident to ask about."""
    if not v.incident:
        return None
    rows = (
        _noticed(v, v.incident, f),
        _spoke(v, f),
        _hit(v, f),
        _angry(v, f),
        _helped(v, f),
        _missing(v, f),
        _joked(v, f),
        _dependent(v, f),
        _left(v, f),
        _sure(v, v.incident, f),
    )
    header = ("Question", "Answer", "How sure is that?")
    return Table("answers", "Ten questions", header, rows, tuple(f"q{i + 1}" for i in range(len(rows))))


def _noticed(v: View, found: Row, f: Format) -> Answer:
    first = v.step("first_signal")
    said = f"Reports left their usual level at {f.time(found['onset'])}."
    if first:
        said += f" The first post that reports a fault is of {f.clock(first['time'], found['onset'])}."
    low, high = f.clock(found["onset_low"], found["onset"]), f.clock(found["onset_high"], found["onset"])
    return "When did people notice?", said, f"95% interval {low}–{high}; {_detectors(found)}."


def _detectors(found: Row) -> str:
    names = found["detectors"] or []
    count = f"{len(names)} detectors agree" if len(names) != 1 else "one detector found it"
    return f"{count}; the rise is {found['strength']}"


def _spoke(v: View, f: Format) -> Answer:
    question = "When did the provider speak?"
    word, content = v.step("first_word"), v.step("first_content")
    if not word:
        return question, "Unknown: no official word about this incident is among the data.", "Not known."
    side = "after" if word["lag_s"] >= 0 else "before"
    said = f"At {f.time(word['time'])}, {f.duration(abs(word['lag_s']))} {side} the observed onset."
    if content and content["time"] != word["time"]:
        said += f" The first word with content came {f.duration(content['lag_s'])} after the onset."
    sure = (
        f"The update's time is official; the lag lies between {f.duration(word['lag_low_s'])} and "
        f"{f.duration(word['lag_high_s'])}."
    )
    return question, said, sure if word["lag_low_s"] is not None else "The update's time is official."


def _ranked(v: View, measures: list[str]) -> list[Row]:
    found = [r for m in measures if (r := v.settled(m))]
    return sorted(found, key=lambda r: -r["estimate"])


def _hit(v: View, f: Format) -> Answer:
    question, parts = "Who was hit?", _parts(v, f)
    ranked = _ranked(v, [f"topic_{t}" for t in IMPACTS])
    if not ranked:
        return question, f"Not settled: too few people said what they could not do.{parts}", "Not estimated."
    first, n = ranked[0], f"Among {f.count(ranked[0]['n'])} posts."
    if first["low"] is not None and first["low"] < 0.01:
        said = f"No use is clearly named; the first is {measure_name(first['measure'])}, {share_text(first, f)}.{parts}"
        return question, said, n
    said = "; ".join(f"{measure_name(r['measure'])} {share_text(r, f)}" for r in ranked[:3])
    if len(ranked) < 2:
        return question, f"Uses named in posts: {said}.{parts}", n
    apart = first["low"] is not None and ranked[1]["high"] is not None and first["low"] > ranked[1]["high"]
    order = (
        "The first is clearly ahead." if apart else "The intervals of the first two overlap, so their order is open."
    )
    return question, f"Uses named in posts: {said}.{parts}", f"{n} {order}"


def _parts(v: View, f: Format) -> str:
    """Return the parts of the service that at least one post in twenty names."""
    found = sorted((r for r in v.extractions if r["kind"] == "component" and r["low"] >= 0.05), key=lambda r: -r["n"])
    named = [f"{text(r['value'], limit=40)} {f.share_interval(r['share'], r['low'], r['high'])}" for r in found[:2]]
    return f" Parts named: {'; '.join(named)}." if named else ""


def _angry(v: View, f: Format) -> Answer:
    clear, severe = v.share("frustration_ge2"), v.share("frustration_ge3")
    question = "How angry were they?"
    if not clear or clear["estimate"] is None:
        return question, "Too few people to say.", "Not estimated."
    if unsettled(clear):
        return question, _open(clear, f), "The correction moves the count too far to claim either."
    said = f"{share_text(clear, f)} of posts are clearly frustrated"
    if severe and severe["estimate"] is not None and not unsettled(severe):
        said += f", {share_text(severe, f)} severely"
    spread = _spread(v, "frustration_ge2", f)
    return question, said + ".", f"Corrected for the classifier's errors, {f.count(clear['n'])} posts.{spread}"


def _spread(v: View, measure: str, f: Format) -> str:
    found = [r["estimate"] for r in v.robustness if r["measure"] == measure and r["estimate"] is not None]
    if len(found) < 2:
        return ""
    low, high = f.share(min(found)), f.share(max(found))
    return f" Counted in {len(found)} other ways: " + (f"always {low}." if low == high else f"{low} to {high}.")


def _helped(v: View, f: Format) -> Answer:
    question = "Did the updates help?"
    if not v.effects:
        return question, "Not known: there are no official updates to look at.", "Not estimated."
    known = [r for r in v.effects if r["verdict"] == "estimated" and r["change"] is not None]
    refused = len(v.effects) - len(known)
    if not known:
        return (
            question,
            f"Not known: for all {f.count(refused)} comparisons there are too few posts or no calm beside.",
            "Not estimated.",
        )
    clear = [r for r in known if r["p_adjusted"] is not None and r["p_adjusted"] < 0.05]
    number = {u["update_id"]: i for i, u in enumerate(v.updates, 1)}
    tail = f" {f.count(refused)} comparisons were refused." if refused else ""
    if not clear:
        said = (
            f"No change after an update stands out from what happens without one ({f.count(len(known))} comparisons)."
        )
        return question, said, f"Absence of evidence, not evidence of absence.{tail}"
    best = min(clear, key=lambda r: r["p_adjusted"])
    unit = "" if best["measure"] == "volume" else " points"
    verb = "changed to" if best["measure"] == "volume" else "changed by"
    what = f"{measure_name(best['measure'])} {verb} {effect_text(best, f, 'change')}{unit}"
    said = f"After update {number.get(best['update_id'], '?')} {what} ({effect_text(best, f, 'low', 'high')})."
    more = f" {f.count(len(clear))} of {f.count(len(known))} comparisons stand out." if len(known) > 1 else ""
    return (
        question,
        said + more,
        f"An association, not a cause: {f.p(best['p_adjusted'])} against pseudo-updates, corrected.{tail}",
    )


def _simple(v: View, f: Format, question: str, measure: str, said: str) -> Answer:
    row = v.share(measure)
    if not row or row["estimate"] is None:
        return question, "Too few people to say.", "Not estimated."
    if unsettled(row):
        return question, _open(row, f), "The correction moves the count too far to claim either."
    return question, f"{share_text(row, f)} {said}", f"Among {f.count(row['n'])} posts.{_spread(v, measure, f)}"


def _open(row: Row, f: Format) -> str:
    return f"Not settled: {f.share(row['naive'])} of posts as counted, {f.share(row['estimate'])} corrected."


def _missing(v: View, f: Format) -> Answer:
    answer = _simple(
        v,
        f,
        "Was information missing?",
        "topic_transparency",
        "of posts miss or ask for information, such as a cause or a time.",
    )
    silence = v.fact("longest_silence_s")
    more = f" The longest silence between official words lasted {f.duration(silence['value'])}." if silence else ""
    return answer[0], answer[1] + more, answer[2]


def _joked(v: View, f: Format) -> Answer:
    return _simple(v, f, "Did people joke?", "humor", "of posts are jokes, memes or sarcasm.")


def _dependent(v: View, f: Format) -> Answer:
    return _simple(
        v,
        f,
        "Did they speak of depending on one platform?",
        "topic_dependence",
        "of posts reflect on depending on one platform.",
    )


def _left(v: View, f: Format) -> Answer:
    answer = _simple(
        v,
        f,
        "Did they look elsewhere, and lose trust?",
        "topic_switching",
        "of posts speak of alternatives or of leaving.",
    )
    named = [r for r in v.extractions if r["kind"] == "competitor"]
    more = f" Named most: {text(named[0]['value'], limit=40)} ({f.share(named[0]['share'])})." if named else ""
    if trust := v.settled("topic_reliability"):
        more += f" {share_text(trust, f)} doubt its {topic_name('reliability')}."
    return answer[0], answer[1] + more, answer[2]


def _sure(v: View, found: Row, f: Format) -> Answer:
    whole = v.total("n_relevant")
    inside = v.share("frustration_ge2") or v.share("humor")
    sources = {r["group"] for r in v.shares if r["scope"] == "source"}
    kind = "" if found["kind"] in ("outage", "unknown") else f" It may not be an outage: {found['kind']}."
    where = "one source" if len(sources) < 2 else f"{f.count(len(sources))} sources"
    count = (
        f"{f.count(inside['n'])} posts in it, {f.count(whole)} in the whole window"
        if inside
        else f"{f.count(whole)} posts"
    )
    said = f"The evidence for a rise is {found['strength']}: {count}, from {where}.{kind}"
    return "How sure is all this?", said, text(found["evidence"])
