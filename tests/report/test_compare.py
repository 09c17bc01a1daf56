"""Comparison, difference, verification and the index of a batch."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import InputError, UsageError
from analyzer.report import render
from analyzer.report.compare import build, compare
from analyzer.report.diff import diff
from analyzer.report.document import Chart, Paragraph, Table
from analyzer.report.format import Format
from analyzer.report.index import Entry, entry, write_index
from analyzer.report.json_ import load, to_dict
from analyzer.report.pick import view
from analyzer.report.share_tables import share_text
from analyzer.report.shrink import Share, differing, shrink
from analyzer.report.verify import verify
from tests.report.make_timeline import make_timeline


def wilson(k: int, n: int) -> Share:
    z, p = 1.96, k / n
    half = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5 / (1 + z * z / n)
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    return Share(p, max(0.0, centre - half), min(1.0, centre + half))


def test_pooling_lowers_the_error_and_its_intervals_hold() -> None:
    """400 leagues of eight incidents with known shares: smaller squared error, about 95% coverage."""
    rng = random.Random(3)
    raw = pooled = 0.0
    inside = total = 0
    for _ in range(400):
        truth = [1 / (1 + 2.718281828 ** -rng.gauss(-0.8, 0.5)) for _ in range(8)]
        sizes = [rng.choice((25, 40, 80, 400)) for _ in truth]
        seen = [sum(rng.random() < p for _ in range(n)) for p, n in zip(truth, sizes, strict=True)]
        shares = [wilson(k, n) for k, n in zip(seen, sizes, strict=True)]
        better = shrink(shares)
        raw += sum((s.value - t) ** 2 for s, t in zip(shares, truth, strict=True))
        pooled += sum((s.value - t) ** 2 for s, t in zip(better, truth, strict=True))
        inside += sum(s.low <= t <= s.high for s, t in zip(better, truth, strict=True))
        total += len(truth)
    assert pooled < 0.8 * raw
    assert 0.91 <= inside / total <= 0.98


def test_equal_incidents_are_rarely_said_to_differ() -> None:
    rng = random.Random(5)
    wrong = 0
    for _ in range(400):
        shares = [wilson(sum(rng.random() < 0.3 for _ in range(200)), 200) for _ in range(5)]
        wrong += bool(differing(shares))
    assert wrong / 400 < 0.08
    far = differing([wilson(30, 200), wilson(100, 200), wilson(32, 200)])
    assert {(i, j) for i, j, _ in far} == {(0, 1), (1, 2)}


def test_few_shares_are_left_as_they_are() -> None:
    few = [wilson(1, 10), wilson(9, 10), wilson(5, 10)]
    assert shrink(few) == few


def test_comparison_reads_reports_and_writes_every_output(tmp_path: Path) -> None:
    for kind in ("normal", "tiny", "none"):
        render(make_timeline(kind), [tmp_path / f"{kind}.json"])
    inputs = [tmp_path / f"{k}.json" for k in ("normal", "tiny", "none")]
    outputs = [tmp_path / f"c{s}" for s in (".html", ".md", ".json", ".pdf")]
    assert compare(inputs, outputs, title="A & B") == outputs
    page = outputs[0].read_text("utf-8")
    assert "<title>A &amp; B</title>" in page and "2 of 3 reports hold an incident" in page
    data = json.loads(outputs[2].read_text("utf-8"))
    assert data["schema"] == "outage-analyzer/comparison/1" and len(data["reports"]) == 3
    assert data["reports"][0]["incident"]["onset"].endswith("Z") and data["reports"][2]["incident"] is None
    assert outputs[3].read_bytes().startswith(b"%PDF")


def test_comparison_prints_the_digits_of_its_reports() -> None:
    timelines = [make_timeline(k) for k in ("normal", "tiny", "silent", "none")]
    table = next(t for t in build(timelines).of(Table) if t.name == "headline")
    for place, timeline in enumerate(timelines, 1):
        printed = {n["key"]: n for n in to_dict(timeline)["numbers"]}
        for key, row in zip(table.keys, table.rows, strict=True):
            n = printed[key]
            if timeline.verdict != "incidents":
                assert row[place] == "– (no incident found)"
            elif n["printed"] != "unavailable":
                assert n["printed"] in row[place] and n["printed_interval"] in row[place]
    shares = next(t for t in build(timelines).of(Table) if t.name == "compared-shares")
    assert any("pooled" in row[0] for row in shares.rows)


def test_the_numbers_behind_the_charts_of_a_comparison() -> None:
    timelines = [make_timeline(), make_timeline("long"), make_timeline("none")]
    document = build(timelines)
    aligned, compared = (c.table for c in document.of(Chart))
    assert aligned and compared and len(aligned.header) == 3, "a report without an incident has no onset to align at"
    v = view(timelines[0])
    onset = v.incident["onset"]  # type: ignore[index]
    step = (2 if "2 h" in aligned.caption else 3 if "3 h" in aligned.caption else 6) * 3600
    inside = [b for b in v.bins if 0 <= (b["start"] - onset).total_seconds() < step]
    row = next(r for r in aligned.rows if r[0] == "0.0 h")
    assert row[1] == f"{sum(b['n_relevant'] for b in inside):,}"
    assert compared.rows[0][1] == share_text(v.share("frustration_ge2"), Format())
    headline = next(t for t in document.of(Table) if t.name == "headline")
    peak = headline.rows[headline.keys.index("peak")]
    assert peak[0] == "Posts at the peak" and peak[1].endswith("per 10 min") and peak[2].endswith("per 6 h")


def test_comparison_refuses_one_report_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two or more"):
        compare([make_timeline("tiny")], [tmp_path / "c.html"])
    (tmp_path / "x.json").write_text('{"schema": "other"}')
    with pytest.raises(InputError, match=r"x\.json: schema is 'other'"):
        compare([tmp_path / "x.json"] * 2, [tmp_path / "c.html"])
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(InputError, match=r"x\.json, line 1"):
        compare([tmp_path / "x.json"] * 2, [tmp_path / "c.html"])


def test_a_clear_difference_is_told() -> None:
    from analyzer.schema import SHARES, make
    from tests.report.make_timeline import share

    calm = replace(make_timeline(), shares=make(SHARES, [share("incident", "0", "frustration_ge2", 900, 0.2)]))
    document = build([make_timeline(), calm])
    text = " ".join(p.text for p in document.of(Paragraph))
    assert "clearly more frustrated about Parrot, 4\u00a0Jun\u00a02024 (1)" in text
    assert all(c.alt and c.title for c in document.of(Chart))


def test_repeated_run_agrees_with_its_report(tmp_path: Path) -> None:
    render(make_timeline(), [tmp_path / "r.json"], lang="de")
    found = verify(tmp_path / "r.json", make_timeline())
    assert found.same and found.lines()[0] == "All numbers agree."


def test_difference_names_what_moved_and_why(tmp_path: Path) -> None:
    before = to_dict(make_timeline())
    after = json.loads(json.dumps(before))
    after["tables"]["shares"][0]["estimate"] += 0.05
    after["facts"]["excess_posts"]["value"] = 1800
    after["manifest"]["seed"] = 7
    after["manifest"]["created_at"] = "2030-01-01T00:00:00Z"
    after["manifest"]["inputs"] = [{"name": "more.jsonl", "sha256": "ab" * 32}]
    after["study"]["terms"] = ["parrot", "polly"]
    found = diff(before, after)
    moved = {(c.table, c.row, c.column): (c.before, c.after) for c in found.changes}
    assert set(moved) == {("shares", "incident 0 report", "estimate"), ("facts", "excess_posts", "value")}
    assert moved["facts", "excess_posts", "value"] == (1700, 1800)
    causes = " ".join(found.causes)
    assert "seed: 0 -> 7" in causes and "study.terms" in causes and "created_at" not in causes
    assert "posts.jsonl (9f2c9f2c9f2c) was read only before" in causes and "more.jsonl" in causes
    lines = found.lines()
    assert lines[0] == "2 values differ." and any("1700 -> 1800 (+100)" in line for line in lines)
    json.dumps(found.to_dict())


def test_difference_without_a_cause_says_so() -> None:
    before = to_dict(make_timeline("tiny"))
    after = json.loads(json.dumps(before))
    after["verdict"] = "no incident found"
    after["tables"]["keywords"].pop()
    found = diff(before, after)
    assert found.lines()[1].startswith("No recorded cause")
    assert any(c.column == "row" and c.after is None for c in found.changes)


def test_rounding_noise_is_no_difference() -> None:
    before = to_dict(make_timeline("tiny"))
    after: dict[str, Any] = json.loads(json.dumps(before))
    after["tables"]["shares"][0]["estimate"] *= 1 + 1e-13
    assert diff(before, after).same


def test_index_lists_failures_first_and_escapes(tmp_path: Path) -> None:
    render(make_timeline("tiny"), [tmp_path / "tiny.json"])
    listed = [
        entry("Night <b>", "a b/tiny.html", load(tmp_path / "tiny.json")),
        Entry("Broken", message="posts.jsonl, line 3: no text <i>"),
    ]
    page = write_index(listed, tmp_path / "index.html", title="Nightly").read_text("utf-8")
    assert page.index("Broken") < page.index("Night &lt;b&gt;")
    assert 'href="a%20b/tiny.html"' in page and "<i>" not in page
    assert "2 studies: 1 failed, 1 incident found" in page and "<script" not in page
