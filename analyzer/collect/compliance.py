"""Re-checking stored posts with their platforms: what was deleted there goes here too.

X has batch compliance for this; elsewhere the posts are asked for again by id. What a platform does not tell stays:
only a plain "it is gone" removes a post. How long ago each platform was asked is kept, with the time it allows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analyzer.collect.checks import CHECKS
from analyzer.collect.clock import Stopped
from analyzer.collect.desk import Desk
from analyzer.collect.http import Layer
from analyzer.collect.plainjson import dumps
from analyzer.collect.redact import redact, redacted_logs
from analyzer.collect.wire import Wire
from analyzer.errors import CollectError
from analyzer.study import Study

if TYPE_CHECKING:
    from analyzer.collect.session import Options
    from analyzer.store import Corpus

#: Hours within which a platform wants deletions followed (X: 24 hours after a request; Reddit: 48; the others ask for
#: promptness, and are treated as X).
WITHIN_H = {"x": 24, "reddit": 48, "bluesky": 24, "mastodon": 24, "hackernews": 168}
#: Format of the record that a check leaves in the corpus: times and counts, no ids.
FORMAT = "compliance"


@dataclass
class Complied:
    """What one platform said."""

    source: str
    n_checked: int = 0
    n_gone: int = 0
    n_unknown: int = 0
    n_removed: int = 0
    error: str = ""


@dataclass
class Compliance:
    """What all asked platforms said."""

    results: list[Complied] = field(default_factory=list)
    stopped: bool = False
    #: When each platform must be asked again, as `clock` tells.
    due: list[dict[str, Any]] = field(default_factory=list)

    @property
    def errors(self) -> dict[str, str]:
        """What went wrong, by source."""
        return {r.source: r.error for r in self.results if r.error}

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; it names no post."""
        return {
            "stopped": self.stopped,
            "errors": self.errors,
            "sources": [vars(r) for r in self.results],
            "due": [
                {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in row.items()} for row in self.due
            ],
        }

    def __str__(self) -> str:
        lines = [
            f"{r.source}: {r.n_checked:,} posts checked, {r.n_gone:,} gone, {r.n_removed:,} removed, "
            f"{r.n_unknown:,} not told" + (f"; error: {r.error}" if r.error else "")
            for r in self.results
        ]
        return "\n".join([*lines, *map(_when, self.due)]) or "the corpus holds no post of a platform that can be asked"


def _when(row: dict[str, Any]) -> str:
    """Return one line about when a platform must be asked again."""
    last = f"last checked {row['checked_at']:%Y-%m-%d %H:%M} UTC" if row["checked_at"] else "never checked"
    due = f"{row['due_at']:%Y-%m-%d %H:%M} UTC"
    return f"{row['source']}: {last}; " + (f"overdue since {due}" if row["overdue"] else f"next check due by {due}")


def comply(
    study: Study,
    corpus: Corpus,
    sources: Iterable[str] | None = None,
    *,
    apply: bool = True,
    most: float = 0.5,
    progress: Callable[[str], None] | None = None,
    options: Options | None = None,
) -> Compliance:
    """Ask platforms about stored posts and remove what is gone there.

    Parameters
    ----------
    sources
        Platforms to ask; None takes all that the corpus holds posts of and that can be asked.
    apply
        False only counts.
    most
        Largest share of a platform's posts that may go at once; if more are said to be gone, the platform is more
        likely to be at fault, and nothing is removed.
    progress
        Called with a line for a person.
    options
        Clock, credentials and time-outs.

    Raises
    ------
    CollectError
        If a source is named that cannot be asked.
    """
    from analyzer.collect.session import Options

    options = options or Options()
    secrets = options.credentials.secrets()
    held: dict[str, list[str]] = {}
    for source, post_id in corpus.post_ids():
        held.setdefault(source, []).append(post_id)
    wanted = list(sources) if sources is not None else [s for s in CHECKS if s in held]
    if unknown := [s for s in wanted if s not in CHECKS]:
        raise CollectError(f"{unknown[0]!r} cannot be asked about its posts; these can: {', '.join(CHECKS)}")
    done = Compliance()
    with redacted_logs(secrets):
        for source in wanted:
            result = Complied(source)
            done.results.append(result)
            gone = _ask(source, held.get(source, []), study, options, result, progress or (lambda line: None))
            result.error = redact(result.error, secrets)
            if len(gone) > max(20, most * len(held.get(source, []))):
                result.error = (
                    f"{source}: {len(gone):,} of {len(held[source]):,} posts are said to be gone, more than "
                    f"{most:.0%}; nothing was removed. If that is right, raise `most`"
                )
                gone = []
            if apply and gone:
                from analyzer.collect.forget import forget

                pairs = [(source, i) for i in gone]
                result.n_removed = forget(corpus, pairs, reason="deleted on the platform", now=options.clock.now())[
                    "n_posts"
                ]
            if apply and not result.error:
                _record(corpus, study, result, options.clock.now())
            if options.clock.stop.is_set():
                done.stopped = True
                break
    done.due = clock(corpus, options.clock.now())
    return done


def _ask(
    source: str,
    ids: list[str],
    study: Study,
    options: Options,
    result: Complied,
    notify: Callable[[str], None],
) -> list[str]:
    """Return the ids that are gone; an error keeps what was told before it."""
    check = CHECKS[source]
    layer = Layer(source, limit=check.limit, clock=options.clock, policy=options.policy, notify=notify)
    # An answer of another shape must never be read as "nothing is there any more".
    wire = Wire(layer, user_agent=options.user_agent, shape=check.shape, strict=True)
    desk = Desk(source, study, wire, options.credentials, notify=notify)
    gone: list[str] = []
    try:
        for post_id, is_gone in check.ask(desk, ids):
            result.n_checked += 1
            if is_gone is None:
                result.n_unknown += 1
            elif is_gone:
                gone.append(post_id)
            if result.n_checked % 1000 == 0:
                notify(f"{source}: {result.n_checked:,} of {len(ids):,} posts checked, {len(gone):,} gone")
    except Stopped:
        result.error = "stopped before all posts were checked"
    except CollectError as error:
        result.error = str(error)
    finally:
        wire.close()
    result.n_gone = len(gone)
    return gone


def _record(corpus: Corpus, study: Study, result: Complied, now: dt.datetime) -> None:
    """Note in the corpus that a platform was asked."""
    at = now.isoformat()
    note = {"platform_asked": result.source, "checked_at": at}
    body = dumps({**vars(result), "checked_at": at}) + b"\n"
    with corpus.run("comply", study=study, params={"source": result.source}) as run:
        run.add_raw(body, name=f"compliance-{result.source}.json", format=FORMAT, **note)


def clock(corpus: Corpus, now: dt.datetime) -> list[dict[str, Any]]:
    """Return, for each platform that posts are held of, when it was last asked and when it must be asked again.

    Returns
    -------
    list of dict
        ``{"source", "n_posts", "checked_at", "due_at", "overdue"}``; never asked counts from the first collection.
    """
    asked: dict[str, dt.datetime] = {}
    for entry in corpus.raw():
        info = entry["info"]
        if entry["format"] == FORMAT:
            asked[info["platform_asked"]] = dt.datetime.fromisoformat(info["checked_at"])
    sql = "SELECT source, count(*) AS n, min(observed_at) AS first FROM posts GROUP BY source ORDER BY source"
    out = []
    for row in corpus.arrow(sql).to_pylist():
        if row["source"] not in WITHIN_H:
            continue
        since = asked.get(row["source"]) or row["first"] or now
        due = since + dt.timedelta(hours=WITHIN_H[row["source"]])
        at = asked.get(row["source"])
        out.append(
            {"source": row["source"], "n_posts": row["n"], "checked_at": at, "due_at": due, "overdue": now > due}
        )
    return out
