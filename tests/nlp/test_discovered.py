"""Topics that were planted are found, named the same, and never made of one person."""

from __future__ import annotations

import numpy as np

from analyzer.nlp.discovered import discover

THEMES = {
    "school": ["homework", "thesis", "exam", "teacher", "essay", "library"],
    "shop": ["checkout", "payment", "customers", "card", "terminal", "queue"],
    "games": ["lobby", "match", "squad", "controller", "raid", "loot"],
}


def _posts(n: int, seed: int) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(len(THEMES), size=n)
    words = list(THEMES.values())
    texts = [" ".join([*rng.choice(words[t], 4), f"filler{rng.integers(400)}x"]) for t in truth]
    return texts, truth


def test_planted_topics_are_found() -> None:
    texts, truth = _posts(600, 1)
    found = discover(texts, n_topics=3)
    assert len(found.topics) == 3
    for row, words in enumerate(found.topics["words"]):
        theme = max(THEMES, key=lambda t: len(set(words) & set(THEMES[t])))
        members = found.assigned == row
        assert np.mean(truth[members] == list(THEMES).index(theme)) > 0.95
    assert found.outlier_share < 0.1
    assert found.topics["n"].is_monotonic_decreasing


def test_ids_stay_when_posts_are_added_and_runs_repeat() -> None:
    texts, _ = _posts(600, 1)
    more, _ = _posts(120, 2)
    first, again, later = discover(texts, n_topics=3), discover(texts, n_topics=3), discover(texts + more, n_topics=3)
    assert (first.assigned == again.assigned).all() and first.topics.equals(again.topics)
    shared = [len(set(a) & set(b)) for a in first.topics["words"] for b in later.topics["words"]]
    assert sum(n >= 5 for n in shared) == 3


def test_copies_do_not_narrow_the_interval() -> None:
    """The planted share is a third; 400 copies of one post are one more post, not 400."""
    texts, _ = _posts(600, 1)
    alone, copied = discover(texts, n_topics=3), discover([*texts, *[texts[0]] * 400], n_topics=3)
    for row in alone.topics.itertuples():
        assert row.low < 1 / 3 < row.high
        assert row.low < row.share < row.high
    wide, narrow = (t["high"].iloc[0] - t["low"].iloc[0] for t in (copied.topics, alone.topics))
    assert wide > 3 * narrow


def test_one_author_is_no_topic() -> None:
    texts, _ = _posts(300, 3)
    authors = [f"a{i}" for i in range(300)] + ["loner"] * 60
    rng = np.random.default_rng(0)
    spam = [" ".join(rng.permutation(["zebra", "yoghurt", "xylophone", "wagon", f"n{i}"])) for i in range(60)]
    found = discover(texts + spam, n_topics=4, authors=authors)
    assert not any("zebra" in words for words in found.topics["words"])


def test_too_few_texts_give_no_topics() -> None:
    found = discover(["down"] * 500)
    assert len(found.topics) == 0 and found.outlier_share == 1.0 and (found.assigned == -1).all()
