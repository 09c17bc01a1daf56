"""Reading the evaluation material for the tests that need it."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from analyzer import nlp, schema
from analyzer.nlp import duplicates, signals
from analyzer.schema import Timeline
from analyzer.study import Study
from analyzer.timeline import build


@lru_cache(maxsize=2)
def posts_of(path: Path) -> pd.DataFrame:
    """Return the posts of one evaluation file as POSTS."""
    table = pd.read_csv(path)
    rows = pd.DataFrame(
        {
            "source": table.get("platform", "x"),
            "post_id": table["post_id"].astype(str) if "post_id" in table else [str(i) for i in range(len(table))],
            "created_at": pd.to_datetime(table["created_at"], utc=True, format="mixed"),
            "text": table["text"].astype(str),
            "author": table["author"].astype(str) if "author" in table else None,
            "language": table.get("lang"),
            "service": table.get("brand"),
            "kind": np.where(table["is_retweet"], "repost", "original") if "is_retweet" in table else "original",
            "has_link": False,
            "run_id": "test",
        }
    )
    for name in schema.POSTS.names:
        if name not in rows:
            rows[name] = None
    return schema.check(rows, schema.POSTS)


def vodafone(since: str) -> Study:
    """The study of the Vodafone UK outage, from a day on."""
    start = dt.datetime.fromisoformat(since).replace(tzinfo=dt.UTC)
    return Study(
        service="VodafoneUK", aliases=("Vodafone UK",), since=start, until=dt.datetime(2019, 12, 5, tzinfo=dt.UTC)
    )


def labelled(study: Study, posts: pd.DataFrame) -> Timeline:
    """Classify the study's posts with the shipped model and build their timeline."""
    chosen = study.select(posts)
    return build(
        study,
        chosen,
        nlp.classify(chosen),
        schema.empty(schema.UPDATES),
        schema.empty(schema.COVERAGE),
        clusters=duplicates.clusters(chosen["text"]),
        signals=signals.signals(chosen),
    )
