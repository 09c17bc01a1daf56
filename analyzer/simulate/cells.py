"""Material of one language, sorted into cells by stage, level, humour and calls for news, to draw posts from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analyzer.simulate.profiles import Profile
from analyzer.simulate.stock import Piece, stock

Ints = NDArray[np.int64]

#: A written post, or a core without a second half, is used at most about this often before composed ones fill in.
_USES = 2.5
#: Kinds of material and the share each would have of a cell if there were enough of it.
_WRITTEN, _CORE, _PAIR = 0, 1, 2
_WISH = (0.4, 0.1, 0.5)


@dataclass(frozen=True)
class Materials:
    """Posts that can be made in one language: row i is piece `first[i]`, then `second[i]` unless that is -1."""

    pieces: tuple[Piece, ...]
    first: Ints
    second: Ints
    kind: Ints
    cell: Ints

    def labels(self) -> dict[str, NDArray[np.int64]]:
        """Return level, humor, report and the cell's stage of every row."""
        level, humor, report = (
            np.array([getattr(p, n) for p in self.pieces], dtype=np.int64) for n in ("level", "humor", "report")
        )
        return {
            "frustration_level": np.maximum(level[self.first], np.where(self.second < 0, 0, level[self.second])),
            "humor": humor[self.first] | np.where(self.second < 0, 0, humor[self.second]),
            "report": report[self.first],
        }

    def topics(self, row: int) -> frozenset[str]:
        """Return the topics of a row."""
        more = self.pieces[self.second[row]].topics if self.second[row] >= 0 else frozenset()
        return self.pieces[self.first[row]].topics | more


@lru_cache(maxsize=32)
def materials(profile: Profile, languages: tuple[str, ...], texts: str, language: str) -> Materials:
    """Enumerate whole written posts, cores, and cores with a second half, in one language."""
    have = stock(profile, languages, texts)
    pieces: list[Piece] = []
    rows: list[tuple[int, int, int]] = []
    stages: list[int] = []
    for piece in (p for p in have.whole if p.language == language):
        rows.append((len(pieces), -1, _WRITTEN))
        stages.append(int("recovery" in piece.topics))
        pieces.append(piece)
    for name, back in (("down", 0), ("back", 1)):
        cores = _index(have.cores, name, language, pieces)
        mores = _index(have.mores, name, language, pieces)
        for core in cores:
            fitting = [m for m in mores if _fits(pieces[core], pieces[m])]
            rows += [(core, -1, _CORE), *((core, more, _PAIR) for more in fitting)]
            stages += [back] * (1 + len(fitting))
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    made = Materials(tuple(pieces), table[:, 0], table[:, 1], table[:, 2], np.zeros(len(table), dtype=np.int64))
    labels = made.labels()
    silent = np.array(["transparency" in made.topics(i) for i in range(len(table))], dtype=np.int64)
    cell = ((np.array(stages) * 4 + labels["frustration_level"]) * 2 + labels["humor"]) * 2 + silent
    return Materials(made.pieces, made.first, made.second, made.kind, cell.astype(np.int64))


def _index(halves: list[tuple[str, Piece]], stage: str, language: str, pieces: list[Piece]) -> list[int]:
    start = len(pieces)
    pieces += [p for s, p in halves if s == stage and p.language == language]
    return list(range(start, len(pieces)))


def _fits(core: Piece, more: Piece) -> bool:
    """Two halves that contradict or repeat each other make no post."""
    told = {"transparency", "response"}
    return not (core.topics & told and more.topics & told) and not ("cause" in core.topics and "cause" in more.topics)


def draw_rows(made: Materials, cells: Ints, rng: np.random.Generator, *, reports_only: bool = False) -> Ints:
    """Draw one row of the material for every wanted cell; where a cell is empty the nearest one stands in.

    `reports_only` leaves out news and talk of an outage at large, for single faults in normal times.
    """
    report = made.labels()["report"] == 1 if reports_only else np.ones(len(made.cell), dtype=bool)
    out = np.zeros(len(cells), dtype=np.int64)
    for cell in np.unique(cells):
        place = np.flatnonzero(cells == cell)
        rows = np.flatnonzero(_nearest(made, int(cell), report))
        kinds = made.kind[rows]
        have = np.bincount(kinds, minlength=3)
        wish = np.minimum(_WISH, _USES * have / len(place)) * (have > 0)
        wish[_PAIR] = max(0.0, 1 - wish[:_PAIR].sum()) if have[_PAIR] else 0.0
        chance = (wish / np.maximum(have, 1))[kinds]
        chance = chance / chance.sum() if chance.sum() else np.full(len(rows), 1 / len(rows))
        out[place] = rows[rng.choice(len(rows), size=len(place), p=chance)]
    return out


def _nearest(made: Materials, cell: int, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows of a cell; the call for news is given up first, then humour, then the level."""
    for size in (1, 2, 4, 16):
        fits = np.asarray((made.cell // size == cell // size) & allowed)
        if fits.any():
            return fits
    return allowed
