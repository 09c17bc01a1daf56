"""The one layer that owns waiting: retries, jittered back-off, server-directed waits, caps and final refusals.

Clients sit on top of it (tweepy, praw and Mastodon.py through a mounted adapter, httpx directly), so none of their
own waiting is ever used. One rule: ``wait = clamp(server's wait, else jittered back-off, 1 s, cap)``.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from analyzer.collect import limits
from analyzer.collect.clock import Clock, Stopped
from analyzer.errors import CollectError

log = logging.getLogger(__name__)

#: Statuses that pass by themselves.
PASSING = frozenset({408, 420, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530})


class Broken(Exception):
    """The connection failed, stalled, or ended early; asking again may help."""


class Capped(CollectError):
    """A usage cap is reached or payment is due: waiting does not help."""


class GaveUp(CollectError):
    """The platform kept failing; what was collected is kept."""


class Held(CollectError):
    """The platform asks for a longer wait than the policy allows."""


@dataclass(frozen=True)
class Ask:
    """One request, as plain values.

    `kind` names the page for the raw log; empty means that it is never recorded. With `sound` false a malformed body
    is handed back after a few tries (a probe whether an address exists).
    """

    method: str
    url: str
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    sound: bool = True


@dataclass(frozen=True)
class Answer:
    """One response: status, headers in lower case, the whole body, and when it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: dt.datetime | None = None


@dataclass(frozen=True)
class Policy:
    """Time-outs and caps, in seconds.

    Parameters
    ----------
    connect_s, read_s, total_s
        Time-outs of one attempt: to connect, between two pieces of the body, and for the whole of it.
    tries
        Attempts at one request without success before giving up.
    base_s, backoff_s
        First and longest back-off; the wait is drawn from its upper half, so that clients do not march in step.
    longest_s
        Longest server-directed wait that is obeyed; beyond it the source stops with what it has.
    n_bytes
        Largest body that is read.
    """

    connect_s: float = 5.0
    read_s: float = 30.0
    total_s: float = 300.0
    tries: int = 8
    base_s: float = 1.0
    backoff_s: float = 60.0
    longest_s: float = 1200.0
    n_bytes: int = 64 * 1024 * 1024

    @property
    def timeout(self) -> tuple[float, float]:
        """Connect and read time-outs, in seconds, as requests takes them."""
        return (self.connect_s, self.read_s)


class Body:
    """Gathers the pieces of one body, within the policy's size and time."""

    def __init__(self, policy: Policy) -> None:
        self._policy, self._parts, self._size = policy, list[bytes](), 0
        self._until = time.monotonic() + policy.total_s

    def add(self, part: bytes) -> None:
        """Take a piece; raises `Broken` beyond the size or time allowed."""
        self._size += len(part)
        if self._size > self._policy.n_bytes:
            raise Broken(f"a body over {self._policy.n_bytes:,} bytes")
        if time.monotonic() > self._until:
            raise Broken(f"a body that took over {self._policy.total_s:,.0f} s")
        self._parts.append(part)

    def whole(self) -> bytes:
        """Return the body."""
        return b"".join(self._parts)


class Layer:
    """Sends one request until it succeeds, is refused for good, or the policy's caps are reached.

    Parameters
    ----------
    name
        The source, for messages.
    limit
        How this platform words its rate limit.
    clock, seed
        Injected, so that tests neither sleep nor differ.
    notify
        Called with a line whenever a wait of 5 s or more begins.
    """

    def __init__(
        self,
        name: str,
        *,
        limit: limits.Limit,
        clock: Clock,
        policy: Policy | None = None,
        seed: int = 0,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.name, self.limit, self.clock = name, limit, clock
        self.policy = policy or Policy()
        self.notify = notify or (lambda line: None)
        self.n_requests = self.n_retries = 0
        self.waited_s = 0.0
        #: Requests left in the present window, as the platform says; None where it says nothing.
        self.left: float | None = None
        self._random = random.Random(seed)
        self._hold: dt.datetime | None = None

    def run(
        self, ask: Ask, send: Callable[[], Answer], check: Callable[[Ask, Answer], str] = lambda ask, answer: ""
    ) -> Answer:
        """Send until an answer can be used.

        Parameters
        ----------
        send
            Makes one attempt; raises `Broken` where it failed on the way.
        check
            Says what is wrong with a 2xx body, or returns an empty string.

        Returns
        -------
        Answer
            2xx or 304 with a sound body, or a refusal (4xx) that the client on top must judge.

        Raises
        ------
        Capped, GaveUp, Held
            When asking again does not help.
        Stopped
            When the user asked to stop.
        """
        reason = ""
        for attempt in range(self.policy.tries):
            self._wait_for_window()
            answer, reason = self._attempt(ask, send, check)
            if not reason and answer is not None:
                return answer
            if attempt + 1 < self.policy.tries:
                self.n_retries += 1
                self._pause(self._wait_s(answer, attempt), reason)
        raise GaveUp(
            f"{self.name}: {self.policy.tries} attempts failed, the last with {reason} ({_place(ask)}). "
            "What was collected is kept; run the same command again later to go on"
        )

    def _attempt(
        self, ask: Ask, send: Callable[[], Answer], check: Callable[[Ask, Answer], str]
    ) -> tuple[Answer | None, str]:
        """Return the answer, and why it cannot be used (empty if it can)."""
        if self.clock.stop.is_set():
            raise Stopped
        self.n_requests += 1
        try:
            answer = send()
        except Broken as error:
            return None, str(error)
        if limits.usage_capped(answer.status, answer.body):
            raise Capped(
                f"{self.name}: the platform refuses more (HTTP {answer.status}: a usage cap is reached or payment is "
                "due). Raise the cap or the credit in the platform's console, then run the same command again"
            )
        if answer.status in PASSING:
            return answer, f"HTTP {answer.status}"
        self.left = limits.number(answer.headers.get(self.limit.remaining))
        if limits.spent(answer.headers, self.limit):
            seconds = limits.reset_s(answer.headers, self.limit, self.clock.now())
            if seconds is not None and seconds > 0:
                self._hold = self.clock.now() + dt.timedelta(seconds=seconds)
        return answer, check(ask, answer) if 200 <= answer.status < 300 else ""

    def _wait_s(self, answer: Answer | None, attempt: int) -> float:
        directed = None
        if answer is not None and answer.status in PASSING:
            directed = limits.wait_s(answer.headers, self.limit, self.clock.now())
        if directed is not None:
            return max(1.0, directed + 0.5)
        longest = min(self.policy.backoff_s, self.policy.base_s * 2**attempt)
        return max(1.0, longest * (0.5 + self._random.random() / 2))

    def _wait_for_window(self) -> None:
        if self._hold is not None:
            seconds = (self._hold - self.clock.now()).total_seconds()
            self._hold = None
            if seconds > 0:
                self._pause(seconds + 0.5, "the rate limit is used up")

    def _pause(self, seconds: float, reason: str) -> None:
        if seconds > self.policy.longest_s:
            raise Held(
                f"{self.name}: the platform asks to wait {seconds:,.0f} s ({reason}), longer than the "
                f"{self.policy.longest_s:,.0f} s allowed. What was collected is kept; run again after that time"
            )
        start = self.clock.now()
        log.info("%s: %s; waiting %.1f s", self.name, reason, seconds)
        if seconds >= 5:
            end = start + dt.timedelta(seconds=seconds)
            self.notify(f"{self.name}: {reason}; waiting {seconds:,.0f} s, until {end:%H:%M:%S} UTC")
        self.clock.sleep(seconds)
        self.waited_s += seconds


def _place(ask: Ask) -> str:
    """Return method and path of a request, without its query (which may be long) and host credentials."""
    path = ask.url.split("?", 1)[0]
    return f"{ask.method} {path}"
