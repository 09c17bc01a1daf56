"""`outage-analyzer collect`: posts and official updates from the platforms."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.study_argument(parser)
    common.corpus_argument(parser)
    parser.add_argument("--source", action="append", metavar="NAME", help="only this source (may be repeated)")
    parser.add_argument("--follow", action="store_true", help="keep collecting until interrupted")
    parser.add_argument("--interval", type=float, default=60.0, metavar="SECONDS", help="between rounds of --follow")
    parser.add_argument("--max-cost", type=float, metavar="USD", help="hard cap for each source that charges")
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Collect and print what came in and what was not covered; 1 if a source failed."""
    from analyzer import api
    from analyzer.collect.session import Options
    from analyzer.store import Corpus

    done = api.collect(
        api.read_study(args.study),
        Corpus(args.corpus),
        args.source,
        follow=args.follow,
        max_cost=args.max_cost,
        progress=None if args.quiet else common.say,
        options=Options(interval_s=args.interval),
    )
    if args.json:
        common.print_json(done.to_dict())
    else:
        print(done)
    return 1 if done.errors else 0
