"""Which requests fail, and how: a queue in order, or a random script from a seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

FAULTS = (
    "429",
    "429-bare",
    "429-seconds",
    "429-date",
    "429-past",
    "429-garbage",
    "500-html",
    "503-html",
    "500-list",
    "502-empty",
    "malformed",
    "html-200",
    "truncated",
    "rst",
    "fin",
    "odd",
)
#: Faults of credentials, for platforms whose tokens run out.
EXPIRING = ("reddit", "bluesky")


@dataclass
class Script:
    """Says what happens to the next request; an empty string means that nothing does.

    Parameters
    ----------
    queue
        Faults for the next requests, in order ("" lets one pass); then `rate` takes over.
    rate
        Share of requests that fail at random.
    most
        Longest run of faults on one request.
    stalls
        Whether stalls (which cost real time) are among the random faults.
    only
        Platforms that fail; empty means all.
    """

    queue: list[str] = field(default_factory=list)
    seed: int = 0
    rate: float = 0.0
    most: int = 3
    stalls: bool = False
    stall_s: float = 0.6
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._run: Counter[str] = Counter()

    def next(self, platform: str, request: str) -> str:
        """Return the fault for this request."""
        if self.only and platform not in self.only:
            return ""
        if self.queue:
            return self.queue.pop(0)
        if self.rate <= 0 or self._run[request] >= self.most or self._random.random() >= self.rate:
            self._run[request] = 0
            return ""
        self._run[request] += 1
        kinds = [*FAULTS, *(["stall"] if self.stalls else []), *(["expired"] if platform in EXPIRING else [])]
        fault = self._random.choice(kinds)
        if fault == "expired" and ("access_token" in request or "com.atproto.server" in request):
            return "503-html"
        return fault
