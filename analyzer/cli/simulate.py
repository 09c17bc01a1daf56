"""`outage-analyzer simulate`: an outage whose truth is known."""

from __future__ import annotations

import argparse

from analyzer.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--seed", type=int, default=0, help="seed; the same seed gives the same files (default 0)")
    parser.add_argument("--scenario", default="chatgpt", help="chatgpt (default), mobile, payments, quiet, promotion …")
    parser.add_argument("--posts", type=int, metavar="N", help="about how many posts (default: the scenario's)")
    parser.add_argument("-o", "--output", metavar="DIR", default="sample", help="folder to write (default: ./sample)")


def run(args: argparse.Namespace) -> int:
    """Write study.toml, posts.jsonl, updates.jsonl and truth.json."""
    from analyzer.simulate import SCENARIOS, simulate

    if args.scenario not in SCENARIOS:
        raise UsageError(f"no scenario {args.scenario!r}; there are {', '.join(SCENARIOS)}")
    options = {} if args.posts is None else {"n_posts": args.posts}
    simulation = simulate(args.seed, scenario=args.scenario, **options)
    simulation.write(args.output)
    print(f"{args.output}: {len(simulation.posts):,} simulated posts, {len(simulation.updates)} official updates")
    return 0
