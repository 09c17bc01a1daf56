"""Mutated payloads: fields missing, retyped, extra or huge; a row, a rejection or a clear error, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.collect.archive import fast
from analyzer.collect.archive.base import DRAFT, JsonFormat, Skip, drafts
from analyzer.collect.archive.json_parts import JsonReader
from analyzer.collect.archive.lines import Chunk, chunks
from analyzer.collect.archive.pushshift import Pushshift
from analyzer.collect.archive.registry import FORMATS
from analyzer.collect.archive.twarc2 import Twarc2
from analyzer.collect.archive.updates import read_incident
from analyzer.collect.fields import Reject
from analyzer.errors import AnalyzerError
from analyzer.store import Corpus
from tests.collect.archive.made import NOW, STUDY, WIRE, read, tweet, write

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))

words = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["2024-06-04T07:00:00.000Z", "12", "true", "{}", "[1]", " ", "\u00a0", "RT @a: b"]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all values inside a JSON value."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, v in inner:
        yield from places(v, (*path, key))


def mutate(value: Any, path: tuple[Any, ...], new: Any, action: str) -> Any:
    """Return a copy with one place dropped, replaced or joined by a new field."""
    if not path:
        return new
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        if not rest and action == "drop":
            return {k: v for k, v in value.items() if k != key}
        out = {k: mutate(v, rest, new, action) if k == key else v for k, v in value.items()}
        return {**out, "unheard_of": new} if not rest and action == "add" else out
    return [mutate(v, rest, new, action) if i == key else v for i, v in enumerate(value)]


def documents(name: str) -> list[Any]:
    data = (WIRE / name).read_bytes()
    if name.endswith(".zst"):
        data = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(data).read()
    if name.endswith(".js"):
        return list(json.loads(data.partition(b"=")[2]))
    try:
        return [json.loads(data)]
    except ValueError:
        return [json.loads(line) for line in data.splitlines()]


SAMPLES = {
    "twarc2": ("twarc2_flattened.jsonl", "twarc2_pages.jsonl", "x_search_recent_page.json"),
    "pushshift": ("RC_sample.zst", "reddit_ndjson_RS.ndjson", "arctic_shift_api.json"),
    "reddit-json": ("reddit_comments_with_more.json", "reddit_listing_search.json", "reddit_morechildren.json"),
    "jetstream": ("jetstream_v1.jsonl", "jetstream_v2_frames.jsonl"),
    "x-archive": ("x_archive/tweets.js",),
    "bluesky-pages": ("bsky_search_posts.json",),
    "mastodon-pages": ("mastodon_search_v2.json", "mastodon_timeline_tag.json"),
    "hackernews-pages": ("hn_algolia_search_by_date.json",),
}
CASES = [(format, document) for format, names in SAMPLES.items() for name in names for document in documents(name)]


@st.composite
def mutated(draw: st.DrawFn, cases: list[tuple[str, Any]] = CASES) -> tuple[str, Any]:
    format, document = draw(st.sampled_from(cases))
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(document))
        if not found:
            break
        action = draw(st.sampled_from(["drop", "replace", "replace", "add"]))
        document = mutate(document, draw(st.sampled_from(found)), draw(values), action)
    return format, document


def parse_all(format: JsonFormat, document: Any) -> list[Any]:
    """Read a document as the importer does, row by row."""
    rows = []
    try:
        for item in format.items(document):
            try:
                rows.append(format.parse(item))
            except (Reject, Skip):
                continue
    except Reject:
        pass
    return rows


def check_mutation(case: tuple[str, Any]) -> None:
    format, document = FORMATS[case[0]], case[1]
    format.claims(document)
    for row in parse_all(format, document):
        assert row["text"].strip()
        assert row["post_id"]
        assert row["created_at"].tzinfo is not None
        assert row["kind"] in ("original", "reply", "repost", "quote")
        drafts([{k: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for k, v in row.items()}])


@QUICK
@given(mutated())
def test_mutated_documents(case: tuple[str, Any]) -> None:
    check_mutation(case)


@pytest.mark.slow
@LONG
@given(mutated())
def test_mutated_documents_many(case: tuple[str, Any]) -> None:
    check_mutation(case)


class Mapper:
    """A corpus's `transform` without a corpus."""

    def __init__(self) -> None:
        self._corpus = Corpus("nowhere")

    def transform(self, sql: str, params: list[Any] | None = None, **tables: pa.Table) -> pa.Table:
        return self._corpus.transform(sql, params, **tables)


MAPPER = Mapper()
FAST = [(f, d) for f, d in CASES if f in ("twarc2", "pushshift")] + [("twarc2", tweet(n)) for n in range(3)]


def _chunk(data: bytes) -> Chunk:
    return next(chunks(iter([data])))


def check_fast(case: tuple[str, Any]) -> None:
    """What SQL calls clean is what `parse` reads; and nothing that `parse` reads is lost."""
    name, document = case
    format: JsonFormat = Twarc2() if name == "twarc2" else Pushshift()
    try:
        data = orjson.dumps(document)
    except (TypeError, ValueError):
        return
    for sample in (FAST[0][1], FAST[3][1]) if name == "twarc2" else [d for f, d in FAST if f == name]:
        sql = format.sql(sample, STUDY)
        if sql is None:
            continue
        chunk = _chunk(data + b"\n")
        if chunk.bad:
            return
        clean, done, again = fast.read(MAPPER, sql, chunk)
        slow = []
        items = list(format.items(orjson.loads(data))) if isinstance(document, dict) else []
        for item in items:
            try:
                slow.append({**format.parse(item), "_line": 1})
            except (Reject, Skip):
                slow.append(None)
        if not again:
            assert all(s is not None for s in slow)
            assert clean.to_pylist() == drafts(slow).to_pylist()
        else:
            kept = [slow[i] for _, i in sorted(done)]
            assert clean.to_pylist() == drafts(kept).to_pylist()
        assert clean.schema == DRAFT.arrow()


@QUICK
@given(mutated(FAST))
def test_reading_by_sql_is_reading_one_by_one(case: tuple[str, Any]) -> None:
    check_fast(case)


@pytest.mark.slow
@LONG
@given(mutated(FAST))
def test_reading_by_sql_is_reading_one_by_one_many(case: tuple[str, Any]) -> None:
    check_fast(case)


def test_sql_reads_plain_lines_without_help() -> None:
    data = b"".join(orjson.dumps(tweet(n)) + b"\n" for n in range(100))
    sql = Twarc2().sql(tweet(1), STUDY)
    assert sql is not None
    clean, done, again = fast.read(MAPPER, sql, _chunk(data))
    assert (len(clean), done, again) == (100, set(), set())


def test_bad_lines_among_plain_ones_are_left_to_be_read_one_by_one() -> None:
    data = [orjson.dumps(tweet(n)) + b"\n" for n in range(6)]
    data[2:4] = [b"{broken\n", b"\n"]
    reader = JsonReader(Twarc2(), MAPPER, STUDY, sample=tweet(1), now=NOW)
    part = next(iter(reader.lines(iter([b"".join(data)]))))
    assert part.drafts is not None
    assert part.drafts["_line"].to_pylist() == [1, 2, 5, 6]
    assert [(r[0], r[1]) for r in part.rejected] == [(3, "not JSON")]
    assert part.n_rows == 5


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("RC_sample.zst", {"retrieved_on": 799_167_124_274_098}),
        ("RC_sample.zst", {"retrieved_on": 17}),
        ("RC_sample.zst", {"created_utc": 10**18}),
        ("RC_sample.zst", {"author": True}),
        ("RC_sample.zst", {"author": 1e300}),
        ("RC_sample.zst", {"score": 10**30}),
        ("reddit_ndjson_RS.ndjson", {"title": False}),
        ("reddit_ndjson_RS.ndjson", {"selftext": 12}),
        ("reddit_ndjson_RS.ndjson", {"is_self": "true"}),
        ("twarc2_flattened.jsonl", {"author_id": None}),
        ("twarc2_flattened.jsonl", {"author": {"username": True}}),
        ("twarc2_flattened.jsonl", {"lang": "in"}),
        ("twarc2_flattened.jsonl", {"public_metrics": {"like_count": 1.5}}),
        ("twarc2_flattened.jsonl", {"note_tweet": {"text": "the whole of it"}}),
        ("twarc2_flattened.jsonl", {"text": {"a": 1}}),
        ("twarc2_flattened.jsonl", {"text": "  "}),
        ("twarc2_flattened.jsonl", {"text": "7"}),
        ("twarc2_pages.jsonl", {"includes": {"users": [{"id": "100"}, {"username": "b"}]}}),
    ],
)
def test_odd_values_that_once_differed(name: str, change: dict[str, Any]) -> None:
    format = "twarc2" if name.startswith("twarc2") else "pushshift"
    check_fast((format, {**documents(name)[0], **change}))


STATUSPAGE = json.loads((WIRE / "statuspage_incidents.json").read_text())["incidents"][0]


@QUICK
@given(mutated([("statuspage", STATUSPAGE)]))
def test_mutated_incidents(case: tuple[str, Any]) -> None:
    try:
        rows, _ = read_incident(case[1], STUDY)
    except Reject:
        return
    for row in rows:
        assert row["posted_at"].tzinfo is not None
        assert row["status"]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=st.one_of(
        st.binary(max_size=400), st.text(max_size=300).map(str.encode), values.map(lambda v: json.dumps(v).encode())
    )
)
def test_any_bytes_are_read_or_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    corpus = Corpus(folder / "corpus")
    try:
        summary = read(write(folder / "input", data), corpus)
    except AnalyzerError:
        assert not corpus.exists()
    else:
        assert summary.n_rows >= summary.n_posts
        assert Path(folder / "corpus").exists()
