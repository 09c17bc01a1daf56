"""The questions that a reader brings, answered from the numbers: the answer, and how sure it is.

Here: times, the provider and the whole; what people felt and meant is in `answers_people`.
"""

from __future__ import annotations

from analyzer.report import answers_people as people
from analyzer.report import effect_words
from analyzer.report.answers_people import Answer
from analyzer.report.document import Table
from analyzer.report.format import Format
from analyzer.report.names import listed, stage_name
from analyzer.report.pick import Row, View
from analyzer.report.promises import Promise, promises, readable


def table(v: View, f: Format) -> Table | None:
    """Return questions, answers and how sure they are; None where there is no incident to ask about."""
    if not v.incident:
        return None
    spoken = [_promised(v, f), people.late_for(v, f)] if v.updates else []
    rows = (
        _noticed(v, v.incident, f),
        _spoke(v, f),
        *spoken,
        people.hit(v, f),
        people.angry(v, f),
        _helped(v, f),
        people.missing(v, f),
        people.response(v, f),
        people.joked(v, f),
        people.dependent(v, f),
        people.left(v, f),
        people.trust(v, f),
        _sure(v, v.incident, f),
    )
    header = ("Question", "Answer", "How sure is that?")
    return Table(
        "answers",
        "What readers ask, what the numbers say, and how sure that is",
        header,
        rows,
        tuple(f"q{i + 1}" for i in range(len(rows))),
    )


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
        if v.updates:
            return question, "Not about this: no official update among the data belongs to it.", _known_updates(v, f)
        return (
            question,
            "Unknown: no official update is among the data. That does not mean that the provider was silent.",
            "Not known; import its updates to answer this (“outage-analyzer updates”).",
        )
    side = "after" if word["lag_s"] >= 0 else "before"
    said = f"At {f.time(word['time'])}, {f.duration(abs(word['lag_s']))} {side} the observed onset."
    if content and content["time"] != word["time"]:
        said += f" The first word with content came {f.duration(content['lag_s'])} after the onset."
    said += _stages(v, word, f)
    sure = (
        f"The update's time is official; the lag lies between {f.duration(word['lag_low_s'])} and "
        f"{f.duration(word['lag_high_s'])}."
    )
    return question, said, sure if word["lag_low_s"] is not None else "The update's time is official."


def _known_updates(v: View, f: Format) -> str:
    return f"{f.count(len(v.updates))} official updates of other times are known."


def _stages(v: View, word: Row, f: Format) -> str:
    """Return when the later stages were announced first, ``resolved`` last."""
    seen: dict[str, Row] = {}
    for u in v.updates:
        if u["stage"] in ("identified", "monitoring") and u["posted_at"] > word["time"]:
            seen.setdefault(u["stage"], u)
    parts = [f"“{stage_name(u)}” at {f.clock(u['posted_at'], word['time'])}" for u in seen.values()]
    done, back = v.step("resolved_word"), v.step("recovery")
    if done:
        ended = f"“resolved” at {f.clock(done['time'], word['time'])}"
        if back:
            gap = (back["time"] - done["time"]).total_seconds()
            ended += (
                f", {f.duration(abs(gap))} {'before' if gap >= 0 else 'after'} reports were back at their usual level"
            )
        parts.append(ended)
    return f" Then {listed(parts)}." if parts else ""


def _promised(v: View, f: Format) -> Answer:
    question = "What did the provider promise?"
    n = readable(v)
    if not n:
        return question, "Unknown: the updates are known by time and stage only, without their words.", "Not known."
    found = promises(v)
    sure = f"Read from the words of {f.count(n)} updates by English patterns; other wordings are missed."
    ends = [p for p in found if p.kind == "end"]
    nexts = [p for p in found if p.kind == "next"]
    if not found:
        return question, "Nothing with a time: no update names an expected end or when the next word comes.", sure
    parts = [f"an expected end, in update {_of(ends)}"] if ends else ["no expected end"]
    parts.append(f"a time for the next word, in update {_of(nexts)}" if nexts else "no time for the next word")
    said = f"{listed(parts).capitalize()}."
    due = [p.late_s for p in nexts if p.late_s is not None]
    late = [s for s in due if s > 120]
    if due:
        said += f" Of {f.count(len(due))} announced words {f.count(len(due) - len(late))} came in time"
        said += f"; the latest was {f.duration(max(late))} late." if late else "."
    return question, said, sure


def _of(found: list[Promise]) -> str:
    return listed([str(p.number) for p in found[:6]]) + (" and more" if len(found) > 6 else "")


def _helped(v: View, f: Format) -> Answer:
    question = "Did the updates help?"
    if not v.effects:
        return question, "Not known: there are no official updates to look at.", "Not estimated."
    known, clear = effect_words.known(v), effect_words.clear(v)
    refused = len(v.effects) - len(known)
    if not known:
        return (
            question,
            f"Not known: for all {f.count(refused)} comparisons there are too few posts or no calm beside.",
            "Not estimated.",
        )
    tail = f" {f.count(refused)} comparisons were refused." if refused else ""
    if not clear:
        said = (
            f"No change after an update stands out from what happens without one ({f.count(len(known))} comparisons)."
        )
        return question, said, f"Absence of evidence, not evidence of absence.{tail}"
    order = ("frustration_ge2", "information_seeking", "volume")
    parts = [words for m in order if (words := effect_words.change_words(v, m, f))]
    said = f"{'; '.join(parts)}."
    if still := effect_words.still_words(v):
        said += f" {listed(still).capitalize()} did not clearly change."
    beside = sum(r["placebo_low"] is not None for r in known)
    sure = (
        f"An association, not a cause: posts fade by themselves, too. {f.count(len(clear))} of {f.count(len(known))} "
        f"comparisons stand out, corrected for their number; for {f.count(beside)} there were moments without an "
        f"update to compare with.{tail}"
    )
    return question, said[:1].upper() + said[1:], sure


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
    strength = {"strong": "Sure", "moderate": "Fairly sure", "weak": "Not sure"}.get(found["strength"], "Sure")
    wide = (found["onset_high"] - found["onset_low"]).total_seconds()
    said = (
        f"That reports rose: {strength.lower()} (evidence {found['strength']}: {count}, from {where}). "
        f"When they rose: within {f.duration(wide)}.{kind}{_shares(inside, f)}"
    )
    return "How sure is all this?", said, f"{_detectors(found).capitalize()}; the evidence is below."


def _shares(row: Row | None, f: Format) -> str:
    """Return how sure the shares are, and what would make them surer."""
    if row is None or row["low"] is None or row["high"] is None:
        return " How people felt: not estimated."
    half = (row["high"] - row["low"]) / 2
    said = f" How people felt: about ±{f.number(100 * half, 0)} points for clear frustration"
    if row["method"] != "anchored" or row["naive_high"] is None or row["naive_low"] is None:
        return said + "."
    chance = (row["naive_high"] - row["naive_low"]) / 2
    few = ", because the posts are few and" if chance > half / 3 else ", because"
    return f"{said}{few} the classifier was not measured on this service; hand-checked posts narrow it."
