"""`outage-analyzer replay`: posts in order of arrival, through the online detector."""

from __future__ import annotations

import argparse

from analyzer.cli import common
from analyzer.cli.classify import model_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.study_argument(parser)
    common.corpus_argument(parser)
    model_argument(parser)
    parser.add_argument("--bin-minutes", type=int, metavar="N", help="width of time bins (default: from the data)")
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print each alarm with its delay."""
    from analyzer import api

    events = api.replay(
        api.read_study(args.study),
        common.open_corpus(args.corpus),
        model=args.model,
        budget_s=args.budget,
        bin_minutes=args.bin_minutes,
    )
    if args.json:
        common.print_json(events)
        return 0
    for event in events:
        delay = ""
        if event.get("delay_s") is not None:
            delay = f", {event['delay_s'] / 60:.0f} min after the onset that all data show"
            delay += f" ({event['delay_low_s'] / 60:.0f} to {event['delay_high_s'] / 60:.0f})"
        print(f"{event['time']} {event['event']}: {event['count']} posts, usual {event['usual']:.1f}{delay}")
    if not events:
        print("no alarm")
    return 0
