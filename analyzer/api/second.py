"""A second process that makes part of a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analyzer.beside import Process, worth_it

if TYPE_CHECKING:
    from analyzer.store import Corpus


@contextmanager
def second_process(corpus: Corpus) -> Iterator[Process | None]:
    """Give a second process that loads what a report needs, or None where it would not pay; the results are the same.

    Used as ``with second_process(corpus) as beside:`` around `timeline_of` and `report`, which take it as `beside`.
    """
    from analyzer.nlp import keywords
    from analyzer.report import prepare

    if not worth_it(corpus.count("posts")):
        yield None
        return
    with Process() as process:
        process.submit(keywords.prepare)
        process.submit(prepare)
        yield process
