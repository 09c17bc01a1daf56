from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analyzer.collect.archive import import_updates
from analyzer.errors import InputError
from analyzer.store import Corpus
from analyzer.study import Study
from tests.collect.archive.made import STUDY, WIRE, lines, write


def incident(number: int, *updates: tuple[str, str], **changes: Any) -> dict[str, Any]:
    made = {
        "provider": "openai",
        "id": f"inc{number}",
        "name": "Elevated errors",
        "impact": "major",
        "started_at": "2024-06-04T06:50:00Z",
        "resolved_at": "2024-06-04T10:00:00Z",
        "components": ["ChatGPT"],
        "incident_updates": [{"status": s, "created_at": f"2024-06-04T{t}:00Z", "body": f"{s}."} for s, t in updates],
    }
    return {**made, **changes}


WHOLE = incident(1, ("investigating", "07:00"), ("identified", "08:00"), ("monitoring", "09:00"), ("resolved", "10:30"))


def load(tmp_path: Path, corpus: Corpus, *incidents: Any, study: Study = STUDY) -> pd.DataFrame:
    import_updates([write(tmp_path / "i.jsonl", lines(incidents))], study, corpus)
    return corpus.updates()


def test_first_claims_the_start_last_the_end_others_nothing(tmp_path: Path, corpus: Corpus) -> None:
    found = load(tmp_path, corpus, WHOLE)
    assert found["status"].tolist() == ["investigating", "identified", "monitoring", "resolved"]
    assert found["stage"].tolist() == found["status"].tolist()
    assert found["posted_at"][0].isoformat() == "2024-06-04T07:00:00+00:00"
    claimed = [None if pd.isna(t) else t.strftime("%H:%M") for t in found["claimed_at"]]
    assert claimed == ["06:50", None, None, "10:00"]
    assert found["components"][0] == ["ChatGPT"]
    assert found["provider"].unique().tolist() == ["openai"]


@pytest.mark.parametrize("turned", [False, True])
def test_order_in_the_file_does_not_matter(turned: bool, tmp_path: Path, corpus: Corpus) -> None:
    updates = WHOLE["incident_updates"][::-1] if turned else WHOLE["incident_updates"]
    found = load(tmp_path, corpus, {**WHOLE, "incident_updates": updates})
    assert found["status"].tolist() == ["investigating", "identified", "monitoring", "resolved"]
    assert found["update_id"].tolist() == ["001", "002", "003", "004"]


def test_stages_out_of_order_are_accepted_as_they_are(tmp_path: Path, corpus: Corpus) -> None:
    found = load(
        tmp_path, corpus, incident(1, ("monitoring", "07:00"), ("investigating", "08:00"), ("resolved", "09:00"))
    )
    assert found["stage"].tolist() == ["monitoring", "investigating", "resolved"]


def test_other_status_words_are_kept_and_mapped_where_plain(tmp_path: Path, corpus: Corpus) -> None:
    meaning = {
        "service_disruption": "investigating",
        "service_outage": "investigating",
        "available": "resolved",
        "completed": "resolved",
        "update": None,
        "service_information": None,
        "scheduled": None,
        "in progress": None,
        "postmortem": "postmortem",
    }
    times = [(word, f"0{n}:00") for n, word in enumerate(meaning)]
    found = load(tmp_path, corpus, incident(1, *times))
    assert found["status"].tolist() == list(meaning)
    assert [None if pd.isna(s) else s for s in found["stage"]] == list(meaning.values())


def test_an_only_update_claims_what_it_reports(tmp_path: Path, corpus: Corpus) -> None:
    found = load(tmp_path, corpus, incident(1, ("resolved", "10:30")), incident(2, ("investigating", "07:00")))
    assert {i: t.strftime("%H:%M") for i, t in zip(found["incident_id"], found["claimed_at"], strict=True)} == {
        "inc1": "10:00",
        "inc2": "06:50",
    }


def test_loading_twice_changes_nothing(tmp_path: Path, corpus: Corpus) -> None:
    load(tmp_path, corpus, WHOLE)
    assert import_updates([tmp_path / "i.jsonl"], STUDY, corpus).run_id is None


def test_documents_lists_and_packed_files(tmp_path: Path, corpus: Corpus) -> None:
    for data in (
        json.dumps({"incidents": [WHOLE]}),
        json.dumps([WHOLE], indent=2),
        json.dumps(WHOLE, indent=1),
        gzip.compress(lines([WHOLE])),
    ):
        summary = import_updates([write(tmp_path / "a", data)], STUDY, corpus)
        assert (summary.n_incidents, summary.n_posts) == (1, 4)
    assert len(corpus.updates()) == 4


def test_provider_and_window_select_with_a_days_margin(tmp_path: Path, corpus: Corpus) -> None:
    def on(number: int, day: int, provider: str = "openai") -> dict[str, Any]:
        time = f"2024-06-{day:02d}T07:00:00Z"
        update = {"status": "investigating", "created_at": time, "body": ""}
        return incident(number, provider=provider, started_at=time, resolved_at=time, incident_updates=[update])

    since = dt.datetime(2024, 6, 4, tzinfo=dt.UTC)
    study = Study(service="ChatGPT", provider="OpenAI", since=since, until=since + dt.timedelta(days=1))
    summary_of = [on(1, 2), on(2, 3), on(3, 4), on(4, 5), on(5, 6), on(6, 4, "github")]
    load(tmp_path, corpus, *summary_of, study=study)
    assert corpus.updates()["incident_id"].tolist() == ["inc2", "inc3", "inc4"]


def test_bad_updates_cost_themselves_only(tmp_path: Path, corpus: Corpus) -> None:
    broken = incident(1, ("investigating", "07:00"), ("resolved", "08:00"))
    broken["incident_updates"].insert(1, {"status": "update", "created_at": "yesterday"})
    path = write(tmp_path / "i.jsonl", lines([broken, 7, {"id": "x"}]) + b"{oops\n")
    summary = import_updates([path], STUDY, corpus)
    assert summary.n_posts == 2
    assert dict(summary.rejected) == {"no time": 1, "no object": 1, "no incident": 1, "not JSON": 1}
    assert sorted(corpus.rejects()["line"]) == [1, 2, 3, 4]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"posts": []}\n', b"hello\n"])
def test_no_incident_is_an_error(data: bytes, tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(InputError, match=r"no incident|is empty"):
        import_updates([write(tmp_path / "a", data)], STUDY, corpus)
    assert not corpus.exists()


def test_wire_samples(corpus: Corpus) -> None:
    summary = import_updates([WIRE / "statuspage_incidents.json"], STUDY, corpus)
    assert summary.n_incidents >= 1
    shim = import_updates([WIRE / "incidentio_compat_incidents.json"], STUDY, corpus)
    assert shim.n_incidents == 1


def test_all_real_incidents_load(shared: Path, corpus: Corpus) -> None:
    path = shared / "data" / "incidents" / "official_incidents.jsonl.gz"
    summary = import_updates([path], Study(service="anything"), corpus)
    assert (summary.n_rows, summary.n_incidents, summary.n_rejected, summary.n_posts) == (1770, 1770, 0, 7442)
    assert corpus.query("SELECT count(DISTINCT (provider, incident_id)) AS n FROM updates")["n"][0] == 1768
