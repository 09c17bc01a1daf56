"""What posts name, on invented posts."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.nlp.extract import extract
from analyzer.study import Study

STUDY = Study(service="ChatGPT", competitors=("Claude", "Gemini"))


def _posts(texts: list[str], authors: bool = True) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "text": pd.array(texts, dtype="string[pyarrow]"),
            "author": pd.array([f"a{i}" if authors else None for i in range(len(texts))], dtype="string[pyarrow]"),
        }
    )


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("getting error code 4 again", "error_code", "4"),
        ("502 bad gateway here", "error_code", "502"),
        ("502 bad gateway here", "error_code", "bad gateway"),
        ("HTTP 500s all day", "error_code", "500"),
        ("cannot log in", "component", "log-in"),
        ("the API is dead", "component", "API"),
        ("down in Leeds too", "place", "Leeds"),
        ("nothing works in New York", "place", "New York"),
        ("switching to Claude for good", "competitor", "Claude"),
        ("Gemini still works, luckily", "competitor", "Gemini"),
    ],
)
def test_a_name_is_found(text: str, kind: str, value: str) -> None:
    found = extract(_posts([text] * 5), STUDY)
    assert value in set(found.loc[found["kind"] == kind, "value"])


@pytest.mark.parametrize("text", ["I owe 500 people", "made 450k today", "Claude is a name", "reading a book"])
def test_what_only_looks_like_a_name_is_not(text: str) -> None:
    found = extract(_posts([text] * 5), STUDY)
    assert not set(found["kind"]) & {"error_code", "place", "competitor"}


def test_counts_intervals_and_small_cells() -> None:
    posts = _posts(["error 503 now"] * 6 + ["error 429 now"] * 4 + ["fine"] * 10)
    found = extract(posts, STUDY).set_index("value")
    assert list(found.index) == ["503"]
    row = found.loc["503"]
    assert (row["n"], row["n_authors"], row["share"]) == (6, 6, 0.3)
    assert row["low"] == pytest.approx(0.1455, abs=1e-3)  # Wilson for 6 of 20
    assert row["high"] == pytest.approx(0.5190, abs=1e-3)
    assert len(extract(_posts(["error 503 now"] * 6, authors=False), STUDY)) == 0  # copies are one unknown author
    assert len(extract(posts.iloc[:0], STUDY)) == 0
