"""What is fuzzed: each target takes bytes and reads them as one part of the program does.

A target raises what the program says on purpose (`AnalyzerError`, `Reject`, `Skip`), or returns; anything else is a
crash. It also checks what a row must be, so that a wrong row is a crash as well.
"""

from __future__ import annotations

import contextlib
import io
import json
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import orjson
import zstandard

from analyzer.collect.archive import (
    csv_,
    id_list,
    lines,
    parquet_,
    sniff,
    stream,
    table_parts,
    times,
    updates,
    x_archive,
)
from analyzer.collect.archive.base import JsonFormat, Skip
from analyzer.collect.archive.registry import FORMATS
from analyzer.collect.fields import Reject
from analyzer.collect.privacy import Masker
from analyzer.collect.statuspage import StatusPage
from analyzer.errors import AnalyzerError
from tests.collect.archive.made import NOW, STUDY, WIRE, tweet

#: What a target may raise.
FINE = (AnalyzerError, Reject, Skip)
MASKER = Masker(STUDY)


def wire(*names: str) -> list[bytes]:
    """Sample files, and their single lines or documents."""
    found: list[bytes] = []
    for name in names:
        data = (WIRE / name).read_bytes()
        if name.endswith(".zst"):
            data = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(data).read()
        found += (
            [line for line in data.splitlines() if line.strip()] if name.endswith(("jsonl", "ndjson", "zst")) else []
        )
        found.append(data if not name.endswith(".json") else json.dumps(json.loads(data)).encode())
    return found


JSON_SEEDS = [
    b"[" * 1000 + b"]" * 1000,
    b'{"data":' * 900 + b"[]" + b"}" * 900,
    *wire("twarc2_flattened.jsonl", "twarc2_pages.jsonl", "x_search_recent_page.json"),
    *wire("RC_sample.zst", "reddit_ndjson_RS.ndjson", "arctic_shift_api.json"),
    *wire("reddit_comments_with_more.json", "reddit_listing_search.json", "reddit_morechildren.json"),
    *wire("jetstream_v1.jsonl", "jetstream_v2_frames.jsonl"),
    *wire("bsky_search_posts.json", "mastodon_search_v2.json", "mastodon_timeline_tag.json"),
    *wire("hn_algolia_search_by_date.json", "hn_firebase_item.json"),
    *(json.dumps(tweet(n)).encode() for n in range(2)),
    json.dumps(json.loads((WIRE / "x_archive" / "tweets.js").read_bytes().partition(b"=")[2])[0]).encode(),
]


def rows_of(format: JsonFormat, document: Any) -> int:
    """Read a document row by row, and check each."""
    n = 0
    for item in islice(format.items(document), 200):
        try:
            row = format.parse(item)
            times.sane(row["created_at"], NOW)
        except (Reject, Skip):
            continue
        n += 1
        assert row["text"].strip() and row["post_id"] and row["source"]
        assert row["created_at"].tzinfo is not None
        assert row["kind"] in ("original", "reply", "repost", "quote")
    return n


def json_formats(data: bytes) -> None:
    """A JSON value, read by each format that claims it, and by one that does not."""
    document = orjson.loads(data)
    claimed = [f for f in FORMATS.values() if f.claims(document)]
    for format in claimed or [list(FORMATS.values())[len(data) % len(FORMATS)]]:
        rows_of(format, document)


def script(data: bytes) -> None:
    """``data/tweets.js`` of an X archive."""
    for element in x_archive.read_script(data, name="tweets.js"):
        rows_of(FORMATS["x-archive"], element)


def zipped(data: bytes) -> None:
    """The zip that X gives."""
    for element in x_archive.read_zip(io.BytesIO(data), name="archive.zip"):
        rows_of(FORMATS["x-archive"], element)


def sniffed(data: bytes) -> None:
    """The start of any file."""
    kind = sniff.tell(data, name="file", formats=FORMATS, wanted=None, whole=len(data) % 2 == 0)
    assert kind.way in ("lines", "document", "script", "csv", "json-table", "ids")


def table(data: bytes) -> None:
    """A CSV, split and then mapped to our columns."""
    encoding = csv_.encoding_of(data)
    first = next((line for line in data.decode(encoding, "replace").splitlines() if line.strip()), "")
    for batch in csv_.batches(csv_.text_lines(iter([data]), encoding), csv_.delimiter_of(first)):
        assert all(len(v) == len(batch.lines) for v in batch.columns.values())


def mapped(data: bytes) -> None:
    """JSON of no known format, all the way to drafts."""
    batches = table_parts.json_item_batches(orjson.loads(data))
    for part in table_parts.read(batches, STUDY, file="file", now=NOW):
        assert part.drafts is None or part.drafts["text"].null_count == 0


def parquet(data: bytes) -> None:
    """A Parquet file, all the way to drafts."""
    for part in table_parts.read(parquet_.batches(io.BytesIO(data)), STUDY, file="file", now=NOW):  # type: ignore[arg-type]
        assert part.drafts is None or part.drafts["text"].null_count == 0


def cut(data: bytes) -> None:
    """Any bytes, cut into lines; nothing is lost."""
    size = 1 + len(data) % 97
    blocks = [data[i : i + size] for i in range(0, len(data), size)]
    n = sum(len(c.lines) + len(c.bad) for c in lines.chunks(iter(blocks), size=64))
    assert n == data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def unpacked(data: bytes) -> None:
    """gzip, zstandard or plain bytes."""
    held = 0
    for block in stream.to_utf8(iter(stream.Packed(io.BytesIO(data), "file"))):
        held += len(block)
        if held > 4 << 20:
            break


def incident(data: bytes) -> None:
    """An official timeline, as a file and one by one."""
    packed = stream.Packed(io.BytesIO(data), "updates.json")
    for _, item, why in islice(updates.incidents(packed, "updates.json"), 200):
        if why is None:
            try:
                rows, _ = updates.read_incident(item, STUDY)
            except Reject:
                continue
            assert all(r["posted_at"].tzinfo is not None and r["status"] for r in rows)


def status_page(data: bytes) -> None:
    """What a status page answers."""
    document = orjson.loads(data)
    for kind in ("incidents", "native"):
        StatusPage.shape(kind, document)
        for item in islice(StatusPage.items(kind, document), 200):
            try:
                row = StatusPage.parse(item)
            except (Reject, Skip):
                continue
            assert row is None or row["posted_at"].tzinfo is not None
    for _ in StatusPage.names("probe", document):
        pass


def moments(data: bytes) -> None:
    """A time, an id, a text to be masked."""
    text = data.decode("utf-8", "replace")
    id_list.read_id(text)
    MASKER.text(text)
    with contextlib.suppress(Reject):
        assert times.moment(text).tzinfo is not None


_CSV = (WIRE / "twarc2.csv").read_bytes()
_ROWS = b"".join((WIRE / "reddit_ndjson_RS.ndjson").read_bytes().splitlines(keepends=True)[:2])
_PLAIN = b'{"id": 1, "created_at": "2024-06-04T07:00:00Z", "text": "it is down", "author": "a", "likes": 3}'
_TIMES = [
    b"2024-06-04T07:00:00.000Z", b"2024-06-04 07:00:00", b"1717484400", b"1717484400.5", b"1717484400000",
    b"Tue Jun 04 07:00:00 +0000 2024", b"Tue, 04 Jun 2024 07:00:00 GMT", b"2024-06-04 07:00:00 UTC",
    b"20240604T070000Z",
    b"2024-W23-2T07:00:00Z", b"1900000000000000001", b"t3_1abc0", b"https://x.com/a/status/1900000000000000001",
    b"at://did:plc:abc/app.bsky.feed.post/3k", b"RT @someone: it is down @other u/reddit_name https://x.com/someone/1",
]  # fmt: skip


def _zip() -> bytes:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("account.js", "tweets.js"):
            path = WIRE / "x_archive" / name
            file.writestr(f"data/{name}", path.read_bytes() if path.exists() else b"window.YTD.account.part0 = []")
    return out.getvalue()


_DEEP = b"[" * 1000 + b"]" * 1000
_GZIP = zlib.compressobj(wbits=31)
_SOME = b"it is down\n" * 40
#: Name -> (target, seeds, share of the executions).
TARGETS: dict[str, tuple[Callable[[bytes], None], list[bytes], float]] = {
    "json formats": (json_formats, JSON_SEEDS, 6),
    "x archive script": (script, [(WIRE / "x_archive" / "tweets.js").read_bytes()], 2),
    "x archive zip": (zipped, [_zip()], 0.5),
    "telling the format": (sniffed, [*JSON_SEEDS, _CSV, _ROWS, *_TIMES], 3),
    "csv": (table, [_CSV, (WIRE / "generic.csv").read_bytes()], 0.6),
    "generic json": (mapped, [b"[" + _PLAIN + b"," + _PLAIN + b"]", _ROWS.splitlines()[0]], 0.1),
    "parquet": (parquet, [(WIRE / "generic.parquet").read_bytes()], 0.02),
    "lines": (cut, [_ROWS, _CSV, _SOME], 0.3),
    "gzip and zstandard": (
        unpacked,
        [
            _GZIP.compress(_SOME) + _GZIP.flush(),
            zstandard.compress(_SOME),
            (WIRE / "RC_sample.zst").read_bytes(),
            _SOME,
        ],
        3,
    ),
    "official timelines": (
        incident,
        [*wire("statuspage_incidents.json", "incidentio_compat_incidents.json"), _DEEP],
        0.5,
    ),
    "status pages": (
        status_page,
        wire("statuspage_incidents.json", "incidentio_compat_incidents.json", "incidentio_native_proxy_summary.json"),
        3,
    ),
    "times, ids and names": (moments, _TIMES, 5),
}


def execute(name: str, data: bytes) -> bool:
    """Run a target; True if it read the input to the end. Raises what is a crash."""
    try:
        TARGETS[name][0](data)
    except FINE:
        return False
    except orjson.JSONDecodeError:
        return False  # the readers catch it where they load
    return True


def schedule() -> Iterator[str]:
    """Yield names for ever, in the shares of `TARGETS`."""
    owed = {name: 0.0 for name in TARGETS}
    while True:
        for name in owed:
            owed[name] += TARGETS[name][2]
            while owed[name] >= 1:
                owed[name] -= 1
                yield name
