"""`build`: everything a report needs, from posts, labels, official updates and coverage.

Sources: those of the functions that it joins. Assumes posts and labels of one study, row by row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer import schema
from analyzer.schema import Timeline
from analyzer.timeline import bins, facts, kinds
from analyzer.timeline.detection import Detection, around, detect_series, records
from analyzer.timeline.effect import effects
from analyzer.timeline.evidence import Evidence, gather, probability
from analyzer.timeline.gain import gain, some_of
from analyzer.timeline.ladder import ladder
from analyzer.timeline.official import Words, no_rise, words
from analyzer.timeline.phases import count_posts, phase_at, phases
from analyzer.timeline.quality import quality
from analyzer.timeline.robustness import robustness
from analyzer.timeline.series import stamp
from analyzer.timeline.shares import Cells, Estimate, shares, wilson_estimate
from analyzer.timeline.trajectory import trajectory

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analyzer.study import Study

#: Sources and languages with fewer relevant posts than this get no shares of their own.
_LEAST_GROUP = 10


@dataclass(frozen=True)
class _Found:
    """One incident with what belongs to it."""

    row: dict[str, Any]
    words: Words
    mask: NDArray[np.bool_]


def build(
    study: Study,
    posts: pd.DataFrame,
    labels: pd.DataFrame,
    updates: pd.DataFrame,
    coverage: pd.DataFrame,
    *,
    estimate: Estimate | None = None,
    clusters: NDArray[np.int64] | None = None,
    signals: pd.DataFrame | None = None,
    bin_minutes: int | None = None,
    seed: int = 0,
    phased: Callable[[pd.DataFrame], object] | None = None,
) -> Timeline:
    """Build the timeline of a study.

    Parameters
    ----------
    posts
        POSTS, already selected by the study.
    labels
        LABELS of the same posts in the same order.
    updates, coverage
        UPDATES and COVERAGE tables, may be empty.
    estimate
        Estimator of shares (labels, measure, weights=None) -> dict; None takes decided labels with Wilson intervals.
    clusters
        (n,) text cluster of each post; None takes each post as its own.
    signals
        Frame with boolean columns first_hand, news, bot, repost, in the posts' order.
    bin_minutes
        Width of the bins; None takes the study's, or lets the data decide.
    seed
        Of bootstraps and pseudo-updates.
    phased
        Called with the phases as soon as they are known, long before the rest is.

    Notes
    -----
    Sources: see `detection`, `onset`, `effect`, `facts`, `trajectory`. Assumes that most of the window is usual, and
    that the classifier errs alike throughout it. Times are UTC, durations seconds, shares 0-1.

    Returns
    -------
    Timeline
        Without keywords and extractions. Shares of scope `incident` have the incident's row number as their group;
        phases, ladder and facts speak of the main incident: the one with most posts above the usual number.
    """
    estimate = estimate or wilson_estimate
    evidence = gather(posts, labels, clusters=clusters, signals=signals)
    start, end = bins.window(study, evidence.time)
    minutes = bin_minutes or study.bin_minutes or bins.choose_minutes(evidence.time[evidence.relevant], start, end)
    series = bins.make(evidence, coverage, start=start, end=end, bin_minutes=minutes)
    detection = detect_series(replace(series, name=study.service))
    found = _describe(study, evidence, detection, updates)
    window = (_time(start), _time(end))
    phase_rows = phases([(f.row["onset"], f.row["recovery"], f.words) for f in found], start=window[0], end=window[1])
    phase_table = schema.make(schema.PHASE_TABLE, count_posts(phase_rows, evidence))
    if phased:
        phased(phase_table)
    cells = Cells(evidence, estimate)
    main = max(range(len(found)), key=lambda i: found[i].row["n_excess"], default=None)
    return Timeline(
        study=study,
        verdict=_verdict(detection, found),
        reason=_reason(detection, found) + ("" if found else no_rise(updates, start=window[0], end=window[1])),
        bin_s=series.bin_s,
        bins=_bins(evidence, detection, phase_table, estimate),
        incidents=schema.make(schema.INCIDENTS, [f.row for f in found]),
        phases=phase_table,
        shares=shares(cells, _groups(evidence, found, phase_rows, main)),
        updates=updates,
        ladder=_ladder(detection, evidence, found, main, seed),
        effects=schema.make(
            schema.EFFECTS, [] if main is None else _effects(evidence, found[main], window[1], estimate, seed)
        ),
        keywords=schema.empty(schema.KEYWORDS),
        robustness=_robust(cells, found, main, detection),
        extractions=schema.empty(schema.EXTRACTIONS),
        coverage=_coverage(coverage, evidence, start, end),
        facts={} if main is None else _facts(detection, evidence, found, main, seed),
        quality=quality(evidence, series, detection, posts),
    )


def _time(us: int) -> pd.Timestamp:
    return pd.Timestamp(us, unit="us", tz="UTC")


def _describe(study: Study, evidence: Evidence, detection: Detection, updates: pd.DataFrame) -> list[_Found]:
    """Give each rise its kind, its posts and its official words."""
    found = []
    last = detection.series.at(len(detection.series))
    previous: pd.Timestamp | None = None
    for row in records(detection.incidents):
        row["detectors"] = list(row["detectors"])
        stop = row["recovery"] if row["recovery"] is not None else last
        mask = evidence.between(row["onset"], max(stop, row["peak"] + pd.Timedelta(seconds=detection.series.bin_s)))
        before = evidence.relevant & (evidence.time < stamp(row["onset"]))
        row["kind"], why = kinds.kind(evidence, mask, before, names=study.names, others=study.competitors)
        row["evidence"] = f"{row['evidence']}; {why}"
        if previous is not None and row["onset"] - previous < pd.Timedelta(hours=24):
            hours = (row["onset"] - previous).total_seconds() / 3600
            row["evidence"] += f"; {hours:.1f} h after the rise before it was over: perhaps a relapse"
        previous = row["recovery"]
        found.append(_Found(row, words(updates, onset=row["onset"], end=stop), mask))
    return found


def _verdict(detection: Detection, found: list[_Found]) -> str:
    if detection.verdict == "incidents" and all(f.row["kind"] == "promotion" for f in found):
        return "no incident found"
    return detection.verdict


def _reason(detection: Detection, found: list[_Found]) -> str:
    if not found:
        return detection.reason
    names = [f"{f.row['onset']:%Y-%m-%d %H:%M} UTC ({f.row['kind']}, {f.row['strength']})" for f in found]
    return f"{detection.reason}: {'; '.join(names[:5])}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _bins(evidence: Evidence, detection: Detection, phase_table: pd.DataFrame, estimate: Estimate) -> pd.DataFrame:
    series, usual = detection.series, detection.usual
    n, width = len(series), series.bin_s * 1_000_000
    place = (evidence.time - stamp(series.start)) // width
    inside = (place >= 0) & (place < n)
    relevant = inside & evidence.relevant
    known = usual.mean > 0
    columns: dict[str, Any] = {
        "start": series.times,
        "n_posts": np.bincount(place[inside], minlength=n),
        "n_relevant": np.bincount(place[relevant], minlength=n),
        "n_authors": _authors(evidence, place, relevant, n),
        "covered": series.covered,
        "expected": np.where(known, usual.mean, np.nan),
        "expected_low": np.where(known, usual.low, np.nan),
        "expected_high": np.where(known, usual.high, np.nan),
        "phase": phase_at(phase_table, series.times),
    }
    for name, measure in (("frustration", "frustration_ge2"), ("humor", "humor")):
        curve = trajectory(evidence, series.times, series.bin_s, measure, estimate=estimate)
        columns |= {name: curve[:, 0], f"{name}_low": curve[:, 1], f"{name}_high": curve[:, 2]}
    frame = pd.DataFrame(columns)
    return schema.check(frame.where(frame.notna(), None) if frame.empty else frame, schema.BINS)


def _authors(evidence: Evidence, place: NDArray[np.int64], relevant: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    known = relevant & (evidence.author >= 0)
    if not known.any():
        return np.full(n, -1)
    many = int(evidence.author.max()) + 1
    pairs = np.sort(place[known] * many + evidence.author[known])
    first = np.append(True, pairs[1:] != pairs[:-1])
    return np.bincount(pairs[first] // many, minlength=n)


def _groups(
    evidence: Evidence, found: list[_Found], phase_rows: list[dict[str, Any]], main: int | None
) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Scopes of shares: incidents, the main incident's phases, and sources and languages within it."""
    groups = [("incident", str(i), f.mask) for i, f in enumerate(found)]
    for row in phase_rows:
        if row["incident"] == main or row["phase"] == "baseline":
            groups.append(("phase", row["phase"], evidence.between(row["start"], row["end"])))
    within = found[main].mask if main is not None else evidence.relevant
    for scope, values in (("source", evidence.source), ("language", evidence.language)):
        for name, size in values[within].value_counts().sort_values(ascending=False, kind="stable").items():
            if size >= _LEAST_GROUP:
                groups.append((scope, str(name), within & (values == name)))
    return groups if found else [("incident", "all", evidence.relevant), *groups]


def _ladder(detection: Detection, evidence: Evidence, found: list[_Found], main: int | None, seed: int) -> pd.DataFrame:
    if main is None:
        return schema.empty(schema.LADDER)
    series = detection.series
    low, _, high = facts.peak_interval(series, detection.usual, _span(detection, found[main]), seed=seed)
    peak = (found[main].row["peak"], series.at(low), series.at(high + 1))
    return ladder(found[main].row, found[main].words, evidence, peak=peak)


def _span(detection: Detection, found: _Found) -> tuple[int, int]:
    """Bins of an incident from its onset to its recovery (or the end of the data)."""
    series = detection.series
    first = int((found.row["onset"] - series.start).total_seconds() // series.bin_s)
    stop = found.row["recovery"]
    last = len(series) if stop is None else int(np.ceil((stop - series.start).total_seconds() / series.bin_s))
    peak = int((found.row["peak"] - series.start).total_seconds() // series.bin_s)
    return max(first, 0), min(len(series), max(last, peak + 1))


def _effects(
    evidence: Evidence, found: _Found, end: pd.Timestamp, estimate: Estimate, seed: int
) -> list[dict[str, Any]]:
    if not len(found.words.updates):
        return []
    row = found.row
    stop = row["recovery"] if row["recovery"] is not None else end
    place = evidence.ordered
    # Calibrated probabilities, not decisions: nothing hangs on a threshold, and the gain makes shares of them.
    part = evidence.labels.iloc[some_of(np.flatnonzero(found.mask))]
    gains = {
        "frustration_ge2": gain(part, "frustration_ge2", estimate),
        "information_seeking": gain(part, "topic_transparency", estimate),
    }
    measures: dict[str, NDArray[np.float64] | None] = {
        "frustration_ge2": probability(evidence.labels, "p_frustration_ge2")[place],
        "information_seeking": probability(evidence.labels, "p_topic_transparency")[place],
        "volume": None,
    }
    span = (row["onset"].timestamp(), stop.timestamp())
    updates = found.words.updates
    if updates["update_id"].duplicated().any():
        # Several official incidents number their updates alike.
        updates = updates.assign(update_id=updates["incident_id"].astype(str) + "/" + updates["update_id"].astype(str))
    return effects(updates, evidence.time[place] / 1e6, measures, span=span, gains=gains, seed=seed)


def _robust(cells: Cells, found: list[_Found], main: int | None, detection: Detection) -> pd.DataFrame:
    if main is None:
        return schema.empty(schema.ROBUSTNESS)
    onset, evidence, series = found[main].row["onset"], cells.evidence, detection.series

    def locate(part: NDArray[np.bool_]) -> dict[str, Any] | None:
        other = facts.weighted_series(series, evidence.time, part.astype(float))
        same = np.array_equal(other.count, series.count, equal_nan=True)
        rows = records((detection if same else detect_series(other)).incidents)
        near = [r for r in rows if r["onset_low"] - pd.Timedelta(hours=6) <= onset <= r["peak"] + pd.Timedelta(hours=6)]
        return min(near, key=lambda r: abs(r["onset"] - onset), default=None)

    return robustness(cells, found[main].mask, locate=locate)


def _facts(
    detection: Detection, evidence: Evidence, found: list[_Found], main: int, seed: int
) -> dict[str, dict[str, Any]]:
    series, usual, row, said = detection.series, detection.usual, found[main].row, found[main].words
    span = _span(detection, found[main])
    limits = (
        _span(detection, found[main - 1])[1] if main else 0,
        _span(detection, found[main + 1])[0] if main + 1 < len(found) else len(series),
    )
    peak = int((row["peak"] - series.start).total_seconds() // series.bin_s)
    stop = row["recovery"] if row["recovery"] is not None else series.at(len(series))
    out = {
        "excess_posts": facts.excess(series, usual, span),
        "peak_posts": facts.peak_posts(series, usual, span, seed=seed),
        "half_life_volume_s": facts.half_life(around(series, usual, span, limits=limits), peak=peak),
        **facts.cadence(said, start=row["onset"], end=stop),
        **facts.false_resolved(said, row),
    }
    weight = np.where(evidence.relevant, probability(evidence.labels, "p_frustration_ge2"), 0.0)
    angry = facts.weighted_series(series, evidence.time, weight)
    if np.nansum(angry.count[slice(*span)]) >= 8:
        out |= facts.frustration(angry, span=span, limits=limits)
    for topic in ("reliability", "switching"):
        talk = np.where(evidence.relevant, probability(evidence.labels, f"p_topic_{topic}"), 0.0)
        part = facts.weighted_series(series, evidence.time, talk)
        out[f"{topic}_back_s"] = facts.back_in_band(part, span=span, limits=limits, what=f"talk of {topic}")
    return out


def _coverage(coverage: pd.DataFrame, evidence: Evidence, start: int, end: int) -> pd.DataFrame:
    """Return coverage with the silences found in the data added as gaps."""
    gaps = bins.silences(evidence.time, start, end)
    rows = [
        {
            "source": "all",
            "start": _time(a),
            "end": _time(b),
            "kind": "gap",
            "note": "no post at all although the stream never pauses so long: taken as not collected",
            "run_id": "timeline",
        }
        for a, b in gaps
    ]
    if not rows:
        return coverage
    extra = schema.make(schema.COVERAGE, rows)
    return extra if not len(coverage) else pd.concat([coverage, extra], ignore_index=True)
