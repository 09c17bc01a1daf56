"""Stored raw pages: read again they give the same rows; rewritten they hold no trace of a forgotten post."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzer.collect import collect, collector
from analyzer.collect.forget import forget
from analyzer.collect.rawlog import as_page
from analyzer.collect.rawpages import redact
from analyzer.collect.reader import Batch, Reader
from tests.platforms import play, world
from tests.platforms.server import Platforms

POSTED = [s for s in play.SOURCES if s != "statuspage"]


def collected(source: str, folder: Path) -> tuple[Any, dict[str, Any], list[bytes], Any]:
    with Platforms(world.World(60)) as platforms:
        corpus, study = play.corpus(folder), play.study(platforms.base)
        collect(study, corpus, [source], options=play.options(folder))
    (entry,) = corpus.raw()
    with corpus.open_raw(entry) as stream:
        return corpus, entry, stream.read().splitlines(keepends=True), study


def reread(lines: list[bytes], entry: dict[str, Any], study: Any, corpus: Any) -> list[Batch]:
    reader = Reader(collector(entry["info"]["platform"]), study, corpus, entry=entry)
    pages = (as_page(line, number) for number, line in enumerate(lines, 1))
    return list(reader.batches(p for p in pages if p is not None))


@pytest.mark.parametrize("source", play.SOURCES)
def test_read_again_gives_the_same_rows(source: str, tmp_path: Path) -> None:
    corpus, entry, lines, study = collected(source, tmp_path)
    batches = reread(lines, entry, study, corpus)
    posts = [r for b in batches if b.posts is not None for r in b.posts.to_pylist()]
    held = corpus.arrow("SELECT * EXCLUDE (run_id) FROM posts ORDER BY source, post_id").to_pylist()
    ours = [{k: v for k, v in r.items() if not k.startswith("_")} for r in sorted(posts, key=lambda r: r["post_id"])]
    assert ours == held
    assert sum(len(b.updates) for b in batches) == len(corpus.updates())


@pytest.mark.parametrize("source", POSTED)
def test_forgotten_posts_leave_no_trace_and_others_stay(source: str, tmp_path: Path) -> None:
    corpus, entry, lines, study = collected(source, tmp_path)
    posts = corpus.posts()
    gone = set(posts["post_id"].sample(7, random_state=1))
    out: list[bytes] = []
    n = redact(lines, source, gone, out.append)
    assert n >= len(gone)
    batches = reread(out, entry, study, corpus)
    left = {i for b in batches if b.posts is not None for i in b.posts["post_id"].to_pylist()}
    assert left == set(posts["post_id"]) - gone
    whole = b"".join(out)
    for text in posts.loc[posts["post_id"].isin(gone), "text"]:
        number = text.rsplit("#", 1)[-1].split("\n")[0]
        assert f'#{number}"'.encode() not in whole and f"#{number}<".encode() not in whole
    for name in gone:
        bare = name.rsplit("_" if source == "reddit" else "/", 1)[-1]
        assert f'"{name}"'.encode() not in whole and f'"{bare}"'.encode() not in whole
        assert f"/{bare}/".encode() not in whole and f'/{bare}"'.encode() not in whole
    # Lines without a forgotten post are kept byte for byte.
    assert lines[0] == out[0]


@pytest.mark.parametrize("source", POSTED)
def test_a_forgotten_post_that_the_platform_still_gives_does_not_come_back(source: str, tmp_path: Path) -> None:
    with Platforms(world.World(60)) as platforms:
        corpus, study = play.corpus(tmp_path), play.study(platforms.base)
        collect(study, corpus, [source], options=play.options(tmp_path))
        posts = corpus.posts()
        gone = posts.sample(4, random_state=2)
        forget(corpus, [(source, i) for i in gone["post_id"]])
        assert len(corpus.posts()) == len(posts) - 4
        # Another wording asks for everything again, and the platform still gives the four.
        settings = {**study.sources[source], "queries": ("GLIMMERBOT",)}
        if source == "mastodon":
            settings["instances"] = (platforms.base.replace("127.0.0.1", "localhost"),)
        again = replace(study, sources={**study.sources, source: settings})
        done = collect(again, corpus, [source], options=play.options(tmp_path))
        # Reddit's threads that have not grown are not read again, nor what was forgotten in them.
        assert done.results[0].counts.n_forgotten == 4 or (source == "reddit" and done.results[0].counts.n_forgotten)
        assert len(corpus.posts()) == len(posts) - 4
        numbers = [t.rsplit("#", 1)[-1].split("\n")[0] for t in gone["text"]]
        for entry in corpus.raw():
            with corpus.open_raw(entry) as stream:
                data = stream.read()
            for number in numbers:
                assert f'#{number}"'.encode() not in data and f"#{number}<".encode() not in data
        assert corpus.check()["ok"]


def test_bare_ids_of_omitted_comments_go_too() -> None:
    line = (
        b'{"key":"k","kind":"comments","url":"https://a.example/comments/s1/","at":"2026-03-01T10:00:00+00:00","page":'
    )
    page = b'[{"kind":"more","data":{"children":["o1","o2"],"parent_id":"t3_s1"}},{"kind":"t3","data":{"id":"s1"}}]}\n'
    out: list[bytes] = []
    assert redact([line + page], "reddit", {"t1_o1", "t3_s1"}, out.append) == 4
    assert b"o1" not in out[0] and b"s1" not in out[0] and b"o2" in out[0]


def test_a_users_own_pages_go_whole() -> None:
    lines = [
        b'{"rawlog":1}\n',
        b'{"key":"a","kind":"plain","url":"","at":"2026-03-01T10:00:00+00:00","page":{"my_id":17,"words":"x"}}\n',
        b'{"key":"b","kind":"plain","url":"","at":"2026-03-01T10:00:00+00:00","page":{"my_id":18,"words":"y"}}\n',
    ]
    out: list[bytes] = []
    assert redact(lines, "mine", {"17"}, out.append) == 1
    assert out == [lines[0], lines[2]]


@pytest.mark.parametrize("source", POSTED)
def test_no_file_of_the_corpus_names_a_forgotten_post(source: str, tmp_path: Path) -> None:
    """Neither raw pages and what was asked for, nor what is remembered between collections: threads, stories, ids."""
    import re

    from analyzer.collect.archive.rebuilding import rebuild

    with Platforms(world.World(90)) as platforms:
        corpus, study = play.corpus(tmp_path), play.study(platforms.base)
        collect(study, corpus, [source], options=play.options(tmp_path))
        parents = corpus.arrow("SELECT DISTINCT thread_id FROM posts WHERE kind = 'reply'")["thread_id"].to_pylist()
        ids = corpus.posts()["post_id"].tolist()
        gone = [i for i in ids if i in parents or i.removeprefix("t3_") in parents][:4] + ids[:3]
        forget(corpus, gone)
        left = len(corpus.posts())
        rebuild(study, corpus)
        assert len(corpus.posts()) == left
        collect(study, corpus, [source], options=play.options(tmp_path))
        assert len(corpus.posts()) == left
        files = {p: p.read_bytes() for p in corpus.path.rglob("*") if p.is_file() and p.suffix != ".zst"}
        for entry in corpus.raw():
            with corpus.open_raw(entry) as file:
                files[Path(entry["stored"])] = file.read()
        for name in gone:
            bare = name.removeprefix("t3_").removeprefix("t1_").encode()
            bare = bare.rsplit(b"/", 1)[-1] if source == "mastodon" else re.escape(bare)
            found = [p for p, d in files.items() if re.search(b"(?<![A-Za-z0-9])" + bare + b"(?![A-Za-z0-9])", d)]
            assert not found, (name, found)
