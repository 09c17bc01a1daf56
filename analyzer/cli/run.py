"""`outage-analyzer run`: files in, report out."""

from __future__ import annotations

import argparse

from analyzer.cli import common
from analyzer.cli.import_ import reading_arguments
from analyzer.cli.report import finish, report_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.study_argument(parser)
    parser.add_argument("files", metavar="FILE", nargs="+", help="archive files of posts")
    parser.add_argument("--updates", metavar="FILE", action="append", default=[], help="official timeline (repeatable)")
    common.corpus_argument(parser)
    common.cluster_argument(parser)
    reading_arguments(parser)
    report_arguments(parser)
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Import, classify, build and write."""
    from analyzer import api
    from analyzer.cluster import engine
    from analyzer.store import Corpus

    study = api.read_study(args.study, columns=args.column, source=args.source, naive_time_zone=args.naive_time_zone)
    corpus = Corpus(args.corpus)
    with engine(args.cluster) as verbs:
        common.say(str(verbs.import_archive(args.files, study, corpus, format=args.format)))
        if args.updates:
            common.say(str(api.import_updates(args.updates, study, corpus)))
        return finish(args, study, corpus, verbs)
