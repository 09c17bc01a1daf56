"""`outage-analyzer rebuild`: read all raw input again with today's parsers."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.study_argument(parser)
    common.corpus_argument(parser)
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Rebuild and print a summary."""
    from analyzer import api

    summary = api.rebuild(api.read_study(args.study), common.open_corpus(args.corpus))
    if args.json:
        common.print_json(summary.to_dict())
    else:
        print(summary)
    return 0
