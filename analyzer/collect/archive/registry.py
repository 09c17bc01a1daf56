"""The formats, in the order in which a file is asked. A new one is one file and one line."""

from __future__ import annotations

from analyzer.collect.archive.base import JsonFormat
from analyzer.collect.archive.jetstream import Jetstream
from analyzer.collect.archive.pages import BlueskyPages, HackerNewsPages, MastodonPages
from analyzer.collect.archive.pushshift import Pushshift
from analyzer.collect.archive.reddit_json import RedditJson
from analyzer.collect.archive.twarc2 import Twarc2
from analyzer.collect.archive.x_archive import XArchive

#: Formats of JSON items.
FORMATS: dict[str, JsonFormat] = {
    format.name: format
    for format in (
        Twarc2(),
        Jetstream(),
        RedditJson(),
        Pushshift(),
        XArchive(),
        BlueskyPages(),
        MastodonPages(),
        HackerNewsPages(),
    )
}
#: All names that `--format` takes.
NAMES: tuple[str, ...] = (*FORMATS, "twarc-csv", "csv", "tsv", "jsonl", "parquet", "ids")
