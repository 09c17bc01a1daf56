"""The verbs over many machines: import, classification, near-copies and bins over Parquet partitions, on Dask.

The engine is Dask distributed (extra ``cluster``): a scheduler and workers that its own commands start, or ``local``
processes of this machine. All data pass through files in the corpus folder, which every worker must see at the same
path; Dask carries only small descriptions of them. Each task reads files, writes new ones beside and then records them
in one rename, so that a task may run twice or be killed; its result is the same.

>>> with connected("local") as client:                                   # doctest: +SKIP
...     import_archive(client, ["tweets.jsonl"], study, corpus)
...     timeline = timeline_of(client, study, corpus)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.cluster.connect import connected as connected
    from analyzer.cluster.imports import import_archive as import_archive
    from analyzer.cluster.labels import classify as classify
    from analyzer.cluster.labels import label as label
    from analyzer.cluster.timelines import timeline_of as timeline_of
    from analyzer.cluster.verbs import engine as engine

# Loaded on first use: Dask takes half a second.
_NAMES = {
    "classify": "analyzer.cluster.labels",
    "connected": "analyzer.cluster.connect",
    "engine": "analyzer.cluster.verbs",
    "import_archive": "analyzer.cluster.imports",
    "label": "analyzer.cluster.labels",
    "timeline_of": "analyzer.cluster.timelines",
}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        from importlib import import_module

        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'analyzer.cluster' has no attribute {name!r}")
