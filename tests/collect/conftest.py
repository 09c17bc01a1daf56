"""After every test of a collector: no secret in any file it left, no author's name outside raw/."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from tests.platforms import play, world

#: Not written by a collection: what a test itself puts down, and the session that is meant to be kept.
_OTHER = ("praw.ini", "netrc")


@pytest.fixture(autouse=True)
def _nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    ours = "tmp_path" in request.fixturenames and request.node.path.parent.name == "collect"
    folder: Path = request.getfixturevalue("tmp_path") if ours else Path()
    yield
    if not ours:
        return
    for path in folder.rglob("*"):
        if not path.is_file() or path.name in _OTHER or path.parent.name == "outage-analyzer":
            continue
        data = path.read_bytes()
        if path.suffix == ".zst":
            data = zstandard.ZstdDecompressor().stream_reader(data).read()
        for secret in play.SECRETS:
            assert secret.encode() not in data, f"{secret} in {path}"
        if "raw" not in path.relative_to(folder).parts:
            assert world.MARK.encode() not in data.lower(), path
