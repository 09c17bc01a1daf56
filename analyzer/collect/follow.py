"""Collecting until stopped: rounds at an interval, and signals that end it without losing anything."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from analyzer.collect.clock import Clock, Stopped


@contextlib.contextmanager
def stoppable(clock: Clock, notify: Callable[[str], None]) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the collection after the present request; a second signal acts as ever.

    Outside the main thread signals cannot be caught; then only `clock.stop` ends it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        clock.stop.set()
        for other, handler in before.items():
            signal.signal(other, handler)
        notify("stopping: what was collected is being written (once more to break off)")

    for which in (signal.SIGINT, signal.SIGTERM):
        before[which] = signal.signal(which, stop)
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def rounds(clock: Clock, *, interval_s: float, n_rounds: int | None) -> Iterator[int]:
    """Yield the number of each round, at most one an interval, until stopped."""
    number = 0
    while not clock.stop.is_set() and (n_rounds is None or number < n_rounds):
        start = clock.now()
        yield number
        number += 1
        if n_rounds is not None and number >= n_rounds:
            return
        left = interval_s - (clock.now() - start).total_seconds()
        try:
            clock.sleep(max(0.0, left))
        except Stopped:
            return
