"""Each platform's real wire format (invented content): read as what it is, or refused for the stated reason."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.errors import InputError
from analyzer.store import Corpus
from analyzer.study import Study
from tests.collect.archive.made import STUDY, WIRE, read

# file: format, posts, rejected, skipped
READ = {
    "RC_sample.zst": ("pushshift", 2, {"deleted": 1}, {}),
    "RS_sample_long31.zst": ("pushshift", 3, {}, {}),
    "arctic_shift_api.json": ("pushshift", 1, {}, {}),
    "bsky_search_posts.json": ("bluesky-pages", 1, {}, {}),
    "generic.csv": ("csv", 2, {}, {}),
    "generic.parquet": ("parquet", 2, {}, {}),
    "hn_algolia_search_by_date.json": ("hackernews-pages", 2, {}, {}),
    "jetstream_v1.jsonl": ("jetstream", 1, {}, {"events of kind identity": 1, "deletions": 1}),
    "jetstream_v2_frames.jsonl": ("jetstream", 1, {}, {}),
    "mastodon_search_v2.json": ("mastodon-pages", 1, {}, {}),
    "mastodon_timeline_tag.json": ("mastodon-pages", 1, {}, {}),
    "reddit_comments_with_more.json": ("reddit-json", 2, {}, {"comments not loaded by the page": 1}),
    "reddit_listing_search.json": ("reddit-json", 2, {}, {}),
    "reddit_morechildren.json": ("reddit-json", 2, {}, {}),
    "reddit_ndjson_RS.ndjson": ("pushshift", 3, {}, {}),
    "twarc2.csv": ("twarc-csv", 3, {}, {}),
    "twarc2_flattened.jsonl": ("twarc2", 3, {}, {}),
    "twarc2_pages.jsonl": ("twarc2", 3, {}, {}),
    "x_archive/account.js": ("x-archive", 0, {}, {}),
    "x_archive/tweets.js": ("x-archive", 1, {}, {}),
    "x_search_recent_page.json": ("twarc2", 2, {}, {}),
}
REFUSED = {
    "bsky_create_session.json": "which column",
    "errors.json": "which column",
    "hn_firebase_item.json": "which column",
    "incidentio_compat_incidents.json": "an official timeline, not posts",
    "incidentio_compat_summary.json": "which column",
    "incidentio_feed.rss": "XML or a web page",
    "incidentio_native_proxy_summary.json": "which column",
    "reddit_access_token.json": "which column",
    "statuspage_history.atom": "XML or a web page",
    "statuspage_incidents.json": "an official timeline, not posts",
    "statuspage_summary.json": "an official timeline, not posts",
}


def test_every_sample_is_spoken_of() -> None:
    names = {str(p.relative_to(WIRE)) for p in WIRE.rglob("*") if p.is_file()}
    assert names == READ.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READ)
def test_sample_is_read_and_reading_it_again_changes_nothing(name: str, corpus: Corpus) -> None:
    format, n_posts, rejected, skipped = READ[name]
    summary = read(WIRE / name, corpus)
    assert summary.files[0].format == format
    assert (summary.n_posts, dict(summary.rejected), dict(summary.skipped)) == (n_posts, rejected, skipped)
    assert summary.n_rows == n_posts + sum(rejected.values()) + sum(skipped.values())
    assert len(corpus.posts()) == n_posts
    assert read(WIRE / name, corpus).run_id is None
    assert len(corpus.state()["runs"]) == 1


@pytest.mark.parametrize("name", REFUSED)
def test_sample_is_refused_for_its_reason(name: str, corpus: Corpus) -> None:
    with pytest.raises(InputError, match=REFUSED[name]):
        read(WIRE / name, corpus)
    assert not corpus.exists()


def test_the_three_shapes_of_one_search_give_the_same_posts(tmp_path_factory: pytest.TempPathFactory) -> None:
    found = []
    for name in ("twarc2_flattened.jsonl", "twarc2_pages.jsonl", "twarc2.csv"):
        corpus = Corpus(tmp_path_factory.mktemp("c") / "corpus")
        corpus.path.with_name("corpus.key").write_text("11" * 32)
        read(WIRE / name, corpus)
        found.append(corpus.posts())
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[0], found[2])


def test_what_a_post_holds(corpus: Corpus) -> None:
    read(WIRE / "twarc2_pages.jsonl", corpus)
    row = corpus.posts().set_index("post_id").loc["1900000000000000002"]
    assert row["source"] == "x"
    assert row["kind"] == "reply"
    assert row["parent_id"] == "1900000000000000001"
    assert row["n_likes"] == 2
    assert row["created_at"].isoformat() == "2026-03-01T10:02:00+00:00"
    assert row["observed_at"].isoformat() == "2026-03-01T11:00:00+00:00"
    assert row["url"] == "https://x.com/i/status/1900000000000000002"
    assert row["author"] == corpus.pseudonym("x", "100")
    assert "line1\nline2" in corpus.posts().set_index("post_id").loc["1900000000000000000", "text"]


def test_reddit_names_times_and_removed_texts(corpus: Corpus) -> None:
    read(WIRE / "RS_sample_long31.zst", corpus)
    posts = corpus.posts().set_index("post_id")
    assert posts.index.tolist() == ["t3_1abc0", "t3_1abc1", "t3_1abc2"]
    assert posts.loc["t3_1abc1", "created_at"].timestamp() == 1772359201
    read(WIRE / "RC_sample.zst", corpus)
    comment = corpus.posts().set_index("post_id").loc["t1_o0"]
    assert (comment["kind"], comment["parent_id"], comment["thread_id"]) == ("reply", "t3_1abc0", "t3_1abc0")
    assert corpus.rejects()["reason"].tolist() == ["deleted"]


def test_both_versions_of_jetstream_give_one_post(corpus: Corpus) -> None:
    read(WIRE / "jetstream_v1.jsonl", corpus)
    first = corpus.posts()
    summary = read(WIRE / "jetstream_v2_frames.jsonl", corpus)
    assert (summary.n_new, summary.n_posts) == (0, 1)
    assert len(first) == len(corpus.posts()) == 1


def test_posts_of_official_accounts_go_to_the_official_timeline(corpus: Corpus) -> None:
    study = Study(service="ChatGPT", accounts={"x": ("@Synth_B",)})
    for name in ("twarc2_flattened.jsonl", "twarc2_pages.jsonl", "twarc2.csv"):
        read(WIRE / name, corpus, study)
        assert corpus.posts()["post_id"].tolist() == ["1900000000000000000", "1900000000000000002"]
        assert corpus.updates()["update_id"].tolist() == ["1900000000000000003"]


def test_no_name_of_an_author_leaves_the_raw_input(corpus: Corpus) -> None:
    for name in READ:
        read(WIRE / name, corpus)
    shown = corpus.posts().to_csv() + corpus.updates().to_csv() + corpus.coverage().to_csv()
    for name in ("synth_a", "synth_b", "synth_user", "tester.test", "@u", "synth0"):
        assert name not in shown, name
    for path in corpus.path.rglob("*"):
        if path.is_file() and "raw" not in path.parts:
            assert not any(n in path.read_bytes() for n in (b"synth_a", b"synth_user", b"tester.test")), path


def test_study_source_overrides_a_generic_file(corpus: Corpus) -> None:
    read(WIRE / "generic.csv", corpus, Study(service="ChatGPT", source="forum"))
    assert corpus.posts()["source"].unique().tolist() == ["forum"]
    assert STUDY.source is None
