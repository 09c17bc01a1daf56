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
            "sources": [r.to_dict() for r in self.results],
        }

    def __str__(self) -> str:
        lines = []
        for r in self.results:
            c = r.counts
            lines.append(
                f"{r.source}: {c.n_posts:,} posts, {c.n_updates:,} official updates, {c.n_pages:,} pages, "
                f"{c.n_rejects:,} rejected ({r.n_requests:,} requests, {r.n_replayed:,} pages kept from before, "
                f"{r.n_retries:,} retries, waited {r.waited_s:,.0f} s)"
            )
            lines += [f"  {line}" for line in r.uncovered]
            if c.new_fields:
                lines.append(f"  fields that are new: {', '.join(sorted(c.new_fields))}")
            if r.error:
                lines.append(f"  error: {r.error}")
        return "\n".join(lines) or "nothing was collected"


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
                    done.results.append(result)
                    result = collect_one(source, job)
                result = replace(result, error=redact(result.error, secrets))
                done.results.append(result)
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
    notify(f"{result.source}: {c.n_posts:,} posts, {c.n_updates:,} official updates, {c.n_rejects:,} rejected")
    for line in result.uncovered:
        notify(line)
    if result.error:
        notify(f"{result.source}: {result.error}")


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
