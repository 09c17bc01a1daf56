"""Invented input files."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from analyzer.collect.archive import import_files
from analyzer.store import Corpus
from analyzer.study import Study

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
WIRE = Path(__file__).parents[2] / "data" / "wire"
STUDY = Study(service="ChatGPT", terms=("chatgpt",))


def tweet(number: int, **changes: Any) -> dict[str, Any]:
    """A flattened twarc2 line."""
    post = {
        "id": str(1_900_000_000_000_000_000 + number),
        "text": f"chatgpt is down again, number {number}",
        "author_id": str(500 + number % 7),
        "created_at": f"2024-06-04T07:{number // 60 % 60:02d}:{number % 60:02d}.000Z",
        "conversation_id": str(1_900_000_000_000_000_000 + number),
        "lang": "en",
        "public_metrics": {"retweet_count": 1, "reply_count": 0, "like_count": number, "quote_count": 0},
        "edit_history_tweet_ids": [str(number)],
        "author": {"id": str(500 + number % 7), "username": f"invented_{number % 7}"},
        "__twarc": {"url": "https://api.twitter.com/2/tweets", "version": "2.14.0"}
        | {"retrieved_at": "2024-06-05T00:00:00+00:00"},
    }
    return {**post, **changes}


def lines(values: Any) -> bytes:
    return b"".join(json.dumps(v, ensure_ascii=False).encode() + b"\n" for v in values)


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def read(path: Path | list[Path], corpus: Corpus, study: Study = STUDY, **options: Any) -> Any:
    paths = path if isinstance(path, list) else [path]
    return import_files(paths, study, corpus, now=NOW, **options)
