"""`outage-analyzer check`: prove the integrity of a corpus."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("corpus", metavar="CORPUS", help="the corpus folder")
    parser.add_argument("--repair", action="store_true", help="rebuild what is damaged from raw input, where it allows")
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Check and print; 1 when something is damaged and was not repaired."""
    from analyzer import api

    result = api.check(common.open_corpus(args.corpus), repair=args.repair)
    if args.json:
        common.print_json(result)
    else:
        for problem in result["problems"]:
            print(problem)
        print(f"{result['n_files']:,} files checked, {len(result['problems'])} problems")
    return 0 if result["ok"] else 1
