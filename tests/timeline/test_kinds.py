from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.timeline.evidence import Evidence
from analyzer.timeline.kinds import kind


def rise(texts: list[str], **flags: Any) -> Evidence:
    """Ten usual posts, then the texts of a rise; flags hold for the rise only."""
    n, usual = len(texts), 10

    def flag(name: str) -> np.ndarray:
        return np.r_[np.zeros(usual), np.broadcast_to(flags.get(name, False), n)].astype(bool)

    labels = pd.DataFrame(
        {
            "p_report": np.r_[np.full(usual, 0.9), np.broadcast_to(flags.get("report", 0.0), n)],
            "p_topic_switching": np.r_[np.zeros(usual), np.broadcast_to(flags.get("switching", 0.0), n)],
        }
    )
    size = n + usual
    return Evidence(
        time=np.arange(size),
        relevant=np.ones(size, dtype=bool),
        labels=labels,
        text=pd.Series(["acme is down for me"] * usual + texts),
        source=pd.Categorical(["x"] * size),
        language=pd.Categorical(["en"] * size),
        author=np.arange(size),
        cluster=np.r_[np.arange(usual), np.broadcast_to(flags.get("cluster", np.arange(n) + usual), n)],
        first_hand=np.zeros(size, dtype=bool),
        news=flag("news"),
        repost=flag("repost"),
    )


def told(evidence: Evidence, **names: Any) -> str:
    inside = np.arange(len(evidence)) >= 10
    return kind(evidence, inside, ~inside, names=("acme",), **names)[0]


def test_reports_make_an_outage() -> None:
    assert told(rise(["acme is down"] * 20, report=0.9)) == "outage"


def test_links_without_reports_make_a_media_event() -> None:
    assert told(rise(["acme outage, says the paper"] * 20, news=True)) == "media"


def test_reposts_of_one_text_make_a_promotion() -> None:
    assert told(rise(["win a phone with acme"] * 20, repost=True, cluster=99)) == "promotion"


@pytest.mark.parametrize("text", ["acme down because of Cloudflare", "acme and Globex are both down"])
def test_posts_that_name_another_provider_are_probably_collateral(text: str) -> None:
    evidence = rise([text] * 12 + ["acme is down"] * 8, report=0.9)
    assert told(evidence, others=("globex",)) == "collateral"


def test_a_refuge_is_not_blamed() -> None:
    evidence = rise(["acme is down, off to Globex"] * 20, report=0.9, switching=0.9)
    assert told(evidence, others=("globex",)) == "outage"


def test_too_few_posts_leave_the_kind_unknown() -> None:
    assert told(rise(["acme is down"] * 4, report=0.9)) == "unknown"
