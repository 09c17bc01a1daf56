"""`outage-analyzer comply`: posts deleted on their platform are deleted here."""

from __future__ import annotations

import argparse

from analyzer.cli import common
from analyzer.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.study_argument(parser)
    common.corpus_argument(parser)
    parser.add_argument("--source", action="append", metavar="NAME", help="only this platform (may be repeated)")
    parser.add_argument("--dry-run", action="store_true", help="only count what would be removed")
    parser.add_argument(
        "--most", type=float, default=0.5, metavar="SHARE", help="refuse if more than this share is gone (default 0.5)"
    )
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Ask, apply, print; 1 if a platform could not be asked."""
    from analyzer import api
    from analyzer.collect.checks import CHECKS

    if unknown := [s for s in args.source or [] if s not in CHECKS]:
        raise UsageError(f"--source {unknown[0]}: cannot be asked about its posts; these can: {', '.join(CHECKS)}")
    if not 0 < args.most <= 1:
        raise UsageError(f"--most {args.most:g}: give a share above 0 and up to 1, such as 0.5")
    done = api.comply(
        api.read_study(args.study),
        common.open_corpus(args.corpus),
        args.source,
        apply=not args.dry_run,
        most=args.most,
        progress=None if args.quiet else common.say,
    )
    if args.json:
        common.print_json(done.to_dict())
    else:
        print(done)
    return 1 if done.errors else 0
