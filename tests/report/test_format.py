"""Printed numbers, intervals and times."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from analyzer.errors import UsageError
from analyzer.report.format import NONE, Format, iso, isolate, text

F = Format("en")
T = dt.datetime(2024, 6, 4, 7, 12, tzinfo=dt.UTC)
N = "\u00a0"


def said(value: str) -> str:
    return value.replace(N, " ")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (-0.2, "0 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (3599, "1 h"),
        (3600, "1 h"),
        (4380, "1 h 13 min"),
        (3660, "1 h 01 min"),
        (86_399, "1 d"),
        (90_000, "1 d 1 h"),
        (-660, "−11 min"),
        (100 * 86_400, "100 d"),
        (None, NONE),
        (math.nan, NONE),
    ],
)
def test_duration(seconds: float | None, expected: str) -> None:
    assert said(F.duration(seconds)) == expected


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.341, 0.289, 0.402, "34% (29–40%)"),
        (0.08, 0.065, 0.093, "8.0% (6.5–9.3%)"),
        (0.5, 0.495, 0.505, "50.0% (49.5–50.5%)"),
        (0.0, 0.0, 0.3, "0% (0–30%)"),
        (1.0, 0.7, 1.0, "100% (70–100%)"),
        (0.0002, 0.0, 0.01, "<0.1% (0.0–1.0%)"),
        (None, None, None, NONE),
        (0.2, None, None, "20%"),
    ],
)
def test_share_interval(value: float | None, low: float | None, high: float | None, expected: str) -> None:
    assert F.share_interval(value, low, high) == expected


def test_times_carry_their_zone_and_repeat_a_day_only_where_it_changes() -> None:
    assert said(F.time(T)) == "4 Jun 2024 07:12 UTC"
    later = T + dt.timedelta(days=1)
    assert (
        said(F.time_interval(T, T - dt.timedelta(minutes=4), T + dt.timedelta(minutes=6)))
        == "4 Jun 2024 07:12 UTC (07:08–07:18)"
    )
    assert "5 Jun 2024 07:12" in said(F.time_interval(T, T, later))
    assert said(F.time_interval(T, T, None)).endswith("(07:12–unknown)")
    elsewhere = T.astimezone(dt.timezone(dt.timedelta(hours=5)))
    assert F.time(elsewhere) == F.time(T)
    assert iso(elsewhere) == "2024-06-04T07:12:00Z"


def test_languages_change_formats_not_words() -> None:
    de = Format("de")
    assert de.count(1234567) == "1.234.567" and de.number(3.5, 1) == "3,5"
    assert said(de.share_interval(0.341, 0.289, 0.402)) == "34 % (29–40 %)"
    assert said(Format("pt-BR").count(1234)) == "1.234"
    assert said(Format("fr").time(T)) == "4 juin 2024 07:12 UTC"
    with pytest.raises(UsageError, match="unknown language 'xx-nowhere'"):
        Format("xx-nowhere")


def test_changes_have_a_sign_and_no_negative_zero() -> None:
    assert F.points(-0.12) == "−12.0" and F.points(0.034) == "+3.4" and F.points(-0.0001) == "0.0"
    assert said(F.times(math.log(0.62))) == "× 0.62" and F.number(-0.001, 1) == "0.0"
    assert F.times(1e9) != "inf"


def test_text_of_others_is_tamed() -> None:
    assert text("a\u202eb\x07c\x1b[31m") == "abc[31m"
    assert text("  many \n\t lines\r\nhere ") == "many lines here"
    assert text("x" * 1_000_000, limit=20) == "x" * 19 + "…"
    assert text(f"4{N}Jun") == f"4{N}Jun", "a space that holds a line together stays"
    assert text(None) == NONE
    assert text("\ud800 alone") == "alone".join(["", ""]) or text("\ud800 alone") == "alone"


def test_right_to_left_names_are_isolated() -> None:
    assert isolate("مثال") == "\u2068مثال\u2069" and isolate("Parrot") == "Parrot"
