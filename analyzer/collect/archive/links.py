"""Which addresses lead out of a platform."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: RE2 patterns of a platform's own addresses.
ELSEWHERE_X = r"^https?://([a-z]+\.)?(twitter|x)\.com/"
ELSEWHERE_REDDIT = r"^https?://([a-z]+\.)?(reddit|redd|redditmedia)\.(com|it)/|^/r/"
ELSEWHERE_BLUESKY = r"^https?://([a-z]+\.)?bsky\.(app|social)/"

_ADDRESS = re.compile(r"https?://[^\s\])>\"']+")


def has_address(text: str) -> bool:
    """Tell whether a text holds any web address."""
    return "http://" in text or "https://" in text


def any_elsewhere(addresses: Iterable[str | None], own: str) -> bool:
    """Tell whether one of the addresses is not the platform's own."""
    pattern = re.compile(own)
    return any(a is not None and a.startswith(("http://", "https://")) and not pattern.match(a) for a in addresses)


def text_elsewhere(text: str, own: str) -> bool:
    """Tell whether a text holds an address that is not the platform's own."""
    return has_address(text) and any_elsewhere(_ADDRESS.findall(text), own)
