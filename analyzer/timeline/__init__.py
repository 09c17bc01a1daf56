"""Pure functions from labelled posts or counts to incidents, phases, lags and effects.

`build` makes a `Timeline` from posts, labels and official updates; `detect` finds rises in any count series; `replay`
feeds posts to the online detector as they arrived; `compare` puts incidents side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.timeline.build import build
from analyzer.timeline.compare import aligned, compare
from analyzer.timeline.detection import detect
from analyzer.timeline.evidence import relevant
from analyzer.timeline.official import durations
from analyzer.timeline.phases import phase_at
from analyzer.timeline.replay import replay
from analyzer.timeline.series import microseconds

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["aligned", "build", "compare", "detect", "durations", "phase_of", "prepare", "relevant", "replay"]


def prepare() -> None:
    """Load what `build` needs late, so that it can be done while something else runs.

    Plain bookkeeping: nothing is assumed, and no tables, posts or times are read.
    """
    import ruptures  # noqa: F401
    import statsmodels.genmod.generalized_linear_model  # noqa: F401


def phase_of(phases: pd.DataFrame, times: pd.Series) -> NDArray[np.object_]:
    """(n,) name of the phase (a row of a timeline's `phases`) that each time lies in.

    Plain bookkeeping: nothing is assumed. Times are aware (UTC), intervals ``[start, end)``; what lies outside all
    phases is `baseline`.
    """
    import pandas as pd

    return phase_at(phases, pd.DatetimeIndex(microseconds(times).astype("datetime64[us]")).tz_localize("UTC"))
