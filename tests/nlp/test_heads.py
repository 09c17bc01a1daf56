"""From sums to decision values: that the one loop over lanes says what the formula says, compiled and plain."""

from __future__ import annotations

import numpy as np

from analyzer.nlp.heads import LANGUAGES, N_CONTENT, STATUS, SUPPORTED, lane_values, read_lanes
from analyzer.nlp.kernel import INFO, LANES, SCRIPTS

RNG = np.random.default_rng(0)
TOTAL = RNG.integers(-5000, 5000, (300, LANES)).astype(np.int32)
SCALE = RNG.uniform(1e-3, 1, LANES).astype(np.float32)
OFFSET = RNG.normal(0, 3, LANES).astype(np.float32)


def read(
    total: np.ndarray, info: np.ndarray, *, offset: np.ndarray = OFFSET, plain: bool = False
) -> tuple[np.ndarray, list[str], list[str]]:
    function = getattr(read_lanes, "py_func", read_lanes) if plain else read_lanes
    z = np.full((len(total), N_CONTENT + 1), np.nan, np.float32)
    status, language = np.full((2, len(total)), -1, np.int8)
    function(total, info, SCALE, offset, z, status, language)
    return z, [STATUS[k] for k in status], [LANGUAGES[k] for k in language]


def letters(**counts: int) -> np.ndarray:
    return np.array([[counts.get(name, 0) for name in INFO]], np.int64)


def test_compiled_and_plain_python_agree_to_the_last_bit() -> None:
    info = RNG.integers(0, 9, (len(TOTAL), len(INFO)))
    one, other = read(TOTAL, info), read(TOTAL, info, plain=True)
    assert (one[0] == other[0]).all()
    assert one[1:] == other[1:]
    assert set(one[1]) == set(STATUS) and len(set(one[2])) > len(SUPPORTED)


def test_decision_values_are_those_of_the_formula() -> None:
    z, _, _ = read(TOTAL, np.repeat(letters(latin=30, words=6), len(TOTAL), 0))
    assert (z[:, :N_CONTENT] == lane_values(TOTAL, SCALE, OFFSET)[:, :N_CONTENT]).all()
    assert (z[:, N_CONTENT] == 1).all()


def test_the_language_is_the_highest_lane_or_the_script() -> None:
    nothing = np.zeros((1, LANES), np.int32)
    offset = np.zeros(LANES, np.float32)
    offset[N_CONTENT : N_CONTENT + len(SUPPORTED)] = (-5, -5, 0.5, 0.2, -5, -5)
    cases = [
        (letters(latin=40, words=8), 0.0, "ok", "pt"),
        (letters(latin=40, words=8), -3.0, "unsupported", "und"),  # none of the lanes is plain
        (letters(latin=9, words=2), 0.0, "ok", "en"),  # too short to presume another than English
        (letters(latin=9, words=2), 1.0, "ok", "pt"),
        (letters(latin=2, other=9, words=5, script=SCRIPTS.index("ja")), 0.0, "unsupported", "ja"),
        (letters(latin=2, other=9, words=5), 0.0, "unsupported", "und"),
        (letters(), 0.0, "abstained", "en"),
    ]
    for info, more, status, language in cases:
        found = read(nothing, info, offset=offset + np.float32(more))
        assert found[1:] == ([status], [language]), info
