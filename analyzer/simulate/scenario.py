"""What a simulation is told: waves, official words, noise, and everything that makes real data hard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Wave:
    """One rise of public posts.

    Times in minutes after the start of the window. The rate rises as ``1 - exp(-t / rise_min)`` from `onset_min`, the
    first surge tires to a lasting level, and the rate halves every `half_life_min` after `fix_min`. `posts` is the
    expected number in all.
    """

    onset_min: float
    fix_min: float
    posts: float
    rise_min: float = 20.0
    half_life_min: float = 35.0


@dataclass(frozen=True)
class Word:
    """One official update, `posted_min` after the start of the window.

    `effect` is added to the share of frustrated posts (level >= 2) from then on; `claimed_min` is the time that the
    update claims for what it reports.
    """

    stage: str
    posted_min: float
    effect: float = 0.0
    claimed_min: float | None = None


@dataclass(frozen=True)
class Burst:
    """A promotion: one text reposted `posts` times within `minutes`."""

    start_min: float
    minutes: float
    posts: float


@dataclass(frozen=True)
class Hole:
    """Nothing was collected from `source` (empty: from any) between two times, minutes after the start."""

    source: str
    start_min: float
    end_min: float


@dataclass(frozen=True)
class Scenario:
    """All knobs of a simulation; `simulate(seed, scenario=..., noise=0.5)` changes single ones.

    Parameters
    ----------
    profile
        Which service: chatgpt, mobile or payments.
    since, hours
        The window.
    waves, words
        The outage (none: a quiet window) and the official updates (none: the provider stays silent).
    chatter_per_h, usual_per_h
        Mean rates in normal times: posts that are not about a disruption, and posts that are (single faults).
    size, speed
        Multiply the posts of every wave; divide its rise time and half-life.
    noise
        Standard deviation of the log rate, correlated over about 20 minutes (over-dispersion); 0 is Poisson.
    seasonality
        Relative amplitude of the daily cycle, 0-1, highest at 15:00 UTC; weekends are quieter.
    frustration, impatience, humor
        Share of outage posts with level >= 2 at onset, its growth per hour without an official word (at most three
        hours count), and the share of jokes.
    promotions, copypasta, bots, reposts
        Repost bursts that are not about an outage; shares of outage posts that are copies of one text, come from
        monitoring bots, or repost an earlier post (X only).
    neighbours
        Share of further posts about other services, which the study must leave out.
    blame, blame_share
        The service that in truth failed, and the share of outage posts that say so.
    holes, skew_min
        Coverage holes, and minutes by which the clock of a source is wrong.
    platforms, languages
        Shares.
    authors
        False leaves every author unknown.
    texts
        ``"all"``, or ``"dev"`` for written posts that no model was trained on.
    """

    title: str = "Simulated outage"
    profile: str = "chatgpt"
    since: dt.datetime = dt.datetime(2025, 3, 10, tzinfo=dt.UTC)
    hours: float = 48.0
    waves: tuple[Wave, ...] = ()
    words: tuple[Word, ...] = ()
    chatter_per_h: float = 27.0
    usual_per_h: float = 1.2
    size: float = 1.0
    speed: float = 1.0
    noise: float = 0.15
    seasonality: float = 0.45
    frustration: float = 0.22
    impatience: float = 0.06
    humor: float = 0.2
    promotions: tuple[Burst, ...] = ()
    copypasta: float = 0.01
    bots: float = 0.01
    reposts: float = 0.06
    neighbours: float = 0.03
    blame: str = ""
    blame_share: float = 0.5
    holes: tuple[Hole, ...] = ()
    skew_min: Mapping[str, float] = field(default_factory=dict)
    platforms: Mapping[str, float] = field(
        default_factory=lambda: {"x": 0.56, "reddit": 0.2, "bluesky": 0.11, "mastodon": 0.07, "hackernews": 0.06}
    )
    languages: Mapping[str, float] = field(
        default_factory=lambda: {"en": 0.82, "es": 0.06, "pt": 0.04, "de": 0.03, "fr": 0.03, "it": 0.02}
    )
    authors: bool = True
    texts: str = "all"

    def scaled(self, factor: float) -> Scenario:
        """Return the scenario with every rate multiplied, its shape kept."""
        return replace(
            self,
            chatter_per_h=self.chatter_per_h * factor,
            usual_per_h=self.usual_per_h * factor,
            size=self.size * factor,
            promotions=tuple(replace(b, posts=b.posts * factor) for b in self.promotions),
        )


_DAY = 24 * 60.0
# Onset 09:07 on the second day; the provider speaks after 58 minutes, in the middle of a working day.
_WORDS = (
    Word("investigating", _DAY + 605, -0.02, _DAY + 570),
    Word("identified", _DAY + 702, -0.10),
    Word("monitoring", _DAY + 848, -0.04),
    Word("resolved", _DAY + 925, 0.0, _DAY + 850),
)
_CHATGPT = Scenario(
    title="Simulated ChatGPT outage",
    waves=(Wave(_DAY + 547, _DAY + 840, 2500),),
    words=_WORDS,
)

#: Ready-made scenarios by name.
SCENARIOS: dict[str, Scenario] = {
    "chatgpt": _CHATGPT,
    "mobile": Scenario(
        title="Simulated mobile network outage",
        profile="mobile",
        since=dt.datetime(2025, 5, 12, tzinfo=dt.UTC),
        waves=(Wave(_DAY + 660, _DAY + 870, 900, rise_min=12, half_life_min=45),),
        words=(
            Word("investigating", _DAY + 735, -0.02, _DAY + 690),
            Word("resolved", _DAY + 960, -0.02, _DAY + 900),
        ),
        platforms={"x": 0.7, "reddit": 0.15, "bluesky": 0.1, "mastodon": 0.05},
        frustration=0.34,
    ),
    "payments": Scenario(
        title="Simulated card payment outage",
        profile="payments",
        since=dt.datetime(2025, 6, 6, tzinfo=dt.UTC),
        waves=(Wave(_DAY + 770, _DAY + 920, 1400, rise_min=8, half_life_min=25),),
        words=(
            Word("investigating", _DAY + 795, -0.03, _DAY + 775),
            Word("identified", _DAY + 850, -0.05),
            Word("monitoring", _DAY + 925),
            Word("resolved", _DAY + 1010, 0.0, _DAY + 925),
        ),
        frustration=0.3,
    ),
    "quiet": Scenario(
        title="Simulated incident without a public signal",
        words=(
            Word("investigating", _DAY + 843, 0.0, _DAY + 840),
            Word("resolved", _DAY + 863, 0.0, _DAY + 860),
        ),
        chatter_per_h=60,
    ),
    "promotion": Scenario(
        title="Simulated promotion, no outage",
        profile="mobile",
        promotions=(Burst(_DAY + 540, 360, 700),),
        chatter_per_h=40,
        platforms={"x": 0.8, "reddit": 0.12, "bluesky": 0.08},
    ),
    "two_waves": replace(
        _CHATGPT,
        title="Simulated ChatGPT outage in two waves",
        waves=(
            Wave(_DAY + 547, _DAY + 660, 1100, rise_min=15, half_life_min=20),
            Wave(_DAY + 850, _DAY + 980, 1300, rise_min=15, half_life_min=30),
        ),
        words=(
            Word("investigating", _DAY + 590, -0.02, _DAY + 550),
            Word("resolved", _DAY + 700, -0.03, _DAY + 665),
            Word("investigating", _DAY + 880, 0.02, _DAY + 855),
            Word("identified", _DAY + 925, -0.06),
            Word("resolved", _DAY + 1040, -0.02, _DAY + 985),
        ),
    ),
    "collateral": replace(
        _CHATGPT,
        title="Simulated ChatGPT trouble caused by another provider",
        waves=(Wave(_DAY + 690, _DAY + 840, 1100, rise_min=10, half_life_min=25),),
        words=(),
        blame="Cloudflare",
        blame_share=0.6,
    ),
}
