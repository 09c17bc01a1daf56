"""Distinguishing words against a planted truth."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.nlp.keywords import distinguishing


def _texts(n: int, seed: int) -> tuple[list[str], list[str], list[str]]:
    rng = np.random.default_rng(seed)
    common = ["server", "morning", "coffee", "window", "garden", "paper"]
    texts, groups = [], []
    for i in range(n):
        group = "early" if i % 2 else "late"
        words = [str(w) for w in rng.choice(common, 4)]
        if rng.random() < 0.3:
            words.append("gateway" if group == "early" else "refund")
        texts.append(" ".join([*words, f"number{i}"]))
        groups.append(group)
    return texts, groups, [f"a{i}" for i in range(n)]


def test_the_planted_word_is_found_and_nothing_else() -> None:
    texts, groups, authors = _texts(400, 1)
    out = distinguishing(texts, groups, authors=authors)
    single = out[~out["word"].str.contains(" ")]
    assert dict(zip(single["group"], single["word"], strict=True)) == {"early": "gateway", "late": "refund"}
    row = out[out["word"] == "gateway"].iloc[0]
    assert row["n"] == sum("gateway" in t for t in texts)
    assert row["n_authors"] == row["n"]
    assert row["z"] > 4


def test_without_a_difference_hardly_a_word_is_claimed() -> None:
    rng = np.random.default_rng(3)
    words = [f"w{c}{d}" for c in "abcdefghij" for d in "xyz"]
    texts = [" ".join(rng.choice(words, 3)) for _ in range(600)]
    out = distinguishing(texts, rng.choice(["a", "b"], 600), authors=range(600))
    # z > 1.96 on one side: 2.5 % of the words of each group by chance
    assert len(out) <= 0.1 * 2 * (len(words) + 900)
    assert (out["z"].abs() < 4.5).all()


def test_a_word_of_few_authors_and_copies_are_left_out() -> None:
    texts = ["broken kettle"] * 50 + [f"usual text {i}" for i in range(50)]
    groups = ["a"] * 50 + ["b"] * 50
    assert "kettle" not in set(distinguishing(texts, groups, authors=["one"] * 100)["word"])
    assert "kettle" not in set(distinguishing(texts, groups)["word"])  # fifty copies are one text


def test_hostile_and_empty_input() -> None:
    assert len(distinguishing([], [])) == 0
    assert len(distinguishing(["<script>alert(1)</script>", "https://a.example @user"], ["a", None])) == 0


@pytest.mark.parametrize(
    "text",
    [
        "the app is dooown... #chatgptdown!! since 10:30, e.g. on wi-fi",
        "call 555 123 4567 or 1 (800) 555-1234 now; error 503 at 9 am",
        "so slowwwww :) <3 &amp; it's 100% dead?!? u.s. users https://a.example/b me@mail.example",
        "#down #a ##b ... !!!!! ñandú café caído 🏻 👩‍💻 x_y o'clock d'oh",
    ],
)
def test_pieces_are_cut_as_the_tokenizer_cuts_the_text(text: str) -> None:
    from analyzer.nlp import keywords

    whole = [w.lstrip("#") for w in keywords._tokenizer().tokenize(text)]
    assert keywords._tokens(text, {}) == [w for w in whole if keywords._WORD.fullmatch(w)]
