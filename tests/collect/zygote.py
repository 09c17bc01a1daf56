"""A process that forks collections on command, so that a hundred of them can be killed in little time.

Reads ``{"base", "folder", "source"}`` a line; prints the child's pid, then how it ended.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Load everything once, then fork for each line."""
    import duckdb
    import httpx
    import mastodon
    import pandas
    import praw
    import pyarrow.parquet
    import tweepy

    from analyzer.collect import COLLECTORS, collector

    assert duckdb and httpx and mastodon and pandas and praw and pyarrow and tweepy
    for name in COLLECTORS:
        collector(name)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(order)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def child(order: dict[str, str]) -> None:
    """Collect and leave without cleaning up."""
    from analyzer.collect import collect
    from tests.platforms import play

    code = 1
    try:
        folder = Path(order["folder"])
        corpus = play.corpus(folder)
        result = collect(play.study(order["base"]), corpus, [order["source"]], options=play.options(folder))
        code = 2 if result.errors else 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(code)


if __name__ == "__main__":
    main()
