"""`outage-analyzer verify`: repeat the run behind a report and compare the numbers."""

from __future__ import annotations

import argparse

from analyzer.cli import common
from analyzer.cli.diff import show


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("report", metavar="REPORT.json", help="the JSON report; its manifest says how it was made")
    common.corpus_argument(parser)
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Repeat and compare; 1 if a number differs."""
    from analyzer import api

    return show(args, api.verify(args.report, common.open_corpus(args.corpus)), differing=1)
