"""The timeline of a study over a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.cluster import copies, counts, labels, partitions, selection, shuffle, tasks
from analyzer.cluster.scratch import scratch
from analyzer.schema import Timeline

if TYPE_CHECKING:
    from analyzer.beside import Process
    from analyzer.store import Corpus
    from analyzer.study import Study

#: Posts of one bucket, at most about.
_BUCKET = 1_000_000


def timeline_of(
    client: Any,
    study: Study,
    corpus: Corpus,
    *,
    model: str = "fast",
    bin_minutes: int | None = None,
    seed: int = 0,
    allow_verbatim: bool = False,
    beside: Process | None = None,
    part_rows: int = partitions.ROWS,
) -> Timeline:
    """Classify what is not yet classified and build the timeline of a corpus: the one of `api.timeline_of`.

    Selection, signals, copies and near-copies and the counts per bin are worked out over partitions; what is left (the
    posts that the study selects, with their labels) is read and judged here, as in one process.

    Parameters
    ----------
    client
        From `connected`.
    part_rows
        Posts of a partition, about.
    """
    from analyzer import api

    name = labels.label(client, corpus, model=model, part_rows=part_rows)
    state = corpus.state()
    with scratch(corpus.path) as place:
        plan = partitions.of(corpus.path, state, rows=part_rows)
        folder = tasks.start(
            place,
            root=str(corpus.path.absolute()),
            state=state,
            study=study.to_dict(),
            name=name,
            plan=plan,
            n_buckets=tasks.n_buckets(client, len(plan), least=len(plan) * part_rows // _BUCKET),
        )
        found = tasks.run(client, selection.select_part, folder, len(plan))
        buckets = shuffle.index([f for f in found if f["buckets"]], folder / "selected")
        parts = tasks.run(client, selection.judge_part, folder, len(buckets))
        tasks.put(folder / "parts.json", [p["selected"] for p in parts])
        clusters = copies.clusters(client, folder, parts)
        posts, judged, signals = selection.gather(parts)
        prepared = {"clusters": clusters, "signals": signals, "n_imported": sum(f["n_posts"] for f in found)}
        built = api.build_timeline(
            study,
            posts,
            judged,
            corpus.updates(),
            coverage=corpus.coverage(),
            audit=corpus.audit(),
            bin_minutes=bin_minutes,
            seed=seed,
            allow_verbatim=allow_verbatim,
            prepared=prepared,
            beside=beside,
        )
        built = counts.binned(client, folder, parts, built)
    parameters = {"bin_minutes": bin_minutes, "seed": seed, "model": model, "allow_verbatim": allow_verbatim}
    judge = name if prepared["n_imported"] else model
    return api.signed(built, study, corpus, model=judge, parameters=parameters)
