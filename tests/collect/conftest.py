"""After every test of a collector: no secret in any file it left, no author's name outside raw/."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard

from tests.platforms import play, world

#: Not written by a collection: what a test itself puts down, and the session that is meant to be kept.
_OTHER = ("praw.ini", "netrc")


@pytest.fixture(autouse=True)
def _nothing_leaks(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    ours = "tmp_path" in request.fixturenames and request.node.path.parent.name == "collect"
    folder: Path = request.getfixturevalue("tmp_path") if ours else Path()
    caplog.set_level("DEBUG")
    yield
    if not ours:
        return
    logs = "\n".join(r.getMessage() for when in ("setup", "call") for r in caplog.get_records(when))
    for secret in play.SECRETS:
        assert secret not in logs, f"{secret} in the log"
    for path in folder.rglob("*"):
        if not path.is_file() or path.name in _OTHER or path.parent.name == "outage-analyzer":
            continue
        data = path.read_bytes()
        if path.suffix == ".zst":
            data = zstandard.ZstdDecompressor().stream_reader(data).read()
        elif path.suffix == ".parquet":
            data = repr(pq.read_table(path).to_pylist()).encode()
        for secret in play.SECRETS:
            assert secret.encode() not in data, f"{secret} in {path}"
        if "raw" not in path.relative_to(folder).parts:
            assert world.MARK.encode() not in data.lower(), path
