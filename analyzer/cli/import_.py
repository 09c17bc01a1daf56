"""`outage-analyzer import`: archive files into a corpus."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.study_argument(parser)
    reading_arguments(parser)
    parser.add_argument("files", metavar="FILE", nargs="+", help="archive files; gzip and zstd are read as they are")
    common.corpus_argument(parser)
    common.cluster_argument(parser)
    common.json_argument(parser)


def reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how to read files that do not say so themselves; each overrides the study's [import]."""
    parser.add_argument("--format", help="name of the format, where sniffing it goes wrong")
    parser.add_argument(
        "--column",
        metavar="OURS=THEIRS",
        action="append",
        default=[],
        help="column map for CSV, JSONL and Parquet, such as created_at=time (may be repeated)",
    )
    parser.add_argument("--source", help="platform to record for generic files, such as x")
    parser.add_argument("--naive-time-zone", metavar="ZONE", help="zone of times that name none, such as UTC")


def run(args: argparse.Namespace) -> int:
    """Import and print a summary."""
    from analyzer import api
    from analyzer.cluster import engine
    from analyzer.store import Corpus

    study = api.read_study(args.study, columns=args.column, source=args.source, naive_time_zone=args.naive_time_zone)
    with engine(args.cluster) as verbs:
        summary = verbs.import_archive(args.files, study, Corpus(args.corpus), format=args.format)
    if args.json:
        common.print_json(summary.to_dict())
    else:
        print(summary)
    return 0
