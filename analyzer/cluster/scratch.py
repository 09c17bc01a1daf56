"""A folder for what passes between tasks of a report, beside the corpus, gone when the work ends."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from analyzer.store.layout import writing
from analyzer.store.lock import WriterLock

_MARK = ".cluster-"


@contextlib.contextmanager
def scratch(corpus: Path) -> Iterator[Path]:
    """Make a folder beside the corpus that all workers see, and remove it at the end.

    It holds texts of posts meanwhile, so it is readable by its owner only; what a killed program left there is removed
    by the next one.
    """
    corpus = corpus.absolute()
    _remove_left(corpus)
    folder = corpus.with_name(f"{corpus.name}{_MARK}{secrets.token_hex(4)}")
    with writing(corpus.parent):
        folder.mkdir(mode=0o700)
    try:
        with WriterLock(folder, "cluster"):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(corpus: Path) -> None:
    for folder in corpus.parent.glob(f"{corpus.name}{_MARK}*"):
        with contextlib.suppress(Exception), WriterLock(folder, "cluster"):  # held by one that still works
            shutil.rmtree(folder, ignore_errors=True)
