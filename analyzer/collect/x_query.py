"""X's search query from a study, and what it costs to run it. Pure.

Query operators: docs.x.com/x-api/posts/search/integrate/build-a-query. Prices: docs.x.com/x-api/getting-started/pricing
(snapshot of 22 August 2026).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from analyzer.errors import CollectError
from analyzer.study import Study

#: Longest query in characters, by endpoint.
LENGTH = {"recent": 512, "all": 1024}
#: Largest and smallest page.
PER_PAGE = {"recent": 100, "all": 500}
SMALLEST_PAGE = 10
#: How far back recent search reaches.
REACH = dt.timedelta(days=7)
#: US dollars for one post read, one included user, one request for counts.
PER_POST, PER_USER = 0.005, 0.010
PER_COUNT = {"recent": 0.005, "all": 0.010}
#: Spent at most where neither the call nor the study says otherwise.
DEFAULT_MAX_COST = 5.00

#: X's names, lower case: a study of one of these would measure X itself.
_X_ITSELF = frozenset(
    {
        "x",
        "twitter",
        "x.com",
        "twitter.com",
        "x/twitter",
        "twitter/x",
        "x (twitter)",
        "twitter (x)",
        "x (formerly twitter)",
    }
)
CLAUSE = (
    "X Developer Policy, section 'X performance benchmarking' (docs.x.com/developer-terms/policy): 'You may not use "
    "the X API to measure the availability, performance, functionality, or usage of X for benchmarking, competitive, "
    "or commercial purposes'"
)


def refuse_measuring_x(study: Study, ground: str) -> None:
    """Refuse a study of X's own availability with X's data, unless a permitted ground is stated.

    Raises
    ------
    CollectError
        Naming the clause.
    """
    if _X_ITSELF.isdisjoint(study.names) or ground.strip():
        return
    raise CollectError(
        f"x: this study is about {study.service}, and {CLAUSE}. Collect from other sources, or, if X permits your use "
        "(in writing, or under Article 40 of the EU's Digital Services Act), state it in the study: "
        "[sources.x] permitted_ground = '…'"
    )


def endpoint(setting: str, since: dt.datetime, now: dt.datetime) -> str:
    """Return ``recent`` or ``all``: what the study says, or what reaches back far enough."""
    if setting in ("recent", "all"):
        return setting
    if setting != "auto":
        raise CollectError(f"[sources.x] endpoint = {setting!r}: give 'recent', 'all' or 'auto'")
    return "recent" if since >= now - REACH else "all"


def queries(study: Study, terms: Sequence[str], *, length: int, accounts: Sequence[str] = ()) -> list[str]:
    """Return as few queries as hold all terms within the length.

    Terms of several words become phrases; languages, excluded words and official accounts (whose posts belong to the
    official timeline) are added to each query; reposts are left out.

    Raises
    ------
    CollectError
        If a single term does not fit beside the rest.
    """
    tail = _tail(study, accounts)
    out: list[list[str]] = []
    for word in dict.fromkeys(_operand(t) for t in terms):
        if len(_joined([word], tail)) > length:
            raise CollectError(
                f"x: the term {word[:60]!r} with languages and exclusions takes {len(_joined([word], tail))} "
                f"characters; a query may have {length}. Shorten `exclude` or `languages` in the study"
            )
        if out and len(_joined([*out[-1], word], tail)) <= length:
            out[-1].append(word)
        else:
            out.append([word])
    return [_joined(words, tail) for words in out]


def official_query(accounts: Sequence[str]) -> str:
    """Return the query for the official accounts' own posts."""
    for account in accounts:
        if not re.fullmatch(r"\w{1,15}", account, re.ASCII):
            raise CollectError(f"x: {account!r} is no X account name (1-15 letters, digits and _)")
    return _any([f"from:{a}" for a in accounts]) + " -is:retweet"


def _operand(term: str) -> str:
    term = " ".join(term.replace('"', " ").split())
    plain = re.fullmatch(r"[#$@]?\w+", term)
    return term if plain and term.upper() not in ("OR", "AND") else f'"{term}"'


def _any(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else "(" + " OR ".join(words) + ")"


def _joined(words: Sequence[str], tail: str) -> str:
    return f"{_any(words)} {tail}".strip()


def _tail(study: Study, accounts: Sequence[str]) -> str:
    parts = [_any([f"lang:{code}" for code in study.languages])] if study.languages else []
    parts += ["-is:retweet"]
    parts += [f"-{_operand(word)}" for word in study.exclude]
    parts += [f"-from:{a}" for a in accounts]
    return " ".join(parts)


@dataclass
class Budget:
    """What was spent, against a hard cap in US dollars (None: nothing is billed, as on a loopback server)."""

    cap: float | None
    spent: float = 0.0
    expansions: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def per_post(self) -> float:
        """Dearest that one post can be: with expansions, each may bring a user."""
        return PER_POST + (PER_USER if self.expansions else 0.0)

    def posts_left(self) -> int | None:
        """Return how many more posts the cap allows, or None without a cap."""
        if self.cap is None:
            return None
        return max(0, int((self.cap - self.spent + 1e-9) / self.per_post))

    def page(self, largest: int) -> int:
        """Return the size of the next page; 0 when the cap does not allow the smallest."""
        left = self.posts_left()
        if left is None or left >= largest:
            return largest
        return left if left >= SMALLEST_PAGE else 0

    def add(self, *, n_posts: int = 0, n_users: int = 0, other: float = 0.0) -> None:
        """Note what a page was billed for."""
        self.spent += n_posts * PER_POST + n_users * PER_USER + other
