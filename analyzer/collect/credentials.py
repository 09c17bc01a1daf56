"""Where credentials come from, and what is missing: the environment first, then each platform's own convention.

Values never leave this module but into a client: not into arguments, logs, manifests, raw pages or messages.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analyzer.errors import CollectError


@dataclass(frozen=True)
class Need:
    """One credential: our variable, the platform's own, and whether the source works without it."""

    variable: str
    also: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Platform:
    """What one source needs, what it costs, and where a key is had."""

    needs: tuple[Need, ...]
    address: str
    note: str


PLATFORMS: dict[str, Platform] = {
    "x": Platform(
        (Need("OUTAGE_X_BEARER_TOKEN", ("BEARER_TOKEN", "TWITTER_BEARER_TOKEN")),),
        "https://console.x.com",
        "pay per use: $0.005 for each post read; `max_cost` caps it",
    ),
    "reddit": Platform(
        (
            Need("OUTAGE_REDDIT_CLIENT_ID", ("praw_client_id",)),
            Need("OUTAGE_REDDIT_CLIENT_SECRET", ("praw_client_secret",)),
        ),
        "https://www.reddit.com/prefs/apps",
        "free; since November 2025 new keys need Reddit's approval (Responsible Builder Policy)",
    ),
    "bluesky": Platform(
        (
            Need("OUTAGE_BLUESKY_HANDLE", ("BSKY_HANDLE",)),
            Need("OUTAGE_BLUESKY_APP_PASSWORD", ("BSKY_APP_PASSWORD",)),
        ),
        "https://bsky.app/settings/app-passwords",
        "free; use an app password, never the account's own",
    ),
    "mastodon": Platform(
        (Need("OUTAGE_MASTODON_ACCESS_TOKEN", ("MASTODON_ACCESS_TOKEN",), optional=True),),
        "https://INSTANCE/settings/applications",
        "free; hashtags work without a token on most servers, full-text search needs one",
    ),
    "hackernews": Platform((), "https://hn.algolia.com/api", "free, no key"),
    "statuspage": Platform((), "the provider's status page", "free, no key; set `status_page` in the study"),
}


@dataclass(frozen=True)
class Credentials:
    """Reads credentials from an environment (injected for tests) and the user's config folder."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def get(self, need: Need) -> str:
        """Return a value or an empty string."""
        for name in (need.variable, *need.also):
            if value := self.environ.get(name, "").strip():
                return value
        return self._own(need)

    def _own(self, need: Need) -> str:
        """Look into the platform's own file: praw.ini in the user's config folder only, never in the work folder."""
        if not need.variable.startswith("OUTAGE_REDDIT_"):
            return ""
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(self.config_folder / "praw.ini", encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            return ""
        site = self.environ.get("praw_site", "DEFAULT")
        if site != "DEFAULT" and not parser.has_section(site):
            return ""
        return parser.get(site, need.variable.removeprefix("OUTAGE_REDDIT_").lower(), fallback="").strip()

    @property
    def config_folder(self) -> Path:
        """The user's config folder."""
        for name in ("XDG_CONFIG_HOME", "APPDATA"):
            if value := self.environ.get(name):
                return Path(value)
        return Path(self.environ.get("HOME", str(Path.home()))) / ".config"

    def missing(self, source: str) -> list[str]:
        """Return the variables that a source needs and that are not set."""
        return [n.variable for n in PLATFORMS[source].needs if not n.optional and not self.get(n)]

    def values(self, source: str) -> list[str]:
        """Return the values for a source, in the order of its needs (empty where optional and absent).

        Raises
        ------
        CollectError
            Naming the variable that is missing and where a key is had.
        """
        if missing := self.missing(source):
            at = PLATFORMS[source].address
            raise CollectError(
                f"{source}: no credentials; set {' and '.join(missing)} in the environment (a key is had at {at})"
            )
        return [self.get(n) for n in PLATFORMS[source].needs]

    def secrets(self) -> list[str]:
        """Return every value that must never be written anywhere, for redaction."""
        return [v for p in PLATFORMS.values() for n in p.needs if (v := self.get(n)) and "HANDLE" not in n.variable]


def sources(credentials: Credentials | None = None) -> list[dict[str, object]]:
    """Tell which sources are ready and what the others miss.

    Returns
    -------
    list of dict
        ``{"source", "ready", "missing" (variables), "optional" (variables not set), "address", "note"}``; no value.
    """
    credentials = credentials or Credentials()
    out: list[dict[str, object]] = []
    for name, platform in PLATFORMS.items():
        missing = credentials.missing(name)
        optional = [n.variable for n in platform.needs if n.optional and not credentials.get(n)]
        out.append(
            {
                "source": name,
                "ready": not missing,
                "missing": missing,
                "optional": optional,
                "address": platform.address,
                "note": platform.note,
            }
        )
    return out
