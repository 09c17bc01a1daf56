"""Detectors of a rise, one file each, over one input: counts, and the usual level.

`scan` proposes stretches; the others confirm or do not, and their agreement is part of the verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from analyzer.timeline.detectors.bocpd import bocpd
from analyzer.timeline.detectors.kleinberg import kleinberg
from analyzer.timeline.detectors.pelt import pelt
from analyzer.timeline.detectors.scan import scan
from analyzer.timeline.detectors.threshold import threshold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analyzer.timeline.baseline import Baseline
    from analyzer.timeline.series import Series

#: name -> function(series, baseline) -> (n,) mask of bins in a rise. The whole series at once: linear in time.
WHOLE: dict[str, Callable[[Series, Baseline], NDArray[np.bool_]]] = {"threshold": threshold, "kleinberg": kleinberg}
#: name -> function(count, mean, dispersion, span=) -> (n,) mask; run on a window around a proposal only, and asked
#: for no more than whether any bin of the proposal's `span` is marked.
LOCAL: dict[str, Callable[..., NDArray[np.bool_]]] = {"pelt": pelt, "bocpd": bocpd}

__all__ = ["LOCAL", "WHOLE", "bocpd", "kleinberg", "pelt", "scan", "threshold"]
