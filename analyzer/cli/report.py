"""`outage-analyzer report`: the report of a study from a corpus."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from analyzer.cli import common
from analyzer.cli.classify import model_argument
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.store import Corpus
    from analyzer.study import Study


def report_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what shapes a report."""
    model_argument(parser)
    common.output_argument(parser, "report file: .html, .pdf, .md or .json (may be repeated)")
    parser.add_argument("--title", help="title of the report (default: made from the study)")
    parser.add_argument(
        "--template", metavar="PATH", help="your own Jinja template, or a folder with report.html.j2 or report.md.j2"
    )
    parser.add_argument(
        "--lang",
        default="en",
        help="how numbers and dates are written, such as en, de, fr; the words of a report stay English",
    )
    parser.add_argument("--bin-minutes", type=int, metavar="N", help="width of time bins (default: from the data)")
    parser.add_argument("--seed", type=int, default=0, help="seed of every bootstrap (default 0)")
    parser.add_argument(
        "--allow-verbatim",
        action="store_true",
        help="show the words of posts where the platform's rules allow it; never the default",
    )


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("study", metavar="STUDY", nargs="+", help="study.toml; several, or a folder, make a batch")
    common.corpus_argument(parser)
    common.cluster_argument(parser)
    report_arguments(parser)
    common.json_argument(parser)
    parser.add_argument("--jobs", type=int, metavar="N", help="studies at once in a batch (default: the cores)")


def run(args: argparse.Namespace) -> int:
    """Build the timeline and write each output."""
    from analyzer import api
    from analyzer.cluster import engine

    studies = api.find_studies(args.study)
    if len(studies) > 1:
        if args.cluster:
            raise UsageError("--cluster takes one study at a time; leave it out for a batch, or give one study")
        from analyzer.cli.batch import run as run_batch

        return run_batch(args, studies)
    study, corpus = api.read_study(studies[0]), common.open_corpus(args.corpus)
    with engine(args.cluster) as verbs:
        return finish(args, study, corpus, verbs)


def timeline_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return what `api.timeline_of` takes, from the arguments of `report_arguments`."""
    same = ("model", "bin_minutes", "seed", "allow_verbatim")
    return {"budget_s": args.budget, **{name: getattr(args, name) for name in same}}


def finish(args: argparse.Namespace, study: Study, corpus: Corpus, verbs: Any) -> int:
    """Build the timeline, write the outputs and print the verdict; `verbs` come from `cluster.engine`."""
    from analyzer import api

    if not args.output and not args.json:
        raise UsageError("name at least one output, such as -o report.html, or give --json")
    with api.second_process(corpus) as beside:
        timeline = verbs.timeline_of(study, corpus, beside=beside, **timeline_options(args))
        if args.output:
            api.report(
                timeline,
                *args.output,
                title=args.title,
                template=args.template,
                lang=args.lang,
                allow_verbatim=args.allow_verbatim,
                beside=beside,
            )
    if args.json:
        common.print_json(api.report_json(timeline, title=args.title, lang=args.lang))
    else:
        print(f"{timeline.verdict}: {timeline.reason}")
    return 0
