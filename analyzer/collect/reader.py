"""Raw pages to rows: the one reader that a collection ends with and that `rebuild` runs again.

Nothing a platform sends stops it: an item becomes a row, an official update, or a counted rejection.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analyzer.collect import official
from analyzer.collect.fields import Reject
from analyzer.collect.privacy import Masker
from analyzer.collect.rawlog import Page
from analyzer.schema import POSTS, UPDATES
from analyzer.study import Study

#: Rows handed on at once.
BATCH = 10_000
_POST = frozenset(POSTS.names)
_UPDATE = frozenset(UPDATES.names)


@dataclass
class Counts:
    """What became of the items of a collection."""

    n_pages: int = 0
    n_items: int = 0
    n_posts: int = 0
    n_updates: int = 0
    n_rejects: int = 0
    n_duplicates: int = 0
    n_not_posts: int = 0
    new_fields: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass
class Batch:
    """Rows of three tables, without `run_id`; posts and rejects carry `_input`'s line as `_line`."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.posts) + len(self.updates) + len(self.rejects)


class Reader:
    """Reads pages of one collector.

    Parameters
    ----------
    collector
        Class or object with `items`, `parse`, `table` and `fields`.
    pseudonym
        ``(source, author) -> str``: the corpus's keyed pseudonym.
    file
        Name of the raw input, for rejections.
    """

    def __init__(self, collector: Any, study: Study, pseudonym: Callable[[str, str], str], *, file: str) -> None:
        self._collector, self._study, self._file = collector, study, file
        self._pseudonym = pseudonym
        self._known: dict[tuple[str, str], str] = {}
        self._masker = Masker(study)
        self._accounts = official.account_names(study)
        self._seen: set[tuple[str, ...]] = set()
        self.counts = Counts()

    def batches(self, pages: Iterable[Page]) -> Iterator[Batch]:
        """Yield rows in batches."""
        batch = Batch()
        for page in pages:
            self.counts.n_pages += 1
            for item in self._items(page, batch):
                self.counts.n_items += 1
                self._one(item, page, batch)
            if len(batch) >= BATCH:
                yield batch
                batch = Batch()
        if len(batch):
            yield batch

    def _items(self, page: Page, batch: Batch) -> Iterator[Any]:
        try:
            yield from self._collector.items(page.kind, page.page)
        except Exception as error:  # a page of an unknown shape is a rejection, whatever it raises
            self._reject(
                Reject("unreadable page", f"{type(error).__name__} while its items were read"), page, batch, None
            )

    def _one(self, item: Any, page: Page, batch: Batch) -> None:
        if isinstance(item, dict) and self._collector.fields:
            self.counts.new_fields.update(item.keys() - self._collector.fields)
        try:
            row = self._collector.parse(item)
            if row is None:
                self.counts.n_not_posts += 1
                return
            kept = self._update(row) if self._collector.table == "updates" else self._post(row, page)
        except Reject as error:
            self._reject(error, page, batch, item)
            return
        except Exception as error:  # a parser's slip costs one item, not the run
            self._reject(Reject("unreadable", f"{type(error).__name__} while it was read"), page, batch, item)
            return
        if kept is None:
            return
        table, row = kept
        key = (table, *(str(row[k]) for k in (UPDATES if table == "updates" else POSTS).key))
        if key in self._seen:
            self.counts.n_duplicates += 1
            return
        self._seen.add(key)
        if table == "updates":
            batch.updates.append(row)
            self.counts.n_updates += 1
        else:
            batch.posts.append({**row, "_line": page.line})
            self.counts.n_posts += 1

    def _update(self, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        row = {**row, "provider": row.get("provider") or self._study.provider or self._study.service}
        return "updates", {k: v for k, v in row.items() if k in _UPDATE}

    def _post(self, row: dict[str, Any], page: Page) -> tuple[str, dict[str, Any]] | None:
        if page.kind == "official" or official.is_official(row, self._accounts):
            update = official.update_of_post(row, self._study)
            if update is None:
                self.counts.n_not_posts += 1
                return None
            return "updates", update
        source = str(row["source"])
        row = {k: v for k, v in row.items() if k in _POST}
        row["author"] = self._author(source, row.get("author"))
        row["text"] = self._masker.text(row["text"])
        if url := row.get("url"):
            row["url"] = self._masker.text(url)
        row.setdefault("observed_at", page.at)
        return "posts", row

    def _author(self, source: str, author: Any) -> str | None:
        if author is None or author == "":
            return None
        key = (source, str(author))
        if key not in self._known:
            if len(self._known) > 200_000:
                self._known.clear()
            self._known[key] = self._pseudonym(*key)
        return self._known[key]

    def _reject(self, error: Reject, page: Page, batch: Batch, item: Any) -> None:
        self.counts.n_rejects += 1
        self.counts.reasons[error.reason] += 1
        raw = json.dumps(page.page if item is None else item, ensure_ascii=False, default=str)[:2000]
        batch.rejects.append(
            {
                "file": self._file,
                "line": page.line,
                "reason": error.reason,
                "detail": error.detail[:500],
                "raw": raw.encode("utf-8", "replace").decode("utf-8"),
            }
        )


def post_table(rows: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]) -> Any:
    """Return posts as an Arrow table with the store's hidden columns (`entry` is the raw input's)."""
    import pyarrow as pa

    schema = POSTS.arrow()
    columns = [pa.array([r.get(f.name) for r in rows], type=f.type) for f in schema]
    table = pa.table(columns, schema=schema)
    table = table.append_column("_input", pa.array([entry["sha256"]] * len(rows), type=pa.string()))
    return table.append_column("_line", pa.array([r.get("_line") for r in rows], type=pa.int64()))
