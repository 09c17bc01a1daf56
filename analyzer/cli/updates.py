"""`outage-analyzer updates`: the provider's official timeline into a corpus."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.study_argument(parser)
    parser.add_argument("files", metavar="FILE", nargs="+", help="Statuspage-shaped JSON or JSONL, or RSS/Atom")
    common.corpus_argument(parser)
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Import and print a summary."""
    from analyzer import api
    from analyzer.store import Corpus

    summary = api.import_updates(args.files, api.read_study(args.study), Corpus(args.corpus))
    if args.json:
        common.print_json(summary.to_dict())
    else:
        print(summary)
    return 0
