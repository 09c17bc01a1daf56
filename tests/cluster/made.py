"""What a report's partitions give, without the rest of the report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer import api, cluster
from analyzer.nlp import duplicates, signals
from analyzer.store import Corpus
from analyzer.study import Study


class Seen(Exception):
    """Ends a run once it has what a test looks at."""


def partitioned(client: Any, study: Study, corpus: Corpus, part_rows: int) -> dict[str, Any]:
    """Return posts, labels, clusters, signals and `n_imported` as the cluster makes them."""
    seen: dict[str, Any] = {}

    def spy(study: Any, posts: Any, labels: Any, updates: Any, **options: Any) -> None:
        seen.update(posts=posts, labels=labels, **options["prepared"])
        raise Seen

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "build_timeline", spy)
        with pytest.raises(Seen):
            cluster.timeline_of(client, study, corpus, part_rows=part_rows)
    return seen


def assert_as_one_process(seen: dict[str, Any], study: Study, corpus: Corpus) -> None:
    """Compare with what one process makes of the same corpus."""
    posts = corpus.posts()
    selected = study.select(posts)
    pd.testing.assert_frame_equal(seen["posts"], selected)
    pd.testing.assert_frame_equal(seen["labels"], api.align(corpus.labels(), selected))
    pd.testing.assert_frame_equal(seen["signals"], signals.signals(selected))
    np.testing.assert_array_equal(seen["clusters"], duplicates.clusters(selected["text"]))
    assert seen["n_imported"] == len(posts)
