"""Progress as lines for a person: posts, pages, rate limit, estimated end, and what was not covered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from analyzer.collect.desk import Desk
from analyzer.collect.http import Layer

#: Seconds between two lines.
EVERY_S = 5.0


class Meter:
    """Counts pages and posts of one source while they come, and says so every few seconds."""

    def __init__(
        self, name: str, items: Callable[[str, Any], Any], layer: Layer, notify: Callable[[str], None]
    ) -> None:
        self.name, self._items, self._layer, self._notify = name, items, layer, notify
        self.n_pages = self.n_items = 0
        self.desk: Desk | None = None
        self._start = self._last = layer.clock.now()

    def page(self, kind: str, page: Any) -> None:
        """Count one page."""
        self.n_pages += 1
        try:
            # A feed is parsed once, at the end.
            self.n_items += 0 if isinstance(page, bytes) else sum(1 for _ in self._items(kind, page))
        except Exception:  # an odd page is counted as such when it is read
            return
        now = self._layer.clock.now()
        if (now - self._last).total_seconds() >= EVERY_S:
            self._last = now
            self._notify(self.line(now))

    def line(self, now: dt.datetime) -> str:
        """Return one line about how far the source is."""
        text = f"{self.name}: {self.n_items:,} items, {self.n_pages:,} pages"
        if self._layer.left is not None:
            text += f", {self._layer.left:,.0f} requests left"
        share = self._share()
        elapsed = (now - self._start).total_seconds()
        if 0.02 < share < 1 and elapsed > 1:
            end = now + dt.timedelta(seconds=elapsed * (1 - share) / share)
            text += f", {share:.0%} of the window, done about {end:%H:%M:%S} UTC"
        return text

    def _share(self) -> float:
        if self.desk is None or not self.desk.spans:
            return 0.0
        start, end = self.desk.window
        whole = (end - start).total_seconds() * len(self.desk.spans)
        done = sum((b - a).total_seconds() for spans in self.desk.spans.values() for a, b in spans)
        return min(1.0, done / whole) if whole > 0 else 0.0


def uncovered(desk: Desk) -> list[str]:
    """Return a line for each stretch of the window that was not, or not wholly, seen."""
    return [
        f"{desk.name}: not covered: {h.start:%Y-%m-%d %H:%M} to {h.end:%Y-%m-%d %H:%M} UTC ({h.kind}: {h.note})"
        for h in desk.holes
    ]
