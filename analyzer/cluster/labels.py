"""Classifying the posts of a corpus over a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cluster import partitions, tasks
from analyzer.errors import UsageError
from analyzer.schema import frame
from analyzer.store.run import Counts

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.store import Corpus


def classify(client: Any, corpus: Corpus, *, model: str = "fast", part_rows: int = partitions.ROWS) -> pd.DataFrame:
    """Label the posts of a corpus that `model` has not labelled, and return the labels of all (as `api.classify`)."""
    return corpus.labels(model=label(client, corpus, model=model, part_rows=part_rows))


def label(client: Any, corpus: Corpus, *, model: str = "fast", part_rows: int = partitions.ROWS) -> str:
    """Label the posts of a corpus that `model` has not labelled; return the model's full name.

    Parameters
    ----------
    model
        ``"fast"``, ``"accurate"`` or ``"module:object"`` that all workers can import. The fast tier's numbers are the
        same to the last digit whatever the partitions; the accurate tier's to about 1e-6.
    part_rows
        Posts of a partition, about.
    """
    from analyzer import nlp

    if model.partition("-")[0] == "auto":
        raise UsageError(
            "--model auto spends one budget of time over all posts, which a cluster cannot share out; "
            "take fast or accurate with --cluster"
        )
    name = nlp.load(model).name
    corpus.state()  # there must be one before a run makes it
    with corpus.run("classify", params={"model": name}) as run:
        state = corpus.state()
        plan = partitions.of(corpus.path, state, rows=part_rows)
        folder = tasks.start(
            run.folder / "parts",
            root=str(corpus.path.absolute()),
            run_id=run.run_id,
            state=state,
            model=model,
            name=name,
            plan=plan,
        )
        done = tasks.run(client, label_part, folder, len(plan))
        files = [entry for result in done for entry in result["files"].get("labels", [])]
        if files:
            run.parts["labels"] = ({"labels": files}, Counts(n_new=sum(f["rows"] for f in files)))
    return name


def label_part(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Label one partition."""
    import pyarrow.parquet as pq

    from analyzer import nlp
    from analyzer.store import commit
    from analyzer.store.tables import STORED, conform

    job = tasks.job(folder)
    root = Path(job["root"])
    posts = partitions.read(root, job["state"], job["plan"][part]).select(["source", "post_id", "text", "run_id"])
    todo = partitions.unlabelled(root, job["state"], posts, job["name"])
    if not len(todo):
        return {"files": {}}
    labels = nlp.classify(frame(todo), model=job["model"])
    made = folder / "label_part" / f"{part:06d}.{token}.parquet"
    table = conform(labels, STORED["labels"], job["run_id"])
    pq.write_table(table, made, compression="zstd", compression_level=1, row_group_size=122_880)
    stem = f"{job['run_id']}.{part:06d}.{token}"
    return {"files": commit.place(root, made, "labels", stem, len(table))}
