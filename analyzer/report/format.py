"""Numbers, intervals and times as they are printed. Every output prints what is made here, so the digits agree."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from analyzer.errors import UsageError

#: A space at which no line ends.
NBSP = "\u00a0"
#: Shown where a number is missing.
NONE = "–"
#: Shown where fewer than k authors stand behind a number.
SUPPRESSED = "suppressed (fewer than 5 people)"
CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SPACE = re.compile("[ \\t\\r\\n\\f\\v\x85\u2028\u2029]+")
_LONGEST = 600


def text(value: Any, *, limit: int = _LONGEST) -> str:
    """Return a text of others without control characters and direction overrides, shortened to `limit` characters."""
    if value is None:
        return NONE
    raw = str(value)[: limit * 4]
    clean = CONTROL.sub("", _SPACE.sub(" ", raw)).strip()
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def quoted(value: Any) -> str:
    """Return a note with its `code` in quotation marks, as a reader of a report expects them."""
    return re.sub("`([^`]*)`", r"“\1”", text(value))


def isolate(name: str) -> str:
    """Return a name that holds right-to-left letters inside direction isolates, so that it cannot turn its sentence."""
    from unicodedata import bidirectional

    return f"\u2068{name}\u2069" if any(bidirectional(c) in ("R", "AL") for c in name) else name


@dataclass(frozen=True)
class Format:
    """Number and date formats of one language (the words of a report stay English).

    Parameters
    ----------
    lang
        A language or locale code that CLDR knows, such as ``en``, ``de`` or ``pt_BR``.

    Examples
    --------
    >>> f = Format("en")
    >>> f.count(12345), f.share(0.341), f.duration(4380)
    ('12,345', '34%', '1\xa0h\xa013\xa0min')
    >>> Format("de").count(12345)
    '12.345'
    """

    lang: str = "en"

    def __post_init__(self) -> None:
        _locale(self.lang)

    def count(self, value: float | None) -> str:
        """Return a whole number with its separators."""
        return NONE if _missing(value) else _decimal(round(float(value)), "#,##0", self.lang)  # type: ignore[arg-type]

    def posts(self, n: float) -> str:
        """Return ``1 post`` or ``1,234 posts``."""
        return f"{self.count(n)} post{'' if round(n) == 1 else 's'}"

    def number(self, value: float | None, digits: int = 2) -> str:
        """Return a number with `digits` decimals and a true minus sign."""
        if _missing(value):
            return NONE
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return _decimal(_unsigned_zero(float(value), digits), pattern, self.lang).replace("-", "−")  # type: ignore[arg-type]

    def share(self, value: float | None, *, digits: int = 0) -> str:
        """Return a share of 0-1 in per cent; what rounds to nothing but is not is `<0.1%` or so."""
        if _missing(value):
            return NONE
        assert value is not None
        least = 10.0 ** -(digits + 2)
        if 0 < value < least / 2:
            return "<" + _percent(least, digits, self.lang)
        return _percent(float(value), digits, self.lang)

    def share_interval(self, value: float | None, low: float | None, high: float | None) -> str:
        """Return ``34% (29–40%)``; small or exact shares get one decimal."""
        if _missing(value):
            return NONE
        if _missing(low) or _missing(high):
            return self.share(value)
        assert low is not None and high is not None
        digits = 1 if high < 0.1 or high - low < 0.02 else 0
        shown = self.share(value, digits=digits)
        if shown.startswith("<") and self.share(high, digits=digits) == shown:
            return shown
        return f"{shown} ({self._range(low, high, digits)})"

    def _range(self, low: float, high: float, digits: int) -> str:
        least = 10.0 ** -(digits + 2)
        first, last = self.share(0.0 if low < least / 2 else low, digits=digits), self.share(high, digits=digits)
        if first.endswith("%") and last.endswith("%"):
            first = first[:-1].rstrip("\u00a0\u202f ")
        return f"{first}–{last}"

    def duration(self, seconds: float | None) -> str:
        """Return a span of time in its two largest units: ``45 s``, ``12 min``, ``1 h 05 min``, ``2 d 3 h``."""
        if _missing(seconds):
            return NONE
        assert seconds is not None
        sign = "−" if seconds <= -0.5 else ""
        return (sign + self._span(abs(float(seconds)))).replace(" ", NBSP)

    def _span(self, seconds: float) -> str:
        if seconds < 59.5:
            return f"{round(seconds)} s"
        minutes = round(seconds / 60)
        if minutes < 60:
            return f"{minutes} min"
        if minutes < 1440:
            hours, left = divmod(minutes, 60)
            return f"{hours} h {left:02d} min" if left else f"{hours} h"
        days, hours = divmod(round(minutes / 60), 24)
        return f"{self.count(days)} d {hours} h" if hours else f"{self.count(days)} d"

    def duration_interval(self, value: float | None, low: float | None, high: float | None) -> str:
        """Return ``34 min (28 min to 39 min)``."""
        if _missing(value) or _missing(low) or _missing(high) or low == high:
            return self.duration(value)
        return f"{self.duration(value)} ({self.duration(low)} to {self.duration(high)})"

    def time(self, value: dt.datetime | None, *, zone: bool = True) -> str:
        """Return ``4 Jun 2024 10:31 UTC``."""
        if value is None:
            return NONE
        from babel.dates import format_datetime

        value = value.astimezone(dt.UTC)
        local = self.lang if self.lang.split("_")[0] != "en" else "en_GB"
        pattern = "d MMM y HH:mm"
        day, _, clock = str(format_datetime(value, pattern, locale=_locale(local))).rpartition(" ")
        return f"{day.replace(' ', NBSP)} {clock}" + (f"{NBSP}UTC" if zone else "")

    def clock(self, value: dt.datetime | None, beside: dt.datetime | None = None) -> str:
        """Return ``10:31``, with its date where that is not the date of `beside`."""
        if value is None:
            return NONE
        if beside is not None and value.astimezone(dt.UTC).date() == beside.astimezone(dt.UTC).date():
            return value.astimezone(dt.UTC).strftime("%H:%M")
        return self.time(value, zone=False)

    def time_interval(self, value: dt.datetime | None, low: dt.datetime | None, high: dt.datetime | None) -> str:
        """Return ``4 Jun 2024 10:31 UTC (10:24–10:36)``; a bound that is unknown is an open end."""
        if value is None or (low is None and high is None) or low == high:
            return self.time(value)
        first = self.clock(low, value) if low is not None else "…"
        last = self.clock(high, value) if high is not None else "unknown"
        return f"{self.time(value)} ({first}–{last})"

    def p(self, value: float | None) -> str:
        """Return a p value as a relation: ``p = 0.031`` or ``p < 0.001``."""
        if _missing(value):
            return "p unknown"
        assert value is not None
        return f"p < {self.number(0.001, 3)}" if value < 0.0005 else f"p = {self.number(value, 3)}"

    def points(self, value: float | None, *, signed: bool = True) -> str:
        """Return a change in a share as percentage points with its sign: ``−12.0``."""
        if _missing(value):
            return NONE
        assert value is not None
        body = self.number(value * 100, 1)
        return f"+{body}" if signed and value > 0 and not body.startswith("0.0") else body

    def times(self, log_ratio: float | None) -> str:
        """Return a log ratio as a factor: ``× 0.62``."""
        if _missing(log_ratio):
            return NONE
        assert log_ratio is not None
        return f"×{NBSP}{self.number(math.exp(max(-50.0, min(50.0, log_ratio))), 2)}"


def iso(value: dt.datetime | None) -> str | None:
    """Return a time as ISO 8601 text in UTC, ending in Z."""
    return None if value is None else value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _missing(value: float | None) -> bool:
    return value is None or value != value


def _unsigned_zero(value: float, digits: int) -> float:
    return 0.0 if round(value, digits) == 0 else value


@lru_cache(maxsize=32)
def _locale(lang: str) -> Any:
    from babel.core import Locale, UnknownLocaleError

    try:
        return Locale.parse(lang.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise UsageError(
            f"unknown language {lang!r} for numbers and dates; give a code such as en, de or pt_BR"
        ) from error


@lru_cache(maxsize=8192)
def _decimal(value: float, pattern: str, lang: str) -> str:
    from babel.numbers import format_decimal

    return str(format_decimal(value, format=pattern, locale=_locale(lang)))


@lru_cache(maxsize=8192)
def _percent(value: float, digits: int, lang: str) -> str:
    from babel.numbers import format_percent

    locale = _locale(lang)
    pattern = locale.percent_formats[None].pattern
    if digits:
        last = pattern.rfind("0") + 1
        pattern = f"{pattern[:last]}.{'0' * digits}{pattern[last:]}"
    return str(format_percent(value, format=pattern, locale=locale))
