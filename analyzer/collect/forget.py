"""Forgetting posts: taken out of tables and of raw input, and kept out by keyed marks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from analyzer.collect.archive import stream
from analyzer.collect.archive.door import MADE
from analyzer.collect.copies import Rows
from analyzer.collect.redactor import Redactor
from analyzer.errors import InputError


def forget(
    corpus: Any,
    ids: str | Path | Iterable[str | tuple[str, str]],
    *,
    reason: str = "request",
    now: dt.datetime | None = None,
) -> dict[str, int]:
    """Remove posts from a corpus everywhere, raw input too; importing them again brings them not back.

    Parameters
    ----------
    corpus
        An `analyzer.store.Corpus`.
    ids
        A file with one post a line, ``id`` or ``source,id``; or ids, or pairs ``(source, id)``.
    reason
        For the redaction record, which names no post.
    now
        The clock.

    Returns
    -------
    dict
        ``n_posts`` removed, ``n_copies`` of them copies without an id of their own, ``n_raw`` rows changed in raw
        input, ``n_unknown`` ids that the corpus did not hold, ``n_alike`` posts with an id of their own that say the
        same by the same author, which stay.
    """
    asked = list(read_ids(ids) if isinstance(ids, str | Path) else _pairs(ids))
    if not asked:
        raise InputError("no ids to forget; give one a line, `id` or `source,id`")
    redact = Redactor({i for _, i in asked}, rows=Rows(corpus))
    return dict(corpus.forget(asked, redact=redact, reason=reason, now=now))


def read_ids(path: str | Path) -> Iterator[tuple[str, str]]:
    """Yield ``(source, id)`` of a file; the source is empty where a line does not name it."""
    with stream.open_input(Path(path)) as file:
        text = file.read().decode("utf-8-sig", "replace")
    yield from _pairs(
        line for line in text.splitlines() if line.strip() and line.strip() not in ("id", "source,post_id")
    )


def _pairs(ids: Iterable[str | tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for item in ids:
        if isinstance(item, tuple):
            yield item
            continue
        source, comma, post_id = item.strip().strip('"').partition(",")
        yield (source.strip().strip('"'), post_id.strip().strip('"')) if comma else ("", source)


def export_ids(corpus: Any, out: str | Path) -> int:
    """Write ``source,post_id`` of all posts, and nothing else; returns their number.

    Ids that importing made for rows without any are left out: they name nothing elsewhere, and are made of content.
    """
    import os

    path = Path(out)
    new = path.with_name(path.name + ".new")
    n = 0
    with open(new, "w", encoding="utf-8") as file:
        file.write("source,post_id\n")
        for source, post_id in corpus.post_ids():
            if post_id.startswith(MADE):
                continue
            file.write(f"{source},{post_id}\n")
            n += 1
    os.replace(new, path)
    return n
