"""Who speaks: on invented posts whose speaker is known."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.nlp.signals import signals

CASES = [
    ("I can't log in since this morning", "first_hand"),
    ("is it just me or is the app down?", "first_hand"),
    ("No funciona mi internet", "first_hand"),
    ("BREAKING: Thousands of users report outage https://example.com/a", "news"),
    ("Payment Service Suffers Outage Across Northern Region https://example.com/b", "news"),
    ("User reports indicate problems with the service since 9:02", "bot"),
    ("RT @someone: I can't log in", "repost"),
    ("The service is lovely today", ""),
    ("I read the news about it https://example.com/c", ""),
]


@pytest.mark.parametrize(("text", "speaker"), CASES)
def test_the_speaker_is_told(text: str, speaker: str) -> None:
    row = signals(pd.DataFrame({"text": [text]})).iloc[0]
    assert [name for name, value in row.items() if value] == ([speaker] if speaker else [])


def test_one_author_repeating_one_shape_is_a_bot() -> None:
    texts = [f"Latency now {i * 13} ms, I can't complain about errors" for i in range(6)]
    posts = pd.DataFrame({"text": [*texts, "my app is down"], "author": ["a"] * 6 + ["b"]})
    out = signals(posts)
    assert out["bot"].tolist() == [True] * 6 + [False]
    assert out["first_hand"].tolist() == [False] * 6 + [True]
    assert not signals(posts.assign(author=None))["bot"].any()


def test_kind_and_index_are_kept() -> None:
    posts = pd.DataFrame({"text": ["my app is down", None], "kind": ["repost", "original"]}, index=[7, 9])
    out = signals(posts)
    assert list(out.index) == [7, 9]
    assert out["repost"].tolist() == [True, False]
    assert not out["first_hand"].any()
    assert len(signals(posts.iloc[:0])) == 0
