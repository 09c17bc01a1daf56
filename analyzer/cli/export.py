"""`outage-analyzer export`: ids, or tables, of a corpus."""

from __future__ import annotations

import argparse

from analyzer.cli import common
from analyzer.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.corpus_argument(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--ids", action="store_true", help="post ids only: what X's terms allow to be passed on")
    what.add_argument("--labels", action="store_true", help="ids and labels, no words of posts")
    what.add_argument("--updates", action="store_true", help="the official timeline")
    what.add_argument("--coverage", action="store_true", help="what was in fact looked at")
    what.add_argument("--rejects", action="store_true", help="rows that could not be read, and why")
    common.output_argument(parser, "file to write: .csv, .tsv, .jsonl or .parquet", required=True)


def run(args: argparse.Namespace) -> int:
    """Write the table."""
    corpus = common.open_corpus(args.corpus)
    if len(args.output) != 1:
        raise UsageError("give one -o FILE")
    if args.ids:
        table = corpus.query("SELECT source, post_id FROM posts ORDER BY source, post_id")
    elif args.labels:
        table = corpus.labels()
    elif args.updates:
        table = corpus.updates()
    elif args.coverage:
        table = corpus.coverage()
    else:
        table = corpus.rejects()
    common.write_table(table, args.output[0])
    common.say(f"{args.output[0]}: {len(table):,} rows")
    return 0
