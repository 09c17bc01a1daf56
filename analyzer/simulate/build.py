"""Put a simulation together: study, posts, labels, official updates, coverage and truth."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.errors import UsageError
from analyzer.simulate import frames
from analyzer.simulate.arrange import arrange
from analyzer.simulate.content import write as write_posts
from analyzer.simulate.profiles import PROFILES
from analyzer.simulate.rates import rates
from analyzer.simulate.scenario import SCENARIOS, Scenario
from analyzer.simulate.truth import truth
from analyzer.study import Study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Simulation:
    """An invented outage and everything that is true of it.

    Attributes
    ----------
    seed, scenario
        What it was made from.
    study
        The study that finds its posts (``simulated = true``).
    posts, updates, coverage
        POSTS, UPDATES and COVERAGE tables.
    labels
        The true labels as a LABELS table with `source`: probabilities are 0 or 1, `model` is ``"truth"``. Further
        columns: `part` (chatter, usual, outage, promotion, neighbour, bot) and `origin` (written, composed, copy,
        repost).
    truth
        Onset, peak, recovery, half-life, phases, true shares, effects; see `analyzer.simulate.truth.truth`.
    """

    seed: int
    scenario: Scenario
    study: Study
    posts: pd.DataFrame
    updates: pd.DataFrame
    coverage: pd.DataFrame
    labels: pd.DataFrame
    truth: dict[str, Any]

    def __repr__(self) -> str:
        return f"<Simulation {self.scenario.title!r}, seed {self.seed}: {len(self.posts):,} posts, all invented>"

    def write(self, folder: str | Path) -> Path:
        """Write study.toml, posts.jsonl, updates.jsonl and truth.json, each at once; return the folder."""
        from analyzer.simulate.files import write

        return write(self, Path(folder))


def simulate(
    seed: int = 0, *, scenario: str | Scenario = "chatgpt", n_posts: int | None = None, **changes: Any
) -> Simulation:
    """Simulate an outage whose truth is known.

    Parameters
    ----------
    seed
        The same seed gives the same simulation.
    scenario
        A name from `SCENARIOS`, or a `Scenario`.
    n_posts
        Scale every rate so that about this many posts are expected (up to millions).
    changes
        Fields of `Scenario` to change, such as ``size=0.1, noise=0.5, reposts=0``.

    Raises
    ------
    UsageError
        For an unknown scenario or field.

    Examples
    --------
    >>> made = simulate(1, n_posts=300)
    >>> made.study.simulated, made.truth["incidents"][0]["onset"]
    (True, '2025-03-11T09:07:00Z')
    """
    chosen = _scenario(scenario, changes)
    if n_posts is not None:
        if n_posts < 1:
            raise UsageError(f"n_posts is {n_posts}; give at least 1")
        rate = rates(chosen)
        expected = (1 + chosen.neighbours) * (rate.chatter + rate.usual + rate.excess).sum() + rate.burst.sum()
        expected += chosen.bots * rate.excess.sum()
        chosen = chosen.scaled(n_posts / float(expected))
    rng = np.random.Generator(np.random.PCG64(seed))
    rate = rates(chosen)
    slots = arrange(chosen, rate, rng)
    content = write_posts(chosen, slots, rng)
    study = make_study(chosen)
    posts, labels = frames.posts_and_labels(chosen, slots, content, rng)
    found = truth(chosen, rate, slots, content, frames.about_the_service(slots))
    updates = frames.updates(chosen)
    return Simulation(seed, chosen, study, posts, updates, frames.coverage(chosen), labels, {"seed": seed, **found})


def _scenario(scenario: str | Scenario, changes: dict[str, Any]) -> Scenario:
    if isinstance(scenario, str):
        if scenario not in SCENARIOS:
            raise UsageError(f"no scenario {scenario!r}; there are {', '.join(SCENARIOS)}")
        scenario = SCENARIOS[scenario]
    known = [f.name for f in dataclasses.fields(Scenario)]
    for name in changes:
        if name not in known:
            raise UsageError(f"a scenario has no {name!r}; it has {', '.join(known)}")
    chosen = dataclasses.replace(scenario, **changes)
    if chosen.profile not in PROFILES:
        raise UsageError(f"no profile {chosen.profile!r}; there are {', '.join(PROFILES)}")
    if chosen.texts not in ("all", "dev"):
        raise UsageError(f"texts is {chosen.texts!r}; give 'all' or 'dev'")
    return chosen


def make_study(scenario: Scenario) -> Study:
    """Return the study of a scenario."""
    profile = PROFILES[scenario.profile]
    return Study(
        service=profile.service,
        title=scenario.title,
        since=scenario.since,
        until=scenario.since + dt.timedelta(hours=scenario.hours),
        terms=profile.terms,
        competitors=profile.competitors,
        accounts={"x": (profile.official,)},
        provider=profile.provider,
        simulated=True,
    )
