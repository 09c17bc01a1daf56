"""After collecting from everywhere, with faults and every log on: no secret anywhere, no author's name outside raw/."""

from __future__ import annotations

import contextlib
import io
import logging
from pathlib import Path
from typing import Any

import pytest
import zstandard

from analyzer.collect import Collected, collect
from analyzer.collect.redact import redact
from analyzer.errors import CollectError
from tests.platforms import play, world
from tests.platforms.faults import Script
from tests.platforms.server import Platforms


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All sources collected with DEBUG logs, through faults; returns folder, corpus, log and progress lines."""
    folder = tmp_path_factory.mktemp("secrets")
    corpus = play.corpus(folder)
    log, lines = io.StringIO(), []
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    printed = io.StringIO()
    try:
        with (
            Platforms(world.World(60), script=Script(seed=5, rate=0.25)) as platforms,
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            study = play.study(platforms.base)
            result = collect(study, corpus, play.SOURCES, progress=lines.append, options=play.options(folder))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert not result.errors
    return folder, corpus, log.getvalue() + printed.getvalue() + "\n".join(lines) + str(result.to_dict()), result


def contents(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().stream_reader(data).read()
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return repr(pq.read_table(path).to_pylist()).encode() + data
    return data


def test_no_secret_in_logs_and_messages(everything: Any) -> None:
    log = everything[2]
    assert "Making API request" in log, "tweepy's own log was on"
    for secret in play.SECRETS:
        assert secret not in log


def test_no_author_in_logs_and_messages(everything: Any) -> None:
    # Clients log whole answers at DEBUG when they are asked to; what we log and say names nobody.
    ours = [line for line in everything[2].splitlines() if line.startswith(("x:", "reddit:", "bluesky:", "mastodon:"))]
    assert ours
    assert not [line for line in ours if world.MARK in line]


def test_no_secret_in_any_file(everything: Any) -> None:
    files = [p for p in everything[1].path.rglob("*") if p.is_file()]
    assert any(p.suffix == ".zst" for p in files) and any(p.suffix == ".parquet" for p in files)
    for path in files:
        data = contents(path)
        for secret in play.SECRETS:
            assert secret.encode() not in data, path


def test_no_author_outside_raw(everything: Any) -> None:
    folder = everything[1].path
    named, clean = 0, 0
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        if path.relative_to(folder).parts[0] == "raw":
            named += world.MARK.encode() in contents(path)
            continue
        clean += 1
        assert world.MARK.encode() not in contents(path).lower(), path
    assert named >= 5, "the raw pages hold the names that the tables must not"
    assert clean > 10


def test_pseudonyms_tell_authors_apart(everything: Any) -> None:
    posts = everything[1].posts()
    assert posts["author"].notna().all()
    for _, group in posts.groupby("source"):
        assert 10 < group["author"].nunique() < len(group)


def test_mentions_are_masked(everything: Any) -> None:
    texts = everything[1].posts()["text"]
    assert texts.str.contains("@user").sum() > 5


def test_a_refusal_does_not_quote_the_secret(tmp_path: Path) -> None:
    with Platforms(world.World(5)) as platforms:
        options = play.options(tmp_path)
        object.__setattr__(
            options.credentials, "environ", {**play.environ(tmp_path), "OUTAGE_X_BEARER_TOKEN": "wrong-9f3"}
        )
        with pytest.raises(CollectError, match="HTTP 401") as info:
            collect(play.study(platforms.base), play.corpus(tmp_path), ["x"], options=options)
    assert "wrong-9f3" not in str(info.value) and "sources" in str(info.value)


def test_redact() -> None:
    assert redact("a Bearer abc.def-123 b") == "a Bearer *** b"
    assert redact('{"accessJwt": "eyJhbGciOi"}') == '{"accessJwt": "***"}'
    assert redact("client_secret=hunter2222&x=1") == "client_secret=***&x=1"
    assert redact("key s3cr3t-value here", ["s3cr3t-value"]) == "key *** here"


def test_the_session_file_is_its_owners_only(everything: Any) -> None:
    (path,) = (everything[0] / "outage-analyzer").glob("bluesky-*.json")
    assert path.stat().st_mode & 0o077 == 0
    assert isinstance(everything[3], Collected)
