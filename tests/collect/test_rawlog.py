"""The raw log: whatever a kill leaves of it, whole pages are read and a torn one is asked for again."""

from __future__ import annotations

import datetime as dt
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.collect.rawlog import RawLog, read_pages
from analyzer.errors import CorpusError

AT = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
HEADER = {"source": "x", "started": AT.isoformat(), "study": "abc"}


def fill(path: Path, *bodies: bytes) -> None:
    log = RawLog(path, HEADER)
    for n, body in enumerate(bodies):
        key = log.key("GET", f"https://example.org/?n={n}", None)
        log.append(key, kind="search", url=f"https://example.org/?n={n}", at=AT, body=body, is_json=True)
    log.close()


def test_pages_come_back_as_they_were(tmp_path: Path) -> None:
    bodies = [b'{"a": 1,\r\n "b": "x\\ny"}', '["\u00e9", "\U0001f62d"]'.encode(), b'{"page": ",\\"page\\":"}']
    fill(tmp_path / "log", *bodies)
    assert [p.page for p in read_pages(tmp_path / "log")] == [
        {"a": 1, "b": "x\ny"},
        ["\u00e9", "\U0001f62d"],
        {"page": ',"page":'},
    ]
    log = RawLog(tmp_path / "log", HEADER)
    assert log.get(log.key("GET", "https://example.org/?n=1", None)) == bodies[1]
    assert log.get(log.key("GET", "https://example.org/?n=1", None)) is None, "asked a second time: another page"
    log.close()


def test_a_feed_is_kept_as_text(tmp_path: Path) -> None:
    log = RawLog(tmp_path / "log", HEADER)
    key = log.key("GET", "https://example.org/feed", None)
    log.append(key, kind="feed", url="https://example.org/feed", at=AT, body=b'<?xml?>\n<rss a="1"/>', is_json=False)
    assert log.get(key) == b'<?xml?>\n<rss a="1"/>'
    log.close()


def test_any_cut_leaves_whole_pages(tmp_path: Path) -> None:
    fill(tmp_path / "log", b'{"n": 0}', b'{"n": 1}', b'{"n": 2}')
    data = (tmp_path / "log").read_bytes()
    for cut in range(len(data)):
        (tmp_path / "cut").write_bytes(data[:cut])
        whole = data[:cut].count(b"\n")
        log = RawLog(tmp_path / "cut", {**HEADER, "study": "new"})
        assert len(log) == max(0, whole - 1)
        assert log.header["study"] == ("abc" if whole else "new")
        key = log.key("GET", "https://example.org/?n=9", None)
        log.append(key, kind="search", url="https://example.org/?n=9", at=AT, body=b'{"n": 9}', is_json=True)
        log.close()
        assert [p.page["n"] for p in read_pages(tmp_path / "cut")] == [*range(max(0, whole - 1)), 9]


def test_zeros_after_a_power_cut_are_cut_off(tmp_path: Path) -> None:
    fill(tmp_path / "log", b'{"n": 0}')
    with open(tmp_path / "log", "ab") as file:
        file.write(b"\0" * 4096)
    log = RawLog(tmp_path / "log", HEADER)
    assert len(log) == 1
    log.close()
    assert b"\0" not in (tmp_path / "log").read_bytes()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    log = RawLog(tmp_path / "log", HEADER)
    code = (
        "from pathlib import Path; from analyzer.collect.rawlog import RawLog\n"
        f"RawLog(Path({str(tmp_path / 'log')!r}), {{}})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "CorpusError" in found.stderr and "another process" in found.stderr
    log.close()
    RawLog(tmp_path / "log", HEADER).close()


def test_a_full_disk_leaves_whole_pages_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "log", b'{"n": 0}')
    log = RawLog(tmp_path / "log", HEADER)
    real = os.write

    def write(fd: int, data: bytes) -> int:
        if len(data) > 20:
            return real(fd, bytes(data[:20]))
        raise OSError(errno.ENOSPC, "No space left on device")

    key = log.key("GET", "https://example.org/?n=1", None)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(CorpusError, match="No space left on device"):
            log.append(key, kind="search", url="https://example.org/", at=AT, body=b'{"n": 10000000000}', is_json=True)
    assert log.get(key) is None
    log.append(key, kind="search", url="https://example.org/", at=AT, body=b'{"n": 1}', is_json=True)
    log.close()
    assert [p.page["n"] for p in read_pages(tmp_path / "log")] == [0, 1]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match="cannot be written"):
        RawLog(tmp_path / "file" / "log", HEADER)


def test_order_of_parameters_makes_no_other_request(tmp_path: Path) -> None:
    log = RawLog(tmp_path / "log", HEADER)
    first = log.key("GET", "https://a.example/x?b=2&a=1", None)
    assert log.key("GET", "https://b.example/x?a=1&b=2", None).split(".")[0] == first.split(".")[0]
    assert log.key("POST", "https://a.example/x?b=2&a=1", b"z").split(".")[0] != first.split(".")[0]
    log.close()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    fill(tmp_path / "log", b"{}")
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0
