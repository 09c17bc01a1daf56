"""Several studies at once: in parallel, one failure not stopping the rest, with an index page."""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cli import common
from analyzer.errors import AnalyzerError, UsageError

if TYPE_CHECKING:
    from analyzer.report.index import Entry

#: A study, its name, the folder of reports, a corpus, the language, and what `api.timeline_of` takes.
Job = tuple[Path, str, Path, str, str, dict[str, Any]]
Work = concurrent.futures.Future[dict[str, Any]]


def run(args: argparse.Namespace, studies: Sequence[Path]) -> int:
    """Report each study into a folder (`-o DIR`), then write `index.html`; 1 if any failed.

    A study's corpus is `corpus/` beside its study file where there is one, else the `--corpus` of the command line.
    """
    from analyzer.cli.report import timeline_options
    from analyzer.report.index import write_index

    if len(args.output) != 1 or Path(args.output[0]).suffix:
        raise UsageError("a batch of studies writes into a folder: give one -o DIR")
    folder = Path(args.output[0])
    folder.mkdir(parents=True, exist_ok=True)
    names = _names(studies)
    options = timeline_options(args)
    jobs = [(study, name, folder, args.corpus, args.lang, options) for study, name in zip(studies, names, strict=True)]
    workers = max(1, min(args.jobs or os.cpu_count() or 1, len(jobs)))
    done: dict[str, Entry] = {}
    for job, work in _finished(jobs, workers):
        done[job[1]] = _entry(job[1], work)
        _progress(len(done), len(jobs), f"{job[1]}: {done[job[1]].verdict}", quiet=args.quiet)
    entries = [done[name] for name in names]
    write_index(entries, folder / "index.html", lang=args.lang)
    failed = [e for e in entries if e.failed]
    for entry in failed:
        common.say(f"{entry.name}: {entry.message}")
    if failed or not args.quiet:
        print(f"{folder / 'index.html'}: {len(entries) - len(failed)} reports, {len(failed)} failed")
    return 1 if failed else 0


def _finished(jobs: list[Job], workers: int) -> Iterator[tuple[Job, Work]]:
    """Yield each job with its work as it is done.

    A worker that is killed (often for memory) takes its whole pool along; what was left is then done one by one, each
    in a pool of its own, so that only the culprit fails.
    """
    left = dict(enumerate(jobs))
    for i, future in _pool([*left.items()], workers):
        if not isinstance(future.exception(), BrokenProcessPool):
            yield left.pop(i), future
    for i, job in left.items():
        for _, future in _pool([(i, job)], 1):
            yield job, future


def _pool(jobs: list[tuple[int, Job]], workers: int) -> Iterator[tuple[int, Work]]:
    from multiprocessing import get_context

    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        place = {pool.submit(_one, *job): i for i, job in jobs}
        for future in concurrent.futures.as_completed(place):
            yield place[future], future


def _progress(done: int, of: int, what: str, *, quiet: bool) -> None:
    """Draw a bar on a terminal; where nobody looks, as in cron, say nothing."""
    if quiet or not sys.stderr.isatty():
        return
    bar = "#" * round(24 * done / of)
    print(f"\r\x1b[2K[{bar:<24}] {done}/{of} {what[:60]}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _entry(name: str, future: Work) -> Entry:
    from analyzer.report.index import Entry, entry

    try:
        return entry(name, f"{name}.html", future.result())
    except BrokenProcessPool:
        return Entry(name, message="the process was killed, often for want of memory; run this study alone")
    except AnalyzerError as error:
        return Entry(name, message=str(error))
    except Exception as error:  # one study's failure, of whatever kind, never stops the rest
        return Entry(name, message=f"{type(error).__name__}: {error}")


def _one(study: Path, name: str, folder: Path, corpus: str, lang: str, options: dict[str, Any]) -> dict[str, Any]:
    """Report one study; runs in a process of its own."""
    from analyzer import api
    from analyzer.report.json_ import load

    own = study.parent / "corpus"
    corpus_of = common.open_corpus(str(own if own.is_dir() else corpus))
    timeline = api.timeline_of(api.read_study(study), corpus_of, **options)
    outputs = [folder / f"{name}.html", folder / f"{name}.json"]
    api.report(timeline, *outputs, lang=lang, allow_verbatim=options["allow_verbatim"])
    return load(outputs[1])


def _names(studies: Sequence[Path]) -> list[str]:
    """File names that differ: the study's own, or its folder's where it is just `study.toml`."""
    names: list[str] = []
    for study in studies:
        base = study.resolve().parent.name if study.stem == "study" else study.stem
        name, n = base, 2
        while name in names:
            name, n = f"{base}-{n}", n + 1
        names.append(name)
    return names
