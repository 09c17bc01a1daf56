"""Every function that looks into a text, and texts that a pattern which goes back and forth would never end on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analyzer.collect import official, plain, redact, statusfeed
from analyzer.collect.archive import csv_, guess, id_list, links, sniff, times
from analyzer.collect.archive.registry import FORMATS
from analyzer.collect.fields import Reject
from analyzer.collect.privacy import Masker
from analyzer.errors import AnalyzerError
from analyzer.nlp import classify, duplicates, signals
from tests.collect.archive.made import STUDY

#: What a text is repeated from.
UNITS = (
    "a", "1", "-.", "@", "@a.b-", "a@b.", "u/a", "did:plc:", "https://x.com/", "x.com/", "://", "1.", "1e+", "&#1",
    "RT @", "bearer ", "token=", "emoji \U0001f600", "e\u0301", "a ", "1 ", "\n", '"', ",", "'", "\\",
    "<a>", "<a href='", "<a", "<!--", "<p", "<br ", "</p> <p", "</li> <li", "<b>status:", "<strong>", "</a>",
)  # fmt: skip
#: A start and then white space: what follows a "\s*" that may go back.
BEFORE_SPACE = ("1", "<b>status:x", "<strong>x", "<br", "</p>", "<a href", "token", "status:")


def shapes(size: int) -> dict[str, str]:
    """Return texts of about `size` characters, by what they are made of."""
    made = {unit: (unit * (size // len(unit) + 1))[:size] for unit in UNITS}
    return made | {f"{start} + spaces": start + " " * size + "x" for start in BEFORE_SPACE}


def _refused(function: Callable[[str], Any]) -> Callable[[str], Any]:
    def call(text: str) -> Any:
        try:
            return function(text)
        except (Reject, AnalyzerError):
            return None

    return call


def _select(text: str) -> Any:
    row = {
        "text": [text],
        "service": [None],
        "created_at": pd.to_datetime(["2024-06-04"], utc=True),
        "language": ["en"],
    }
    return STUDY.select(pd.DataFrame(row).astype({"service": "string"}))


_MASKER = Masker(STUDY)
#: Functions written in Python's own patterns …
PATTERNS: dict[str, Callable[[str], Any]] = {
    "names masked": _MASKER.text,
    "HTML to text": plain.text,
    "addresses": plain.addresses,
    "official words": official.stage_of_text,
    "feeds of status pages": statusfeed._first,
    "times": _refused(times.moment),
    "ids": id_list.read_id,
    "links": lambda t: links.text_elsewhere(t, links.ELSEWHERE_X),
    "kinds of columns": guess.kind,
    "secrets": lambda t: [p.sub("", t) for p in (redact._HEADER, redact._FIELD)],
}
#: … and those that run compiled code or RE2 over columns.
COLUMNS: dict[str, Callable[[str], Any]] = {
    "csv": lambda t: list(csv_.batches(csv_.text_lines(iter([t.encode()]), "utf-8"), ",")),
    "telling the format": _refused(
        lambda t: sniff.tell(t.encode(), name="a", formats=FORMATS, wanted=None, whole=True)
    ),
    "selection": _select,
    "who speaks": lambda t: signals.signals(pd.DataFrame({"text": [t]})),
    "labels": lambda t: classify(pd.DataFrame({"text": [t]})),
    "near-copies": lambda t: duplicates.clusters([t, t + "b"]),
}
