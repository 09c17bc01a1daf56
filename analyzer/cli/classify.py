"""`outage-analyzer classify`: label the posts of a corpus or of a plain file."""

from __future__ import annotations

import argparse

from analyzer.cli import common
from analyzer.errors import UsageError


def model_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `--model`."""
    parser.add_argument(
        "--model", default="fast", help="fast (default), accurate, auto, or module:object of your own classifier"
    )
    parser.add_argument("--budget", type=float, metavar="SECONDS", help="time that --model auto may take")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("posts", metavar="POSTS", nargs="?", help="a .csv, .tsv, .jsonl or .parquet file with `text`")
    parser.add_argument("--corpus", metavar="DIR", help="label the posts of this corpus instead of a file")
    model_argument(parser)
    common.cluster_argument(parser)
    common.output_argument(parser, "where the labels go; the extension decides the format (default: CSV on stdout)")


def run(args: argparse.Namespace) -> int:
    """Classify and write the labels."""
    from analyzer import api

    if (args.posts is None) == (args.corpus is None):
        raise UsageError("give either a file of posts or --corpus DIR")
    if args.cluster and args.corpus is None:
        raise UsageError("--cluster works on a corpus; import the file first, then give --corpus DIR")
    if args.corpus is not None:
        from analyzer.cluster import engine

        with engine(args.cluster) as verbs:
            labels = verbs.classify(common.open_corpus(args.corpus), model=args.model, budget_s=args.budget)
        common.say(_summary(labels))
    else:
        posts = common.read_table(args.posts)
        labels = api.classify(api.plain_posts(posts, name=args.posts), model=args.model, budget_s=args.budget)
        labels = labels.drop(columns="source", errors="ignore")
        if not args.output:
            print(labels.to_csv(index=False), end="")
        common.say(_summary(labels))
    for path in args.output:
        common.write_table(labels, path)
    return 0


def _summary(labels: object) -> str:
    counts = labels["status"].value_counts().to_dict()  # type: ignore[index]
    return f"{sum(counts.values()):,} posts: " + ", ".join(f"{n:,} {status}" for status, n in sorted(counts.items()))
