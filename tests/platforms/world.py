"""One simulated outage, told on every platform: invented posts with known times, authors and words."""

from __future__ import annotations

import bisect
import datetime as dt
import random
from dataclasses import dataclass, field

#: Part of every invented author name: no table, log or manifest may hold it.
MARK = "quillmark"
SINCE = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
UNTIL = dt.datetime(2026, 3, 1, 14, tzinfo=dt.UTC)
ONSET = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 3, 1, 14, 5, tzinfo=dt.UTC)
TERM = "glimmerbot"
OFFICIAL = "GlimmerHQ"
PLATFORMS = ("x", "reddit", "bluesky", "mastodon", "hackernews")

_TEXTS = (
    "is {t} down for anyone else?",
    "{t} gives me error 503 again and again",
    "great, {t} dies right before my deadline",
    "works for me, {t} seems fine here",
    "{t} is back, finally",
    "been waiting for {t} for an hour now, no answer from anybody",
    "my whole class relies on {t} today & nothing loads <sigh>",
    "switching from {t} to something else if this goes on",
    "{t} down?? see https://status.example.org/incident",
    "\u00bfse cay\u00f3 {t}? no puedo entrar \U0001f62d",
)


@dataclass(frozen=True)
class Post:
    """One invented post of one platform."""

    n: int
    time: dt.datetime
    author: int
    text: str
    parent: int | None = None
    language: str = "en"
    official: bool = False

    @property
    def ms(self) -> int:
        """Milliseconds since 1970."""
        return round(self.time.timestamp() * 1000)

    @property
    def handle(self) -> str:
        """The author's invented name."""
        return OFFICIAL if self.official else f"{MARK}{self.author:05d}"


@dataclass
class World:
    """All posts of all platforms, each list by time.

    Parameters
    ----------
    n
        Posts on each platform.
    status
        How the status page speaks: statuspage, incidentio, shim, feed or none.
    """

    n: int = 400
    seed: int = 0
    status: str = "statuspage"
    platforms: tuple[str, ...] = PLATFORMS
    cap: int = 1000
    posts: dict[str, list[Post]] = field(default_factory=dict)
    now: dt.datetime = NOW

    def __post_init__(self) -> None:
        for place, name in enumerate(PLATFORMS):
            self.posts[name] = self._posts(random.Random(1000 * self.seed + place)) if name in self.platforms else []
        self._times: dict[tuple[str, str], list[int]] = {}
        self._folded: dict[tuple[str, str], list[Post]] = {}

    def _posts(self, rng: random.Random) -> list[Post]:
        whole, start = (UNTIL - SINCE).total_seconds(), (ONSET - SINCE).total_seconds()
        times = []
        while len(times) < self.n:
            at = rng.uniform(0, whole)
            # Ten times as many while it lasts.
            if rng.random() < (1.0 if start <= at < start + 5400 else 0.1):
                times.append(round(at * 1000))
        times.sort()
        out = []
        for n, at in enumerate(times):
            moment = SINCE + dt.timedelta(milliseconds=at)
            if n % 97 == 50:
                words = rng.choice(("We are investigating elevated errors on {t}.", "{t} is now fully recovered."))
                out.append(Post(n, moment, 0, words.format(t=TERM), official=True))
                continue
            text = rng.choice(_TEXTS).format(t=rng.choice((TERM, "GlimmerBot", f"#{TERM}")))
            if rng.random() < 0.1:
                text = f"@{MARK}{rng.randrange(900):05d} {text}"
            if rng.random() < 0.05:
                text = "nothing about it at all"
            parent = rng.randrange(n) if n and rng.random() < 0.3 else None
            language = "es" if "\u00bf" in text else "en"
            out.append(Post(n, moment, rng.randrange(max(2, self.n // 3)), f"{text} #{n}", parent, language))
        return out

    def find(self, platform: str, words: str, *, low_ms: float = 0, high_ms: float = 1e15) -> list[Post]:
        """Return posts that hold all words, with ``low_ms <= time < high_ms``, oldest first."""
        key = (platform, words.casefold())
        if key not in self._folded:
            wanted = words.casefold().split()
            self._folded[key] = [p for p in self.posts[platform] if all(w in p.text.casefold() for w in wanted)]
        found = self._folded[key]
        ms = self._ms(key)
        return found[bisect.bisect_left(ms, low_ms) : bisect.bisect_left(ms, high_ms)]

    def _ms(self, key: tuple[str, str]) -> list[int]:
        held = self._times.get(key)
        if held is None or len(held) != len(self._folded[key]):
            held = self._times[key] = [p.ms for p in self._folded[key]]
        return held


def iso(time: dt.datetime) -> str:
    """Return a time as the platforms write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S") + f".{time.microsecond // 1000:03d}Z"


def parse(text: str) -> float:
    """Return the milliseconds of an ISO 8601 time."""
    return dt.datetime.fromisoformat(text).timestamp() * 1000
