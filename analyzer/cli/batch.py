"""Several studies at once: in parallel, one failure not stopping the rest, with an index page."""

from __future__ import annotations

import argparse
import concurrent.futures
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cli import common
from analyzer.errors import AnalyzerError, UsageError

if TYPE_CHECKING:
    from analyzer.report.index import Entry


def run(args: argparse.Namespace, studies: Sequence[Path]) -> int:
    """Report each study into a folder (`-o DIR`), then write `index.html`; 1 if any failed.

    A study's corpus is `corpus/` beside its study file where there is one, else the `--corpus` of the command line.
    """
    from multiprocessing import get_context

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
    entries: list[Entry] = []
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for job, future in [(j, pool.submit(_one, *j)) for j in jobs]:
            entries.append(_entry(job[1], future))
            if not args.quiet:
                common.say(f"{len(entries)}/{len(jobs)} {job[1]}: {entries[-1].verdict}")
    write_index(entries, folder / "index.html", lang=args.lang)
    failed = [e for e in entries if e.failed]
    for entry in failed:
        common.say(f"{entry.name}: {entry.message}")
    print(f"{folder / 'index.html'}: {len(entries) - len(failed)} reports, {len(failed)} failed")
    return 1 if failed else 0


def _entry(name: str, future: concurrent.futures.Future[dict[str, Any]]) -> Entry:
    from analyzer.report.index import Entry, entry

    try:
        return entry(name, f"{name}.html", future.result())
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
