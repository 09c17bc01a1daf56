"""Who writes what, where and when: all posts of a simulation as plain arrays, before their texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.simulate.rates import Rates, arrivals, rate_noise, wave_times
from analyzer.simulate.scenario import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHATTER, USUAL, OUTAGE, PROMOTION, NEIGHBOUR, BOT = range(6)
PARTS = ("chatter", "usual", "outage", "promotion", "neighbour", "bot")
#: Minutes after onset when monitoring bots begin.
_BOT_DELAY_MIN = 12.0


@dataclass(frozen=True)
class Slots:
    """One entry per post, sorted by `minute` (true minutes after the start): part, source and language codes."""

    minute: Floats
    part: Ints
    source: NDArray[np.object_]
    language: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.minute)

    def where(self, keep: NDArray[np.bool_]) -> Slots:
        """Return the kept entries."""
        return Slots(self.minute[keep], self.part[keep], self.source[keep], self.language[keep])


def arrange(scenario: Scenario, rate: Rates, rng: np.random.Generator) -> Slots:
    """Draw times, platforms and languages; leave out what falls into coverage holes."""
    noise = rate_noise(len(rate.chatter), scenario.noise, rng)
    flat = np.ones_like(noise)
    base = rate.chatter + rate.usual + rate.excess
    times = [
        arrivals(rate.chatter, noise, rng),
        arrivals(rate.usual, noise, rng),
        arrivals(rate.excess, noise, rng),
        arrivals(rate.burst, flat, rng),
        arrivals(scenario.neighbours * base, noise, rng),
        _bots(scenario, rate),
    ]
    minute = np.concatenate(times)
    part = np.repeat(np.arange(len(times)), [len(t) for t in times])
    order = np.argsort(minute, kind="stable")
    minute, part = minute[order], part[order]
    source = _shares(scenario.platforms, len(minute), rng)
    language = _shares(scenario.languages, len(minute), rng)
    first = next(iter(scenario.platforms))
    source[(part == PROMOTION) | (part == BOT)] = first
    language[(part == PROMOTION) | (part == BOT) | (source == "hackernews")] = next(iter(scenario.languages))
    slots = Slots(minute, part, source, language)
    return slots.where(~_in_hole(scenario, slots))


def _shares(shares: Mapping[str, float], n: int, rng: np.random.Generator) -> NDArray[np.object_]:
    weights = np.array(list(shares.values()), dtype=float)
    return np.array(list(shares), dtype=object)[rng.choice(len(shares), size=n, p=weights / weights.sum())]


def _bots(scenario: Scenario, rate: Rates) -> Floats:
    """Evenly spaced posts of monitoring bots, from shortly after onset to recovery."""
    found = []
    for wave in wave_times(scenario, rate):
        start = float(wave["onset_min"] or 0) + _BOT_DELAY_MIN
        end = float(wave["recovery_min"] or len(rate.chatter))
        n = round(scenario.bots * float(wave["posts"] or 0))
        if n and end > start:
            found.append(np.linspace(start, end, n, endpoint=False))
    return np.concatenate(found) if found else np.zeros(0)


def _in_hole(scenario: Scenario, slots: Slots) -> NDArray[np.bool_]:
    lost = np.zeros(len(slots), dtype=bool)
    for hole in scenario.holes:
        here = (slots.minute >= hole.start_min) & (slots.minute < hole.end_min)
        lost |= here & ((slots.source == hole.source) | (hole.source == ""))
    return lost
