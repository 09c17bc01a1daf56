"""`outage-analyzer compare`: several reports side by side."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("reports", metavar="REPORT.json", nargs="+", help="two or more JSON reports")
    common.output_argument(parser, "comparison to write: .html, .pdf, .md or .json (may be repeated)", required=True)
    parser.add_argument("--title", help="title of the comparison")
    parser.add_argument(
        "--lang", default="en", help="how numbers and dates are written, such as en, de; words stay English"
    )


def run(args: argparse.Namespace) -> int:
    """Write the comparison."""
    from analyzer import api

    for path in api.compare(args.reports, *args.output, title=args.title, lang=args.lang):
        common.say(f"wrote {path}")
    return 0
