"""Collectors: posts and official updates from platforms and archives."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from analyzer.errors import CollectError
from analyzer.study import Study

if TYPE_CHECKING:
    from analyzer.collect.base import WireCollector
    from analyzer.collect.session import Options, Result
    from analyzer.store import Corpus

#: Source -> (module in this package, class). A new platform is one file and one line here.
COLLECTORS: dict[str, tuple[str, str]] = {
    "x": ("x", "X"),
    "reddit": ("reddit", "Reddit"),
    "bluesky": ("bluesky", "Bluesky"),
    "mastodon": ("mastodon", "Mastodon"),
    "hackernews": ("hackernews", "HackerNews"),
    "statuspage": ("statuspage", "StatusPage"),
}

log = logging.getLogger(__name__)


@dataclass
class Collected:
    """What a collection came to, by source (of the last round, when following)."""

    results: list[Result] = field(default_factory=list)
    stopped: bool = False
    n_rounds: int = 1
    #: Posts and official updates of all rounds, by source.
    totals: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def errors(self) -> dict[str, str]:
        """What went wrong, by source."""
        return {r.source: r.error for r in self.results if r.error}

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "stopped": self.stopped,
            "n_rounds": self.n_rounds,
            "errors": self.errors,
            "totals": self.totals,
            "sources": [r.to_dict() for r in self.results],
        }

    def __str__(self) -> str:
        lines = [line for r in self.results for line in _lines(r)] or ["nothing was collected"]
        if self.n_rounds > 1:
            said = (
                f"{s}: {_n(t['posts'], 'post')}, {_n(t['updates'], 'official update')}" for s, t in self.totals.items()
            )
            lines = [f"{self.n_rounds:,} rounds in all; {'; '.join(said)}", "the last round:", *lines]
        return "\n".join(lines)

    def _add(self, result: Result) -> None:
        self.results.append(result)
        total = self.totals.setdefault(result.source, {"posts": 0, "updates": 0})
        total["posts"] += result.counts.n_posts
        total["updates"] += result.counts.n_updates


def _lines(result: Result) -> list[str]:
    """Return what one source's collection came to, for a person."""
    c = result.counts
    head = (
        f"{result.source}: {_n(c.n_posts, 'post')}, {_n(c.n_updates, 'official update')}, {_n(c.n_pages, 'page')}, "
        f"{c.n_rejects:,} rejected ({_n(result.n_requests, 'request')}, "
        f"{_n(result.n_replayed, 'page')} kept from before, "
        f"{result.n_retries:,} retries, waited {result.waited_s:,.0f} s)"
    )
    if not result.n_requests and not result.error and not result.uncovered and not c.n_pages:
        head = f"{result.source}: nothing to ask for; all of the window was collected before"
    lines = [head, *(f"  {line}" for line in result.uncovered)]
    if c.n_rejects:
        lines.append("  rejected: " + ", ".join(f"{why} {n:,}" for why, n in c.reasons.most_common()))
    if c.n_forgotten:
        lines.append(f"  left out: {c.n_forgotten:,} that were forgotten before")
    if c.new_fields:
        lines.append(f"  fields that are new: {', '.join(sorted(c.new_fields))}")
    if result.error:
        lines.append(f"  error: {result.error}")
    return lines


def _n(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def collector(name: str) -> type[WireCollector]:
    """Return a built-in collector's class by name.

    Raises
    ------
    CollectError
        Naming the sources there are.
    """
    if name not in COLLECTORS:
        raise CollectError(f"unknown source {name!r}; known are {', '.join(COLLECTORS)}")
    module, attribute = COLLECTORS[name]
    found: type[WireCollector] = getattr(import_module(f"{__name__}.{module}"), attribute)
    return found


def collect(
    study: Study,
    corpus: Corpus,
    sources: Iterable[str | Any] | None = None,
    *,
    follow: bool = False,
    max_cost: float | None = None,
    progress: Callable[[str], None] | None = None,
    options: Options | None = None,
) -> Collected:
    """Collect posts and official updates into a corpus; run again, it asks only for what is missing.

    Parameters
    ----------
    sources
        Names, or objects of your own with `name`, `fetch(study)` and `parse(raw)`. None takes those that the study
        has a ``[sources.NAME]`` for (and its status page), or else all that are ready and free.
    follow
        Collect at an interval until SIGINT or SIGTERM.
    max_cost
        Hard cap in US dollars for each source that charges.
    progress
        Called with a line for a person.
    options
        Clock, credentials, time-outs and interval.

    Returns
    -------
    Collected
        Counts, waits, errors and what was not covered. A source that is refused does not stop the others.

    Raises
    ------
    CollectError
        If every source failed.
    """
    from analyzer.collect.follow import rounds, stoppable
    from analyzer.collect.redact import redact, redacted_logs
    from analyzer.collect.session import Job, Options, collect_one

    options = options or Options()
    secrets = options.credentials.secrets()

    def notify(line: str) -> None:
        line = redact(line, secrets)
        log.info("%s", line)
        if progress is not None:
            progress(line)

    chosen = [collector(s) if isinstance(s, str) else s for s in _chosen(study, sources, options)]
    done, job = Collected(), Job(study, corpus, options, max_cost, notify)
    with redacted_logs(secrets), stoppable(options.clock, notify):
        for number in rounds(options.clock, interval_s=options.interval_s, n_rounds=options.n_rounds if follow else 1):
            done.n_rounds, done.results = number + 1, []
            for source in chosen:
                result = collect_one(source, job)
                if _is_behind(result, study, options):
                    # A resumed collection ends where it began; one more brings it up to now.
                    _tell(result, notify)
                    done._add(result)
                    result = collect_one(source, job)
                result = replace(result, error=redact(result.error, secrets))
                done._add(result)
                _tell(result, notify)
                if options.clock.stop.is_set():
                    done.stopped = True
                    return done
            _raise_if_all_failed(done, follow)
    done.stopped = options.clock.stop.is_set()
    return done


def _is_behind(result: Result, study: Study, options: Options) -> bool:
    """Return whether a resumed collection began so long ago that more has come since."""
    if not result.n_replayed or result.error or result.stopped or options.clock.stop.is_set():
        return False
    started = dt.datetime.fromisoformat(result.started)
    late = options.clock.now() - started > dt.timedelta(minutes=5)
    return late and (study.until is None or study.until > started)


def _chosen(study: Study, sources: Iterable[str | Any] | None, options: Options) -> list[str | Any]:
    if sources is not None:
        return [sources] if isinstance(sources, str) or hasattr(sources, "fetch") else list(sources)
    named = [n for n in COLLECTORS if n in study.sources or (n == "statuspage" and study.status_page)]
    if unknown := sorted(set(study.sources) - set(COLLECTORS)):
        raise CollectError(f"[sources.{unknown[0]}]: unknown source; known are {', '.join(COLLECTORS)}")
    if set(named) - {"statuspage"}:
        return list(named)
    free = [n for n in COLLECTORS if n not in ("x", "statuspage") and not options.credentials.missing(n)]
    return [*free, *named]


def _tell(result: Result, notify: Callable[[str], None]) -> None:
    c = result.counts
    posts, updates = _n(c.n_posts, "post"), _n(c.n_updates, "official update")
    notify(f"{result.source}: {posts}, {updates}, {c.n_rejects:,} rejected")
    for line in result.uncovered:
        notify(line)
    if result.error:
        own = result.error.startswith(f"{result.source}:")
        notify(result.error if own else f"{result.source}: {result.error}")


def _raise_if_all_failed(done: Collected, follow: bool) -> None:
    """A single failed source among others is in the result; if all failed there is nothing to go on with."""
    if done.results and all(r.error for r in done.results) and not follow:
        raise CollectError("; ".join(r.error for r in done.results))


def __getattr__(name: str) -> Any:
    if name in ("Options", "Result"):
        return getattr(import_module("analyzer.collect.session"), name)
    if name == "comply":
        return import_module("analyzer.collect.compliance").comply
    if name == "sources":
        return import_module("analyzer.collect.credentials").sources
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
