"""What a report says: sentences, answers, lessons, limits and the banner, each against numbers that are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from analyzer.report import answers, numbers, quality, summary
from analyzer.report.build import build
from analyzer.report.document import Bullets, Document, Heading, Paragraph, Ref, Table
from analyzer.report.format import Format
from analyzer.report.lessons import lessons
from analyzer.report.limits import limits
from analyzer.report.pick import View, view
from analyzer.report.promises import promises
from analyzer.schema import COVERAGE, EFFECTS, INCIDENTS, LADDER, SHARES, UPDATES, make
from tests.report.make_timeline import KINDS, make_timeline, share

F = Format("en")


def said(paragraphs: Any) -> str:
    return " ".join(p if isinstance(p, str) else p.text for p in paragraphs).replace("\u00a0", " ")


def with_rows(timeline: Any, name: str, table: Any, change: Any) -> Any:
    """Return a timeline whose rows of one table went through `change` (which may drop one by returning None)."""
    kept = [r for row in getattr(view(timeline), name) if (r := change(dict(row))) is not None]
    return replace(timeline, **{name: make(table, kept)})


def refs(document: Document) -> list[Ref]:
    found = [p for e in document.elements if isinstance(e, Bullets) for p in e.items]
    found += [e for e in document.elements if isinstance(e, Paragraph)]
    return [r for p in found for r in p.refs]


def test_three_sentences_hold_the_numbers() -> None:
    text = said(summary.sentences(view(make_timeline()), F))
    for part in (
        "4 Jun 2024 07:12 UTC (07:08–07:18)",
        "5 h 52 min after the onset",
        "34 min (29 min to 39 min) after the observed onset",
        "4 official updates",
        "resolved at 11:52, 1 h 12 min before posts were back",
        "clearly frustrated",
        "education, by 27% (25–30%)",
    ):
        assert part in text, part
    assert len(summary.sentences(view(make_timeline()), F)) == 3


def test_no_incident_and_no_data_say_so_and_why() -> None:
    text = said(summary.sentences(view(make_timeline("none")), F))
    assert text.startswith("No incident found: No bin stands above the usual range") and "564 of 1,128 posts" in text
    assert said(summary.sentences(view(make_timeline("short")), F)).startswith("Not enough data: Only 3 bins")


def test_a_word_before_the_onset_is_said_to_be_before() -> None:
    def early(row: dict[str, Any]) -> dict[str, Any]:
        if row["step"] == "first_word":
            row |= {"lag_s": -600.0, "lag_low_s": -900.0, "lag_high_s": -300.0}
        return row

    text = said(summary.sentences(view(with_rows(make_timeline(), "ladder", LADDER, early)), F))
    assert "10 min (5 min to 15 min) before the observed onset" in text


def test_data_that_end_before_recovery_give_no_duration() -> None:
    def cut(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"recovery": None, "recovery_low": None, "recovery_high": None, "censored": True}

    timeline = with_rows(make_timeline(), "incidents", INCIDENTS, cut)
    v = view(timeline)
    assert "had not returned to their usual level when the data end" in said(summary.sentences(v, F))
    duration = next(n for n in numbers.numbers(v, F) if n.key == "duration")
    assert duration.value == "unavailable" and "before recovery" in duration.note
    assert "durations are lower bounds" in said(limits(v, F))
    assert not [p for p in lessons(v, F).get("Disaster recovery", ()) if "People felt it for" in p.text]


def asked(v: View) -> dict[str, tuple[str, ...]]:
    """Return the answers by question, with plain spaces."""
    table = answers.table(v, F)
    assert table is not None
    return {row[0]: tuple(cell.replace("\u00a0", " ") for cell in row[1:]) for row in table.rows}


def test_the_questions_are_answered_from_the_numbers() -> None:
    found = asked(view(make_timeline()))
    assert len(found) == 14
    assert "07:12" in found["When did people notice?"][0]
    spoke = found["When did the provider speak?"][0]
    assert "first word with content came 1 h 36 min" in spoke and "“identified” at 08:48" in spoke
    assert "“resolved” at 11:52, 1 h 12 min before reports were back" in spoke
    assert found["Who was hit?"][0].startswith("Uses named in posts: education 27%")
    assert found["Who was hit?"][0].endswith("Parts of the service named: login 16% (14–18%); api 12% (10–14%).")
    assert found["Did the updates help?"][0].startswith("No change after an update stands out")
    assert "3 comparisons were refused" in found["Did the updates help?"][1]
    assert "Heron (7.0%, 5.0–9.0%)" in found["Did they look elsewhere?"][0]
    assert "speak of the cause" in found["Was information missing?"][0]
    assert "ask for money back" in found["What did people say about the provider's response?"][0]
    assert "sure (evidence strong: 1,543 posts in it" in found["How sure is all this?"][0]
    assert answers.table(view(make_timeline("none")), F) is None


def test_how_late_the_first_word_came_is_counted_in_posts() -> None:
    timeline = make_timeline()
    v = view(timeline)
    inside = {p["phase"]: p["n_relevant"] for p in v.main_phases() if p["phase"] not in ("baseline", "aftermath")}
    before, total = inside["unacknowledged"], sum(inside.values())
    late = asked(v)["For whom did the first word come too late?"]
    assert late[0].startswith(f"{before} of {total:,} posts of the incident ({before / total:.0%}) came before it.")
    assert "Uses named in them: education" in late[0]
    silent = asked(view(make_timeline("silent")))
    assert "For whom did the first word come too late?" not in silent, "nothing to count from"
    assert "does not mean that the provider was silent" in silent["When did the provider speak?"][0]


def test_without_official_words_no_phase_is_called_unacknowledged() -> None:
    for element in build(make_timeline("silent")).tables():
        assert not any("not acknowledged" in cell for row in (element.header, *element.rows) for cell in row)
    assert any("during the incident" in row[0] for t in build(make_timeline("silent")).tables() for row in t.rows)


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("We will provide another update within 30 minutes.", ["next"]),
        ("Next update in 1 hour. We expect service to be restored by 14:00.", ["end", "next"]),
        ("The ETA for a fix is two hours.", ["end"]),
        ("We are sharing further information every hour.", []),
        ("More news within half an hour", ["next"]),
        ("We are investigating. The incident began within the last hour.", []),
        ("A fix was rolled out 30 minutes ago.", []),
        ("", []),
    ],
)
def test_promises_are_read_from_the_words(words: str, kinds: list[str]) -> None:
    timeline = with_rows(
        make_timeline(), "updates", UPDATES, lambda r: r | {"body": words if r["update_id"] == "u1" else "x"}
    )
    assert [p.kind for p in promises(view(timeline))] == kinds


def test_a_promise_that_was_broken_is_told_with_its_delay() -> None:
    def said_once(row: dict[str, Any]) -> dict[str, Any]:
        body = {"u1": "Next update within 30 minutes.", "u3": "Next update within 2 hours."}.get(row["update_id"], "x")
        return row | {"body": body}

    v = view(with_rows(make_timeline(), "updates", UPDATES, said_once))
    # After 62 and 90 minutes: the first word is 32 min late, the second in time.
    answer = asked(v)["What did the provider promise?"]
    assert answer[0] == (
        "No expected end and a time for the next word, in update 1 and 3. "
        "Of 2 announced words 1 came in time; the latest was 32 min late."
    )
    bare = view(with_rows(make_timeline(), "updates", UPDATES, lambda r: r | {"body": None}))
    assert asked(bare)["What did the provider promise?"][0].startswith("Unknown: the updates are known by time")
    assert asked(view(make_timeline()))["What did the provider promise?"][0].startswith("Nothing with a time")


def test_an_interval_that_says_little_comes_before_its_estimate() -> None:
    def wide(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"low": 0.02, "high": 0.53} if row["measure"] == "humor" else row

    v = view(with_rows(make_timeline(), "shares", SHARES, wide))
    joked = asked(v)["Did people joke?"]
    assert joked[0] == "Between 2% and 53% (best estimate 22%) of posts are jokes, memes or sarcasm."
    assert "Hardly more is known" in joked[1]
    assert "between 2% and 53% (best estimate 22%) joke" in said(summary.sentences(v, F))

    def nearly(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"naive": 0.01, "estimate": 0.002, "low": 0.0, "high": 0.076} if row["measure"] == "humor" else row

    joked = asked(view(with_rows(make_timeline(), "shares", SHARES, nearly)))["Did people joke?"]
    assert joked[0].startswith("At most 7.6% (best estimate 0.2%) of posts")


def test_an_effect_is_told_with_its_test() -> None:
    def clear(row: dict[str, Any]) -> dict[str, Any]:
        if row["update_id"] in ("u2", "u3") and row["measure"] == "frustration_ge2":
            row |= {"change": -0.12, "low": -0.18, "high": -0.06, "p_value": 0.001, "p_adjusted": 0.004}
            row |= {"slope": -0.134, "slope_low": -0.2, "slope_high": -0.01}
        return row

    timeline = with_rows(make_timeline(), "effects", EFFECTS, clear)
    v = view(timeline)
    helped = asked(v)["Did the updates help?"]
    assert helped[0] == (
        "Clear frustration fell by 12.0 points after update 2 and by 12.0 points after update 3. "
        "Asking for information did not clearly change."
    )
    assert helped[1].startswith("An association, not a cause") and "2 of 9 comparisons stand out" in helped[1]
    lesson = said(lessons(v, F)["Transparent communication"])
    assert (
        "After update 2 (identified) clear frustration fell by 12.0 points (6.0 to 18.0, p = 0.004, where −5.6 to +5.6"
        in lesson
    )
    table = next(t for t in build(timeline).tables() if t.name == "effects")
    row = dict(zip(table.header, table.rows[table.keys.index("u2-frustration_ge2")], strict=True))
    assert row["Update"] == "2 identified" and row["Change of slope, points/h"] == "−13.4 (−20.0 to −1.0)"


@pytest.mark.parametrize("kind", KINDS)
def test_every_citation_points_at_a_row_of_the_document(kind: str) -> None:
    document = build(make_timeline(kind))
    there = {(t.name, key) for t in document.tables() for key in t.keys}
    for ref in refs(document):
        assert (ref.table, ref.row) in there, f"{kind}: {ref}"


def test_every_lesson_cites_a_row_and_none_is_written_without_evidence() -> None:
    found = lessons(view(make_timeline()), F)
    assert set(found) == {"Robust infrastructure", "Transparent communication", "Disaster recovery", "Capacity"}
    assert all(p.refs for items in found.values() for p in items)
    assert lessons(view(make_timeline("none")), F) == {}

    def media(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"kind": "promotion"}

    assert lessons(view(with_rows(make_timeline(), "incidents", INCIDENTS, media)), F) == {}


@pytest.mark.parametrize(
    ("measure", "theme", "words"),
    [
        ("topic_reliability", "Robust infrastructure", "read as a pattern"),
        ("topic_dependence", "Robust infrastructure", "depending on one platform"),
        ("topic_switching", "Robust infrastructure", "speak of alternatives"),
        ("topic_transparency", "Transparent communication", "miss information"),
        ("topic_compensation", "Disaster recovery", "money back"),
    ],
)
def test_a_lesson_goes_when_its_evidence_goes(measure: str, theme: str, words: str) -> None:
    def weak(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"low": 0.001} if row["measure"] == measure else row

    timeline = make_timeline()
    assert words in said(lessons(view(timeline), F)[theme])
    assert words not in said(lessons(view(with_rows(timeline, "shares", SHARES, weak)), F).get(theme, ()))


def test_limits_are_made_from_what_is_missing() -> None:
    text = said(limits(view(make_timeline()), F))
    assert "simulated" in text and "not of users" in text
    assert "Reddit was not collected for 3 h of the time shown" in text
    assert "How completely Bluesky was collected is unknown" in text
    assert "31 posts (0.7% of all selected) are in languages" in text
    assert "suppressed" in text and "3 of 12 comparisons" in text

    def whole(row: dict[str, Any]) -> dict[str, Any] | None:
        return row | {"kind": "covered", "note": None} if row["source"] == "x" else None

    calm = with_rows(make_timeline(), "coverage", COVERAGE, whole)
    text = said(limits(view(replace(calm, study=replace(calm.study, simulated=False))), F))
    assert "Only X was looked at" in text and "unknown:" not in text and "simulated" not in text

    def other(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"method": "anchored"}

    assert "went astray on services" in said(limits(view(with_rows(make_timeline(), "shares", SHARES, other)), F))
    silent = said(limits(view(make_timeline("silent")), F))
    assert "No official update is among the data" in silent and "comparisons around updates" not in silent


def test_banner_counts_and_doubts() -> None:
    note = quality.banner(view(make_timeline()), F)
    assert note.kind == "caution" and note.items[0].endswith("by 1,679 authors, 2,099 are about an outage.")
    assert any("rate limited" in i for i in note.items) and any("not collected" in i for i in note.items)
    assert not any("correction moves" in i for i in note.items)


def test_a_correction_that_leaves_its_counts_is_doubted() -> None:
    timeline = make_timeline()
    odd = share("incident", "0", "humor", 1500, 0.3) | {"estimate": 0.9, "low": 0.85, "high": 0.95}
    rows = [r for r in view(timeline).shares if not (r["scope"] == "incident" and r["measure"] == "humor")]
    v = view(replace(timeline, shares=make(SHARES, [*rows, odd])))
    note = quality.banner(v, F)
    assert any(
        i.startswith("For 1 of 21 shares the correction moves the count by more than 20 points") for i in note.items
    )
    assert "too far apart to claim a share for humour" in said(summary.sentences(v, F))
    joked = asked(v)["Did people joke?"][0]
    assert joked == "Not settled: 30% of posts as counted, 90% corrected."


def test_a_wide_interval_that_holds_the_count_is_not_doubted() -> None:
    from analyzer.report.pick import unsettled

    row = share("incident", "0", "humor", 1500, 0.3) | {"estimate": 0.55, "low": 0.2, "high": 0.8}
    assert not unsettled(row) and unsettled(row | {"low": 0.4}) and not unsettled(row | {"estimate": 0.4, "low": 0.35})


def test_a_use_that_few_name_is_not_called_the_most_affected() -> None:
    rows = [r for r in view(make_timeline()).shares if not r["measure"].startswith("topic_")]
    rows += [share("incident", "0", "topic_education", 45, 0.03), share("incident", "0", "topic_coding", 45, 0.0)]
    v = view(replace(make_timeline(), shares=make(SHARES, rows)))
    assert "no use is clearly named as hit" in said(summary.sentences(v, F))
    assert "the part of the service named most is login, by 16% (14–18%)" in said(summary.sentences(v, F))
    assert "No use, such as work or education, is clearly named; education is named most" in asked(v)["Who was hit?"][0]
    part = next(n for n in numbers.numbers(v, F) if n.key == "most_affected")
    assert (part.label, part.value, part.interval, part.raw) == ("Most named part: login", "16%", "14–18%", 0.16)


def test_sections_without_a_body_are_left_out() -> None:
    heads = [e.text for e in build(make_timeline("short")).elements if isinstance(e, Heading)]
    assert "Did the updates help?" not in heads and "Lessons" not in heads and "What this cannot tell you" in heads


def test_groups_beyond_the_widest_go_to_the_json() -> None:
    timeline = make_timeline()
    rows = [r for r in view(timeline).shares if r["scope"] != "language"]
    rows += [share("language", f"l{i:02d}", "humor", 10 + i, 0.2) for i in range(30)]
    document = build(replace(timeline, shares=make(SHARES, rows)))
    table = next(t for t in document.of(Table) if t.caption.startswith("Shares by language"))
    assert len(table.header) == 9 and "22 smaller groups are in the JSON" in table.caption


def test_view_reads_plain_rows_and_keeps_the_input() -> None:
    timeline = make_timeline()
    before = timeline.bins.copy(deep=True)
    v = View(timeline)
    assert v.bins[0]["start"].tzinfo is not None
    hole = next(b for b in v.bins if b["covered"] == 0)
    assert hole["frustration"] is None
    build(timeline)
    pd.testing.assert_frame_equal(timeline.bins, before)


def test_the_largest_incident_is_the_one_told() -> None:
    timeline = make_timeline()
    row = dict(view(timeline).incidents[0])
    small = row | {"onset": row["onset"] - pd.Timedelta(hours=5), "n_excess": 20.0, "peak_count": 9}
    both = replace(timeline, incidents=make(INCIDENTS, [small, row]))
    assert view(both).incident_number == 1
    assert "largest of 2 rises" in said(summary.sentences(view(both), F))
