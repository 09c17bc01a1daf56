"""`outage-analyzer diff`: which numbers differ between two reports, and why."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("before", metavar="A.json", help="a JSON report")
    parser.add_argument("after", metavar="B.json", help="another")
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the differences; 0 whether or not there are any."""
    from analyzer.report.diff import diff

    return show(args, diff(args.before, args.after), differing=0)


def show(args: argparse.Namespace, difference: object, *, differing: int) -> int:
    """Print a Difference; return `differing` when numbers differ."""
    if args.json:
        common.print_json(difference.to_dict())  # type: ignore[attr-defined]
    else:
        print("\n".join(difference.lines()))  # type: ignore[attr-defined]
    return 0 if difference.same else differing  # type: ignore[attr-defined]
