"""`outage-analyzer audit`: people's labels on a sample make the shares exact."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from analyzer.cli import common
from analyzer.cli.classify import model_argument
from analyzer.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the three steps."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    draw = steps.add_parser("draw", help="write a blind sample to label, and the codebook beside it")
    common.study_argument(draw)
    common.corpus_argument(draw)
    model_argument(draw)
    draw.add_argument("-n", type=int, default=200, help="posts to draw (default 200)")
    draw.add_argument("--seed", type=int, default=0, help="seed of the draw (default 0)")
    common.output_argument(draw, "CSV file to fill in", required=True)
    score = steps.add_parser("score", help="read labels back: agreement, errors; stored in the corpus")
    common.corpus_argument(score)
    model_argument(score)
    score.add_argument("samples", metavar="LABELLED.csv", nargs="+", help="one file an annotator")
    common.json_argument(score)
    plan = steps.add_parser("plan", help="how many labels bring the intervals to a width")
    model_argument(plan)
    plan.add_argument("--half-width", type=float, required=True, metavar="W", help="such as 0.03 for ±3 points")
    plan.add_argument("--share", type=float, help="expected share (default: one half, the worst case)")
    plan.add_argument("--posts", type=int, metavar="N", help="posts in the corpus")
    common.json_argument(plan)


def run(args: argparse.Namespace) -> int:
    """Run one step."""
    return {"draw": _draw, "score": _score, "plan": _plan}[args.step](args)


def _draw(args: argparse.Namespace) -> int:
    from analyzer import api
    from analyzer.nlp import audit

    if len(args.output) != 1 or not args.output[0].endswith(".csv"):
        raise UsageError("give one -o FILE.csv")
    sample = api.audit_draw(
        api.read_study(args.study),
        common.open_corpus(args.corpus),
        n=args.n,
        model=args.model,
        budget_s=args.budget,
        seed=args.seed,
    )
    common.write_table(sample, args.output[0])
    book = Path(args.output[0]).with_suffix(".codebook.md")
    book.write_text(audit.codebook(), encoding="utf-8")
    common.say(
        f"{args.output[0]}: {len(sample):,} posts to label as {book.name} says; it holds real words, keep it safe"
    )
    return 0


def _score(args: argparse.Namespace) -> int:
    from analyzer import api

    result = api.audit_score(common.open_corpus(args.corpus), args.samples, model=args.model, budget_s=args.budget)
    if args.json:
        common.print_json({k: v for k, v in result.items() if k != "labels"})
        return 0
    print(f"{result['n_posts']:,} posts, annotators: {', '.join(result['annotators'])}")
    for name, alpha in result["alpha"].items():
        print(f"Krippendorff's alpha, {name}: {'needs two annotators' if alpha is None else f'{alpha:.2f}'}")
    for name, errors in result["errors"].items():
        print(f"{name}: " + "; ".join(f"{k} {_share(v)}" for k, v in errors.items()))
    print("stored; the next report's shares rest on these labels")
    return 0


def _share(value: dict[str, Any]) -> str:
    if not value.get("n"):
        return "unknown (n = 0)"
    return f"{value['value']:.0%} ({value['low']:.0%}–{value['high']:.0%}, n = {value['n']})"


def _plan(args: argparse.Namespace) -> int:
    from analyzer.nlp import audit

    try:
        result = audit.plan(args.half_width, model=args.model, share=args.share, n_posts=args.posts)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if args.json:
        common.print_json(result)
        return 0
    for measure, row in result.items():
        print(f"{measure}: {row['n']:,} labels ({row['n_without']:,} without the model's help)")
    return 0
