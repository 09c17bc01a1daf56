"""Some rows of labels, read in place: what an estimator of shares needs of them, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analyzer.nlp.anchored import binned

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
_KEY = ("source", "post_id")


@dataclass(frozen=True)
class Tally:
    """Posts of one measure: `n` of them, `positive` decided so; the rest is weighted.

    `mass` and `total` are weight and weighted sum of the probabilities by their bin, `hits` the weight of the positive
    posts, `effective` how many posts of one weight all are worth.
    """

    n: int
    positive: int
    mass: Floats
    total: Floats
    hits: float
    effective: float

    @property
    def weight(self) -> float:
        """Weight of all posts."""
        return float(self.mass.sum())


@dataclass(frozen=True)
class Part:
    """Rows of a table of labels; those that are not `ok` are left out.

    Parameters
    ----------
    labels
        LABELS; columns may be plain numbers or Arrow's.
    rows
        Places of the rows in the table; None takes all.
    """

    labels: pd.DataFrame
    rows: NDArray[np.int64] | None = None

    @cached_property
    def ok(self) -> NDArray[np.bool_]:
        """(rows,) True where a post is judged."""
        import pandas as pd

        status = self.labels["status"]
        if isinstance(status.dtype, pd.CategoricalDtype):
            code = status.cat.categories.get_indexer(pd.Index(["ok"]))[0]
            return (self._at(status.cat.codes.to_numpy()) == code) & (code >= 0)
        return self._at((status == "ok").to_numpy(dtype=bool, na_value=False))

    def _at(self, values: NDArray[Any]) -> NDArray[Any]:
        return values if self.rows is None else values[self.rows]

    @cached_property
    def _all(self) -> bool:
        return bool(self.ok.all())

    def kept(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return those of (rows,) values whose post is ok."""
        return values if self._all else values[self.ok]

    def numbers(self, column: str) -> NDArray[Any]:
        """Return a column at the rows that are ok, NaN where it is null; single precision stays so."""
        values = self.labels[column]
        if values.dtype == np.float32:
            return self.kept(self._at(values.to_numpy()))
        if isinstance(values.dtype, np.dtype):
            return self.kept(self._at(np.asarray(values, np.float64)))
        return self.kept(self._at(values.to_numpy(dtype=np.float64, na_value=np.nan)))

    def judged(self, column: str) -> tuple[Floats, NDArray[np.bool_]]:
        """Return a column without nulls, and which of the posts that are ok it holds."""
        p = self.numbers(column).astype(np.float64)
        known = ~np.isnan(p)
        return p[known], known

    def tally(self, column: str, *, decided: str, least: float, weights: Floats | None = None) -> Tally:
        """Count a measure; a post is positive whose column `decided` is `least` or more."""
        p = self.numbers(column)
        by = p if decided == column else self.numbers(decided)
        if by.dtype != p.dtype:
            p, by = p.astype(np.float64), by.astype(np.float64)
        w = np.ones(1) if weights is None else self.kept(weights)
        mass, total, positive, hits = binned(p, w, by, least)
        if weights is None:
            n = int(mass.sum())
            return Tally(n, int(positive), mass, total, float(hits), float(n))
        w = w[~np.isnan(p)]
        square = float(w @ w)
        return Tally(len(w), int(positive), mass, total, float(hits), float(w.sum() ** 2 / square) if square else 0.0)

    def found_in(self, people: pd.DataFrame) -> tuple[NDArray[np.int64], pd.DataFrame]:
        """Return which of the posts that are ok are in another table of posts, and its rows for them."""
        key = [c for c in _KEY if c in people and c in self.labels]
        ids = self.labels["post_id"].astype("string[pyarrow]")
        same = self.kept(self._at(ids.isin(people["post_id"]).to_numpy(dtype=bool, na_value=False)))
        place = np.flatnonzero(same)
        rows = np.arange(len(self.labels)) if self.rows is None else self.rows
        left = self.labels[key].iloc[self.kept(rows)[place]].astype(str).assign(row=place)
        found = left.merge(people, on=key, how="inner").sort_values("row")
        return found["row"].to_numpy(), found
