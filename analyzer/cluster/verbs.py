"""The verbs of `analyzer.api` that a cluster can do, with the same arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.collect.archive import Summary
    from analyzer.schema import Timeline
    from analyzer.store import Corpus
    from analyzer.study import Study


class Verbs:
    """What can take the place of the module `analyzer.api`.

    Parameters
    ----------
    client
        From `connected`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def import_archive(
        self, paths: str | Path | Sequence[str | Path], study: Study, corpus: Corpus, *, format: str | None = None
    ) -> Summary:
        """Read archive files into a corpus."""
        from analyzer.cluster.imports import import_archive

        return import_archive(self._client, paths, study, corpus, format=format)

    def classify(self, posts: Corpus, *, model: str = "fast", budget_s: float | None = None) -> pd.DataFrame:
        """Label the posts of a corpus; only ``auto``, which a cluster refuses, has a budget."""
        from analyzer.cluster.labels import classify

        return classify(self._client, posts, model=model)

    def timeline_of(self, study: Study, corpus: Corpus, *, budget_s: float | None = None, **options: Any) -> Timeline:
        """Classify what is not yet classified and build the timeline of a corpus."""
        from analyzer.cluster.timelines import timeline_of

        return timeline_of(self._client, study, corpus, **options)


@contextmanager
def engine(address: str | None) -> Iterator[Any]:
    """Yield `analyzer.api`, or the same verbs over the cluster at an address."""
    if address is None:
        from analyzer import api

        yield api
    else:
        from analyzer.cluster.connect import connected

        with connected(address) as client:
            yield Verbs(client)
