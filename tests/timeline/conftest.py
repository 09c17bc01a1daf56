"""Simulated studies with true labels, built once."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from analyzer import schema
from analyzer.schema import Timeline
from analyzer.simulate import Simulation, simulate
from analyzer.timeline import build


class Built:
    """A simulation, its selected posts with true labels, and the timeline made of them."""

    def __init__(self, scenario: str, seed: int = 1, **changes: Any) -> None:
        self.simulation: Simulation = simulate(seed=seed, scenario=scenario, **changes)
        self.study = self.simulation.study
        self.posts = self.study.select(self.simulation.posts)
        key = ["source", "post_id"]
        merged = self.posts[key].merge(self.simulation.labels, on=key, how="left")
        self.labels = schema.check(merged, schema.LABELS)
        self.truth = self.simulation.truth
        self.timeline: Timeline = self.build()

    def build(self, **changes: Any) -> Timeline:
        """Build the timeline again, with changes."""
        given = {
            "posts": self.posts,
            "labels": self.labels,
            "updates": self.simulation.updates,
            "coverage": schema.empty(schema.COVERAGE),
            **changes,
        }
        return build(self.study, **given)

    def true(self, name: str, incident: int = 0) -> pd.Timestamp:
        """A true time of one incident."""
        return pd.Timestamp(self.truth["incidents"][incident][name])


@pytest.fixture(scope="session")
def chatgpt() -> Built:
    return Built("chatgpt")


@pytest.fixture(scope="session")
def quiet() -> Built:
    return Built("quiet")
