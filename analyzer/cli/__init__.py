"""The command line: one short file per verb, loaded only when it is called."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib import import_module

from analyzer.errors import AnalyzerError, UsageError

#: Verb -> (module in this package, one line of help), in the order of `--help`.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run", "import files, classify, and write a report: everything in one command"),
    "import": ("import_", "read archive files into a corpus"),
    "updates": ("updates", "read the provider's official timeline into a corpus"),
    "collect": ("collect", "collect posts and official updates from the platforms"),
    "sources": ("sources", "show which platforms are ready and what is missing"),
    "classify": ("classify", "label the posts of a corpus or of a plain file"),
    "report": ("report", "write the report of a study (HTML, PDF, Markdown, JSON)"),
    "detect": ("detect", "find incidents in any count series"),
    "replay": ("replay", "feed posts in order of arrival to the online detector"),
    "compare": ("compare", "compare several reports"),
    "verify": ("verify", "repeat the run behind a report and compare the numbers"),
    "diff": ("diff", "say which numbers differ between two reports, and why"),
    "audit": ("audit", "draw a blind sample, score labels, plan how many are needed"),
    "evaluate": ("evaluate", "measure a model on labelled posts, beside the baselines"),
    "train": ("train", "reproduce the shipped weights"),
    "simulate": ("simulate", "write an outage whose truth is known"),
    "check": ("check", "prove the integrity of a corpus, repair what raw input allows"),
    "rebuild": ("rebuild", "read all raw input again with today's parsers"),
    "forget": ("forget", "remove posts by id everywhere, raw input too"),
    "comply": ("comply", "re-check stored posts with their platforms and apply deletions"),
    "export": ("export", "write post ids, or tables, of a corpus"),
}


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser; only `command`'s module is loaded, so that `--help` stays quick."""
    from analyzer import __version__

    parser = argparse.ArgumentParser(
        prog="outage-analyzer",
        description="What people said when a service went down, turned into evidence.",
        epilog="A first try: outage-analyzer simulate -o sample && "
        "outage-analyzer run sample/study.toml sample/posts.jsonl --updates sample/updates.jsonl "
        "--corpus sample/corpus -o sample/report.html",
    )
    parser.add_argument("--version", action="version", version=f"outage-analyzer {__version__}")
    verbosity = parser.add_mutually_exclusive_group()
    verbosity.add_argument("-q", "--quiet", action="store_true", help="only errors on stderr")
    verbosity.add_argument("-v", "--verbose", action="store_true", help="log what is done, on stderr")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        sub = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name == command:
            import_module(f"{__name__}.{module}").arguments(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 for every verdict, 1 for a failure, 2 for wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = next((a for a in arguments if not a.startswith("-")), None)
    parser = build_parser(command)
    args = parser.parse_args(arguments)
    if args.command is None:
        parser.print_help(sys.stderr)
        return 2
    level = logging.ERROR if args.quiet else logging.INFO if args.verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    for noisy in ("tweepy", "httpx", "urllib3", "prawcore", "matplotlib", "numba"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # tweepy's DEBUG log prints the bearer token
    try:
        return int(import_module(f"{__name__}.{COMMANDS[args.command][0]}").run(args))
    except UsageError as error:
        print(f"outage-analyzer {args.command}: {error}", file=sys.stderr)
        return 2
    except AnalyzerError as error:
        print(f"outage-analyzer {args.command}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        print("interrupted; what was committed is kept", file=sys.stderr)
        return 130


def console() -> None:
    """Entry point of the console command."""
    sys.exit(main())
