"""What people feel and say at a given minute of an outage: shares of levels, jokes, recovery and calls for news."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.simulate.scenario import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Share of level 3 among the frustrated (>= 2), and of level 1 among the others.
SEVERE, MILD = 0.3, 0.32
#: Share of frustrated posts among single faults in normal times, and after the fix (relative to its last value).
_USUAL_FRUSTRATION, _AFTER_FIX = 0.1, 0.6


@dataclass(frozen=True)
class Mood:
    """Probabilities at given minutes: frustrated (level >= 2), joke, about the return, about the lack of news."""

    frustrated: Floats
    humor: Floats
    back: Floats
    transparency: Floats


def mood(scenario: Scenario, minute: Floats, *, outage: bool = True) -> Mood:
    """Return the probabilities for posts written at `minute`; `outage` is False for single faults in normal times."""
    flat = np.full(len(minute), 1.0)
    if not outage or not scenario.waves:
        return Mood(_USUAL_FRUSTRATION * flat, 0.05 * flat, 0 * flat, 0.05 * flat)
    waves = sorted(scenario.waves, key=lambda w: w.onset_min)
    current = np.clip(np.searchsorted([w.onset_min for w in waves], minute, side="right") - 1, 0, None)
    onset = np.array([w.onset_min for w in waves])[current]
    fix = np.array([w.fix_min for w in waves])[current]
    words = [w.posted_min for w in scenario.words if w.posted_min >= waves[0].onset_min]
    silent_until = min([*words, np.inf])
    silence_h = np.clip((np.minimum(minute, silent_until) - waves[0].onset_min) / 60, 0, 3)
    effect = sum((w.effect * (minute >= w.posted_min) for w in scenario.words), 0 * flat)
    fixed = minute >= fix
    frustrated = np.clip(scenario.frustration + scenario.impatience * silence_h + effect, 0.02, 0.9)
    frustrated = np.where(fixed, _AFTER_FIX * frustrated, frustrated)
    settled = 1 - np.exp(-np.clip(minute - fix, 0, None) * scenario.speed / 15)
    back = np.where(fixed, 0.8 * settled, 0.0)
    elapsed_h = np.clip(minute - onset, 0, None) / 60
    humor = np.clip(scenario.humor * (0.5 + 0.5 * (1 - np.exp(-elapsed_h))), 0, 0.9)
    acknowledged = minute >= silent_until
    transparency = np.where(acknowledged, 0.08, np.clip(0.08 + 0.08 * silence_h, 0, 0.4))
    return Mood(frustrated, humor, back, transparency)


def draw(chances: Mood, rng: np.random.Generator) -> Ints:
    """Draw one cell per post: ``((back * 4 + level) * 2 + humor) * 2 + transparency``."""
    n = len(chances.frustrated)
    u = rng.random((4, n))
    frustrated = u[0] < chances.frustrated
    level = np.where(frustrated, 2 + (u[1] < SEVERE), (u[1] < MILD).astype(int))
    v = rng.random((2, n))
    back = u[2] < chances.back
    humor = u[3] < chances.humor
    silent = v[0] < chances.transparency
    return np.asarray(((back * 4 + level) * 2 + humor) * 2 + silent, dtype=np.int64)
