"""Checking a corpus, and reading what is damaged again from its raw input."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from analyzer.collect.archive.rebuilding import rebuild
from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from analyzer.study import Study


def check(
    corpus: Any, *, repair: bool = False, study: Study | None = None, now: dt.datetime | None = None
) -> dict[str, Any]:
    """Prove a corpus's integrity by hashes; repair what raw input allows.

    Parameters
    ----------
    corpus
        An `analyzer.store.Corpus`.
    repair
        Drop damaged tables and read their inputs again.
    study
        How names are masked; None takes the study of each run's own record.
    now
        The clock.

    Returns
    -------
    dict
        ``ok, n_files, problems, damaged, n_redactions`` as after a repair, and ``repaired`` (what was wrong before).
    """
    remade = corpus.remake_state() if repair else False
    found: dict[str, Any] = corpus.check()
    before = list(found["problems"]) + (["corpus.json: was missing or damaged"] if remade else [])
    if repair and found["damaged"]["tables"]:
        corpus.drop(found["damaged"]["tables"])
        try:
            rebuild(study, corpus, now=now)
        except AnalyzerError as error:
            before.append(f"raw input could not be read again: {error}")
        found = corpus.check()
    return {**found, "repaired": [p for p in before if p not in found["problems"]] if repair else []}
