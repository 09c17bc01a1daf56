"""`outage-analyzer forget`: remove posts by id everywhere, raw input too."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.corpus_argument(parser)
    parser.add_argument(
        "--ids",
        metavar="FILE",
        required=True,
        help="one post a line: `id`, or `source,id`; the file itself is not kept",
    )
    parser.add_argument("--reason", default="request", help="noted in the redaction record (default: request)")


def run(args: argparse.Namespace) -> int:
    """Forget and print how many posts were removed."""
    from analyzer import api

    result = api.forget(common.open_corpus(args.corpus), args.ids, reason=args.reason)
    held = f"{result['n_posts']:,} posts removed, {result['n_raw']:,} raw rows rewritten"
    print(f"{held}, {result['n_unknown']:,} ids not held")
    if result["n_copies"]:
        print(f"of these, copies from inputs that give posts no id: {result['n_copies']:,}")
    if result["n_alike"]:
        common.say(
            "posts by the same authors that say the same under ids of their own, and stay (name them too if they are "
            f"meant): {result['n_alike']:,}"
        )
    return 0
