"""Rows without an id of their own, found in stored inputs by what they say."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from analyzer.collect.archive.table_parts import flat
from analyzer.collect.archive.times import moment
from analyzer.collect.fields import Reject

#: What a row that must go says, and when; None where it could not be read.
Said = tuple[str | None, dt.datetime | None]
#: Formats of tables, the only ones whose rows may have no id.
TABLES = frozenset({"csv", "tsv", "jsonl", "parquet"})


class Gone(Protocol):
    """Forgotten posts, as the store tells them."""

    def copies(self, rows: Iterable[Any]) -> list[bool]:
        """Tell which rows, ``(source, post_id, text, pseudonym, created_at)``, must be taken for copies."""
        ...

    def quotes(self, raw: str) -> bool:
        """Tell whether a rejected row holds the words of one of the posts."""
        ...


class Rows:
    """Reads stored inputs again.

    Parameters
    ----------
    corpus
        An `analyzer.store.Corpus`.
    """

    def __init__(self, corpus: Any) -> None:
        self._corpus = corpus

    def copies(self, entry: dict[str, Any], path: Path, gone: Gone) -> dict[int, list[Said]]:
        """Return the lines of an input that hold copies of forgotten posts; none where its rows have ids.

        Parameters
        ----------
        entry
            The input's, with the id of its run as ``_run``.
        """
        if entry["format"] not in TABLES:
            return {}
        from analyzer.collect.archive.door import MADE, Door
        from analyzer.collect.archive.rebuilding import reader

        found: dict[int, list[Said]] = {}
        importer, study = reader(entry, entry["_run"], self._corpus, now=dt.datetime.now(dt.UTC))
        door = Door(study, self._corpus)
        with self._corpus.open_raw(entry) as file:
            for part in importer.parts(entry, file, path):
                rows = door.rows(part.drafts) if part.drafts is not None else []
                if rows and not rows[0][1].startswith(MADE):
                    return {}
                lines = part.drafts["_line"].to_pylist() if part.drafts is not None else []
                for line, row, hit in zip(lines, rows, gone.copies(rows), strict=True):
                    if hit:
                        found.setdefault(line, []).append((row[2], row[4]))
                for line, _, _, raw in part.rejected:
                    if raw and gone.quotes(raw):
                        found.setdefault(line, []).append((None, None))
        return found


class Listener:
    """Tells which JSON objects are rows that must go: by what they say, and when."""

    def __init__(self, zone: str | None, gone: Gone | None = None) -> None:
        self._zone, self._gone = ZoneInfo(zone) if zone else None, gone
        self._said: set[tuple[str, dt.datetime | None]] = set()
        self._quoted = False

    def attend(self, said: Iterable[Said], document: Any) -> None:
        """Look out for these rows in this document; where none is told by its time, by the words alone."""
        said = list(said)
        self._quoted = any(text is None for text, _ in said)
        self._said = {(text.strip(), time) for text, time in said if text is not None}
        if self._said and not any(self(value) for value in _objects(document)):
            self._said |= {(text, None) for text, _ in self._said}

    def __call__(self, value: dict[str, Any]) -> bool:
        """Tell whether an object is such a row."""
        if not self._said and not self._quoted:
            return False
        plain = [v for _, v in flat(value)]
        texts = {v.strip() for v in plain if isinstance(v, str)}
        if self._quoted and self._gone is not None and self._gone.quotes(" ".join(sorted(texts))):
            return True
        return any(t in texts and (time is None or time in self._times(plain)) for t, time in self._said)

    def _times(self, values: list[Any]) -> Iterator[dt.datetime]:
        for value in values:
            with contextlib.suppress(Reject):
                yield moment(value, zone=self._zone)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)
