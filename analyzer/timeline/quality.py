"""What the data can and cannot carry: counts, and warnings in plain sentences.

Sources: plain counts of posts, and rules of our own. Nothing is estimated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analyzer.timeline.detection import Detection
    from analyzer.timeline.evidence import Evidence
    from analyzer.timeline.series import Series


def quality(evidence: Evidence, series: Series, detection: Detection, posts: pd.DataFrame) -> dict[str, Any]:
    """Count what was selected, judged and left out, and warn of what weakens the numbers."""
    status = evidence.labels["status"]
    known = evidence.author >= 0
    n, n_clusters = len(evidence), _distinct(evidence.cluster)
    counts = {
        "n_selected": n,
        "n_relevant": int(evidence.relevant.sum()),
        "n_unsupported": int((status == "unsupported").sum()),
        "n_abstained": int((status == "abstained").sum()),
        "n_clusters": n_clusters,
        "n_duplicate_texts": n - n_clusters,
        "n_authors": _distinct(evidence.author[known]) if known.any() else None,
    }
    return counts | {"warnings": _warnings(evidence, series, detection, counts)}


def _distinct(numbers: NDArray[np.int64]) -> int:
    """Count distinct numbers, which are not negative and about as large as there are posts."""
    return int(np.count_nonzero(np.bincount(numbers))) if len(numbers) else 0


def _warnings(evidence: Evidence, series: Series, detection: Detection, counts: dict[str, Any]) -> list[str]:
    said = []
    n = counts["n_selected"]
    holes = int((~series.seen).sum())
    if holes:
        hours = holes * series.bin_s / 3600
        said.append(f"{hours:.1f} h of the window were not collected; they count as missing, not as quiet.")
    if n and counts["n_authors"] is None:
        said.append("The sources name no authors: one person may stand behind many posts.")
    if n and counts["n_unsupported"] > 0.05 * n:
        said.append(
            f"{counts['n_unsupported'] / n:.0%} of the posts are in languages that the classifier does not judge."
        )
    if n and counts["n_duplicate_texts"] > 0.3 * n:
        said.append(f"{counts['n_duplicate_texts'] / n:.0%} of the posts repeat another post's text.")
    if 0 < counts["n_relevant"] < 100:
        about = "post is" if counts["n_relevant"] == 1 else "posts are"
        said.append(f"Only {counts['n_relevant']} {about} about a disruption: intervals are wide.")
    if detection.usual.season == "none" and len(detection.incidents):
        said.append("The window is too short for a daily rhythm: the usual level is taken as flat.")
    if len(detection.incidents) and detection.incidents["onset_low"].min() <= series.start:
        said.append("The data begin within the rise: when it began is not known.")
    return said
