"""Importing over a cluster: pieces of files are read on the workers, then joined key by key in buckets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cluster import pieces, shuffle, tasks
from analyzer.cluster.gathering import gather
from analyzer.collect.archive.importer import Importer, Reasons, reading
from analyzer.collect.archive.registry import NAMES
from analyzer.collect.archive.summary import FileSummary, Summary
from analyzer.errors import ClusterError, InputError
from analyzer.store import Corpus, layout
from analyzer.store.run import Counts
from analyzer.study import Study

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.store.run import Run

#: Bytes of input whose posts make one bucket, at most about.
_BUCKET = 1 << 30


def import_archive(
    client: Any,
    paths: str | Path | Sequence[str | Path],
    study: Study,
    corpus: Corpus,
    *,
    format: str | None = None,
    now: dt.datetime | None = None,
    piece_bytes: int = pieces.SIZE,
) -> Summary:
    """Read archive files into a corpus over a cluster; the corpus is the same as `api.import_archive` makes.

    Parameters
    ----------
    client
        From `connected`.
    paths
        Files that all workers see at the same path.
    format, now
        As in `analyzer.collect.archive.import_files`.
    piece_bytes
        Size of the pieces that plain files of JSON lines are cut into.

    Raises
    ------
    InputError, ClusterError
        The corpus is unharmed.
    """
    if format is not None and format not in NAMES:
        raise InputError(f"no format {format!r}; there are {', '.join(NAMES)}")
    given = [paths] if isinstance(paths, str | Path) else paths
    files = [p.absolute() for p in dict.fromkeys(Path(p) for p in given)]
    summary, now = Summary(), now or dt.datetime.now(dt.UTC)
    with corpus.run("import", study=study, params={"format": format}) as run:
        corpus.key()  # made here, so that all workers find it
        plan = [
            {"file": n, **piece} for n, path in enumerate(files) for piece in pieces.of(path, format, size=piece_bytes)
        ]
        folder = tasks.start(
            run.folder / "parts",
            root=str(corpus.path.absolute()),
            run_id=run.run_id,
            state=layout.read_state(corpus.path),
            study=study.to_dict(),
            files=[str(f) for f in files],
            sizes=[f.stat().st_size for f in files],
            format=format,
            now=now.isoformat(),
            plan=plan,
            n_buckets=tasks.n_buckets(client, len(plan), least=sum(f.stat().st_size for f in files) // _BUCKET),
        )
        kept = tasks.run(client, keep_input, folder, len(files))
        found = tasks.run(client, read_piece, folder, len(plan))
        gather(Importer(study, corpus, run, summary, now=now), run, summary, files=kept, pieces=(plan, found))
        _join(client, run, folder, found)
        run.notes["import"] = {"skipped": dict(summary.skipped), "rejected": dict(summary.rejected)}
    summary.settle(run, "posts")
    return summary


def _see(folder: Path, number: int) -> tuple[dict[str, Any], Path]:
    """Return the job and one of its files, if this machine sees it as the driver does."""
    job = tasks.job(folder)
    path = Path(job["files"][number])
    if not path.exists() or path.stat().st_size != job["sizes"][number]:
        raise ClusterError(
            f"{path}: a worker does not see this file (or sees another one); put it where all workers have it at the "
            "same path"
        )
    return job, path


def keep_input(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Store one file's bytes under their hash."""
    from analyzer.collect.archive.stream import BLOCK, open_input
    from analyzer.store.raw import RawWriter

    job, path = _see(folder, part)
    info = reading(Study.from_dict(job["study"]))
    writer = RawWriter(Path(job["root"]), folder, name=path.name, format="", info=info)
    try:
        with open_input(path) as file:
            while block := file.read(BLOCK):
                writer.write(block)
        return writer.close()
    finally:
        writer.discard()  # after an error an open file would still take its space


def read_piece(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Read one piece; its posts are written in buckets."""
    from analyzer.cluster.part_run import PartRun

    piece = tasks.job(folder)["plan"][part]
    job, path = _see(folder, piece["file"])
    corpus, study = Corpus(job["root"]), Study.from_dict(job["study"])
    stem = folder / "read_piece" / f"{part:06d}.{token}"
    run = PartRun(corpus, stem, run_id=job["run_id"], n_buckets=job["n_buckets"], place=piece["file"])
    summary, now = Summary(), dt.datetime.fromisoformat(job["now"])
    importer = Importer(study, corpus, run, summary, now=now)
    n_lines, n_good = 0, 1
    reasons: Reasons = {}
    if "format" in piece:
        about = FileSummary(path.name, format=piece["format"])
        blocks = pieces.Blocks(path, piece["start"], piece["stop"])
        n_good, reasons = importer.lines(iter(blocks), about, sample=piece["sample"])
        n_lines = blocks.n_lines
    else:
        importer.file(path, job["format"])
        about = summary.files[0]
    return {
        "files": run.finish(),
        "about": asdict(about),
        "summary": {n: getattr(summary, n) for n in ("n_rows", "n_updates", "n_ids", "rejected", "skipped")},
        "spans": {s: [a.isoformat(), b.isoformat()] for s, (a, b) in importer.spans.items()},
        "forgotten": sorted(importer.door.forgotten),
        "nameless": [
            [line, [[text, None if time is None else time.isoformat()] for text, time in said]]
            for line, said in importer.door.nameless.items()
        ],
        "n_lines": n_lines,
        "n_good": n_good,
        "reasons": reasons,
    }


def _join(client: Any, run: Run, folder: Path, found: list[dict[str, Any]]) -> None:
    """Let each bucket keep the last row of each key, and of those what is new to the corpus."""
    parts = [{**part, "before": result["before"]} for result in found for part in result["files"]["posts"]]
    buckets = shuffle.index(parts, folder / "posts")
    if not buckets:
        return
    files: dict[str, list[dict[str, Any]]] = {}
    counts = Counts()
    for result in tasks.run(client, join_bucket, folder, len(buckets)):
        for name, entries in result["files"].items():
            files.setdefault(name, []).extend(entries)
        counts = Counts(**{k: v + result["counts"][k] for k, v in asdict(counts).items()})
    run.parts["posts"] = (files, counts)


def join_bucket(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Join the posts of one bucket to the corpus, as a run of one process does with all of them."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from analyzer.store import commit, views

    job = tasks.job(folder)
    tables: list[pa.Table] = []
    for place, table in shuffle.read(folder / "posts", part):
        line = pc.add(table["_line"], pa.scalar(place["before"], pa.int64()))
        tables.append(table.set_column(table.schema.get_field_index("_line"), "_line", line))
    staged = folder / "join_bucket" / f"{part:06d}.{token}.parquet"
    pq.write_table(pa.concat_tables(tables), staged, compression="zstd", compression_level=1)
    root = Path(job["root"])
    con = views.connect(root, job["state"], spill=staged.with_suffix(".spill"))
    try:
        name = f".{part:06d}.{token}"
        files, counts = commit.merge(con, root, staged, "posts", job["run_id"], part=name)
    finally:
        con.close()
    return {"files": files, "counts": asdict(counts)}
