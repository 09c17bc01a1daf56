"""Status pages: which format answers, how complete it is, and that silence is not "no incident"."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.collect import collect
from analyzer.collect.statuspage import StatusPage
from analyzer.errors import CollectError
from tests.platforms import play, status, world
from tests.platforms.server import Platforms

SHIM = "incident.io's compatible shim: without the provider's words, components and older updates"


@pytest.mark.parametrize(
    ("mode", "answered", "source", "n"),
    [
        ("statuspage", "Statuspage v2", "statuspage", 4),
        ("incidentio", "incident.io", "incidentio", 4),
        ("shim", SHIM, "incidentio", 4),
        ("feed", "feed: the latest words only", "rss", 1),
    ],
)
def test_each_format(mode: str, answered: str, source: str, n: int, tmp_path: Path) -> None:
    with Platforms(world.World(1, status=mode)) as platforms:
        corpus = play.corpus(tmp_path)
        result = collect(play.study(platforms.base), corpus, ["statuspage"], options=play.options(tmp_path))
        updates = corpus.updates()
        assert result.results[0].notes["completeness"] == answered
        assert (set(updates["source"]), len(updates)) == ({source}, n)
        assert updates["provider"].unique().tolist() == ["Glimmer"]
        expected = status.times()[-n:]
        assert updates["posted_at"].tolist() == [t for _, t, _ in expected]
        assert updates["stage"].tolist() == [s for s, _, _ in expected]
        if mode != "shim":
            assert updates["body"].tolist() == [b for _, _, b in expected]
        components = {"statuspage": ["Chat"], "incidentio": ["Chat", "Images"]}.get(mode)
        named = corpus.arrow("SELECT components FROM updates")["components"].to_pylist()
        assert named == [components] * n
        notes = corpus.coverage().set_index("kind")["note"]
        assert notes["covered"] == answered
        # Only Statuspage's own list is known to hold every incident of the window.
        assert ("unknown" in notes) == (mode != "statuspage")
        if mode == "statuspage":
            assert (updates["posted_at"] - updates["claimed_at"]).unique().tolist() == [dt.timedelta(minutes=2)]


def test_no_format_is_unknown_not_quiet(tmp_path: Path) -> None:
    with Platforms(world.World(1, status="none")) as platforms:
        corpus = play.corpus(tmp_path)
        with pytest.raises(CollectError, match="Whether there were incidents is unknown"):
            collect(play.study(platforms.base), corpus, ["statuspage"], options=play.options(tmp_path))
        assert corpus.coverage()["kind"].tolist() == ["gap"]


def test_unchanged_page_is_not_read_again(tmp_path: Path) -> None:
    with Platforms(world.World(1)) as platforms:
        corpus = play.corpus(tmp_path)
        for _ in range(3):
            result = collect(play.study(platforms.base), corpus, ["statuspage"], options=play.options(tmp_path))
        assert result.results[0].notes == {"unchanged": True, "completeness": "Statuspage v2"}
        assert result.results[0].uncovered == []
        assert len([e for e in corpus.raw() if e["format"] == "pages"]) == 1
        assert len(corpus.updates()) == 4


@pytest.mark.parametrize("mode", ["statuspage", "incidentio", "shim", "feed"])
def test_an_unchanged_page_of_any_format_makes_no_new_run(mode: str, tmp_path: Path) -> None:
    with Platforms(world.World(1, status=mode)) as platforms:
        corpus = play.corpus(tmp_path)
        for _ in range(3):
            collect(play.study(platforms.base), corpus, ["statuspage"], options=play.options(tmp_path))
        assert len([e for e in corpus.raw() if e["format"] == "pages"]) == 1


def test_components_keep_their_names_when_the_page_changes_and_when_it_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analyzer.collect.archive.rebuilding import rebuild

    with Platforms(world.World(1, status="incidentio")) as platforms:
        corpus, study = play.corpus(tmp_path), play.study(platforms.base)
        collect(study, corpus, ["statuspage"], options=play.options(tmp_path))
        more = ("postmortem", 200, "A post-mortem has been published.")
        monkeypatch.setattr(status, "UPDATES", (*status.UPDATES, more))
        collect(study, corpus, ["statuspage"], options=play.options(tmp_path))
        updates = corpus.updates()
        assert len(updates) == 5
        assert [list(c) for c in updates["components"]] == [["Chat", "Images"]] * 5
        before = play.snapshot(corpus)
        rebuild(study, corpus)
        assert play.snapshot(corpus) == before


def test_a_component_without_a_name_is_left_out() -> None:
    incident = {"id": "i", "status": "resolved", "component_impacts": [{"component_id": "01X"}, {"component_id": 5}]}
    update = {"id": "u", "published_at": "2026-03-01T10:00:00Z", "message_string": "We are investigating."}
    row = StatusPage.parse({"incident": incident, "update": update})
    assert row is not None and (row["components"], row["component_ids"]) == (None, ["01X", "5"])
    assert dict(StatusPage.names("probe", {"summary": {"components": [None, {"id": "01X"}], "structure": 3}})) == {}


def test_a_page_that_answers_everything_with_html(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.platforms import server

    monkeypatch.setattr(status, "answer", lambda request: server.Reply(200, "<!doctype html>hello", {}, "text/html"))
    with Platforms(world.World(1)) as platforms:
        options = play.options(tmp_path)
        with pytest.raises(CollectError, match="none of the known formats"):
            collect(play.study(platforms.base), play.corpus(tmp_path), ["statuspage"], options=options)
        assert sum(options.clock.slept) < 60  # type: ignore[attr-defined]


@pytest.mark.parametrize(("target", "follows"), [("", True), ("http://status.example.org", False)])
def test_a_page_that_has_moved(target: str, follows: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.platforms import server

    real = status.answer

    def answer(request: server.Request) -> server.Reply:
        if request.path.startswith("/old"):
            moved = (target or request.base) + request.path.removeprefix("/old")
            return server.Reply(301, b"", {"location": moved})
        return real(request)

    monkeypatch.setattr(status, "answer", answer)
    with Platforms(world.World(1)) as platforms:
        study = play.study(platforms.base, statuspage={"base_url": f"{platforms.base}/old"})
        corpus = play.corpus(tmp_path)
        if follows:
            collect(study, corpus, ["statuspage"], options=play.options(tmp_path))
            assert len(corpus.updates()) == 4
        else:
            with pytest.raises(CollectError, match="plain http"):
                collect(study, corpus, ["statuspage"], options=play.options(tmp_path))


def test_study_without_a_page(tmp_path: Path) -> None:
    study = replace(play.study("http://127.0.0.1:1"), status_page="", sources={})
    with pytest.raises(CollectError, match="names no status page"):
        collect(study, play.corpus(tmp_path), ["statuspage"], options=play.options(tmp_path))


def test_maintenance_is_no_incident_and_unknown_words_are_kept() -> None:
    incident = {"id": "i", "name": "n", "impact": "maintenance"}
    update = {"id": "u", "status": "scheduled", "created_at": "2026-03-01T10:00:00Z"}
    assert StatusPage.parse({"incident": incident, "update": update, "n": 1}) is None
    row = StatusPage.parse({"incident": {**incident, "impact": "novel"}, "update": {**update, "status": "brewing"}})
    assert row is not None and (row["status"], row["stage"], row["impact"]) == ("brewing", None, "novel")


def test_updates_without_ids_are_numbered_from_the_first() -> None:
    page = {"incidents": [{"id": "i", "name": "n", "status": "resolved", "updates": [
        {"published_at": "2026-03-01T12:00:00Z", "message_string": "This incident has been resolved."},
        {"published_at": "2026-03-01T10:00:00Z", "message_string": "We are investigating."},
    ]}]}  # fmt: skip
    rows = [StatusPage.parse(i) for i in StatusPage.items("native", page)]
    assert [(r["update_id"], r["stage"]) for r in rows if r] == [("i-2", "resolved"), ("i-1", "investigating")]
