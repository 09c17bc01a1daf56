from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analyzer import schema
from analyzer.timeline.official import durations, no_rise, words


def made(*rows: tuple[str, str | None, str, str | None], incident: str = "a") -> pd.DataFrame:
    """Rows of (status, stage, posted, claimed) on 2024-06-04."""
    out: list[dict[str, Any]] = []
    for i, (status, stage, posted, claimed) in enumerate(rows):
        out.append(
            {
                "provider": "P", "incident_id": incident, "update_id": f"{incident}{i}", "source": "file",
                "status": status, "stage": stage, "posted_at": at(posted),
                "claimed_at": at(claimed) if claimed else None, "components": None, "run_id": "r",
            }
        )  # fmt: skip
    return schema.make(schema.UPDATES, out)


def at(clock: str) -> pd.Timestamp:
    return pd.Timestamp(f"2024-06-04T{clock}Z")


FULL = made(
    ("investigating", "investigating", "10:20", "10:00"),
    ("update", None, "10:40", None),
    ("identified", "identified", "11:00", None),
    ("resolved", "resolved", "12:00", "11:50"),
    ("postmortem", "postmortem", "20:00", None),
)


def test_words_of_an_incident_and_its_stages() -> None:
    found = words(FULL, onset=at("10:05"), end=at("12:30"))
    assert len(found.updates) == 5
    assert (found.first, found.content, found.resolved) == (at("10:20"), at("11:00"), at("12:00"))
    assert found.stages["identified"] == at("11:00")


def test_words_of_other_incidents_are_left_out() -> None:
    assert words(FULL, onset=at("18:00"), end=at("19:00")).first is None
    early = made(("investigating", "investigating", "01:00", None), ("resolved", "resolved", "02:00", None))
    assert words(early, onset=at("10:05"), end=at("12:30")).first is None


def test_an_update_with_a_cause_is_content_by_its_words_or_its_components() -> None:
    table = made(("investigating", "investigating", "10:20", None), ("update", None, "10:50", None))
    assert words(table, onset=at("10:05"), end=at("12:30")).content is None
    table["body"] = pd.array([None, "A database change caused errors in one region."], dtype=table["body"].dtype)
    assert words(table, onset=at("10:05"), end=at("12:30")).content == at("10:50")
    parts = schema.make(schema.UPDATES, [{**FULL.iloc[0].to_dict(), "components": ["API"]}])
    assert words(parts, onset=at("10:05"), end=at("12:30")).content == at("10:20")


def test_no_updates_no_words() -> None:
    found = words(schema.empty(schema.UPDATES), onset=at("10:05"), end=at("12:30"))
    assert (found.first, found.content, found.resolved, len(found.updates)) == (None, None, None, 0)


def test_official_incidents_without_a_rise_are_named() -> None:
    said = no_rise(FULL, start=at("00:00"), end=at("23:00"))
    assert said == "; the provider's incident of 2024-06-04 10:00 to 11:50 UTC left no public rise"
    assert no_rise(FULL, start=at("13:00"), end=at("23:00")) == ""
    assert no_rise(FULL.iloc[:0], start=at("00:00"), end=at("23:00")) == ""


def test_durations_keep_posted_and_claimed_times_apart() -> None:
    (row,) = durations(FULL).to_dict("records")
    assert row["investigating_to_resolved_s"] == 100 * 60
    assert row["start_to_resolved_s"] == 110 * 60
    assert pd.isna(row["monitoring"])


def test_stages_out_of_order_give_no_negative_durations() -> None:
    table = made(("resolved", "resolved", "10:00", None), ("investigating", "investigating", "11:00", None))
    (row,) = durations(table).to_dict("records")
    assert pd.isna(row["investigating_to_resolved_s"])


def test_medians_of_real_timelines(shared: Path, tmp_path: Path) -> None:
    from analyzer.collect.archive import import_updates
    from analyzer.store import Corpus
    from analyzer.study import Study

    corpus = Corpus(tmp_path / "corpus")
    import_updates([shared / "data" / "incidents" / "official_incidents.jsonl.gz"], Study(service="OpenAI"), corpus)
    table = durations(corpus.updates())
    assert len(table) == 1768  # two of the 1,770 hold no update at all
    part = table[
        (table["provider"].str.casefold() == "openai") & (table["started"] < pd.Timestamp("2024-09-01", tz="UTC"))
    ]
    minutes = part[["investigating_to_resolved_s", "start_to_resolved_s"]].median() / 60
    assert minutes["investigating_to_resolved_s"] == pytest.approx(78, abs=3)
    assert minutes["start_to_resolved_s"] == pytest.approx(70, abs=3)
