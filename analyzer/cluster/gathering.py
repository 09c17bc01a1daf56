"""Putting together what the pieces of files say, file by file, as if each had been read at once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

from analyzer.collect.archive.importer import Importer, Reasons, refuse_empty
from analyzer.collect.archive.summary import FileSummary, Summary

if TYPE_CHECKING:
    from analyzer.store.run import Run


def gather(
    importer: Importer,
    run: Run,
    summary: Summary,
    *,
    files: list[dict[str, Any]],
    pieces: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    """Add to a run what is not posts, and complete the summary.

    Parameters
    ----------
    importer
        Of the run; it keeps the inputs and records the coverage.
    files
        Entries of the inputs, in order.
    pieces
        The plan and the results of all pieces; each result gets the number of lines before it, as ``before``.
    """
    for number, entry in enumerate(files):
        about = FileSummary(entry["name"])
        summary.files.append(about)
        importer.door.nameless = {}
        before = n_good = 0
        reasons: Reasons = {}
        for piece, result in zip(*pieces, strict=True):
            if piece["file"] != number:
                continue
            result["before"] = before
            for reason, (line, detail) in result["reasons"].items():
                reasons.setdefault(reason, (line + before, detail))
            n_good += result["n_good"]
            _add(about, result["about"])
            _count(summary, result["summary"])
            _rows(run, result)
            _seen(importer, result)
            before += result["n_lines"]
        refuse_empty(about, n_good, reasons)
        importer.keep({**entry, "format": about.format}, about)
    importer.coverage()


def _seen(importer: Importer, result: dict[str, Any]) -> None:
    """Take over what the door of a piece saw: the span of the posts, and what was forgotten before."""
    for source, (low, high) in result["spans"].items():
        a, b = dt.datetime.fromisoformat(low), dt.datetime.fromisoformat(high)
        held = importer.spans.get(source, (a, b))
        importer.spans[source] = (min(held[0], a), max(held[1], b))
    importer.door.forgotten.update((source, post_id) for source, post_id in result["forgotten"])
    for line, said in result["nameless"]:
        rows = [(text, None if time is None else dt.datetime.fromisoformat(time)) for text, time in said]
        importer.door.nameless[line + result["before"]] = rows


def _add(about: FileSummary, piece: dict[str, Any]) -> None:
    about.format, about.encoding = piece["format"], piece["encoding"]
    about.n_rows += piece["n_rows"]
    about.truncated |= piece["truncated"]
    about.columns.update(piece["columns"])
    about.notes += piece["notes"]


def _count(summary: Summary, piece: dict[str, Any]) -> None:
    for name in ("n_rows", "n_updates", "n_ids"):
        setattr(summary, name, getattr(summary, name) + piece[name])
    summary.rejected += Counter(piece["rejected"])
    summary.skipped += Counter(piece["skipped"])


def _rows(run: Run, result: dict[str, Any]) -> None:
    """Add a piece's few other rows to the run, with the lines that they have in the file."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    files = result["files"]
    if "rejects" in files:
        table = pq.read_table(files["rejects"])
        line = pc.add(table["line"], pa.scalar(result["before"], pa.int64()))
        run.add_rejects(table.set_column(table.schema.get_field_index("line"), "line", line))
    if "updates" in files:
        run.add_updates(pq.read_table(files["updates"]))
    if "ids" in files:
        ids = pq.read_table(files["ids"])
        run.add_ids(zip(ids["source"].to_pylist(), ids["post_id"].to_pylist(), strict=True))
