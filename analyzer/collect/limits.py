"""What servers say about waiting: four meanings of "reset", read without trusting any of them.

X and Bluesky send unix seconds, Reddit the seconds that remain, Mastodon an ISO 8601 time; `Retry-After` holds
seconds or an HTTP date. Sources: docs.x.com/x-api/fundamentals/rate-limits, docs.bsky.app (rate limits),
docs.joinmastodon.org/api/rate-limits, RFC 9110 section 10.2.3.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class Limit:
    """How one platform names its rate limit: header names (lower case) and what `reset` means.

    `meaning` is ``unix`` (seconds since 1970), ``remaining`` (seconds from now), ``iso`` or ``none``.
    """

    remaining: str = ""
    reset: str = ""
    meaning: str = "none"


X = Limit("x-rate-limit-remaining", "x-rate-limit-reset", "unix")
REDDIT = Limit("x-ratelimit-remaining", "x-ratelimit-reset", "remaining")
BLUESKY = Limit("ratelimit-remaining", "ratelimit-reset", "unix")
MASTODON = Limit("x-ratelimit-remaining", "x-ratelimit-reset", "iso")
NONE = Limit()


def number(value: str | None) -> float | None:
    """Return a finite number, or None."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def server_now(headers: Mapping[str, str], now: dt.datetime) -> dt.datetime:
    """Return the server's own time from its `Date` header, so that a wrong local clock does no harm."""
    return _http_date(headers.get("date")) or now


def _http_date(value: str | None) -> dt.datetime | None:
    if not value:
        return None
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)


def _iso(value: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)


def retry_after_s(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for (seconds or an HTTP date); None where it says nothing usable."""
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = number(value)
    if seconds is None and (moment := _http_date(value)) is not None:
        seconds = (moment - server_now(headers, now)).total_seconds()
    return seconds


def reset_s(headers: Mapping[str, str], limit: Limit, now: dt.datetime) -> float | None:
    """Return the seconds until the limit resets (negative if that is past); None where nothing usable is said."""
    value = headers.get(limit.reset) if limit.reset else None
    if value is None:
        return None
    present = server_now(headers, now)
    seconds = number(value)
    if limit.meaning == "iso" and seconds is None:
        moment = _iso(value)
        return None if moment is None else (moment - present).total_seconds()
    if seconds is None:
        return None  # GoToSocial, which speaks as Mastodon does, sends unix seconds: they are read below
    return seconds if limit.meaning == "remaining" else seconds - present.timestamp()


def wait_s(headers: Mapping[str, str], limit: Limit, now: dt.datetime) -> float | None:
    """Return the wait that the server directs: `Retry-After` first, then the reset header."""
    seconds = retry_after_s(headers, now)
    return reset_s(headers, limit, now) if seconds is None else seconds


def spent(headers: Mapping[str, str], limit: Limit) -> bool:
    """Return whether the answer says that no request is left in this window."""
    left = number(headers.get(limit.remaining)) if limit.remaining else None
    return left is not None and left < 1


def usage_capped(status: int, body: bytes) -> bool:
    """Return whether a refusal is final: payment is due (402), or a monthly cap is used up (X)."""
    if status == 402:
        return True
    if status not in (403, 429):
        return False
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(data, dict):
        return False
    return str(data.get("type", "")).endswith("/usage-capped") or data.get("title") == "UsageCapExceeded"
