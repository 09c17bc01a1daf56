"""What a collection from the loopback server needs: a study that points at it, credentials, a clock without waits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.collect.clock import QuickClock
from analyzer.collect.credentials import Credentials
from analyzer.collect.http import Policy
from analyzer.collect.session import Options
from analyzer.study import Study
from tests.platforms import bluesky, mastodon, reddit, world, x

if TYPE_CHECKING:
    from analyzer.store import Corpus

SOURCES = ("x", "reddit", "bluesky", "mastodon", "hackernews", "statuspage")


def study(base: str, *, until: dt.datetime | None = world.UNTIL, **sources: dict[str, Any]) -> Study:
    """Return a study of the simulated outage whose every source is the loopback server."""
    settings: dict[str, dict[str, Any]] = {name: {"base_url": base} for name in SOURCES}
    settings["reddit"]["subreddits"] = reddit.SUBREDDITS
    for name, more in sources.items():
        settings[name] |= more
    return Study(
        service="Glimmerbot",
        provider="Glimmer",
        since=world.SINCE,
        until=until,
        terms=(world.TERM,),
        accounts={
            "x": (world.OFFICIAL,),
            "bluesky": (f"{world.OFFICIAL.lower()}.example.org",),
            "mastodon": (f"@{world.OFFICIAL}@example.org",),
        },
        status_page=base,
        sources=settings,
    )


def environ(folder: Path) -> dict[str, str]:
    """Return credentials that the loopback server takes, and a config folder of its own."""
    return {
        "XDG_CONFIG_HOME": str(folder),
        "HOME": str(folder),
        "OUTAGE_X_BEARER_TOKEN": x.TOKEN,
        "OUTAGE_REDDIT_CLIENT_ID": reddit.CLIENT_ID,
        "OUTAGE_REDDIT_CLIENT_SECRET": reddit.SECRET,
        "OUTAGE_BLUESKY_HANDLE": bluesky.HANDLE,
        "OUTAGE_BLUESKY_APP_PASSWORD": bluesky.PASSWORD,
        "OUTAGE_MASTODON_ACCESS_TOKEN": mastodon.TOKEN,
    }


#: Values that may be found nowhere but in the environment and the session file.
SECRETS = (x.TOKEN, reddit.SECRET, bluesky.PASSWORD, mastodon.TOKEN, "loopback-reddit-token", "c2lnbmF0dXJl")


def options(folder: Path, *, read_s: float = 5.0, **more: Any) -> Options:
    """Return options whose waits take no time."""
    return Options(
        clock=more.pop("clock", None) or QuickClock(world.NOW),
        credentials=Credentials(environ(folder)),
        policy=Policy(read_s=read_s, connect_s=2.0),
        seed=0,
        **more,
    )


#: The same key in every corpus of the tests, so that pseudonyms can be compared.
KEY = "11" * 32


def corpus(folder: Path, name: str = "corpus") -> Corpus:
    """Return a new corpus whose pseudonyms are those of every other one in the tests."""
    from analyzer.store import Corpus as Made

    folder.mkdir(parents=True, exist_ok=True)
    key = folder / f"{name}.key"
    if not key.exists():
        key.touch(0o600)
        key.write_text(KEY + "\n")
    return Made(folder / name)


def snapshot(made: Corpus) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything a corpus holds, without which run brought it and when."""
    out = {}
    for name in ("posts", "updates", "coverage"):
        rows = made.arrow(f"SELECT * FROM {name}").to_pylist()
        kept = [tuple(str(v) for k, v in sorted(r.items()) if k not in ("run_id", "observed_at")) for r in rows]
        out[name] = sorted(kept)
    return out
