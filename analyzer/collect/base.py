"""What a collector is: `fetch` does all the network, `items` and `parse` are pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

from analyzer.collect import limits
from analyzer.collect.desk import Desk
from analyzer.study import Study

#: Settings of every source.
SHARED = frozenset({"base_url", "user_agent"})
#: Kind of pages that a collector without a wire yields.
PLAIN = "plain"


@runtime_checkable
class Collector(Protocol):
    """The least that `collect` takes: a name, a generator of platform JSON, and a pure parser.

    `parse` returns a row as in POSTS (`author` as the platform names it; it becomes a pseudonym later), or None for
    what is no post. Built-in collectors also offer what `WireCollector` has.
    """

    name: str

    def fetch(self, study: Study) -> Iterator[Any]:
        """Yield the platform's own JSON, untouched."""
        ...

    def parse(self, raw: Any) -> dict[str, Any] | None:
        """Turn one item into a row, or None."""
        ...


class WireCollector:
    """Base of the built-in collectors: their requests go through a desk's wire, which records every page.

    Attributes
    ----------
    table
        ``posts`` or ``updates``: what `parse` makes rows of.
    limit
        How the platform words its rate limit.
    fields
        Fields of an item that are known; others are counted as new, so that nobody is surprised by a change.
    settings
        What a study may set under ``[sources.NAME]``, beside those that all sources share.
    """

    name = ""
    table = "posts"
    limit = limits.NONE
    settle_s = 60.0
    fields: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.wire = desk.wire

    def fetch(self, study: Study) -> Iterator[Any]:
        """Ask for everything that is missing; yields each page once it is recorded."""
        raise NotImplementedError

    @staticmethod
    def shape(kind: str, page: Any) -> str:
        """Say what is wrong with a page of this kind (empty: a token, say), or return an empty string."""
        return ""

    @staticmethod
    def names(kind: str, page: Any) -> Iterator[tuple[str, str]]:
        """Yield ``(id, name)`` of what other pages name by id only; takes any JSON."""
        yield from ()

    @staticmethod
    def items(kind: str, page: Any) -> Iterator[Any]:
        """Yield the items of a page; takes any JSON."""
        raise NotImplementedError

    @staticmethod
    def parse(raw: Any) -> dict[str, Any] | None:
        """Turn one item into a row, or None for what is no post; raises `Reject` for what cannot be read."""
        raise NotImplementedError


class PageCollector:
    """A user's own collector, with each yielded item taken as a page of one item."""

    #: Rows of a parser we do not know are checked one by one.
    table = "plain"
    fields: frozenset[str] = frozenset()

    def __init__(self, own: Collector) -> None:
        self.name, self.parse = own.name, own.parse

    @staticmethod
    def items(kind: str, page: Any) -> Iterator[Any]:
        """Yield the page itself."""
        yield page
