"""Bad input: a clear error or a counted rejection, and the corpus unharmed."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
import zstandard

from analyzer.errors import InputError
from analyzer.store import Corpus
from analyzer.study import Study
from tests.collect.archive.made import STUDY, lines, read, tweet, write

CSV = "id,created_at,text,author\n"


def good(number: int) -> str:
    return f"{number},2024-06-04T07:00:{number:02d}Z,chatgpt is down {number},someone\n"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"   \n", gzip.compress(b"", mtime=0), zstandard.compress(b"")])
def test_empty_file(data: bytes, tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(InputError, match="is empty"):
        read(write(tmp_path / "a.csv", data), corpus)
    assert not corpus.exists()


def test_missing_file_and_folder(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.csv", corpus)
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path, corpus)


def test_one_bad_file_among_good_ones_leaves_the_corpus_as_it_was(tmp_path: Path, corpus: Corpus) -> None:
    first = write(tmp_path / "a.csv", CSV + good(1))
    with pytest.raises(InputError):
        read([first, tmp_path / "none.csv"], corpus)
    assert not corpus.exists()


def test_wrong_columns_are_named(tmp_path: Path, corpus: Corpus) -> None:
    path = write(tmp_path / "a.csv", "alpha,beta\n1,2\n")
    with pytest.raises(InputError, match=r"the file has alpha, beta\. Name it in the study"):
        read(path, corpus)
    with pytest.raises(InputError, match="there is no column 'words'; the file has alpha, beta"):
        read(path, corpus, Study(service="ChatGPT", columns={"text": "words"}))
    with pytest.raises(InputError, match="can name"):
        read(path, corpus, Study(service="ChatGPT", columns={"textt": "alpha"}))
    with pytest.raises(InputError, match="`where` names column 'gamma'"):
        read(path, corpus, Study(service="ChatGPT", where={"gamma": "1"}))


def test_rows_of_another_width_are_rejected_with_their_line(tmp_path: Path, corpus: Corpus) -> None:
    path = write(
        tmp_path / "a.csv", CSV + good(1) + "2,only two\n" + '3,2024-06-04T07:00:03Z,"two\nlines",x\n' + "4,x,y,z,w\n"
    )
    summary = read(path, corpus)
    assert (summary.n_posts, dict(summary.rejected), summary.n_rows) == (2, {"wrong number of columns": 2}, 4)
    assert corpus.rejects()["line"].tolist() == [3, 6]
    assert corpus.rejects()["file"].unique().tolist() == ["a.csv"]
    assert corpus.rejects()["raw"].tolist()[0] == "2,only two"


def test_naive_times_need_a_zone(tmp_path: Path, corpus: Corpus) -> None:
    naive = CSV + "1,2024-07-04 07:00:00,chatgpt is down,x\n"
    with pytest.raises(InputError, match="naive_time_zone"):
        read(write(tmp_path / "a.csv", naive), corpus)
    assert not corpus.exists()
    summary = read(write(tmp_path / "b.csv", naive + good(2)), corpus)
    assert dict(summary.rejected) == {"naive time": 1}
    read(tmp_path / "a.csv", corpus, Study(service="ChatGPT", naive_time_zone="Europe/London"))
    assert "2024-07-04T06:00:00+00:00" in [t.isoformat() for t in corpus.posts()["created_at"]]


def test_mixed_offsets_and_formats_mean_the_same_instant(tmp_path: Path, corpus: Corpus) -> None:
    times = (
        "2024-06-04T07:00:00Z",
        "2024-06-04T09:00:00+02:00",
        "2024-06-04 02:00:00-0500",
        "1717484400",
        "1717484400000",
        "1717484400.0",
        "Tue Jun 04 07:00:00 +0000 2024",
        "Tue, 04 Jun 2024 07:00:00 GMT",
        "2024-06-04 07:00:00 UTC",
    )
    rows = "".join(f'{n},"{time}",chatgpt is down {n},x\n' for n, time in enumerate(times))
    read(write(tmp_path / "a.csv", CSV + rows), corpus)
    assert {t.isoformat() for t in corpus.posts()["created_at"]} == {"2024-06-04T07:00:00+00:00"}
    assert len(corpus.posts()) == len(times)


def test_future_ancient_and_unreadable_times_are_rejected(tmp_path: Path, corpus: Corpus) -> None:
    times = ("2027-01-01T00:00:00Z", "1971-01-01T00:00:00Z", "06/04/2024 7am", "", "2024-02-30T00:00:00Z")
    rows = "".join(f"{n},{time},t t,x\n" for n, time in enumerate(times, 2))
    summary = read(write(tmp_path / "a.csv", CSV + good(1) + rows), corpus)
    assert summary.n_posts == 1
    assert dict(summary.rejected) == {"future date": 1, "implausible time": 1, "unreadable time": 2, "no time": 1}


def test_future_dates_in_json_lines_are_rejected(tmp_path: Path, corpus: Corpus) -> None:
    path = write(tmp_path / "a.jsonl", lines([tweet(1), tweet(2, created_at="2027-01-01T00:00:00.000Z"), tweet(3)]))
    summary = read(path, corpus)
    assert (summary.n_posts, dict(summary.rejected)) == (2, {"future date": 1})
    assert corpus.rejects()["line"].tolist() == [2]


def test_broken_utf8_is_rejected_line_by_line(tmp_path: Path, corpus: Corpus) -> None:
    data = (CSV + good(1)).encode() + b"2,2024-06-04T07:00:02Z,broken \xff\xfe here,x\n" + good(3).encode()
    summary = read(write(tmp_path / "a.csv", data), corpus)
    assert (summary.n_posts, dict(summary.rejected)) == (2, {"broken UTF-8": 1})
    data = lines([tweet(1)]) + b'{"id": "2", "text": "\xc3\x28"}\n' + lines([tweet(3)])
    summary = read(write(tmp_path / "a.jsonl", data), corpus)
    assert (summary.n_posts, dict(summary.rejected)) == (2, {"broken UTF-8": 1})
    assert corpus.rejects()["line"].tolist() == [3, 2]


def test_half_a_surrogate_pair_is_rejected(tmp_path: Path, corpus: Corpus) -> None:
    data = lines([tweet(1)]) + json.dumps(tweet(2, text="half \ud83d of it")).encode() + b"\n"
    summary = read(write(tmp_path / "a.jsonl", data), corpus)
    assert summary.n_posts == 1
    assert summary.n_rejected == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings(encoding: str, tmp_path: Path, corpus: Corpus) -> None:
    rows = "".join(f"{n},2024-06-04T07:00:{n:02d}Z,caf\u00e9 chatgpt is down {n},x\n" for n in range(10))
    summary = read(write(tmp_path / "a.csv", (CSV + rows).encode(encoding)), corpus)
    assert summary.n_posts == 10
    assert corpus.posts()["text"][0] == "café chatgpt is down 0"
    assert ("encoding: cp1252" in str(summary)) == (encoding == "cp1252")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_truncated_packed_file_keeps_what_came_before(pack: object, name: str, tmp_path: Path, corpus: Corpus) -> None:
    rnd = random.Random(1)
    words = [f"chatgpt is down {rnd.randbytes(20).hex()}" for _ in range(4000)]
    if name == "a.csv":
        data = CSV.encode() + b"".join(f"{i},2024-06-04T07:00:00Z,{w},x\n".encode() for i, w in enumerate(words))
    else:
        data = lines(tweet(n, text=w) for n, w in enumerate(words))
    packed = pack(data)  # type: ignore[operator]
    summary = read(write(tmp_path / name, packed[: len(packed) * 3 // 4]), corpus)
    assert summary.truncated
    assert "ends early" in str(summary)
    assert 500 < summary.n_posts < 4000
    assert summary.n_rejected <= 1
    whole = read(write(tmp_path / f"whole-{name}", packed), corpus)
    assert not whole.truncated
    assert whole.n_posts == 4000


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_damage_in_the_middle_of_a_packed_file(pack: object, tmp_path: Path, corpus: Corpus) -> None:
    rnd = random.Random(1)
    data = lines(tweet(n, text=rnd.randbytes(40).hex()) for n in range(8000))
    packed = bytearray(pack(data))  # type: ignore[operator]
    packed[-5000:-4900] = bytes(100)
    summary = read(write(tmp_path / "a.jsonl", bytes(packed)), corpus)
    assert summary.truncated or summary.n_rejected
    assert summary.n_posts > 500


def test_several_members_and_frames(tmp_path: Path, corpus: Corpus) -> None:
    for n, pack in enumerate((gzip.compress, zstandard.compress)):
        data = pack(lines([tweet(n * 10 + 1)])) + pack(lines([tweet(n * 10 + 2)]))
        summary = read(write(tmp_path / f"{n}.jsonl", data), corpus)
        assert (summary.n_posts, summary.truncated) == (2, False)


def test_last_line_cut_off(tmp_path: Path, corpus: Corpus) -> None:
    path = write(tmp_path / "a.jsonl", lines([tweet(1), tweet(2)])[:-40])
    summary = read(path, corpus)
    assert (summary.n_posts, summary.truncated, summary.n_rejected) == (1, True, 1)


def test_lines_of_ten_megabytes(tmp_path: Path, corpus: Corpus) -> None:
    long = "x" * 10_000_000
    data = lines([tweet(1), tweet(2, text=long)]) + b"y" * 10_000_000 + b"\n" + lines([tweet(3)])
    summary = read(write(tmp_path / "a.jsonl", data), corpus)
    assert (summary.n_posts, dict(summary.rejected)) == (2, {"text too long": 1, "not JSON": 1})
    assert corpus.rejects()["line"].tolist() == [2, 3]
    assert corpus.rejects()["raw"].str.len().max() <= 2000
    summary = read(write(tmp_path / "a.csv", CSV + good(1) + f"2,2024-06-04T07:00:00Z,{long},x\n" + good(3)), corpus)
    assert summary.n_posts == 2
    assert summary.n_rejected == 1


def test_a_line_that_never_ends(tmp_path: Path, corpus: Corpus) -> None:
    data = lines([tweet(1)]) + b"[" * 40_000_000 + b"\n" + lines([tweet(3)])
    summary = read(write(tmp_path / "a.jsonl", data), corpus)
    assert (summary.n_posts, dict(summary.rejected)) == (2, {"line too long": 1})
    assert corpus.rejects()["line"].tolist() == [2]


def test_duplicate_ids_count_once_and_the_last_wins(tmp_path: Path, corpus: Corpus) -> None:
    path = write(tmp_path / "a.jsonl", lines([tweet(1), tweet(2), tweet(1, text="chatgpt is back"), tweet(2)]))
    summary = read(path, corpus)
    assert (summary.n_rows, summary.n_posts, summary.n_duplicates) == (4, 2, 2)
    assert "2 duplicate rows" in str(summary)
    assert corpus.posts()["text"].tolist() == ["chatgpt is back", "chatgpt is down again, number 2"]


def test_no_text_and_no_id(tmp_path: Path, corpus: Corpus) -> None:
    rows = '1,2024-06-04T07:00:00Z,"  ",x\n,2024-06-04T07:00:00Z,t t t,x\n1.9e+18,2024-06-04T07:00:00Z,t t t,x\n'
    summary = read(write(tmp_path / "a.csv", CSV + good(5) + rows), corpus)
    assert dict(summary.rejected) == {"no text": 1, "no id": 1, "damaged id": 1}
    assert corpus.rejects()["raw"].notna().all()


def test_unclosed_quote_costs_what_it_swallows_and_no_more(tmp_path: Path, corpus: Corpus) -> None:
    rows = "".join(f"{n},2024-06-04T07:00:00Z,chatgpt is down {n},x\n" for n in range(10, 10_000))
    path = write(tmp_path / "a.csv", CSV + good(1) + '2,2024-06-04T07:00:00Z,"never closed,x\n' + rows)
    summary = read(path, corpus)
    assert summary.n_posts > 6_000
    assert summary.n_rejected >= 1


def test_pack_formats_that_are_not_read_are_named(tmp_path: Path, corpus: Corpus) -> None:
    for data, what in (
        (b"BZh9" + bytes(50), "bzip2"),
        (b"\xfd7zXZ\x00" + bytes(50), "xz"),
        (b"\x00\x01" * 40, "no text"),
    ):
        with pytest.raises(InputError, match=what):
            read(write(tmp_path / "a", data), corpus)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_bomb_is_refused(pack: object, tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.collect.archive import stream

    monkeypatch.setattr(stream, "_FREE", 4 << 20)
    monkeypatch.setattr(stream, "MAX_RATIO", 100)
    path = write(tmp_path / "a.jsonl", pack(lines([tweet(1)]) + b" " * (32 << 20)))  # type: ignore[operator]
    with pytest.raises(InputError, match="unpacks to more than"):
        read(path, corpus)
    assert not corpus.exists()


def test_zip_bomb_and_foreign_zip_are_refused(tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    import zipfile

    from analyzer.collect.archive import x_archive

    monkeypatch.setattr(x_archive, "_MAX", 1 << 20)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data/tweets.js", b" " * (2 << 20))
    with pytest.raises(InputError, match="unpack to more"):
        read(tmp_path / "a.zip", corpus)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
        file.writestr("readme.txt", b"hello")
    with pytest.raises(InputError, match=r"no data/tweets\.js"):
        read(tmp_path / "b.zip", corpus)
    whole = (tmp_path / "b.zip").read_bytes()
    with pytest.raises(InputError, match="damaged"):
        read(write(tmp_path / "c.zip", whole[:30]), corpus)


def test_damaged_parquet_is_refused(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(InputError, match="damaged Parquet"):
        read(write(tmp_path / "a.parquet", b"PAR1" + bytes(100)), corpus)


def test_a_new_field_never_breaks_an_import(tmp_path: Path, corpus: Corpus) -> None:
    odd = {"brand_new": {"deep": [1, {"x": None}]}, "public_metrics": {"like_count": 3, "vibes": "good"}}
    path = write(tmp_path / "a.jsonl", lines([tweet(1, **odd), tweet(2)]))
    assert read(path, corpus).n_posts == 2


def test_unknown_format_name(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(InputError, match="no format 'tweets'; there are twarc2"):
        read(write(tmp_path / "a.csv", CSV + good(1)), corpus, STUDY, format="tweets")


def test_a_damaged_start_is_not_called_empty(tmp_path: Path, corpus: Corpus) -> None:
    packed = zstandard.ZstdCompressor().compress(lines([tweet(n) for n in range(2000)]))
    with pytest.raises(InputError, match="damaged, cannot be unpacked"):
        read(write(tmp_path / "a.zst", packed[:12] + bytes(400) + packed[412:]), corpus)
    assert not corpus.exists()


def test_a_list_of_ids_may_hold_a_line_that_is_none(tmp_path: Path, corpus: Corpus) -> None:
    summary = read(
        write(tmp_path / "ids.txt", "1900000000000000009\n1900000000000000010\nt3_abc1\nt1_abc2\nwhat\n"), corpus
    )
    assert (summary.n_ids, dict(summary.rejected)) == (4, {"no id": 1})
