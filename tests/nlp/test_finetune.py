"""What the accurate tier is trained on: written posts follow the codebook, names are swapped, targets conditional."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.training.data import fingerprint, written
from analyzer.nlp.training.finetune_data import (
    EMOTIONS,
    N_SCORES,
    OUTPUTS,
    from_goemotions,
    from_labels,
    from_scores,
    swap_names,
)
from analyzer.schema import TOPICS


@pytest.mark.parametrize("names", ["*written*.tsv", "heads_implied.tsv"])
def test_written_posts_follow_the_codebook(names: str) -> None:
    posts = written(names)
    assert len(posts) == posts["text"].map(fingerprint).nunique() > 300
    assert set(posts["language"]) == {"en", "es", "pt", "de", "fr", "it"}
    assert posts["frustration"].between(0, 3).all()
    other = posts[posts["relevant"] == 0]
    assert (other[["report", "frustration", "humor", *(f"topic_{t}" for t in TOPICS)]] == 0).all(axis=None)
    positives = posts[[f"topic_{t}" for t in TOPICS]].sum()
    assert positives.min() >= 12, positives.idxmin()


def test_names_are_swapped_alike_and_nothing_else_is() -> None:
    text = "@VodafoneUK is Vodafone UK down? my o2 phone works, GitHub too"
    swapped = swap_names(text, random.Random(3))
    assert "vodafone" not in swapped.lower() and "o2" not in swapped.lower()
    assert swapped.startswith("@") and swapped[1] != " " and " is " in swapped and " phone works, " in swapped
    assert swap_names("github, GitHub and GITHUB", random.Random(0)).count(swap_names("github", random.Random(0))) == 3
    plain = "three weeks of free tea, see me at the"
    assert swap_names(plain, random.Random(0)) == plain


def test_labels_other_than_relevance_are_learnt_from_relevant_posts() -> None:
    posts = written()
    data = from_labels(posts)
    assert data.targets.shape == data.weights.shape == (len(posts), len(OUTPUTS))
    irrelevant = (posts["relevant"] == 0).to_numpy()
    assert (data.weights[irrelevant, 1:] == 0).all() and (data.weights[:, 0] > 0).all()
    assert (data.weights[~irrelevant, 1:N_SCORES] > 0).all()
    level = data.targets[:, [SCORES.index(f"p_frustration_ge{k}") for k in (1, 2, 3)]].sum(axis=1)
    assert (level == posts["frustration"].to_numpy()).all()


def test_soft_scores_weigh_by_their_relevance() -> None:
    scores = np.full((2, N_SCORES), 0.5, np.float32)
    scores[:, 0] = 0.25, 1.0
    weights = from_scores(["a", "b"], scores).weights
    assert weights[0, 5] == pytest.approx(0.25 * weights[1, 5])


def test_goemotions_teaches_its_own_outputs_alone() -> None:
    rows = pd.DataFrame(
        [{"text": "ugh", **{e: int(e == "anger") for e in EMOTIONS}}, {"text": "yay"} | dict.fromkeys(EMOTIONS, 0)]
    )
    data = from_goemotions(rows)
    assert (data.weights[:, :N_SCORES] == 0).all()
    assert data.targets[:, N_SCORES].tolist() == [1.0, 0.0]
    both = data + data
    assert len(both) == 4 and both.take(np.array([2])).texts == ["ugh"]
