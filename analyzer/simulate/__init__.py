"""A simulated outage whose truth is known: posts, the provider's words, onset, phases and true shares.

Every text is invented and every table is marked as simulated. The texts stem from posts written for this project,
which the shipped classifier has seen in training: a simulation tests timelines and reports, not the classifier
(``texts="dev"`` narrows the written posts to those left out of training).
"""

from __future__ import annotations

from analyzer.simulate.build import Simulation, simulate
from analyzer.simulate.scenario import SCENARIOS, Burst, Hole, Scenario, Wave, Word

__all__ = ["SCENARIOS", "Burst", "Hole", "Scenario", "Simulation", "Wave", "Word", "simulate"]
