"""`Series`: counts on a regular grid of bins, where a hole is missing and never zero.

Sources: plain bookkeeping; `usual_step` names its own. Assumes that a row's time is the start of its bin. Times are
seconds or microseconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A bin collected by less than this share is a hole: scaling it up would mostly invent posts.
MIN_COVERED = 0.2
#: More bins than this are refused: the times are wrong, or the bin is far too narrow.
MAX_BINS = 5_000_000


@dataclass(frozen=True)
class Series:
    """Counts per bin.

    Parameters
    ----------
    name
        Name of the series.
    start
        Start of the first bin, UTC.
    bin_s
        Width of a bin, seconds.
    count
        (n,) posts per bin; NaN where `covered` is 0.
    covered
        (n,) share of the bin that was collected, 0-1.
    """

    name: str
    start: pd.Timestamp
    bin_s: int
    count: NDArray[np.float64]
    covered: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.count)

    @property
    def times(self) -> pd.DatetimeIndex:
        """Starts of the bins, UTC."""
        return pd.date_range(self.start, periods=len(self), freq=pd.Timedelta(seconds=self.bin_s), unit="us")

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(n,) True where the bin is no hole."""
        return self.covered > 0

    def at(self, position: float) -> pd.Timestamp:
        """Time at a position in bins from the start (fractions allowed), rounded to the second."""
        return self.start + pd.Timedelta(seconds=round(float(position) * self.bin_s))


def regular(counts: pd.DataFrame, *, name: str = "", bin_s: int | None = None) -> Series:
    """Put counts on a regular grid.

    Parameters
    ----------
    counts
        Columns `time` (aware; start of the bin), `count` (>= 0; null is a hole) and, if wanted, `covered` (0-1).
        Rows may be unordered; steps that are absent become holes, and rows of one bin are added up.
    name
        Name of the series, for messages.
    bin_s
        Width of a bin in seconds; None takes the commonest step.

    Raises
    ------
    InputError
        A column is missing, times have no zone, a count is negative, or there are no rows.
    """
    where = f"series {name!r}: " if name else ""
    for column in ("time", "count"):
        if column not in counts.columns:
            raise InputError(
                f"{where}no column {column!r} (there are {', '.join(map(str, counts.columns))}); "
                f"name it with --{column}"
            )
    if getattr(counts["time"].dtype, "tz", None) is None and not isinstance(counts["time"].dtype, pd.ArrowDtype):
        raise InputError(f"{where}times have no zone; give UTC times such as 2024-06-04T00:00:00Z")
    time = pd.to_datetime(counts["time"], utc=True)
    if time.isna().any():
        raise InputError(f"{where}{int(time.isna().sum())} rows have no time; remove or fill them")
    count = _counts(counts["count"], where)
    covered = np.ones(len(count))
    if "covered" in counts.columns:
        covered = np.clip(counts["covered"].to_numpy(dtype=float, na_value=0.0), 0, 1)
    stamp = seconds(time)
    step, steady = usual_step(stamp)
    width = bin_s or step
    index, origin, size = _grid(stamp, width, where, snap=bin_s is None and steady)
    seen = np.isfinite(count)
    total = np.bincount(index[seen], weights=count[seen], minlength=size).astype(float)
    rows = np.bincount(index[seen], minlength=size)
    mean_covered = np.bincount(index[seen], weights=covered[seen], minlength=size) / np.maximum(rows, 1)
    # Bins wider than the rows' own step are covered only as far as rows are there.
    per_bin = max(1, round(width / step)) if steady else 1
    share = mean_covered * np.minimum(rows / per_bin, 1)
    start = pd.Timestamp(int(origin), unit="s", tz="UTC").as_unit("us")
    return holes(Series(name, start, int(width), total, share))


def _counts(values: pd.Series, where: str) -> NDArray[np.float64]:
    """Counts as numbers; null stays missing, everything else that is no count is an error."""
    if not len(values):
        raise InputError(f"{where}no rows; give at least two bins")
    count = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    bad = np.flatnonzero((np.isnan(count) & values.notna().to_numpy(dtype=bool)) | np.isinf(count) | (count < 0))
    if len(bad):
        raise InputError(
            f"{where}{len(bad)} counts are negative or no numbers, such as {str(values.iloc[bad[0]])!r} in row "
            f"{bad[0] + 1}; counts are numbers of posts or reports, and empty where unknown"
        )
    return count


def seconds(time: pd.Series) -> NDArray[np.int64]:
    """Aware times as whole seconds since 1970, UTC (n,)."""
    return microseconds(time) // 1_000_000


def microseconds(time: pd.Series) -> NDArray[np.int64]:
    """Aware times as microseconds since 1970, UTC (n,)."""
    import pyarrow as pa

    if not isinstance(time.dtype, pd.ArrowDtype):
        return pd.to_datetime(time, utc=True).dt.tz_convert(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    array = pa.array(time, type=pa.timestamp("us", tz="UTC"), from_pandas=True)
    return np.asarray(array.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def stamp(time: pd.Timestamp) -> int:
    """Microseconds since 1970, UTC."""
    return int(pd.Timestamp(time).tz_convert("UTC").as_unit("us").asm8.view("i8"))


def holes(series: Series) -> Series:
    """Mark bins that were collected by less than `MIN_COVERED` as holes."""
    covered = np.where(series.covered < MIN_COVERED, 0.0, series.covered)
    return Series(series.name, series.start, series.bin_s, np.where(covered > 0, series.count, np.nan), covered)


def commonest_step(stamp: NDArray[np.int64]) -> int:
    """Return the commonest positive difference of sorted times, in seconds (60 for fewer than two times)."""
    steps = np.diff(np.unique(stamp))
    if not len(steps):
        return 60
    values, n = np.unique(steps, return_counts=True)
    return int(values[np.argmax(n)])


#: Widths of bins for times that keep no step, seconds; each divides a day or is one.
_WIDTHS = np.array([60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400])
#: Rows that a bin should hold where times keep no step.
_ROWS = 20


def usual_step(stamp: NDArray[np.int64]) -> tuple[int, bool]:
    """Return the step between times (seconds), and whether they keep it.

    Method: the commonest step, if nine of ten steps are multiples of it (what lacks is a hole). Clocks that err by less
    than about a quarter of a step keep it, too: the length of the mean direction of the times on a circle of one step
    (Mardia & Jupp 2000, ch. 2) is then above 0.5. Times that keep none, such as one row a post, get a width that holds
    about `_ROWS` rows. Rules of our own; times in seconds since 1970, (n,), any order.
    """
    steps = np.diff(np.unique(stamp))
    step = commonest_step(stamp)
    if not len(steps) or float((np.mod(steps, step) == 0).mean()) >= 0.9:
        return step, True
    middle = float(np.median(steps))
    near = int(_WIDTHS[np.argmin(np.abs(np.log(_WIDTHS / middle)))])
    if abs(near / middle - 1) < 0.1 and abs(_direction(stamp, near)) > 0.5:
        return near, True
    wide = _WIDTHS[middle * _ROWS <= _WIDTHS]
    return int(wide[0] if len(wide) else _WIDTHS[-1]), False


def _direction(stamp: NDArray[np.int64], step: int) -> complex:
    """Mean direction of times on a circle of one step."""
    return complex(np.exp(2j * np.pi * (stamp % step) / step).mean())


def _grid(stamp: NDArray[np.int64], width: int, where: str, *, snap: bool) -> tuple[NDArray[np.int64], int, int]:
    """Index of each time, start of the first bin (seconds), and number of bins.

    With `snap`, times go to the nearest step of their own phase; else bins are aligned to the clock.
    """
    if snap:
        phase = round(float(np.angle(_direction(stamp, width))) / (2 * np.pi) * width)
        index = np.rint((stamp - phase) / width).astype(np.int64)
    else:
        phase, index = 0, stamp // width
    first = int(index.min())
    size = int(index.max()) - first + 1
    if size > MAX_BINS:
        raise InputError(f"{where}{size:,} bins of {width} s; give a wider bin, or check the times")
    return index - first, first * width + phase, size
