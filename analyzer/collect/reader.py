"""Raw pages to rows: the one reader that a collection ends with and that `rebuild` runs again.

Nothing a platform sends stops it: an item becomes a row, an official update, or a counted rejection.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analyzer.collect import official
from analyzer.collect.archive.base import DRAFT, checked_text, drafts
from analyzer.collect.archive.door import Door, Keeper
from analyzer.collect.archive.links import has_address
from analyzer.collect.fields import Reject
from analyzer.collect.privacy import Masker
from analyzer.collect.rawlog import Page
from analyzer.schema import KINDS, UPDATES
from analyzer.study import Study

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows handed on at once.
BATCH = 10_000
_DRAFT = frozenset(DRAFT.names)
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
    n_forgotten: int = 0
    new_fields: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass
class Batch:
    """Rows of three tables, without `run_id`. `posts` have been through the door: they name nobody."""

    posts: pa.Table | None = None
    updates: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)


class Reader:
    """Reads pages of one collector.

    Parameters
    ----------
    collector
        Class or object with `name`, `items`, `parse`, `table` and `fields`.
    keeper
        The corpus, for pseudonyms and for what was forgotten.
    entry
        The raw input's entry (`name`, `sha256`).
    """

    def __init__(self, collector: Any, study: Study, keeper: Keeper, *, entry: dict[str, Any]) -> None:
        self._collector, self._study, self._entry = collector, study, entry
        self._door, self._masker = Door(study, keeper), Masker(study)
        self._accounts = official.account_names(study)
        self._seen: set[tuple[str, ...]] = set()
        self._drafts: list[dict[str, Any]] = []
        self._batch = Batch()
        self._names: dict[str, str] = {}
        self.counts = Counts()

    @property
    def forgotten(self) -> set[str]:
        """Ids of posts that were turned away because they were forgotten."""
        return {post_id for _, post_id in self._door.forgotten}

    def batches(self, pages: Iterable[Page]) -> Iterator[Batch]:
        """Yield rows in batches."""
        for page in pages:
            self.counts.n_pages += 1
            self._learn(page)
            for item in self._items(page):
                self.counts.n_items += 1
                self._one(item, page)
            if len(self._drafts) >= BATCH:
                yield self._admitted()
        yield self._admitted()

    def _learn(self, page: Page) -> None:
        """Take in the names that a page gives to ids of other pages."""
        names = getattr(self._collector, "names", None)
        if names is not None:
            self._names |= dict(names(page.kind, page.page))

    def _admitted(self) -> Batch:
        """Let the drafts through the door and hand the batch on."""
        batch, self._batch = self._batch, Batch()
        for update in batch.updates:
            # Only now: the page that names the components may come after the one that speaks of them.
            ids = update.pop("component_ids", None) or ()
            named = [self._names[i] for i in ids if i in self._names]
            update["components"] = update.get("components") or list(dict.fromkeys(named)) or None
        rows, self._drafts = self._drafts, []
        if rows:
            batch.posts, _ = self._door.admit(drafts(rows), mark=self._entry["sha256"])
            self.counts.n_posts += len(batch.posts)
            self.counts.n_forgotten = len(self.forgotten)
        return batch

    def _items(self, page: Page) -> Iterator[Any]:
        try:
            yield from self._collector.items(page.kind, page.page)
        except Exception as error:  # a page of an unknown shape is a rejection, whatever it raises
            self._reject(Reject("unreadable page", f"{type(error).__name__} while its items were read"), page, None)

    def _one(self, item: Any, page: Page) -> None:
        if isinstance(item, dict) and self._collector.fields and not item.keys() <= self._collector.fields:
            self.counts.new_fields.update(item.keys() - self._collector.fields)
        try:
            row = self._collector.parse(item)
            if row is None:
                self.counts.n_not_posts += 1
                return
            if self._collector.table == "updates":
                self._keep("updates", self._update(row))
            else:
                self._post(row, page)
        except Reject as error:
            self._reject(error, page, item)
        except Exception as error:  # a parser's slip costs one item, not the run
            self._reject(Reject("unreadable", f"{type(error).__name__} while it was read"), page, item)

    def _update(self, row: dict[str, Any]) -> dict[str, Any]:
        row = {**row, "provider": row.get("provider") or self._study.provider or self._study.service}
        return {k: v for k, v in row.items() if k in _UPDATE or k == "component_ids"}

    def _post(self, row: dict[str, Any], page: Page) -> None:
        if page.kind == "official" or official.is_official(row, self._accounts):
            update = official.update_of_post(row, self._study)
            if update is None:
                self.counts.n_not_posts += 1
            else:
                self._keep("updates", {**update, "body": self._masker.text(update["body"])})
            return
        self._keep("posts", self._draft(row, page))

    def _draft(self, row: dict[str, Any], page: Page) -> dict[str, Any]:
        """Fill in what a parser may leave out, and check what the tables need."""
        row = {k: v for k, v in row.items() if k in _DRAFT} if row.keys() - _DRAFT else dict(row)
        text, time = row.get("text"), row.get("created_at")
        if not isinstance(text, str) or not text.strip():
            raise Reject("no text", f"`text` is {type(text).__name__}")
        checked_text(text)
        if not isinstance(time, dt.datetime) or time.tzinfo is None:
            raise Reject("no time", f"`created_at` is {type(time).__name__}; an aware datetime is needed")
        if not isinstance(row.get("post_id"), str):
            raise Reject("no id", f"`post_id` is {type(row.get('post_id')).__name__}; text is needed")
        if row.setdefault("kind", "original") not in KINDS:
            raise Reject("unknown kind", f"`kind` is {str(row['kind'])[:40]!r}; one of {', '.join(KINDS)} is needed")
        row.setdefault("source", self._collector.name)
        row.setdefault("has_link", has_address(text))
        row["observed_at"] = row.get("observed_at") or page.at
        row["_line"] = page.line
        return row

    def _keep(self, table: str, row: dict[str, Any]) -> None:
        """Keep the first row of each key: the same post stands on several pages."""
        columns = UPDATES.key if table == "updates" else ("source", "post_id")
        key = (table, *[str(row[k]) for k in columns])
        if key in self._seen:
            self.counts.n_duplicates += 1
            return
        if table == "posts":
            if self._collector.table == "plain":
                drafts(
                    [row]
                )  # a parser we do not know may give values of any type; one of them must not spoil the rest
            self._drafts.append(row)
        else:
            self._batch.updates.append(row)
            self.counts.n_updates += 1
        self._seen.add(key)

    def _reject(self, error: Reject, page: Page, item: Any) -> None:
        self.counts.n_rejects += 1
        self.counts.reasons[error.reason] += 1
        raw = json.dumps(page.page if item is None else item, ensure_ascii=False, default=str)[:2000]
        self._batch.rejects.append(
            {
                "file": self._entry["name"],
                "line": page.line,
                "reason": error.reason,
                "detail": error.detail[:500],
                "raw": raw.encode("utf-8", "replace").decode("utf-8"),
                "_input": self._entry["sha256"],
            }
        )
