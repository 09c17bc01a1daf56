"""A post of one megabyte costs what its bytes cost.

A pattern that goes back and forth takes 10^10 steps and more on one of these texts: such a test ends by the suite's
time-out and not by a figure. `benchmarks/long_tokens.py` has the figures.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.fuzz.long_texts import COLUMNS, PATTERNS, shapes

MEGABYTE = 1 << 20
#: Many patterns one after the other: linear, but many milliseconds a megabyte.
SLOW = ("official words", "secrets", "feeds of status pages")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", PATTERNS)
def test_a_megabyte_of_anything_is_read(name: str) -> None:
    size = MEGABYTE >> 3 if name in SLOW else MEGABYTE
    for text in shapes(size).values():
        PATTERNS[name](text)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_megabyte_in_a_column_is_read(name: str) -> None:
    texts = shapes(MEGABYTE)
    for unit in ("a", "1", "@", "https://x.com/", "e\u0301", "\n", '"', "</p> <p", "1 + spaces"):
        COLUMNS[name](texts[unit])


def test_features_of_one_long_word_are_no_more_a_byte_than_those_of_short_ones() -> None:
    """Work that can be counted: the features that a text is scored by."""
    from analyzer.nlp import kernel
    from analyzer.nlp.hashing import buffers
    from analyzer.nlp.tables import fold_table, name_table

    def per_byte(text: str) -> float:
        data, offsets = buffers(pa.array([text]))
        counts = np.zeros(1, np.int64)
        kernel.count_features(data, offsets, fold_table(), name_table(), counts)
        return float(counts[0]) / len(text.encode())

    usual = per_byte("chatgpt is down again for me and for all of us, is it just me? " * 40)
    for unit, text in shapes(MEGABYTE).items():
        assert per_byte(text) <= 2 * usual, unit


def test_near_copies_look_at_a_bounded_part_of_a_text() -> None:
    from analyzer.nlp import duplicates
    from analyzer.nlp.shingles import MAX_SHINGLES

    _, sizes = duplicates.prints(pa.array(["a " * MEGABYTE, "a" * MEGABYTE, "a b"]))
    assert sizes.max() <= MAX_SHINGLES and sizes[2] == 3


def test_a_long_text_is_labelled_like_any_other() -> None:
    from analyzer.nlp import classify

    labels = classify(pd.DataFrame({"text": ["chatgpt is down " * 60_000, "a" * MEGABYTE]}))
    assert labels["status"].isin(["ok", "abstained", "unsupported"]).all()
