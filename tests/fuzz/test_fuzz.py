"""Readers and parsers on broken input: the short form. The long form is `python -m tests.fuzz.long_form`."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.collect.archive import parquet_, table_parts
from analyzer.collect.archive.part import SHOWN, shown
from tests.collect.archive.made import NOW, STUDY
from tests.fuzz.long_form import fuzz, summary
from tests.fuzz.targets import TARGETS, execute

ROOT = Path(__file__).parents[2]
QUICK = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
LISTS = b"[" * 1000 + b"]" * 1000

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=12), inner, max_size=3)),
    max_leaves=8,
)


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_read_and_none_is_wrong(name: str) -> None:
    """A target that reads nothing would find nothing."""
    assert any(execute(name, seed) for seed in TARGETS[name][1])


@QUICK
@given(name=st.sampled_from(sorted(TARGETS)), data=st.binary(max_size=300))
def test_any_bytes(name: str, data: bytes) -> None:
    execute(name, data)


@QUICK
@given(name=st.sampled_from(["json formats", "status pages", "official timelines", "generic json"]), value=values)
def test_any_json(name: str, value: Any) -> None:
    execute(name, json.dumps(value).encode("utf-8", "replace"))


def test_mutated_seeds() -> None:
    log = fuzz(20_000, seconds=60, seed=3)
    assert log.n >= 20_000 and set(log.runs) == set(TARGETS)
    assert not log.crashes, summary(log, 3)
    assert not log.slow, summary(log, 3)
    assert log.memory - log.memory_before < 200


def test_a_crash_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The long form must not pass over what a target raises."""

    def broken(data: bytes) -> None:
        raise IndexError("found")

    monkeypatch.setitem(TARGETS, "csv", (broken, [], 1.0))
    monkeypatch.setattr("tests.fuzz.long_form.Mutator", lambda seeds, seed: lambda: b"x")
    log = fuzz(1000, seconds=60, seed=1)
    assert log.n_crashes == log.runs["csv"] > 0
    assert "IndexError" in summary(log, 1)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("json formats", b'{"tweet": {"id": "1", "full_text": "a", "created_at": "9999-12-31T23:59:59-14:00"}}'),
        ("times, ids and names", b"\x1f717484400000"),
        ("times, ids and names", b"9999-12-31T23:59:59-14:00"),
        ("json formats", LISTS),
        ("telling the format", LISTS + b"\n"),
        ("official timelines", LISTS),
        ("generic json", LISTS),
        ("generic json", b'[{"id": 1, "text": "it is down", "created_at": "9999-12-31T23:59:59-14:00"}]'),
        ("status pages", b'{"incidents": [{"id": "1", "status": "a", "created_at": "9999-12-31T23:59:59-14:00"}]}'),
    ],
)
def test_found_before(name: str, data: bytes) -> None:
    execute(name, data)


def test_a_broken_address_found_before() -> None:
    status = {"id": "1", "uri": "https://example.org/users/a/statuses/1", "content": "<p>it is down</p>"}
    account = {"acct": "someone", "url": "https://[broken"}
    page = {"statuses": [{**status, "created_at": "2024-06-04T07:00:00Z", "account": account}]}
    execute("json formats", json.dumps(page).encode())
    execute("json formats", json.dumps({"statuses": [{**page["statuses"][0], "uri": "https://[x/1"}]}).encode())


def test_times_beyond_the_calendar_in_parquet_are_rejections() -> None:
    times = pa.array([1_717_484_400_000_000, 2**62, -(2**62)], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    out = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", "2", "3"], "text": ["it is down"] * 3, "created_at": times}), out)
    parts = list(table_parts.read(parquet_.batches(io.BytesIO(out.getvalue())), STUDY, file="a", now=NOW))  # type: ignore[arg-type]
    assert parts[0].drafts is not None and parts[0].drafts["post_id"].to_pylist() == ["1"]
    assert [r[1] for r in parts[0].rejected] == ["unreadable time"] * 2


def test_broken_text_in_parquet_is_a_rejection() -> None:
    broken = pa.StringArray.from_buffers(
        2, pa.py_buffer(b"\0\0\0\0\x0a\0\0\0\x0c\0\0\0"), pa.py_buffer(b"it is down\xff\xfe")
    )
    out = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", "2"], "text": broken, "created_at": ["2024-06-04T07:00:00Z"] * 2}), out)
    parts = list(table_parts.read(parquet_.batches(io.BytesIO(out.getvalue())), STUDY, file="a", now=NOW))  # type: ignore[arg-type]
    assert parts[0].drafts is not None and parts[0].drafts["post_id"].to_pylist() == ["1"]
    assert len(parts[0].rejected) == 1


def test_broken_bytes_in_an_address_cost_the_address_only(tmp_path: Path) -> None:
    from analyzer.store import Corpus
    from tests.collect.archive.made import read, write

    data = b"id,created_at,text,url\n1,2024-06-04T07:00:00Z,it is down,https://x.example/\xff\n"
    corpus = Corpus(tmp_path / "corpus")
    assert read(write(tmp_path / "a.csv", data), corpus).n_posts == 1
    assert corpus.posts()["url"].isna().all()


def test_what_is_too_deep_is_shown_in_words_or_cut() -> None:
    found = shown(orjson.loads(LISTS))  # how deep an interpreter prints lists depends on its version
    assert "nested too deep" in found or (found.startswith("[[[") and len(found) == SHOWN)


def test_damaged_zip_of_another_version() -> None:
    data = bytearray(TARGETS["x archive zip"][1][0])
    place = data.find(b"PK\x01\x02")
    data[place + 6] = 148
    execute("x archive zip", bytes(data))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_mutated_seeds_many() -> None:
    log = fuzz(2_000_000, seconds=3000, seed=5)
    assert not log.crashes and not log.slow, summary(log, 5)
    assert log.memory - log.memory_before < 300


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_guided_by_coverage(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this Python or system")
    command = [sys.executable, "-m", "tests.fuzz.with_atheris", str(tmp_path / "corpus"), "-runs=300000", "-seed=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "stat::number_of_executed_units: 300000" in done.stderr
