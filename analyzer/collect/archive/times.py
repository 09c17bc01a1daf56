"""Reading times as files write them: ISO 8601, epoch numbers, and the platforms' old formats; never without a zone."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from analyzer.collect.fields import Reject

if TYPE_CHECKING:
    import pyarrow as pa

EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
#: A time this far after now is a mistake, not a clock that is a little off.
LEEWAY = dt.timedelta(days=1)

_X = "%a %b %d %H:%M:%S %z %Y"
_ISO = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)$"
_EPOCH = re.compile(r"-?\d{9,19}(\.\d+)?")
#: Characters of a time; a longer text is none, and need not be looked at.
_LONGEST = 100
_ZONE_NAME = re.compile(r"\s*(?:UTC|GMT)$")


def moment(value: Any, *, zone: ZoneInfo | None = None) -> dt.datetime:
    """Return an aware UTC time from a text or a number.

    Parameters
    ----------
    value
        ISO 8601 text, epoch seconds, milli-, micro- or nanoseconds (told by their size), or RFC 2822 text.
    zone
        Zone of times that name none; None makes them a rejection.

    Raises
    ------
    Reject
        ``no time``, ``unreadable time`` or ``naive time``.
    """
    if value is None or value == "":
        raise Reject("no time", "the time is empty")
    if isinstance(value, dt.datetime):
        return _aware(value, zone, value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Reject("unreadable time", f"found {type(value).__name__}")
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and len(text) > _LONGEST:
        raise Reject("unreadable time", f"found a text of {len(text):,} characters")
    if not isinstance(text, str) or _EPOCH.fullmatch(text):
        return _epoch(text)
    named = _ZONE_NAME.search(text)
    if named and text[:1].isdigit():
        text = text[: named.start()] + "+00:00"
    try:
        return _aware(dt.datetime.fromisoformat(text), zone, value)
    except (ValueError, OverflowError):
        pass
    for read in (_old_x, parsedate_to_datetime):
        try:
            return _aware(read(text), zone, value)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    raise Reject(
        "unreadable time", f"found {text[:40]!r}; ISO 8601 (2024-06-04T07:00:00Z), epoch numbers and RFC 2822 are read"
    )


def _old_x(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, _X)


def _aware(time: dt.datetime, zone: ZoneInfo | None, value: Any) -> dt.datetime:
    if time.tzinfo is None:
        if zone is None:
            raise Reject(
                "naive time",
                f"{str(value)[:40]!r} names no zone; say which with naive_time_zone in the study's [import]",
            )
        time = time.replace(tzinfo=zone)
    try:
        return time.astimezone(dt.UTC)
    except OverflowError as error:
        raise Reject("unreadable time", f"found {str(value)[:40]!r}") from error


def _epoch(value: float | str) -> dt.datetime:
    try:
        number = float(value)
        size = abs(number)
        scale = 1e9 if size >= 1e17 else 1e6 if size >= 1e14 else 1e3 if size >= 1e11 else 1.0
        return dt.datetime.fromtimestamp(number / scale, dt.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Reject("unreadable time", f"found the number {str(value)[:40]}") from error


def sane(time: dt.datetime, now: dt.datetime) -> None:
    """Reject a time that no post can have."""
    if time > now + LEEWAY:
        raise Reject("future date", f"{time.isoformat()} is after now ({now.date().isoformat()})")
    if time < EARLIEST:
        raise Reject("implausible time", f"{time.isoformat()} is before 1990")


def column(values: pa.Array, *, zone: ZoneInfo | None, now: dt.datetime) -> tuple[pa.Array, list[tuple[int, Reject]]]:
    """Read a column of times.

    Returns
    -------
    times
        UTC, null where a value was rejected.
    rejected
        ``(row, why)``.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    utc = pa.timestamp("us", tz="UTC")
    times: pa.Array | None = None
    if pa.types.is_timestamp(values.type) and values.type.tz is not None:
        times = values.cast(utc, safe=False)
    elif pa.types.is_string(values.type) and values.null_count == 0 and _all(pc.match_substring_regex(values, _ISO)):
        try:
            times = values.cast(utc)
        except pa.ArrowInvalid:
            times = None
    if times is not None and times.null_count == 0:
        low, high = (pa.scalar(t, utc) for t in (EARLIEST, now + LEEWAY))
        if _all(pc.greater_equal(times, low)) and _all(pc.less_equal(times, high)):
            return times, []
    read: list[dt.datetime | None] = []
    rejected: list[tuple[int, Reject]] = []
    for row, value in enumerate(plain_list(values)):
        try:
            time = moment(value, zone=zone)
            sane(time, now)
            read.append(time)
        except Reject as why:
            read.append(None)
            rejected.append((row, why))
    return pa.array(read, utc), rejected


def plain_list(values: Any) -> list[Any]:
    """Return an Arrow column as Python values.

    A time beyond Python's calendar (years 1 to 9999) becomes a text, and bytes that are no text lone surrogates.
    """
    try:
        return list(values.to_pylist())
    except (OverflowError, ValueError):
        return [_plain(v) for v in values]


def _plain(value: Any) -> Any:
    try:
        return value.as_py()
    except UnicodeDecodeError:
        return value.as_buffer().to_pybytes().decode("utf-8", "surrogateescape")
    except (OverflowError, ValueError):
        return f"{getattr(value, 'value', 'unreadable')} {value.type}"


def _all(found: Any) -> bool:
    import pyarrow.compute as pc

    return bool(pc.all(found).as_py())
