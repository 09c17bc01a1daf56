"""The main way: studies, imports, classification, timelines, reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from analyzer import schema
from analyzer.beside import Process, submit
from analyzer.errors import InputError, StudyError, UsageError
from analyzer.schema import Timeline
from analyzer.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.collect import Collected
    from analyzer.collect.archive import Summary
    from analyzer.store import Corpus

#: Official updates are kept from this long before the window …
UPDATES_BEFORE = dt.timedelta(days=1)
#: … to this long after it (post-mortems come late).
UPDATES_AFTER = dt.timedelta(days=14)
#: Relevant posts read for discovered topics; beyond it, every n-th.
MOST_DISCOVERED = 15_000
#: Posts that are classified in one go; more are taken in parts, so that memory does not grow with them.
MOST_AT_ONCE = 2_000_000
_KEY = ("source", "post_id")
#: Columns of posts that a timeline is made from.
_READ = (*_KEY, "created_at", "text", "author", "language", "kind")


def read_study(
    path: str | Path,
    *,
    columns: Sequence[str] = (),
    source: str | None = None,
    naive_time_zone: str | None = None,
) -> Study:
    """Read a study and override how its files are read.

    Parameters
    ----------
    columns
        ``"ours=theirs"`` pairs that add to the study's column map.
    """
    study = Study.load(path)
    pairs = dict(study.columns)
    for pair in columns:
        ours, equals, theirs = pair.partition("=")
        if not equals or ours not in schema.POSTS.names:
            raise UsageError(
                f"--column {pair!r}: give OURS=THEIRS, where OURS is one of {', '.join(schema.POSTS.names)}"
            )
        pairs[ours] = theirs
    return replace(
        study,
        columns=pairs,
        source=source or study.source,
        naive_time_zone=naive_time_zone or study.naive_time_zone,
    )


def find_studies(paths: Iterable[str | Path]) -> list[Path]:
    """Return the study files among files, folders (their `*.toml`) and glob patterns, in order."""
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(path.glob("*.toml")) or sorted(path.glob("*/study.toml"))
            if not inside:
                raise StudyError(f"{path}: no study (*.toml) in this folder")
            found += inside
        elif not path.exists() and any(c in str(path) for c in "*?["):
            found += sorted(map(Path, glob(str(path), recursive=True)))
        else:
            found.append(path)
    if not found:
        raise StudyError("no study file found")
    return list(dict.fromkeys(found))


def import_archive(
    paths: str | Path | Sequence[str | Path], study: Study, corpus: Corpus, *, format: str | None = None
) -> Summary:
    """Read archive files into a corpus; doing it twice changes nothing."""
    from analyzer.collect.archive import import_files

    return import_files(_paths(paths), study, corpus, format=format)


def import_updates(paths: str | Path | Sequence[str | Path], study: Study, corpus: Corpus) -> Summary:
    """Read official timelines into a corpus."""
    from analyzer.collect import archive

    return archive.import_updates(_paths(paths), study, corpus)


def _paths(paths: str | Path | Sequence[str | Path]) -> list[Path]:
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(p) for p in paths]


def plain_posts(frame: pd.DataFrame, *, name: str = "table") -> pd.DataFrame:
    """Make any table with a `text` column fit for `classify`; a missing `post_id` becomes the row number."""
    if "text" not in frame.columns:
        raise InputError(
            f"{name}: no column `text` (it has {', '.join(map(str, frame.columns))}); rename yours to `text`"
        )
    out = frame.copy()
    if "post_id" not in out.columns:
        out["post_id"] = [str(i) for i in range(len(out))]
    out["post_id"] = out["post_id"].astype(str)
    out["text"] = out["text"].astype("string").fillna("")
    return out


def classify(posts: pd.DataFrame | Corpus, *, model: str = "fast", budget_s: float | None = None) -> pd.DataFrame:
    """Label posts.

    Parameters
    ----------
    posts
        A frame with `post_id` and `text`, or a corpus: then only posts without a label of this model are judged,
        and the labels are stored.
    model
        ``"fast"``, ``"accurate"``, ``"auto"`` or ``"module:object"``.
    budget_s
        Seconds that ``"auto"`` may spend on the accurate model.

    Returns
    -------
    DataFrame
        LABELS; for a corpus, the labels of all its posts, with `source`.
    """
    from analyzer import nlp

    options = {} if budget_s is None else {"budget_s": budget_s}
    if hasattr(posts, "columns"):
        return nlp.classify(cast("pd.DataFrame", posts), model=model, **options)
    return _classify_corpus(posts, model, options)


def _classify_corpus(corpus: Corpus, model: str, options: Mapping[str, Any]) -> pd.DataFrame:
    from analyzer import nlp

    _judge(corpus, model, options)
    return corpus.labels(model=nlp.load(model, **options).name)


def _judge(
    corpus: Corpus, model: str, options: Mapping[str, Any], seen: Callable[[pd.DataFrame], None] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame] | tuple[None, None]:
    """Label what has no label of the model yet; return posts and labels if all are new and fit the memory.

    `seen` is called with the posts that will be returned, before they are judged.
    """
    from analyzer import nlp

    name = nlp.load(model, **options).name
    left, params = corpus.n_unlabelled(name), {"model": name}
    if not left:
        return None, None
    if left <= MOST_AT_ONCE or "budget_s" in options:
        posts = corpus.unlabelled(name)
        whole = len(posts) == corpus.count("posts")
        if whole and seen:
            seen(posts)
        labels = nlp.classify(posts, model=model, **options)
        with corpus.run("classify", params=params) as run:
            run.add_labels(labels)
        return (posts, labels) if whole else (None, None)
    with corpus.run("classify", params=params) as run:
        for posts in corpus.unlabelled_batches(name):
            run.add_labels(nlp.classify(posts, model=model))
    return None, None


def build_timeline(
    study: Study,
    posts: pd.DataFrame,
    labels: pd.DataFrame,
    updates: pd.DataFrame | None = None,
    *,
    coverage: pd.DataFrame | None = None,
    audit: pd.DataFrame | None = None,
    bin_minutes: int | None = None,
    seed: int = 0,
    allow_verbatim: bool = False,
    prepared: Mapping[str, Any] | None = None,
    beside: Process | None = None,
) -> Timeline:
    """Join posts, labels and official updates into everything that a report needs.

    Parameters
    ----------
    posts, labels, updates, coverage
        POSTS, LABELS, UPDATES and COVERAGE tables; posts outside the study are left out here.
    audit
        Labels given by people to a random sample (see `audit`), for prediction-powered shares.
    bin_minutes
        Width of the bins; None takes the study's, or lets the data decide.
    seed
        Seed of every bootstrap and placebo draw.
    allow_verbatim
        Keep a few posts in their own words for the report, where their platform's rules allow it.
    prepared
        What was made elsewhere for posts already selected: their `clusters` (an array, or a future of it) and
        `signals`, row for row, and `n_imported`.
    beside
        A second process for discovered topics and words (see `second_process`).
    """
    from analyzer import nlp
    from analyzer.api import exemplars
    from analyzer.nlp import discovered, duplicates, extract, keywords, prevalence, signals

    posts = schema.check(posts, schema.POSTS)
    belongs = study.belongs(posts)
    selected = posts.loc[belongs, list(_READ)].reset_index(drop=True)
    labels = labels[belongs].reset_index(drop=True) if _row_for_row(labels, posts) else align(labels, selected)
    updates = select_updates(study, schema.empty(schema.UPDATES) if updates is None else updates)
    coverage = schema.empty(schema.COVERAGE) if coverage is None else coverage
    made = {"n_imported": len(posts), **(prepared or {})}
    del posts  # as large as all the rest
    model = str(labels["model"].iloc[0]) if len(labels) else nlp.DEFAULT
    with ThreadPoolExecutor(1) as thread:  # near-copies are compiled code that holds no lock
        copies = made["clusters"] if "clusters" in made else thread.submit(duplicates.clusters, selected["text"])
        from analyzer import timeline

        relevant = timeline.relevant(labels)
        about = selected.loc[relevant, ["text", "author", "created_at"]]
        few = about.iloc[:: max(1, len(about) // MOST_DISCOVERED)]
        topics = submit(beside, discovered.discover, few["text"], authors=few["author"], seed=seed)
        flags = made["signals"] if "signals" in made else signals.signals(selected)
        named = extract.extract(about, study)
        if beside is None:
            keywords.prepare()
        timeline.prepare()
        clusters = copies.result() if isinstance(copies, Future) else copies
    words: list[Callable[[], pd.DataFrame]] = []

    def phased(phases: pd.DataFrame) -> None:
        groups = timeline.phase_of(phases, about["created_at"])
        some = keywords.enough(groups)
        texts, authors = about["text"].iloc[some], about["author"].iloc[some]
        words.append(submit(beside, keywords.distinguishing, texts, groups[some], authors=authors))

    judged = [c for c in labels.columns if c.startswith(("status", "p_", "frustration"))]
    built = timeline.build(
        study,
        selected,
        labels,
        updates,
        coverage,
        estimate=prevalence.estimator(model, audit=audit, anchor=labels.loc[relevant, judged], seed=seed),
        clusters=clusters,
        signals=flags,
        bin_minutes=bin_minutes or study.bin_minutes,
        seed=seed,
        phased=phased,
    )
    found = topics()
    return replace(
        built,
        keywords=words[0](),
        extractions=named,
        discovered=tuple({str(k): v for k, v in row.items()} for row in found.topics.to_dict("records")),
        exemplars=exemplars.choose(selected, labels, clusters, relevant, simulated=study.simulated)
        if allow_verbatim
        else (),
        quality={
            **built.quality,
            "n_imported": made["n_imported"],
            "discovered_outlier_share": found.outlier_share,
        },
    )


def _row_for_row(labels: pd.DataFrame, posts: pd.DataFrame) -> bool:
    """Tell whether labels are those of the posts in the same order."""
    import pyarrow as pa

    if len(labels) != len(posts) or "source" not in labels.columns or "post_id" not in labels.columns:
        return False
    pairs = ((pa.chunked_array(pa.array(t[c], pa.string(), from_pandas=True)) for t in (labels, posts)) for c in _KEY)
    return all(a.equals(b) for a, b in pairs)


def align(labels: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """Return the labels of `posts`, row for row; a post without a label is an error."""
    key = ["source", "post_id"] if "source" in labels.columns else ["post_id"]
    merged = posts[key].merge(labels.drop_duplicates(key, keep="last"), on=key, how="left")
    if missing := int(merged["status"].isna().sum()):
        raise InputError(f"{missing:,} of {len(posts):,} posts have no label; run classify on the same posts first")
    return merged


def select_updates(study: Study, updates: pd.DataFrame) -> pd.DataFrame:
    """Return the official updates of the study's provider, about its window, in order of posting."""
    keep = updates["posted_at"].notna()
    if study.provider:
        keep &= updates["provider"].str.casefold() == study.provider.casefold()
    if study.since:
        keep &= updates["posted_at"] >= study.since - UPDATES_BEFORE
    if study.until:
        keep &= updates["posted_at"] < study.until + UPDATES_AFTER
    return updates[keep.fillna(False).astype(bool)].sort_values("posted_at", kind="stable").reset_index(drop=True)


def timeline_of(
    study: Study,
    corpus: Corpus,
    *,
    model: str = "fast",
    budget_s: float | None = None,
    bin_minutes: int | None = None,
    seed: int = 0,
    allow_verbatim: bool = False,
    beside: Process | None = None,
) -> Timeline:
    """Classify what is not yet classified and build the timeline of a corpus, with its manifest."""
    from analyzer import nlp
    from analyzer.nlp import duplicates

    prepared: dict[str, Any] = {}
    thread = ThreadPoolExecutor(1)  # near-copies are compiled code that holds no lock: found while posts are judged

    def seen(posts: pd.DataFrame) -> None:
        prepared["clusters"] = thread.submit(duplicates.clusters, posts["text"][study.belongs(posts)])

    options = {} if budget_s is None else {"budget_s": budget_s}
    posts, labels = _judge(corpus, model, options, seen)
    thread.shutdown(wait=False)
    if posts is None or labels is None:
        posts, labels = corpus.posts(), corpus.labels(model=nlp.load(model, **options).name)
    judge = str(labels["model"].iloc[0]) if len(labels) else model
    given = [posts, labels]
    del posts, labels  # build_timeline lets go of them when it has made its choice
    built = build_timeline(
        study,
        given.pop(0),
        given.pop(),
        corpus.updates(),
        coverage=corpus.coverage(),
        audit=corpus.audit(),
        bin_minutes=bin_minutes,
        seed=seed,
        allow_verbatim=allow_verbatim,
        prepared=prepared,
        beside=beside,
    )
    parameters = {"bin_minutes": bin_minutes, "seed": seed, "model": model, "allow_verbatim": allow_verbatim}
    return signed(built, study, corpus, model=judge, parameters=parameters)


def signed(built: Timeline, study: Study, corpus: Corpus, *, model: str, parameters: Mapping[str, Any]) -> Timeline:
    """Return a timeline with the manifest of its corpus, and what of the corpus could not be read."""
    from analyzer.store import manifest

    rejects = corpus.rejects()
    return replace(
        built,
        quality={
            **built.quality,
            "n_rejected": len(rejects),
            "rejected_by_reason": {str(k): int(v) for k, v in rejects["reason"].value_counts().items()},
        },
        manifest=manifest.make(corpus, study, parameters=parameters, model=model),
    )


def report(timeline: Timeline, *outputs: str | Path, **options: Any) -> None:
    """Write the report, one file per output: .html, .pdf, .md or .json.

    Parameters
    ----------
    options
        `title`, `template`, `lang`, `allow_verbatim`, `beside`: see `analyzer.report.render`.
    """
    from analyzer.report import render

    render(timeline, [Path(o) for o in outputs], **options)


def report_json(timeline: Timeline, *, title: str | None = None, lang: str = "en") -> dict[str, Any]:
    """Return the report's JSON document as plain data."""
    from analyzer.report.json_ import to_dict

    return to_dict(timeline, title=title, lang=lang)


def collect(study: Study, corpus: Corpus, sources: Sequence[Any] | None = None, **options: Any) -> Collected:
    """Collect posts and official updates from the platforms; see `analyzer.collect.collect`."""
    from analyzer.collect import collect as run

    return run(study, corpus, sources, **options)
