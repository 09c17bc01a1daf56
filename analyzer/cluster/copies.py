"""Copies and near-copies over a cluster: the very clusters of `analyzer.nlp.duplicates`, found in buckets.

Texts meet by fingerprint (exact copies), then by the keys of their MinHash bands. Only texts that share a key with
another can be near-copies; these few are linked in one place, in the order in which one process would link them, since
a link depends on those made before.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.cluster import selection, shuffle, tasks
from analyzer.nlp import duplicates


def clusters(client: Any, folder: Path, parts: list[dict[str, Any]]) -> NDArray[np.int64]:
    """Return the cluster of each selected post, as `analyzer.nlp.duplicates.clusters` numbers them.

    Parameters
    ----------
    folder
        The job's folder; `selection.judge_part` has been there.
    parts
        What it returned.
    """
    if not parts:
        return np.zeros(0, np.int64)
    rank = selection.ranks(parts, folder)
    buckets = shuffle.index([p["marks"] for p in parts], folder / "marks")
    first = np.arange(len(rank))
    for result in tasks.run(client, meet_copies, folder, len(buckets)):
        found = np.load(result["file"])
        first[found[0]] = found[1]
    np.save(folder / "first.npy", first)
    tasks.put(folder / "bits.json", duplicates.row_bits(int((first == np.arange(len(first))).sum())))
    banded = [r for r in tasks.run(client, sketch_part, folder, len(parts)) if r["buckets"]]
    buckets = shuffle.index(banded, folder / "bands")
    shared = [np.load(r["file"]) for r in tasks.run(client, meet_keys, folder, len(buckets))]
    if not shared:
        return first
    band, key, place = np.concatenate(shared, axis=1)
    involved = np.unique(place)
    np.save(folder / "involved.npy", involved)
    sketch = _joined([np.load(r["file"]) for r in tasks.run(client, sets_of_part, folder, len(parts))], involved)
    parent = np.arange(len(involved))
    place = np.searchsorted(involved, place)
    for number in np.unique(band):
        rows = band == number  # buckets are ranges of keys, so the keys of a band are in order
        duplicates.link(place[rows], key[rows], sketch, parent, similar=duplicates.SIMILAR)
    near = np.arange(len(first))
    near[involved] = involved[duplicates.roots(parent)]
    return near[first]


def meet_copies(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Find, for each text of one bucket that is a copy, the first one."""
    pieces = [piece for _, piece in shuffle.read(folder / "marks", part)]
    mark, of, row = (np.concatenate([p[c].to_numpy() for p in pieces]) for c in ("mark", "part", "row"))
    rank = np.load(folder / "rank.npy", mmap_mode="r")[np.load(folder / "start.npy")[of] + row]
    _, inverse = np.unique(mark, return_inverse=True)
    least = np.full(int(inverse.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, inverse, rank)
    first = least[inverse]
    copy = first != rank
    return _saved(folder, "meet_copies", part, token, np.stack([rank[copy], first[copy]]))


def sketch_part(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Write the band keys of the distinct texts of one part, by key."""
    import pyarrow as pa

    from analyzer.nlp.shingles import BANDS

    texts, sizes, rank = _distinct(folder, part)
    if not len(rank):
        return {"file": None, "buckets": []}
    _, bands = duplicates.sketches(texts, sizes)
    width = min(47, 63 - json.loads((folder / "bits.json").read_bytes()))
    keys = bands.ravel() & ((1 << width) - 1)
    table = pa.table({"band": np.repeat(np.arange(BANDS), len(rank)), "key": keys, "rank": np.tile(rank, BANDS)})
    bucket = (keys >> max(0, width - 16)) * tasks.job(folder)["n_buckets"] >> min(16, width)
    return shuffle.write(table, bucket, folder / "sketch_part" / f"{part:06d}.{token}.parquet")


def meet_keys(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Keep the texts of one range of keys that share a key with another: band, key and place, in that order."""
    pieces = [piece for _, piece in shuffle.read(folder / "bands", part)]
    band, key, rank = (np.concatenate([p[c].to_numpy() for p in pieces]) for c in ("band", "key", "rank"))
    order = np.lexsort((rank, key, band))
    band, key, rank = band[order], key[order], rank[order]
    same = (band[1:] == band[:-1]) & (key[1:] == key[:-1])
    shared = np.r_[same, False] | np.r_[False, same]
    return _saved(folder, "meet_keys", part, token, np.stack([band[shared], key[shared], rank[shared]]))


def sets_of_part(folder: Path, part: int, token: str) -> dict[str, Any]:
    """Write the shingles of the texts of one part that share a key with another."""
    import pyarrow as pa

    texts, sizes, rank = _distinct(folder, part)
    wanted = np.flatnonzero(np.isin(rank, np.load(folder / "involved.npy", mmap_mode="r")))
    sketch, _ = duplicates.sketches(texts.take(pa.array(wanted)), sizes[wanted])
    path = folder / "sets_of_part" / f"{part:06d}.{token}.npz"
    np.savez(path, rank=rank[wanted], places=sketch.places[:-1], ends=sketch.ends, sets=sketch.sets)
    return {"file": str(path)}


def _distinct(folder: Path, part: int) -> tuple[Any, NDArray[np.int64], NDArray[np.int64]]:
    """Return texts, sizes and places of the posts of a part that are the first of their text and have words."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from analyzer.nlp.classify import text_array

    file = json.loads((folder / "parts.json").read_bytes())[part]
    table = pq.read_table(file, columns=["text", "size"], memory_map=True)
    rank, sizes = np.array(selection.ranks_of(folder, part)), table["size"].to_numpy()
    keep = np.flatnonzero((np.load(folder / "first.npy", mmap_mode="r")[rank] == rank) & (sizes > 0))
    return text_array(table["text"]).take(pa.array(keep)), sizes[keep], rank[keep]


def _joined(parts: list[Any], involved: NDArray[np.int64]) -> duplicates.Sketch:
    """Put the shingles of all parts side by side, in the order of the texts."""
    starts = np.cumsum([0, *(len(p["sets"]) for p in parts)])
    rank = np.concatenate([p["rank"] for p in parts])
    places = np.concatenate([p["places"] + start for p, start in zip(parts, starts, strict=False)])
    ends = np.concatenate([p["ends"] + start for p, start in zip(parts, starts, strict=False)])
    order = np.argsort(rank)
    assert (rank[order] == involved).all()
    return duplicates.Sketch(places[order], ends[order], np.concatenate([p["sets"] for p in parts]))


def _saved(folder: Path, name: str, part: int, token: str, array: NDArray[Any]) -> dict[str, Any]:
    path = folder / name / f"{part:06d}.{token}.npy"
    np.save(path, array)
    return {"file": str(path)}
