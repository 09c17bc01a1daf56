"""Time as an argument: the system's clock, and waits that a signal can cut short."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Protocol


class Stopped(Exception):
    """The user asked to stop (SIGINT, SIGTERM); what was collected is kept."""


class Clock(Protocol):
    """What collectors need of time."""

    stop: threading.Event

    def now(self) -> dt.datetime:
        """Return the present moment, aware, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; raises `Stopped` as soon as the stop event is set."""
        ...


class SystemClock:
    """The real clock."""

    def __init__(self) -> None:
        self.stop = threading.Event()

    def now(self) -> dt.datetime:
        """Return the present moment, aware, UTC."""
        return dt.datetime.now(dt.UTC)

    def sleep(self, seconds: float) -> None:
        """Wait `seconds`, or until the stop event is set (then `Stopped`)."""
        if self.stop.wait(max(0.0, seconds)):
            raise Stopped


class QuickClock:
    """A clock whose waits take no time: every sleep moves it forward. For tests, demos and benchmarks."""

    def __init__(self, start: dt.datetime | None = None) -> None:
        self.stop = threading.Event()
        self.slept: list[float] = []
        self._offset = dt.timedelta(0) if start is None else start - dt.datetime.now(dt.UTC)

    def now(self) -> dt.datetime:
        """Return the present moment of this clock."""
        return dt.datetime.now(dt.UTC) + self._offset

    def sleep(self, seconds: float) -> None:
        """Move the clock forward by `seconds` at once."""
        if self.stop.is_set():
            raise Stopped
        self.slept.append(seconds)
        self._offset += dt.timedelta(seconds=max(0.0, seconds))
