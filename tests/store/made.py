"""Small invented posts and labels."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from analyzer import schema
from analyzer.store import Corpus

START = dt.datetime(2024, 6, 4, 7, tzinfo=dt.UTC)


def post(number: int, **changes: Any) -> dict[str, Any]:
    row = {
        "source": "x",
        "post_id": str(number),
        "created_at": START + dt.timedelta(seconds=number),
        "text": f"is it down, number {number}",
        "kind": "original",
        "has_link": False,
        "n_likes": number,
    }
    return {**row, **changes}


def posts(numbers: Any, **changes: Any) -> pd.DataFrame:
    return schema.make(schema.POSTS, [post(n, **changes) for n in numbers])


def label(number: int, *, model: str = "m/1", source: str = "x", **changes: Any) -> dict[str, Any]:
    return {"source": source, "post_id": str(number), "status": "ok", "model": model, "p_relevant": 0.5, **changes}


def add(corpus: Corpus, frame: pd.DataFrame, verb: str = "import") -> Any:
    with corpus.run(verb) as run:
        run.add_posts(frame)
    return run


def files(folder: Path) -> dict[str, bytes]:
    """All files but the lock, whose content only names the last writer."""
    found = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    found.pop("lock", None)
    return found
