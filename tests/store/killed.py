"""A process that writes into a corpus until it is killed; each run of it adds one known file."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from analyzer.collect.archive import import_files
from analyzer.collect.forget import forget
from analyzer.store import Corpus
from analyzer.study import Study

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
STUDY = Study(service="ChatGPT", terms=("chatgpt",))


def work(folder: Path, corpus: Corpus) -> None:
    """Import all files, label what is new, forget one post: the same end however often it is begun."""
    for path in sorted(folder.glob("*.jsonl")):
        import_files([path], STUDY, corpus, now=NOW)
        todo = corpus.unlabelled("m")
        if len(todo):
            with corpus.run("classify", now=NOW) as run:
                run.add_labels(todo[["source", "post_id"]].assign(status="abstained", model="m"))
    forget(corpus, [("x", "1900000000000000001")], now=NOW)


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    work(Path(sys.argv[1]), Corpus(sys.argv[2]))
    print("done", flush=True)
