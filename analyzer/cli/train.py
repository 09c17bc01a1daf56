"""`outage-analyzer train`: reproduce the shipped weights of the fast model."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("labels", metavar="TRAIN.jsonl", help="labelled posts, JSON Lines as in the codebook")
    parser.add_argument("--goemotions", metavar="DIR", help="folder of GoEmotions (train.tsv.gz, labels.txt …)")
    parser.add_argument("--posts", metavar="DIR", help="folder of unlabelled posts, for self-training")
    parser.add_argument("--seed", type=int, default=0, help="seed (default 0)")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="folder for the weights")


def run(args: argparse.Namespace) -> int:
    """Train and say where the weights are."""
    from analyzer.nlp.training.train import train

    train(args.labels, args.goemotions, args.posts, args.output, seed=args.seed)
    common.say(f"weights written to {args.output}")
    return 0
