"""Reading all raw input again with today's parsers, without collecting again."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.collect.archive import stream
from analyzer.collect.archive.importer import Importer
from analyzer.collect.archive.registry import NAMES
from analyzer.collect.archive.summary import FileSummary, Summary
from analyzer.collect.archive.updates import read_incidents
from analyzer.errors import StudyError

if TYPE_CHECKING:
    from analyzer.study import Study

log = logging.getLogger(__name__)


def rebuild(study: Study | None, corpus: Any, *, now: dt.datetime | None = None) -> Summary:
    """Read all raw input again; doing it twice changes nothing, and labels stay.

    Parameters
    ----------
    study
        How names are masked; None takes the study of each run's own record.
    corpus
        An `analyzer.store.Corpus`.
    now
        The clock.

    Returns
    -------
    Summary
        Of the import of everything that could be read again; runs whose input this version cannot read stay as
        they are, and are counted under ``skipped``.
    """
    now = now or dt.datetime.now(dt.UTC)
    runs = [run for run in corpus.state()["runs"] if run["raw"]]
    readable = [run for run in runs if all(_readable(e) for e in run["raw"])]
    summary = Summary()
    summary.skipped["runs of unknown input, kept as they are"] = len(runs) - len(readable)
    summary.skipped += type(summary.skipped)()  # drops the zero
    if not readable:
        return summary
    with corpus.run("rebuild", study=study, replaces=[run["run_id"] for run in readable], now=now) as run:
        for old in readable:
            for entry in old["raw"]:
                chosen = study or _study_of(entry, old["run_id"], corpus)
                _reread(entry, chosen, corpus, run, summary, now)
                run.keep_raw({**entry, "info": {**entry["info"], "study": chosen.to_dict()}})
            _keep_coverage(corpus, run, old)
    summary.settle(run, "posts")
    return summary


def _study_of(entry: dict[str, Any], run_id: str, corpus: Any) -> Study:
    """Return the study that an input was read with: noted by an earlier rebuild, or in its run's record."""
    from analyzer.study import Study

    noted = entry["info"].get("study")
    study: Study | None = Study.from_dict(noted) if noted else corpus.study_of(run_id)
    if study is None:
        raise StudyError(f"run {run_id} has no study in its record; give one")
    return study


def _readable(entry: dict[str, Any]) -> bool:
    return entry["format"] in NAMES or entry["format"] == "statuspage" or _collector(entry) is not None


def _collector(entry: dict[str, Any]) -> Any:
    """Return the built-in collector that a raw log belongs to, or None."""
    platform = entry["info"].get("platform")
    if not platform:
        return None
    from importlib import import_module

    from analyzer.collect import COLLECTORS

    found = COLLECTORS.get(platform)
    return getattr(import_module(f"analyzer.collect.{found[0]}"), found[1]) if found else None


def _reread(entry: dict[str, Any], study: Study, corpus: Any, run: Any, summary: Summary, now: dt.datetime) -> None:
    if _collector(entry) is not None:
        _pages(entry, study, corpus, run, summary)
        return
    with corpus.open_raw(entry) as file:
        if entry["format"] == "statuspage":
            about = FileSummary(entry["name"], format="statuspage", sha256=entry["sha256"])
            summary.files.append(about)
            packed = stream.Packed(file, entry["name"])
            everything = bool(entry["info"].get("everything"))
            read_incidents(packed, study, run, summary, about=about, everything=everything)
            return
        importer = Importer(_as_read(study, entry), corpus, run, summary, now=now)
        importer.reread(entry, file, Path(corpus.path) / entry["stored"])
        importer.coverage()


def reader(entry: dict[str, Any], run_id: str, corpus: Any, *, now: dt.datetime) -> tuple[Importer, Study]:
    """Return what reads the rows of a stored input as they were read, without a run to put them into."""
    study = _as_read(_study_of(entry, run_id, corpus), entry)
    return Importer(study, corpus, None, Summary(), now=now), study


def _as_read(study: Study, entry: dict[str, Any]) -> Study:
    """Return the study with the reading settings that the input was imported with."""
    from dataclasses import replace

    info = entry["info"]
    return replace(
        study,
        columns=info.get("columns", {}),
        where={k: tuple(v) if isinstance(v, list) else v for k, v in info.get("where", {}).items()},
        naive_time_zone=info.get("naive_time_zone"),
        source=info.get("source"),
    )


def _pages(entry: dict[str, Any], study: Study, corpus: Any, run: Any, summary: Summary) -> None:
    import pandas as pd

    from analyzer.collect.rawlog import Page, as_page
    from analyzer.collect.reader import Reader
    from analyzer.schema import UPDATES

    def pages(file: Any) -> Iterator[Page]:
        for number, line in enumerate(file, 1):
            page = as_page(line, number)
            if page is not None:
                yield page

    reader = Reader(_collector(entry), study, corpus, entry=entry)
    with corpus.open_raw(entry) as file:
        for batch in reader.batches(pages(file)):
            if batch.posts is not None:
                run.add_posts(batch.posts)
            if batch.updates:
                rows = [{n: r.get(n) for n in UPDATES.names if n != "run_id"} for r in batch.updates]
                run.add_updates(pd.DataFrame(rows))
            if batch.rejects:
                run.add_rejects(pd.DataFrame(batch.rejects))
    summary.files.append(FileSummary(entry["name"], format=entry["format"], n_rows=reader.counts.n_items))
    summary.n_rows += reader.counts.n_items


def _keep_coverage(corpus: Any, run: Any, old: dict[str, Any]) -> None:
    """What a collection covered is not in its pages; it is carried over."""
    if not any(e["info"].get("platform") for e in old["raw"]):
        return
    rows = corpus.arrow("SELECT * EXCLUDE (run_id) FROM coverage WHERE run_id = ?", [old["run_id"]])
    if len(rows):
        run.add_coverage(rows)
