"""Binning over a cluster: posts, relevant posts and authors per time bin, counted part by part."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.cluster import tasks
from analyzer.schema import BINS, LABELS, Timeline, check, frame


def binned(client: Any, folder: Path, parts: list[dict[str, Any]], timeline: Timeline) -> Timeline:
    """Return a timeline whose counts per bin are summed over the parts; all posts of an author lie in one part."""
    if not parts or not len(timeline.bins):
        return timeline
    start = timeline.bins["start"].iloc[0].value // 1000
    tasks.put(folder / "bins.json", {"start": start, "width": timeline.bin_s * 1_000_000, "n": len(timeline.bins)})
    done = tasks.run(client, count_part, folder, len(parts))
    total = np.sum([np.load(r["file"]) for r in done], axis=0)
    n_posts, n_relevant, n_authors = total
    if not n_authors.any():
        n_authors = np.full(len(n_authors), -1)
    bins = timeline.bins.assign(n_posts=n_posts, n_relevant=n_relevant, n_authors=n_authors)
    return replace(timeline, bins=check(bins, BINS))


def count_part(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Count the posts of one part per bin: all, relevant ones, and known authors of relevant ones; (3, n)."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from analyzer import timeline

    about = json.loads((folder / "bins.json").read_bytes())
    file = json.loads((folder / "parts.json").read_bytes())[part]
    names = {f"label.{n}": n for n in LABELS.names}
    table = pq.read_table(file, columns=["created_at", "author", *names], memory_map=True)
    n = about["n"]
    place = (table["created_at"].cast(pa.int64()).to_numpy() - about["start"]) // about["width"]
    inside = (place >= 0) & (place < n)
    relevant = inside & timeline.relevant(frame(table.select(list(names)).rename_columns(list(names.values()))))
    author, _ = pd.factorize(table["author"].to_pandas())
    known = relevant & (author >= 0)
    pairs = np.unique(place[known] * (int(author.max(initial=0)) + 1) + author[known])
    voices = np.bincount(pairs // (int(author.max(initial=0)) + 1), minlength=n)
    path = folder / "count_part" / f"{part:06d}.{token}.npy"
    counts = [np.bincount(place[inside], minlength=n), np.bincount(place[relevant], minlength=n), voices]
    np.save(path, np.stack(counts))
    return {"file": str(path)}
