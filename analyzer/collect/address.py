"""Which addresses a collector may use: https anywhere, plain http on this machine only."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from analyzer.errors import CollectError


def is_loopback(url: str) -> bool:
    """Return whether an address points at this machine.

    >>> is_loopback("http://127.0.0.1:8000"), is_loopback("https://example.org")
    (True, False)
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked(url: str, *, name: str) -> str:
    """Return a base address without a trailing slash.

    Raises
    ------
    CollectError
        If it is no http(s) address, holds a user name or password, or is plain http beyond this machine.
    """
    where = f"[sources.{name}] base_url"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except (ValueError, TypeError, AttributeError) as error:
        raise CollectError(f"{where} = {url!r} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CollectError(f"{where} = {url!r} is no http(s) address, such as 'https://example.org'")
    if parts.username or parts.password:
        raise CollectError(f"{where} holds a user name or password; take it out (credentials go in the environment)")
    if parts.query or parts.fragment:
        raise CollectError(f"{where} holds a query or fragment; give the address only")
    if parts.scheme == "http" and not is_loopback(url):
        raise CollectError(
            f"{where} = {url!r}: plain http would send credentials in the open; use https "
            "(http is for this machine only, such as http://127.0.0.1:8000)"
        )
    return url.rstrip("/")
