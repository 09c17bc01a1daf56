"""The kernel's features: what is told apart, what is not, and that both ways of running it agree."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.nlp import kernel
from analyzer.nlp.hashing import buffers, features, sums
from analyzer.nlp.tables import SERVICES, fold_table, name_table

TABLE = np.random.default_rng(0).integers(-127, 128, (kernel.BUCKETS, kernel.LANES)).astype(np.int8)
ODD = [
    "",
    "Is it down?? I can't log in 😡😡 #fail",
    "Não funciona há 3 horas… ¿por qué?",
    "@user https://example.com/a?b=c RT &amp; &lt;3 :-( ;)",
    "ChatGPTが落ちてる",
    "Не работает, سيرفر معطل, सर्वर बंद",
    "soooooo slow!!!!!!!",
    "a" * 10_000,
    "word " * 5_000,
    "&" * 50 + "http" + "@" + "#",
    "e\u0301 \u200b \ufeff \U0010ffff",
]


def _bag(text: str) -> dict[int, float]:
    row = features(pa.array([text]))
    return dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))


def test_plain_python_gives_the_same_sums() -> None:
    texts = pa.array(ODD)
    for one, other in zip(sums(texts, TABLE), sums(texts, TABLE, compiled=False), strict=True):
        assert (one == other).all()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_any_text_gives_the_same_sums(texts: list[str]) -> None:
    array = pa.array([t.encode("utf-8", "replace").decode() for t in texts], pa.string())
    for one, other in zip(sums(array, TABLE), sums(array, TABLE, compiled=False), strict=True):
        assert (one == other).all()


def test_a_sum_is_the_sum_over_the_features() -> None:
    for text in ODD:
        total, info = sums(pa.array([text]), TABLE)
        bag = _bag(text)
        expected = sum(TABLE[i].astype(np.int64) * int(n) for i, n in bag.items())
        assert (total[0] == expected).all()
        assert info[0, 4] == sum(bag.values())


def test_slices_and_large_strings_are_read_in_place() -> None:
    texts = pa.array(["first", *ODD])
    whole, part = sums(texts, TABLE)[0], sums(texts.slice(3, 4), TABLE)[0]
    assert (whole[3:7] == part).all()
    assert (sums(texts.cast(pa.large_string()), TABLE)[0] == whole).all()
    assert len(buffers(texts.slice(2, 0))[1]) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vodafone is down", "spotify is down"),
        ("I can't", "i cant"),
        ("réseau en panne", "reseau en panne"),
        ("error 502", "error 504"),
        ("@alice it is down", "@bob it is down"),
        ("down https://a.com/x", "down https://b.org/y"),
        ("sooooo slow", "sooooooooo slow"),
        ("it’s down", "it's down"),
    ],
)
def test_what_does_not_matter_is_not_seen(one: str, other: str) -> None:
    shared = set(_bag(one)) & set(_bag(other))
    assert len(shared) >= len(set(_bag(one)) | set(_bag(other))) - 1  # at most the accent's own mark differs


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("it is down", "it is up"),
        ("not working", "working"),
        ("down", "DOWN NOW"),
        ("down?", "down!"),
        ("ok 😂", "ok 😡"),
    ],
)
def test_what_matters_is_seen(one: str, other: str) -> None:
    assert set(_bag(one)) != set(_bag(other))


def test_counts_tell_script_and_words() -> None:
    _, info = sums(
        pa.array(["three little words", "ChatGPTが落ちてるよ、また", "привет мир", "한국어 텍스트", "中文文本", ""]),
        TABLE,
    )
    scripts = [kernel.SCRIPTS[i] for i in info[:, kernel.INFO.index("script")]]
    assert info[:, kernel.INFO.index("words")].tolist() == [3, 2, 2, 2, 1, 0]
    assert scripts[1:5] == ["ja", "ru", "ko", "zh"]
    assert (info[1:5, 1] > 0).all() and info[0, 1] == 0


def test_a_text_without_end_is_cut() -> None:
    row = features(pa.array(["x1 y2 z3 " * 100_000]))
    assert row.sum() <= kernel.MAX_FEATURES + 64


def test_tables_are_what_they_say() -> None:
    assert (
        chr(fold_table()[ord("É")]) == "e" and chr(fold_table()[ord("ß")]) == "s" and chr(fold_table()[ord("7")]) == "0"
    )
    assert fold_table()[ord("-")] == 32
    assert np.count_nonzero(name_table()) >= len(set(SERVICES)) - 5  # names that differ only in digits fall together
