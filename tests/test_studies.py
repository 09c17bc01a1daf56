"""The shipped studies: they load, hold facts only, and their timelines say what the status page said."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from analyzer.study import Study

FOLDER = Path(__file__).resolve().parents[1] / "data" / "studies"
STUDIES = sorted(FOLDER.glob("*.toml"))
TIMELINES = sorted(FOLDER.glob("*.updates.jsonl"))
INCIDENT_KEYS = {"provider", "id", "impact", "started_at", "resolved_at", "components", "incident_updates"}


def incidents(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_promised_studies_are_there() -> None:
    assert {p.stem for p in STUDIES} == {
        "vodafone-uk-2019-12-02",
        "vodafone-uk-2019-11-25",
        "power-outage-2019-10-17",
        "chatgpt-2023-03-30",
        "chatgpt-italian-2023-03-20",
        "openai-2023-11-08",
        "openai-2024-06-04",
        "openai-2024-12-11",
    }


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
def test_a_study_loads_and_is_real(path: Path) -> None:
    study = Study.load(path)
    assert not study.simulated
    assert study.since and study.until and study.title and study.terms + study.aliases
    assert study.since.date() <= date.fromisoformat(path.stem[-10:]) <= study.until.date()


@pytest.mark.parametrize("path", TIMELINES, ids=lambda p: p.stem)
def test_a_timeline_holds_facts_only(path: Path) -> None:
    study = Study.load(path.with_name(path.name.replace(".updates.jsonl", ".toml")))
    for incident in incidents(path):
        assert set(incident) == INCIDENT_KEYS
        assert incident["provider"] == study.provider
        updates = incident["incident_updates"]
        assert isinstance(updates, list) and updates
        assert all(set(u) == {"status", "created_at"} for u in updates)
        started = datetime.fromisoformat(str(incident["started_at"]))
        assert study.since is not None and study.until is not None
        assert study.since <= started < study.until


def test_every_openai_study_has_a_timeline_with_the_known_times() -> None:
    known = {
        "openai-2023-11-08": ["2023-11-08T03:52:00Z", "2023-11-08T13:54:00Z", "2023-11-08T20:03:00Z"],
        "openai-2024-06-04": ["2024-06-04T07:21:00Z", "2024-06-04T14:33:00Z"],
        "openai-2024-12-11": ["2024-12-11T23:17:00Z"],
        "chatgpt-2023-03-30": ["2023-03-30T19:03:00Z"],
    }
    for name, starts in known.items():
        assert [i["started_at"] for i in incidents(FOLDER / f"{name}.updates.jsonl")] == starts


def test_timelines_equal_their_source(shared: Path) -> None:
    import gzip

    with gzip.open(shared / "data" / "incidents" / "official_incidents.jsonl.gz", "rt", encoding="utf-8") as file:
        source = {(r["provider"], r["id"]): r for r in map(json.loads, file)}
    for path in TIMELINES:
        for incident in incidents(path):
            given = source[str(incident["provider"]), str(incident["id"])]
            cut = [{k: u[k] for k in ("status", "created_at")} for u in given["incident_updates"]]
            assert incident == {k: given[k] for k in INCIDENT_KEYS - {"incident_updates"}} | {"incident_updates": cut}


def selected(shared: Path, name: str, posts: str) -> object:
    """Read a file of posts as an import would, and select by the study."""
    import pandas as pd

    study = Study.load(FOLDER / f"{name}.toml")
    rows = pd.read_csv(shared / "data" / "posts" / f"{posts}.csv.gz", dtype=str, keep_default_na=False)
    for column, value in study.where.items():
        rows = rows[rows[column] == value]
    frame = rows.rename(columns={theirs: ours for ours, theirs in study.columns.items()})
    frame = frame.assign(created_at=pd.to_datetime(frame["created_at"], utc=True))
    if "service" not in study.columns:
        frame = frame.assign(service=pd.Series(pd.NA, index=frame.index, dtype="string"))
    return study.select(frame)


def test_the_vodafone_terms_find_the_incident(shared: Path) -> None:
    import pandas as pd

    posts = selected(shared, "vodafone-uk-2019-12-02", "uk_mobile_2019")
    assert isinstance(posts, pd.DataFrame)
    hourly = posts.set_index("created_at").resample("1h").size()
    incident = hourly["2019-12-02 11:00":"2019-12-02 13:00"]
    assert incident.sum() >= 45 and str(incident.idxmax()) == "2019-12-02 12:00:00+00:00"
    assert hourly["2019-12-02 00:00":"2019-12-02 10:00"].max() <= 3


def test_the_second_vodafone_study_keeps_the_promotion(shared: Path) -> None:
    import pandas as pd

    posts = selected(shared, "vodafone-uk-2019-11-25", "uk_mobile_2019")
    assert isinstance(posts, pd.DataFrame)
    hourly = posts.set_index("created_at").resample("1h").size()
    assert hourly["2019-11-28 09:00":"2019-11-28 14:00"].min() > 2 * hourly.median()


@pytest.mark.parametrize(
    ("name", "posts", "share"),
    [
        ("power-outage-2019-10-17", "power_outage_2019", 0.999),
        ("chatgpt-2023-03-30", "chatgpt_2023-03-30", 0.99),
    ],
)
def test_other_studies_keep_their_posts(shared: Path, name: str, posts: str, share: float) -> None:
    import gzip

    kept = selected(shared, name, posts)
    with gzip.open(shared / "data" / "posts" / f"{posts}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        import csv

        total = sum(1 for _ in csv.reader(file)) - 1
    assert len(kept) >= share * total  # type: ignore[arg-type]


def chain(shared: Path, folder: Path, name: str, posts: str) -> object:
    """Import, classify and build, as `outage-analyzer run` does."""
    import analyzer as oa

    study = Study.load(FOLDER / f"{name}.toml")
    corpus = oa.Corpus(folder / "corpus")
    oa.import_archive(shared / "data" / "posts" / f"{posts}.csv.gz", study, corpus)
    updates = FOLDER / f"{name}.updates.jsonl"
    if updates.exists():
        oa.import_updates(updates, study, corpus)
    return oa.timeline_of(study, corpus)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vodafone-uk-2019-12-02", "vodafone-uk-2019-11-25"])
def test_the_vodafone_incident_is_found_and_the_promotion_is_not(shared: Path, tmp_path: Path, name: str) -> None:
    import pandas as pd

    from analyzer.schema import Timeline

    timeline = chain(shared, tmp_path, name, "uk_mobile_2019")
    assert isinstance(timeline, Timeline)
    (incident,) = timeline.incident_objects()
    day = pd.Timestamp("2019-12-02", tz="UTC")
    assert day + pd.Timedelta("10:30:00") <= incident.onset <= day + pd.Timedelta("11:45:00")
    assert day + pd.Timedelta("12:00:00") <= incident.peak < day + pd.Timedelta("13:00:00")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "posts"),
    [
        ("chatgpt-2023-03-30", "chatgpt_2023-03-30"),
        ("chatgpt-italian-2023-03-20", "chatgpt_italian_2022-11_2023-03"),
    ],
)
def test_official_incidents_without_a_public_rise_are_no_incident(
    shared: Path, tmp_path: Path, name: str, posts: str
) -> None:
    from analyzer.schema import Timeline

    timeline = chain(shared, tmp_path, name, posts)
    assert isinstance(timeline, Timeline)
    assert timeline.verdict == "no incident found" and timeline.reason
    assert len(timeline.updates) > 0


@pytest.mark.slow
def test_the_storm_is_found(shared: Path, tmp_path: Path) -> None:
    import pandas as pd

    from analyzer.schema import Timeline

    timeline = chain(shared, tmp_path, "power-outage-2019-10-17", "power_outage_2019")
    assert isinstance(timeline, Timeline)
    first = timeline.incident_objects()[0]
    assert pd.Timestamp("2019-10-17 04:00", tz="UTC") <= first.onset <= pd.Timestamp("2019-10-17 07:00", tz="UTC")
