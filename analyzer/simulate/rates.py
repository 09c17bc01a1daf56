"""When posts are written: expected posts per minute of every component, and arrivals drawn from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.simulate.scenario import Scenario, Wave

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The first surge of posts falls to 1/e within this many minutes, to this share that lasts until the fix.
_SURGE_MIN, _LASTING_SHARE = 90.0, 0.4
#: Correlation time of the noise of the rate, in minutes.
_NOISE_MIN = 20.0
#: A wave is over when its rate is under this share of its peak (or under the usual rate, if that is higher).
OVER_SHARE = 0.05


@dataclass(frozen=True)
class Rates:
    """Expected posts per minute, one row a minute of the window: the truth that arrivals are drawn from.

    `waves` has one column per wave; `burst` holds the promotions.
    """

    chatter: Floats
    usual: Floats
    waves: Floats
    burst: Floats

    @property
    def excess(self) -> Floats:
        """Expected outage posts per minute, all waves together."""
        return np.asarray(self.waves.sum(axis=1), dtype=float)


def rates(scenario: Scenario) -> Rates:
    """Return the expected rates per minute, before noise."""
    n = round(scenario.hours * 60)
    minute: Floats = np.arange(n, dtype=np.float64) + 0.5
    season = _season(scenario, minute)
    waves = np.zeros((n, len(scenario.waves)))
    for i, wave in enumerate(scenario.waves):
        waves[:, i] = _wave(wave, minute, scenario)
    burst = np.zeros(n)
    for promotion in scenario.promotions:
        t = minute - promotion.start_min
        shape = np.where((t >= 0) & (t < promotion.minutes), np.exp(-2 * t / promotion.minutes), 0.0)
        if shape.sum():
            burst += promotion.posts * shape / shape.sum()
    return Rates(scenario.chatter_per_h / 60 * season, scenario.usual_per_h / 60 * season, waves, burst)


def _season(scenario: Scenario, minute: Floats) -> Floats:
    start = scenario.since.hour * 60 + scenario.since.minute
    hour = (start + minute) / 60 % 24
    day = scenario.since.weekday() + np.floor((start + minute) / 1440)
    weekend = np.where(day % 7 >= 5, 1 - 0.4 * scenario.seasonality, 1.0)
    return np.asarray((1 + scenario.seasonality * np.cos((hour - 15) / 24 * 2 * np.pi)) * weekend)


def _wave(wave: Wave, minute: Floats, scenario: Scenario) -> Floats:
    since_onset, since_fix = minute - wave.onset_min, minute - wave.fix_min
    rise = 1 - np.exp(-np.clip(since_onset, 0, None) * scenario.speed / wave.rise_min)
    surge = np.exp(-np.clip(since_onset, 0, None) * scenario.speed / _SURGE_MIN)
    tired = _LASTING_SHARE + (1 - _LASTING_SHARE) * surge
    fall = np.exp2(-np.clip(since_fix, 0, None) * scenario.speed / wave.half_life_min)
    shape = rise * tired * fall
    total = shape.sum()
    return np.asarray(wave.posts * scenario.size * shape / total if total else shape)


def arrivals(rate: Floats, noise: Floats, rng: np.random.Generator) -> Floats:
    """Draw arrival times (minutes after the start, sorted) of a Poisson process with the rate ``rate * noise``."""
    counts = rng.poisson(rate * noise)
    return np.sort(np.repeat(np.arange(len(rate)), counts) + rng.random(int(counts.sum())))


def rate_noise(n: int, sd: float, rng: np.random.Generator) -> Floats:
    """Multiplicative noise of mean 1: the exponential of a stationary AR(1) process with standard deviation `sd`."""
    steps = rng.standard_normal(n)
    if sd <= 0:
        return np.ones(n)
    phi = np.exp(-1 / _NOISE_MIN)
    steps[1:] *= np.sqrt(1 - phi**2)
    from scipy.signal import lfilter

    return np.asarray(np.exp(sd * lfilter([1.0], [1.0, -phi], steps) - sd**2 / 2))


def wave_times(scenario: Scenario, rate: Rates) -> list[dict[str, float | None]]:
    """Return onset, peak, fix, recovery and half-life of every wave, in minutes after the start.

    Recovery is when the wave's rate falls for good under `OVER_SHARE` of its peak or under the usual rate of relevant
    posts, whichever is higher. Half-life is how long the rate after the fix takes from 80 to 40 % of its height then,
    and `peak_to_half_min` the time from the peak to half its rate. What the window does not show is None.
    """
    found = []
    for i, wave in enumerate(scenario.waves):
        curve = rate.waves[:, i]
        peak = int(curve.argmax())
        level = max(OVER_SHARE * curve[peak], float(rate.usual.mean()))
        above = np.flatnonzero(curve > level)
        end = None if not len(above) or above[-1] == len(curve) - 1 else float(above[-1] + 1)
        after = np.flatnonzero(curve[peak:] <= curve[peak] / 2)
        falling = curve[min(round(wave.fix_min), len(curve)) :]
        low = np.flatnonzero(falling <= 0.4 * falling[0]) if len(falling) else falling
        high = np.flatnonzero(falling <= 0.8 * falling[0]) if len(falling) else falling
        found.append(
            {
                "onset_min": wave.onset_min,
                "peak_min": peak + 0.5,
                "fix_min": wave.fix_min,
                "recovery_min": end,
                "half_life_min": float(low[0] - high[0]) if len(low) else None,
                "peak_to_half_min": float(after[0]) if len(after) else None,
                "posts": float(curve.sum()),
                "peak_per_min": float(curve[peak]),
            }
        )
    return found
