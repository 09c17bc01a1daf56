"""Error codes, components, places and refuges that posts name, counted with intervals; nobody's words are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from analyzer import schema
from analyzer.nlp.quantify import wilson

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from analyzer.study import Study

_CODE = re.compile(
    r"\b(?:error|code|http|status|err)\s*(?:code)?\s*[#:=]?\s*(\d{1,5})\b|"
    r"\b([45]\d\d)s?\b(?!\s*(?:%|k\b|users|people|\$))",
    re.I,
)
#: What a text must hold before the slower pattern looks at it.
_CODE_HINT = r"[45]\d\d|(?i:error|code|http|status|err)\D{0,8}\d"
_LOCATES = r"\b(?:in|at|around|near|from|across|of|over)"
_PLACE_HINT = _LOCATES + r"\s+\p{Lu}"
#: Name -> words that mean it.
_ERRORS = {
    "bad gateway": r"bad gateway",
    "gateway timeout": r"gateway time-?out",
    "internal server error": r"internal server error",
    "service unavailable": r"service (?:temporarily )?unavailable",
    "too many requests": r"too many requests|rate.?limit(?:ed)?",
    "network error": r"network error",
    "time-out": r"timed? ?out|timeouts?",
    "at capacity": r"at capacity|overloaded",
    "blank page": r"blank (?:page|screen)|white screen",
    "endless loading": r"(?:keeps|just|still|stuck) (?:on )?(?:loading|spinning|buffering)",
}
_COMPONENTS = {
    "log-in": r"log(?:ging)?[ -]?in|sign(?:ing)?[ -]?in|password|authenticat\w+",
    "API": r"\bapi\b",
    "app": r"\bapp\b",
    "website": r"\bweb ?site|\bweb app|\bbrowser",
    "chat history": r"\bhistory\b|conversations? (?:are )?(?:gone|missing)",
    "text messages": r"\bsms\b|\btexts?\b|text messages?|\bmessaging\b|\bimessage\b",
    "calls": r"\bcalls?\b|\bcalling\b|\bvoicemail\b|\bvoice\b",
    "mobile data": r"\bmobile data\b|\b[345]g\b|\blte\b|\bdata (?:is|isn|not|down|connection)",
    "signal": r"\bsignal\b|no service|\bcoverage\b|\breception\b",
    "broadband": r"\bbroadband\b|\bwi-?fi\b|\brouter\b|\bfib(?:re|er)\b|\binternet\b",
    "payments": r"\bpayments?\b|\bcheckout\b|\bcards?\b|\bpay(?:ing)?\b|\btransfers?\b",
    "e-mail": r"\be-?mails?\b|\binbox\b|\boutlook\b|\bgmail\b",
    "uploads": r"\bupload\w*|\battach\w+",
    "images": r"\bimages?\b|\bphotos?\b|\bpictures?\b",
    "search": r"\bsearch\b",
    "power": r"\bpower\b|\belectricity\b|\blights\b",
}
_REFUGE = (
    r"switch(?:ed|ing)? (?:over )?to|mov(?:ed|ing|e) (?:over )?to|us(?:e|ing)|try(?:ing)?|tried|"
    r"go(?:ing)? (?:over )?to|back to|chang(?:ed|ing|e) to|join(?:ed|ing)?|fled to|"
    r"sign(?:ed|ing)? up (?:for|to|with)|leav(?:e|ing) (?:\w+ )?for|thank god for|"
    r"(?:is|are) (?:still )?(?:up|working)|still (?:works?|up|working)|instead"
)
#: Posts read; beyond it every n-th post is, and shares stay what they are (the interval hardly narrows).
MOST_POSTS = 50_000


def extract(posts: pd.DataFrame, study: Study, *, k: int = 5) -> pd.DataFrame:
    """Count what relevant posts name.

    Parameters
    ----------
    posts
        Relevant posts (POSTS).
    study
        Its `competitors` are counted where a post names one as a refuge ("switching to …", "… still works").
    k
        A value named by fewer authors (or distinct texts, where authors are unknown) is left out.

    Returns
    -------
    DataFrame
        EXTRACTIONS with Wilson 95 % bounds, in order of kind and count. Reposts count as their text.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    posts = posts.iloc[:: max(1, -(-len(posts) // MOST_POSTS))]
    n = len(posts)
    text = pc.fill_null(pa.array(posts["text"], type=pa.string(), from_pandas=True), "")
    text = pc.utf8_slice_codeunits(text, 0, 2000)  # a post is short; a megabyte of one is no reason to stall
    people = pc.coalesce(pa.array(posts["author"], type=pa.string(), from_pandas=True), pc.utf8_lower(text))
    people = np.asarray(people.dictionary_encode().indices)
    rows: list[dict[str, Any]] = []
    for kind, value, where in _mentions(text, study.competitors):
        n_people = len(np.unique(people[where]))
        if n_people >= k:
            low, high = wilson(len(where), n)
            row = {"kind": kind, "value": value, "n": len(where), "share": len(where) / n, "n_authors": n_people}
            rows.append({**row, "low": low, "high": high})
    order = {"error_code": 0, "component": 1, "place": 2, "competitor": 3}
    return schema.make(schema.EXTRACTIONS, sorted(rows, key=lambda r: (order[r["kind"]], -r["n"], r["value"])))


def _mentions(text: Any, competitors: tuple[str, ...]) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    """Yield kind, value and the rows that name it."""
    import numpy as np
    import pyarrow.compute as pc

    def rows(pattern: str) -> NDArray[np.int64]:
        return np.flatnonzero(pc.match_substring_regex(text, pattern).to_numpy(zero_copy_only=False).astype(bool))

    for kind, patterns in (("error_code", _ERRORS), ("component", _COMPONENTS)):
        for name, pattern in patterns.items():
            yield kind, name, rows(rf"(?i)\b(?:{pattern})\b")
    for name in competitors:
        word = rf"(?:^|\W){re.escape(name)}(?:\W|$)"
        yield (
            "competitor",
            name,
            rows(rf"(?i)(?:\b(?:{_REFUGE})\b[^.!?\n]{{0,25}}{word}|{word}[^.!?\n]{{0,25}}\b(?:{_REFUGE})\b)"),
        )
    for kind, find in (("error_code", _codes), ("place", _places)):
        found: dict[str, list[int]] = {}
        candidates = rows(_CODE_HINT if kind == "error_code" else _PLACE_HINT)
        for i, one in zip(candidates, text.take(candidates).to_pylist(), strict=True):
            for value in set(find(one)):
                found.setdefault(value, []).append(i)
        for value, where in found.items():
            yield kind, value, np.array(where)


def _codes(text: str) -> Iterator[str]:
    for match in _CODE.finditer(text):
        yield (match[1] or match[2]).lstrip("0") or "0"


def _places(text: str) -> Iterator[str]:
    return (m[1] for m in _place_pattern().finditer(text))


@cache
def _place_pattern() -> re.Pattern[str]:
    """Places after a word that locates ("in Leeds"): cities of the time-zone data, and our own list."""
    from importlib.resources import files
    from zoneinfo import available_timezones

    zones = (z.rsplit("/", 1)[1].replace("_", " ") for z in available_timezones() if "/" in z and z[:3] != "Etc")
    names = {c for c in zones if c.isalpha() or " " in c if c[0].isupper() and len(c) > 3}
    own = files("analyzer").joinpath("data/places.txt").read_text(encoding="utf-8").splitlines()
    names |= {line for line in own if not line.startswith("#")}
    return re.compile(_LOCATES + r"\s+(" + "|".join(sorted(map(re.escape, names), key=len, reverse=True)) + r")\b")
