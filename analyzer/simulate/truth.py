"""What is true of a simulation: times of the waves, phases, shares per phase, and the effect of each update."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.schema import TOPICS
from analyzer.simulate.arrange import PARTS, Slots
from analyzer.simulate.content import Content
from analyzer.simulate.mood import mood
from analyzer.simulate.rates import Rates, wave_times
from analyzer.simulate.scenario import Scenario, Word

_STAGE_PHASE = {"investigating": "acknowledged", "identified": "identified", "monitoring": "monitoring"}
#: Minutes either side of an update over which its effect is averaged.
EFFECT_WINDOW_MIN = 30


def iso(scenario: Scenario, minute: float | None) -> str | None:
    """Return minutes after the start as ISO 8601 in UTC, to the second."""
    if minute is None:
        return None
    time = scenario.since + dt.timedelta(seconds=round(minute * 60))
    return time.isoformat().replace("+00:00", "Z")


def truth(
    scenario: Scenario, rate: Rates, slots: Slots, content: Content, selected: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return the truth as plain data, times as ISO 8601.

    Shares under ``phases`` and ``shares`` are those of the posts that were in fact written (study posts that are truly
    relevant), so an estimate from all of them differs only by classification error.
    """
    waves = wave_times(scenario, rate)
    phases = [
        {"phase": name, "start": iso(scenario, a), "end": iso(scenario, b), **_shares(slots, content, selected, a, b)}
        for name, a, b in phase_bounds(scenario, waves)
    ]
    ends = [w["recovery_min"] for w in waves]
    known = [e for e in ends if e is not None]
    end = scenario.hours * 60 if len(known) < len(ends) else max(known, default=0.0)
    start = min((w.onset_min for w in scenario.waves), default=0.0)
    return {
        "simulated": True,
        "note": "Every post and every official word here is invented.",
        "title": scenario.title,
        "verdict": "incidents" if waves else "no incident found",
        "incidents": [_incident(scenario, wave) for wave in waves],
        "first_word": iso(scenario, _first_word(scenario)),
        "phases": phases,
        "shares": _shares(slots, content, selected, start, end) if waves else {},
        "updates": _effects(scenario, rate),
        "n_posts": len(slots),
        "n_selected": int(selected.sum()),
        "n_relevant": int((selected & (content.relevant == 1)).sum()),
        "n_by_part": {name: int((slots.part == i).sum()) for i, name in enumerate(PARTS)},
        "expected_per_5_min": _curve(rate),
        "scenario": _plain(dataclasses.asdict(scenario)),
    }


def _incident(scenario: Scenario, wave: dict[str, float | None]) -> dict[str, Any]:
    """A wave with its moments as times; durations and rates as they are."""
    moments = ("onset_min", "peak_min", "fix_min", "recovery_min")
    found: dict[str, Any] = {k.removesuffix("_min"): iso(scenario, wave[k]) for k in moments}
    return found | {k: v for k, v in wave.items() if k not in moments}


def _first_word(scenario: Scenario) -> float | None:
    onset = min((w.onset_min for w in scenario.waves), default=0.0)
    return min((w.posted_min for w in scenario.words if w.posted_min >= onset), default=None)


def phase_bounds(scenario: Scenario, waves: list[dict[str, float | None]]) -> list[tuple[str, float, float]]:
    """Return (phase, start, end) in minutes; `recovered` lasts to the end of the window (or the next wave)."""
    window = scenario.hours * 60
    spans = [(float(w["onset_min"] or 0), window if w["recovery_min"] is None else w["recovery_min"]) for w in waves]
    cuts = {0.0, window, *(w.posted_min for w in scenario.words), *(c for span in spans for c in span)}
    edges = sorted(c for c in cuts if 0 <= c <= window)
    found: list[tuple[str, float, float]] = []
    for a, b in itertools.pairwise(edges):
        name = _phase_at(a, spans, scenario.words)
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1], b)
        else:
            found.append((name, a, b))
    return found


def _phase_at(minute: float, spans: list[tuple[float, float]], words: tuple[Word, ...]) -> str:
    if not spans or minute < spans[0][0]:
        return "baseline"
    active = [onset for onset, end in spans if onset <= minute < end]
    said = [w for w in words if spans[0][0] <= w.posted_min <= minute]
    last = said[-1] if said else None
    if last and last.stage in _STAGE_PHASE:
        return _STAGE_PHASE[last.stage]
    if not active:
        return "recovered"
    return "resolved_but_reported" if last and last.posted_min >= active[-1] else "unacknowledged"


def _shares(slots: Slots, content: Content, selected: NDArray[np.bool_], start: float, end: float) -> dict[str, Any]:
    here = selected & (slots.minute >= start) & (slots.minute < end)
    relevant = here & (content.relevant == 1)
    n = int(relevant.sum())
    found: dict[str, Any] = {"n_posts": int(here.sum()), "n_relevant": n}
    if not n:
        return found
    level = content.level[relevant]
    found |= {f"frustration_ge{k}": float((level >= k).mean()) for k in (1, 2, 3)}
    found["frustration"] = float(level.mean() / 3)
    found["humor"] = float(content.humor[relevant].mean())
    found["report"] = float(content.report[relevant].mean())
    for i, topic in enumerate(TOPICS):
        found[f"topic_{topic}"] = float((content.topics[relevant] >> i & 1).mean())
    return found


def _effects(scenario: Scenario, rate: Rates) -> list[dict[str, Any]]:
    minute = np.arange(len(rate.chatter), dtype=np.float64) + 0.5
    chance = mood(scenario, minute).frustrated
    weight = rate.excess + 1e-12
    found = []
    for k, word in enumerate(scenario.words):
        before = (minute >= word.posted_min - EFFECT_WINDOW_MIN) & (minute < word.posted_min)
        after = (minute >= word.posted_min) & (minute < word.posted_min + EFFECT_WINDOW_MIN)
        means = [float(np.average(chance[m], weights=weight[m])) if m.any() else None for m in (before, after)]
        found.append(
            {
                "update_id": str(k + 1),
                "stage": word.stage,
                "posted_at": iso(scenario, word.posted_min),
                "claimed_at": iso(scenario, word.claimed_min),
                "effect": word.effect,
                "frustrated_before": means[0],
                "frustrated_after": means[1],
            }
        )
    return found


def _curve(rate: Rates) -> dict[str, list[float]]:
    n = len(rate.chatter) // 5 * 5
    parts = {"chatter": rate.chatter, "usual": rate.usual, "outage": rate.excess, "promotion": rate.burst}
    return {k: np.round(v[:n].reshape(-1, 5).sum(axis=1), 3).tolist() for k, v in parts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, dt.datetime) else value
