"""Headline numbers under other ways of counting: texts, authors, first-hand posts, each source alone.

Source: multiverse analysis in small (Steegen et al. 2016): the same number, every defensible way of counting. Nothing
is assumed beyond what the number itself takes for granted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.schema import ROBUSTNESS, make
from analyzer.timeline.shares import K_VOICES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from analyzer.timeline.evidence import Evidence
    from analyzer.timeline.shares import Cell, Cells

MEASURES = ("frustration", "frustration_ge2", "humor", "report", "topic_transparency", "topic_switching")


def variants(evidence: Evidence, mask: NDArray[np.bool_]) -> list[tuple[str, NDArray[np.bool_] | None, str]]:
    """Return (name, mask, note) of each way of counting; the mask is None where the data cannot tell.

    One post stands for each text (or author): the first in time.
    """
    ways: list[tuple[str, NDArray[np.bool_] | None, str]] = [("all", mask, "")]
    ways.append(("unique_clusters", _first(mask, evidence.cluster, evidence.ordered), "one post for each text"))
    known = evidence.author[mask] >= 0
    if mask.any() and known.all():
        ways.append(("unique_authors", _first(mask, evidence.author, evidence.ordered), "one post for each author"))
    elif known.any():
        some = mask & (evidence.author >= 0)
        note = f"one post for each author; {int((~known).sum())} posts of unknown authors left out"
        ways.append(("unique_authors", _first(some, evidence.author, evidence.ordered), note))
    else:
        ways.append(("unique_authors", None, "unavailable: the source names no authors"))
    ways.append(("first_hand", mask & evidence.first_hand, ""))
    ways.append(("no_reposts", mask & ~evidence.repost, ""))
    names = sorted(str(s) for s in evidence.source[mask].unique())
    ways += [(f"source:{name}", mask & (evidence.source == name), "") for name in names if len(names) > 1]
    return ways


def _first(mask: NDArray[np.bool_], group: NDArray[np.int64], ordered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Keep the first post of each group within the mask; `ordered` are the relevant posts in order of time."""
    place = ordered[mask[ordered]]
    first = np.full(group.max(initial=-1) + 1, -1)
    first[group[place[::-1]]] = place[::-1]  # of several, the one given last stays: the first in time
    kept = np.zeros(len(mask), dtype=bool)
    kept[first[first >= 0]] = True
    return kept


def robustness(
    cells: Cells,
    mask: NDArray[np.bool_],
    *,
    locate: Callable[[NDArray[np.bool_]], dict[str, Any] | None] | None = None,
) -> pd.DataFrame:
    """Recompute the headline numbers for every variant.

    Parameters
    ----------
    mask
        Relevant posts of the incident.
    locate
        Called with a mask over all posts, returns the incident found among them (a row of INCIDENTS) or None; onset and
        peak are then given as seconds since 1970, UTC.
    """
    evidence = cells.evidence
    rows: list[dict[str, Any]] = []
    whole = dict((name, m) for name, m, _ in variants(evidence, evidence.relevant))
    for name, part, note in variants(evidence, mask):
        cell = None if part is None else cells.of(part)
        base = {"variant": name, "n": 0 if cell is None else cell.n}
        for measure in MEASURES:
            rows.append(base | {"measure": measure} | _share(cell, measure, note))
        if locate is not None:
            rows += [base | row for row in _times(whole.get(name), note, locate)]
    return make(ROBUSTNESS, rows)


def _share(cell: Cell | None, measure: str, note: str) -> dict[str, Any]:
    if cell is None:
        return {"note": note}
    if cell.hidden:
        return {"note": f"unavailable: fewer than {K_VOICES} authors or texts"}
    found = cell(measure)
    numbers = {k: found.get(k) for k in ("estimate", "low", "high")}
    return {k: None if v is None or np.isnan(v) else float(v) for k, v in numbers.items()} | {"note": note}


def _times(
    part: NDArray[np.bool_] | None, note: str, locate: Callable[[NDArray[np.bool_]], dict[str, Any] | None]
) -> list[dict[str, Any]]:
    if part is None:
        return [{"measure": m, "note": note} for m in ("onset", "peak")]
    found = locate(part)
    if found is None:
        return [
            {"measure": m, "note": "unavailable: no incident is found among these posts"} for m in ("onset", "peak")
        ]
    onset = {f: found[k].timestamp() for f, k in (("estimate", "onset"), ("low", "onset_low"), ("high", "onset_high"))}
    return [
        {"measure": "onset", **onset, "note": note},
        {"measure": "peak", "estimate": found["peak"].timestamp(), "note": note},
    ]
