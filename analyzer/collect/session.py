"""One source's collection from start to commit: resume, fetch, read the raw log, one atomic run."""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analyzer import __version__
from analyzer.collect import coverage, plan
from analyzer.collect.base import PLAIN, SHARED, PageCollector, WireCollector
from analyzer.collect.clock import Clock, Stopped, SystemClock
from analyzer.collect.credentials import Credentials
from analyzer.collect.desk import Desk
from analyzer.collect.http import Capped, Held, Layer, Policy
from analyzer.collect.plainjson import dumps
from analyzer.collect.progress import Meter, uncovered
from analyzer.collect.rawlog import RawLog
from analyzer.collect.rawpages import redact
from analyzer.collect.reader import Counts, Reader
from analyzer.collect.wire import Wire
from analyzer.errors import CollectError, CorpusError
from analyzer.study import Study

if TYPE_CHECKING:
    from analyzer.store import Corpus

log = logging.getLogger(__name__)
#: Format name under which raw logs are kept in the corpus.
FORMAT = "pages"
#: Without a new page, what was covered is written again only when it has grown by this many seconds.
QUIET_S = 900.0
#: Seconds that a commit waits for another writer.
PATIENCE = 60


@dataclass(frozen=True)
class Options:
    """What a collection may be given besides study and corpus; the defaults are for real use.

    Parameters
    ----------
    interval_s
        Seconds between two rounds of ``follow``.
    n_rounds
        Rounds of ``follow`` before it ends by itself; None follows until stopped.
    """

    clock: Clock = field(default_factory=SystemClock)
    credentials: Credentials = field(default_factory=Credentials)
    policy: Policy = field(default_factory=Policy)
    seed: int | None = None
    interval_s: float = 60.0
    n_rounds: int | None = None
    user_agent: str = f"{sys.platform}:outage-analyzer:{__version__} (research on service outages)"


@dataclass
class Result:
    """What one source's collection came to."""

    source: str
    counts: Counts = field(default_factory=Counts)
    error: str = ""
    stopped: bool = False
    n_requests: int = 0
    n_replayed: int = 0
    #: When the collection began: earlier than now, if it was resumed.
    started: str = ""
    n_retries: int = 0
    waited_s: float = 0.0
    notes: dict[str, Any] = field(default_factory=dict)
    uncovered: list[str] = field(default_factory=list)
    run_id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        counts = vars(self.counts) | {
            "new_fields": dict(self.counts.new_fields),
            "reasons": dict(self.counts.reasons),
        }
        return {**{k: v for k, v in vars(self).items() if k != "counts"}, **counts}


@dataclass(frozen=True)
class Job:
    """What every source of one collection shares."""

    study: Study
    corpus: Corpus
    options: Options
    max_cost: float | None
    notify: Callable[[str], None]
    #: US dollars spent so far, by source.
    spent: dict[str, float] = field(default_factory=dict)


def collect_one(source: Any, job: Job) -> Result:
    """Collect one source; a refusal or a stop keeps what came before it.

    Parameters
    ----------
    source
        A built-in collector's class, or a user's own object with `name`, `fetch` and `parse`.
    """
    name, corpus, clock = source.name, job.corpus, job.options.clock
    header = {"source": name, "started": clock.now().isoformat(), "study": _digest(job.study, source)}
    rawlog = RawLog(corpus.path / "raw" / "open" / f"{_safe(name)}.jsonl", header)
    try:
        if _committed(corpus, rawlog.session) or rawlog.header["study"] != header["study"]:
            rawlog = _renewed(rawlog, header, source, job)
        result, desk = Result(name, started=str(rawlog.header["started"])), None
        if isinstance(source, type) and issubclass(source, WireCollector):
            collector: Any = source
            desk = _fetch(source, rawlog, result, job)
        else:
            collector = PageCollector(source)
            _fetch_own(source, rawlog, result, job)
        if len(rawlog) or (desk is not None and _worth_noting(desk, result, corpus)):
            _when_free(clock, lambda: _commit(rawlog, collector, result, desk, job))
        rawlog.close(remove=True)
    except BaseException:
        rawlog.close()
        raise
    return result


def _worth_noting(desk: Desk, result: Result, corpus: Corpus) -> bool:
    """Return whether a collection without a single page says something new: it covers more, or went wrong anew."""
    if desk.grown_s() > QUIET_S:
        return True
    began = result.n_requests > 0 or not result.error
    return began and bool(desk.holes) and _last_info(corpus, desk.name).get("problem") != result.error


def _fetch(source: type[WireCollector], rawlog: RawLog, result: Result, job: Job) -> Desk:
    """Drive a built-in collector until it ends, is refused, or is stopped."""
    options, study = job.options, job.study
    seed = int(rawlog.session[:8], 16) if options.seed is None else options.seed
    layer = Layer(
        source.name, limit=source.limit, clock=options.clock, policy=options.policy, seed=seed, notify=job.notify
    )
    meter = Meter(source.name, source.items, layer, job.notify)
    agent = str(study.sources.get(source.name, {}).get("user_agent") or options.user_agent)
    wire = Wire(layer, rawlog, user_agent=agent, shape=source.shape, on_page=meter.page)
    last = _last_info(job.corpus, source.name)
    desk = Desk(
        source.name,
        study,
        wire,
        options.credentials,
        covered=plan.from_rows(last.get("spans", ())),
        memory=last.get("memory", {}),
        max_cost=job.max_cost,
        spent=job.spent.get(source.name, 0.0),
        notify=job.notify,
        settle_s=source.settle_s,
        known_ids=lambda: _ids_only(job.corpus, source.name),
    )
    meter.desk = desk
    try:
        _name_unknown_settings(source, desk)
        for _ in source(desk).fetch(study):
            pass
    except Stopped:
        result.stopped = True
    except CollectError as error:
        result.error = str(error)
        kind = "rate_limited" if isinstance(error, Held | Capped) else "gap"
        desk.hole(*desk.window, kind, result.error[:200])
    finally:
        wire.close()
    job.spent[source.name] = float(desk.notes.get("cost_usd", 0.0))
    result.n_requests, result.n_retries, result.waited_s = layer.n_requests, layer.n_retries, layer.waited_s
    result.n_replayed = wire.n_replayed
    if wire.n_odd:
        desk.notes["pages of an unknown shape"] = wire.n_odd
    result.notes = dict(desk.notes)
    desk.holes = coverage.sharpened(desk)
    # The error itself is told beside it.
    result.uncovered = [line.replace(f": {result.error[:200]})", ")") for line in uncovered(desk)]
    return desk


def _ids_only(corpus: Corpus, name: str) -> list[str]:
    """Return ids that were imported without their posts, in order."""
    if not corpus.exists():
        return []
    sql = "SELECT i.post_id FROM ids i ANTI JOIN posts p USING (source, post_id) WHERE i.source = ? ORDER BY 1"
    found: list[str] = corpus.arrow(sql, [name])["post_id"].to_pylist()
    return found


def _name_unknown_settings(source: type[WireCollector], desk: Desk) -> None:
    """Say which settings of the study are none: mostly a slip of the pen."""
    known = source.settings | SHARED
    for name in sorted(set(desk.settings) - known):
        there = ", ".join(sorted(known))
        desk.notify(f"{desk.name}: [sources.{desk.name}] {name} is no setting and means nothing; there are {there}")


def _fetch_own(source: Any, rawlog: RawLog, result: Result, job: Job) -> None:
    """Drive a user's own collector: each item it yields is recorded before it is parsed."""
    clock = job.options.clock
    try:
        for raw in source.fetch(job.study):
            if clock.stop.is_set():
                raise Stopped
            body = dumps(raw)
            key = rawlog.key("", "", body)
            if rawlog.get(key) is None:
                rawlog.append(key, kind=PLAIN, url="", at=clock.now(), body=body, is_json=True)
    except Stopped:
        result.stopped = True
    except CollectError as error:
        result.error = str(error)


def _when_free(clock: Clock, commit: Callable[[], None]) -> None:
    """Commit; where another command is writing to the corpus, wait for it a while."""
    for left in range(PATIENCE, -1, -1):
        try:
            return commit()
        except CorpusError as error:
            if "is being written" not in str(error) or not left:
                raise
            log.info("%s", error)
        try:
            clock.sleep(1.0)
        except Stopped:  # the signal asks to stop, and the pages are still to be written
            time.sleep(1.0)


def _commit(rawlog: RawLog, collector: Any, result: Result, desk: Desk | None, job: Job) -> None:
    """Read the raw log and make it, its rows and what it covered visible in one step."""
    import pandas as pd

    rawlog.sync()
    name, study, corpus = result.source, job.study, job.corpus
    info: dict[str, Any] = {"platform": name, "session": rawlog.session}
    if desk is not None:
        info |= {
            "problem": result.error,
            "spans": plan.to_rows(desk.known_spans()),
            "memory": _without_forgotten({**desk.memory, **desk.remember}, name, corpus),
        }
    file = f"{name}-{rawlog.started:%Y%m%dT%H%M%S}.jsonl"
    with corpus.run("collect", study=study, params={"source": name, "session": rawlog.session}) as run:
        entry = _stored(run, rawlog, collector, {"name": file, "format": FORMAT, "info": info}, job)
        reader = Reader(collector, study, corpus, entry=entry)
        for batch in reader.batches(rawlog.pages()):
            if batch.posts is not None:
                run.add_posts(batch.posts)
            if batch.updates:
                run.add_updates(pd.DataFrame(_filled(batch.updates)))
            if batch.rejects:
                run.add_rejects(pd.DataFrame(batch.rejects))
        if desk is not None and (rows := coverage.rows(desk)):
            run.add_coverage(pd.DataFrame(rows))
        run.notes = {"collect": {**result.notes, "uncovered": result.uncovered, "error": result.error}}
        result.counts, result.run_id = reader.counts, run.run_id


def _stored(run: Any, rawlog: RawLog, collector: Any, about: Mapping[str, Any], job: Job) -> dict[str, Any]:
    """Store the raw log and return its entry; forgotten posts that the platform still gives are taken out of it."""
    gone: set[str] = set()
    if job.corpus.has_tombstones:
        reader = Reader(collector, job.study, job.corpus, entry={**about, "sha256": ""})
        for _ in reader.batches(rawlog.pages()):
            pass
        gone = reader.forgotten
    if not gone:
        entry: dict[str, Any] = run.add_raw(rawlog.path, name=about["name"], format=FORMAT, **about["info"])
        return entry
    writer = run.raw_writer(**about)
    with open(rawlog.path, "rb") as lines:
        redact(lines, collector.name, gone, writer.write)
    entry = writer.close()
    run.keep_raw(entry)
    return entry


def _without_forgotten(memory: Any, name: str, corpus: Corpus) -> Any:
    """Return what is remembered (threads, stories) without the names of forgotten posts that a platform still gives."""
    if not isinstance(memory, dict) or not corpus.has_tombstones:
        return memory
    names = [f"t3_{k}" if name == "reddit" else str(k) for k in memory]
    kept = [k for k, gone in zip(memory, corpus.forgotten(name, names), strict=True) if not gone]
    return {k: _without_forgotten(memory[k], name, corpus) for k in kept}


def _filled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from analyzer.schema import UPDATES

    return [{n: r.get(n) for n in UPDATES.names if n != "run_id"} for r in rows]


def _renewed(rawlog: RawLog, header: Mapping[str, Any], source: Any, job: Job) -> RawLog:
    """Put away a log that belongs to a finished collection, or to another wording of the study, and begin a new one."""
    if len(rawlog) and not _committed(job.corpus, rawlog.session):
        # Collected for an earlier wording of the study: nothing is lost, its pages become a run of their own.
        collector = source if isinstance(source, type) else PageCollector(source)
        _commit(rawlog, collector, Result(source.name), None, job)
    path = rawlog.path
    rawlog.close(remove=True)
    return RawLog(path, header)


def _infos(corpus: Corpus) -> Iterator[Mapping[str, Any]]:
    """Yield what was noted of earlier collections, the newest first."""
    if corpus.exists():
        yield from (e["info"] for e in reversed(corpus.raw()) if e["format"] == FORMAT)


def _committed(corpus: Corpus, session: str) -> bool:
    return any(info.get("session") == session for info in _infos(corpus))


def _last_info(corpus: Corpus, name: str) -> Mapping[str, Any]:
    return next((i for i in _infos(corpus) if i.get("platform") == name and "spans" in i), {})


def _digest(study: Study, source: Any) -> str:
    """Return what a raw log must agree with to be resumed: the study, where it bears on this source."""
    plain = study.to_dict()
    own = {k: plain[k] for k in ("service", "since", "until", "terms", "aliases", "exclude", "languages", "accounts")}
    own |= {"settings": plain["sources"].get(source.name, {}), "status_page": plain["status_page"]}
    return hashlib.blake2b(dumps(own), digest_size=10).hexdigest()


def _safe(name: str) -> str:
    if not name or not all(c.isalnum() or c in "-_." for c in name) or name.startswith("."):
        raise CorpusError(f"a collector's name {name!r} must be of letters, digits, - and _")
    return name
