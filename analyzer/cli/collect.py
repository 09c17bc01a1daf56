"""`outage-analyzer collect`: posts and official updates from the platforms."""

from __future__ import annotations

import argparse
import math

from analyzer.cli import common
from analyzer.errors import UsageError


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
    _check(args)
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


def _check(args: argparse.Namespace) -> None:
    """Refuse arguments that make no sense, before anything is asked."""
    from analyzer.collect import COLLECTORS

    if unknown := [s for s in args.source or [] if s not in COLLECTORS]:
        raise UsageError(f"--source {unknown[0]}: unknown; known are {', '.join(COLLECTORS)}")
    if not (math.isfinite(args.interval) and args.interval > 0):
        raise UsageError(f"--interval {args.interval:g}: give seconds, more than 0")
    if args.max_cost is not None and not (math.isfinite(args.max_cost) and args.max_cost >= 0):
        raise UsageError(f"--max-cost {args.max_cost:g}: give US dollars, 0 or more")
