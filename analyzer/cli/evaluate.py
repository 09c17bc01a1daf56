"""`outage-analyzer evaluate`: a model on labelled posts, beside the baselines."""

from __future__ import annotations

import argparse

from analyzer.cli import common
from analyzer.cli.classify import model_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("labels", metavar="FILE", help="labelled posts, JSON Lines as in the codebook")
    model_argument(parser)
    parser.add_argument("--by", default="", metavar="COLS", help="also apart by these columns, such as source,language")
    parser.add_argument("--no-baselines", action="store_true", help="leave out VADER, TextBlob and AFINN")
    common.json_argument(parser)
    common.output_argument(parser, "JSON file to write")


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    from analyzer.nlp.evaluate import evaluate, to_text

    by = tuple(c for c in args.by.split(",") if c)
    result = evaluate(args.labels, model=args.model, by=by, baselines=not args.no_baselines)
    for path in args.output:
        common.write_json(result, path)
    if args.json:
        common.print_json(result)
    else:
        print(to_text(result))
    return 0
