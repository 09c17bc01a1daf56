"""Around a timeline: any count series, replay, comparison, verification."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError
from analyzer.schema import Timeline
from analyzer.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.report.diff import Difference
    from analyzer.store import Corpus

from analyzer.api.pipeline import align, classify, timeline_of


def detect(
    counts: pd.DataFrame, *, time: str = "time", count: str = "count", by: str | None = None, **options: Any
) -> dict[str, Any]:
    """Find incidents in any count series.

    Parameters
    ----------
    counts
        One row per bin (and series); missing bins are holes, not zeros.
    time, count, by
        Column names: bin start (aware times), count, and what separates the series.

    Returns
    -------
    dict
        ``{"schema": 1, "series": [{"series", "verdict", "reason", "incidents": [...]}]}``.
    """
    import pandas as pd

    from analyzer import timeline

    for column in (time, count, *([by] if by else [])):
        if column not in counts.columns:
            raise InputError(f"no column {column!r}; the table has {', '.join(map(str, counts.columns))}")
    table = pd.DataFrame({"time": counts[time], "count": counts[count]})
    groups = [("", table)] if by is None else [(str(k), table.loc[g.index]) for k, g in counts.groupby(by, sort=True)]
    found = [timeline.detect(series, series=name, **options) for name, series in groups]
    return {"schema": 1, "series": found}


def compare(reports: Sequence[str | Path | Timeline], *outputs: str | Path, **options: Any) -> list[Path]:
    """Write a comparison of several reports (JSON files or timelines), incidents aligned at their onset."""
    from analyzer.report.compare import compare as write

    return write(list(reports), [Path(o) for o in outputs], **options)


def verify(report: str | Path, corpus: Corpus) -> Difference:
    """Repeat the run behind a JSON report on a corpus, and say which numbers differ and why."""
    from analyzer.report import verify as again

    said = again.parameters(report)
    parameters = said["parameters"]
    timeline = timeline_of(
        Study.from_dict(said["study"]),
        corpus,
        model=parameters.get("model", "fast"),
        bin_minutes=parameters.get("bin_minutes"),
        seed=parameters.get("seed", 0),
        allow_verbatim=parameters.get("allow_verbatim", False),
    )
    return again.verify(report, timeline)


def replay(
    study: Study,
    corpus: Corpus,
    *,
    model: str = "fast",
    budget_s: float | None = None,
    bin_minutes: int | None = None,
) -> list[dict[str, Any]]:
    """Feed a corpus to the online detector in the order of arrival; see `analyzer.timeline.replay`."""
    from analyzer.timeline.replay import replay as run

    labels = classify(corpus, model=model, budget_s=budget_s)
    selected = study.select(corpus.posts())
    return run(study, selected, align(labels, selected), bin_minutes=bin_minutes)
