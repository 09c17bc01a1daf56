"""What a collector works with: the study, its settings, the wire, and a ledger of what was covered."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from analyzer.collect import plan
from analyzer.collect.address import checked, is_loopback
from analyzer.collect.credentials import Credentials
from analyzer.collect.plan import Interval
from analyzer.collect.wire import Wire
from analyzer.errors import CollectError
from analyzer.study import Study

#: Where neither study nor settings say since when, this much is looked back.
LOOK_BACK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Hole:
    """A stretch of time that was not, or not wholly, seen."""

    start: dt.datetime
    end: dt.datetime
    kind: str
    note: str


@dataclass
class Desk:
    """One source's working place for one collection.

    Parameters
    ----------
    covered
        What earlier collections covered, by query.
    memory
        Small facts kept from the last collection of this source (ETags, …).
    max_cost
        Hard cap in US dollars for sources that charge; None takes the setting or the default.
    """

    name: str
    study: Study
    wire: Wire
    credentials: Credentials
    covered: Mapping[str, list[Interval]] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)
    max_cost: float | None = None
    #: US dollars that earlier rounds of the same collection spent: the cap is for all of them.
    spent: float = 0.0
    notify: Any = print
    spans: dict[str, list[Interval]] = field(default_factory=dict)
    holes: list[Hole] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    #: Small facts for the next collection's `memory`.
    remember: dict[str, Any] = field(default_factory=dict)
    #: Seconds that a platform's search index may lag behind; the end of a live window is not counted as covered.
    settle_s: float = 60.0
    #: Returns ids of posts that are known by id only.
    known_ids: Callable[[], list[str]] = list
    #: Why nothing more can be called covered in this collection; empty where all is well.
    doubt: str = ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The study's ``[sources.NAME]``."""
        found = self.study.sources.get(self.name, {})
        if not isinstance(found, Mapping):
            raise CollectError(f"{self.study.path or 'study'}: [sources.{self.name}] must be a table")
        return found

    def setting(self, name: str, default: Any) -> Any:
        """Return a setting, checked to be of the default's kind.

        Raises
        ------
        CollectError
            If the study gives another kind of value.
        """
        value = self.settings.get(name, default)
        if isinstance(default, tuple) and isinstance(value, str):
            value = (value,)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if default is not None and type(value) is not type(default):
            kinds = {"tuple": "a list of strings", "str": "a string", "bool": "true or false", "int": "a whole number"}
            wanted = kinds.get(type(default).__name__, "a number")
            raise CollectError(f"[sources.{self.name}] {name} = {value!r}: give {wanted}")
        return value

    def base(self, default: str, name: str = "base_url") -> str:
        """Return the address of the platform: the study's `base_url`, or the default."""
        return checked(str(self.settings.get(name, default)), name=self.name)

    @property
    def is_local(self) -> bool:
        """Whether the study sends this source to a server on this machine, where nothing is billed."""
        return is_loopback(str(self.settings.get("base_url", "")))

    @property
    def window(self) -> Interval:
        """The stretch ``[since, until)`` to collect: the study's, no later than the start of the collection."""
        now = self.wire.now()
        until = min(self.study.until or now, now)
        since = self.study.since or until - LOOK_BACK
        return (min(since, until), until)

    def terms(self) -> list[str]:
        """Return what to search for: the settings' `queries`, or the study's terms, without implied ones."""
        given = self.setting("queries", ())
        if given:
            return list(dict.fromkeys(given))
        return plan.smallest(self.study.terms or (self.study.service, *self.study.aliases))

    @property
    def accounts(self) -> tuple[str, ...]:
        """The official accounts on this platform, without a leading @."""
        return tuple(a.lstrip("@") for a in self.study.accounts.get(self.name, ()))

    def wanted(self, size: int) -> Iterator[list[str]]:
        """Yield ids of imported id lists whose posts are not held, in parts; none unless the study wants them."""
        ids = self.known_ids() if self.setting("ids", False) else []
        if ids:
            self.notify(f"{self.name}: {len(ids):,} posts of imported id lists are asked for")
        for at in range(0, len(ids), size):
            yield ids[at : at + size]

    def expect(self, queries: Iterable[str]) -> None:
        """Name all queries of the collection: what is covered is what every one of them saw."""
        for query in queries:
            self.spans.setdefault(query, [])

    def give_up(self, queries: Iterable[str], note: str) -> None:
        """Leave out queries that the platform refuses (a private subreddit); the hole is said, not counted."""
        for query in queries:
            self.spans.pop(query, None)
        self.hole(*self.window, "unknown", note)

    def windows(self, query: str) -> list[Interval]:
        """Return what is still to be asked for a query, the newest first, in whole seconds."""
        start, end = self.window
        todo = plan.missing((start, end), self.covered.get(query, []))
        self.expect([query])
        return [(floor(a), ceil(b)) for a, b in reversed(todo)]

    def cover(self, query: str, start: dt.datetime, end: dt.datetime) -> None:
        """Note that a query saw everything in ``[start, end)`` (less what may not be indexed yet).

        After an answer that could not be understood nothing is known to be whole: then it is a gap.
        """
        if self.wire.n_odd and not self.doubt:
            self.doubt = "an answer of an unknown shape; the platform may have changed its format"
        if self.doubt:
            if all(h.note != self.doubt for h in self.holes):
                self.hole(*self.window, "gap", self.doubt)  # cut down to what is not covered in the end
            return
        settled = self.wire.now() - dt.timedelta(seconds=self.settle_s)
        end = min(end, settled)
        if start < end:
            self.spans[query] = plan.merged([*self.spans.get(query, []), (start, end)])

    def hole(self, start: dt.datetime, end: dt.datetime, kind: str, note: str) -> None:
        """Note a stretch that was not, or not wholly, seen; `kind` as in the COVERAGE table."""
        made = Hole(start, end, kind, note)
        if start < end and made not in self.holes:
            self.holes.append(made)

    def grown_s(self) -> float:
        """Return by how many seconds what is covered has grown in this collection."""

        def total(spans: Mapping[str, list[Interval]]) -> float:
            return sum((b - a).total_seconds() for q in self.spans for a, b in spans.get(q, []))

        return total(self.all_spans()) - total(self.covered)

    def known_spans(self) -> dict[str, list[Interval]]:
        """Return what is covered by query, those of other wordings of the study included: for the next collection."""
        return {**self.covered, **self.all_spans()}

    def all_spans(self) -> dict[str, list[Interval]]:
        """Return what is covered by query, earlier collections included."""
        return {q: plan.merged([*self.covered.get(q, []), *self.spans[q]]) for q in self.spans}


def floor(time: dt.datetime) -> dt.datetime:
    """Return the whole second at or before a time."""
    return time.replace(microsecond=0)


def ceil(time: dt.datetime) -> dt.datetime:
    """Return the whole second at or after a time."""
    return dt.datetime.fromtimestamp(math.ceil(time.timestamp()), dt.UTC) if time.microsecond else time


def iso(time: dt.datetime) -> str:
    """Return a time as platforms take it, such as ``2026-03-01T10:00:00Z``."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S") + (
        f".{time.microsecond // 1000:03d}Z" if time.microsecond else "Z"
    )
