"""What relevant posts name: error codes, failing components, places, and services that people flee to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from analyzer.nlp.classify import text_array
from analyzer.nlp.quantify import wilson
from analyzer.schema import EXTRACTIONS, make

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.study import Study

#: Posts that are read at most (evenly spaced in the input).
MAX_POSTS = 100_000
#: Component -> words that name it, English first, then the other supported languages.
COMPONENTS: dict[str, str] = {
    "login": r"log ?-?in|log ?-?on|sign(ing)? ?-?in|logging in|log(ged)? (me )?out|authenticat\w*|password reset|"
    r"iniciar sesi[oó]n|anmeld\w+|einlogg\w+|connexion|accedere|accesso",
    "API": r"api|apis|endpoint|webhook",
    "app": r"app|apps|application|aplicaci[oó]n|aplicativo|applicazione",
    "website": r"web ?site|web ?page|site|p[aá]gina|webseite|sito",
    "servers": r"servers?|servidor\w*|serveurs?",
    "payments": r"payments?|paying|check ?out|card payments?|transactions?|pagos?|pagamento\w*|zahlung\w*|paiements?",
    "text messages": r"texts?|texting|sms|text messages?|imessages?|mensajes|nachrichten",
    "calls": r"calls?|calling|dial tone|phone line|llamadas?|liga[cç][oõ]es|anrufe?|appels?|chiamate",
    "mobile data": r"data|3g|4g|5g|lte|mobile internet|roaming|datos|dados",
    "signal": r"signal|reception|coverage|bars|cobertura|se[nñ]al|sinal|empfang|r[eé]seau|segnale",
    "internet": r"internet|wi-?fi|broadband|fibre|fiber|router|modem|connection|ethernet",
    "power": r"power|electricity|lights|luz|energia|strom|[eé]lectricit[eé]|corrente",
    "messages and chat": r"dms?|messages|messaging|chats?|inbox|conversation|history",
    "voice": r"voice|voicemail|mic|microphone",
    "images": r"images?|image generation|pictures?|photos?|uploads?",
    "search": r"search|results",
    "e-mail": r"e-?mails?|smtp|imap",
    "video and streaming": r"streams?|streaming|videos?|buffering|playback",
    "DNS": r"dns|name ?servers?",
    "status page": r"status ?page|statuspage|status site",
}
_ERROR = re.compile(
    r"(?i)\b(?:error|err|code|status|http|fehler|erreur|errore|erro)\s*(?:code|message|number|no\.?)?\s*[:#]?\s*"
    r"((?:0x[0-9a-f]{4,8})|(?:[a-z]{1,6}[-_ ]?)?\d{2,5})\b|"
    r"\b([45]\d\d)\s+(?:error|bad gateway|gateway|internal|service unavailable|timeout)"
)
_HTTP_WORDS = re.compile(
    r"(?i)\b(bad gateway|gateway time-?out|service unavailable|internal server error|too many requests|at capacity|"
    r"connection (?:refused|reset|timed out)|network error|something went wrong)\b"
)
_PLACE = re.compile(
    r"\b(?:in|at|near|around|across|from|outside|en|em|à|a|di|bei)\s+((?:[A-ZÀ-Þ][\wà-ÿ'’.-]+)"
    r"(?:\s+(?:of|the|upon|de|del|do|da|la|am|an der)?\s*[A-ZÀ-Þ][\wà-ÿ'’-]+){0,2}(?:,\s*[A-Z]{2}\b)?)|"
    r"\b([A-Z]{1,2}\d{1,2}[A-Z]?)\s?\d[A-Z]{2}\b"
)
#: Capitalised words after "in" that are no places.
_NO_PLACE_TEXT = """
i i'm the my a an this that monday tuesday wednesday thursday friday saturday sunday january february march
april may june july august september october november december english spanish god fact general person app store
google apple twitter facebook chatgpt openai ai api us me you it we today tomorrow christmas hell no yes not
customer support
"""
_NO_PLACE = frozenset(_NO_PLACE_TEXT.split())
_REFUGE = re.compile(
    r"(?i)(?<!\w)(switch\w*|mov(e|ed|ing)( \w+)? to|go(ing|ne)?( \w+)? (to|with|for)|leav(e|ing)|join\w*|us(e|ed|ing)|"
    r"try(ing)?|tried|"
    r"alternative\w*|instead|back to|over to|cancel\w*|better|chang(e|ing) to|port(ing)? to|recommend\w*|"
    r"cambi\w+|pas[aá]rme|mudar|wechs\w+|changer|passer|passare|passo)(?!\w)"
)


def extract(posts: pd.DataFrame, study: Study, *, k: int = 5) -> pd.DataFrame:
    """Count what relevant posts name.

    Parameters
    ----------
    posts
        Relevant posts: `text`, and `author` where it is known.
    study
        Its `competitors` are looked for; its own names are no places.
    k
        A value is shown only if so many authors (texts, where authors are unknown) name it.

    Returns
    -------
    pandas.DataFrame
        EXTRACTIONS, by kind, then by falling n. Beyond 100,000 posts, an evenly spaced sample of them is read.
    """
    import numpy as np

    array = text_array(posts["text"])
    rows = np.unique(np.linspace(0, max(len(array) - 1, 0), min(len(array), MAX_POSTS)).astype(np.int64))
    texts = array.take(_rows(rows)).to_pylist()
    authors = _authors(posts, rows, texts)
    found: dict[tuple[str, str], set[int]] = {}
    finders = _components(), _competitors(study), _errors, _places(study)
    for number, text in enumerate(texts):
        for finder in finders:
            for item in finder(text):
                found.setdefault(item, set()).add(number)
    out = []
    for (kind, value), where in found.items():
        who = len({authors[i] for i in where})
        if who >= k:
            low, high = wilson(len(where), len(texts))
            share = len(where) / len(texts)
            out.append(
                {
                    "kind": kind,
                    "value": value,
                    "n": len(where),
                    "share": share,
                    "low": low,
                    "high": high,
                    "n_authors": who,
                }
            )
    order = ("error_code", "component", "place", "competitor")
    return make(EXTRACTIONS, sorted(out, key=lambda r: (order.index(r["kind"]), -r["n"], r["value"])))


def _authors(posts: pd.DataFrame, rows: Any, texts: list[str]) -> list[Any]:
    if "author" not in posts.columns or posts["author"].isna().all():
        return texts
    given = posts["author"].iloc[rows].tolist()
    return [a if isinstance(a, str) else t for a, t in zip(given, texts, strict=True)]


def _components() -> Any:
    pattern = re.compile(
        r"(?i)(?<!\w)(?:"
        + "|".join(f"(?P<c{i}>{re.sub(r'[(](?![?])', '(?:', w)})" for i, w in enumerate(COMPONENTS.values()))
        + r")(?!\w)"
    )
    names = list(COMPONENTS)

    def find(text: str) -> Iterator[tuple[str, str]]:
        for match in pattern.finditer(text):
            yield "component", names[int((match.lastgroup or "c0")[1:])]

    return find


def _competitors(study: Study) -> Any:
    own = set(study.names)
    # Only a competitor that people turn to is a refuge; to be named in passing is not enough.
    names = {c.casefold(): c for c in study.competitors if c.casefold() not in own}
    pattern = re.compile(r"(?i)(?<!\w)(" + "|".join(map(re.escape, names)) + r")(?!\w)") if names else None

    def find(text: str) -> Iterator[tuple[str, str]]:
        if pattern is not None and _REFUGE.search(text):
            for match in pattern.finditer(text):
                yield "competitor", names[match.group(1).casefold()]

    return find


def _errors(text: str) -> Iterator[tuple[str, str]]:
    for match in _ERROR.finditer(text):
        yield "error_code", re.sub(r"[\s_]+", "-", (match.group(1) or match.group(2)).upper())
    for match in _HTTP_WORDS.finditer(text):
        yield "error_code", match.group(1).lower()


def _places(study: Study) -> Any:
    own = {word for name in study.names for word in name.split()}

    def find(text: str) -> Iterator[tuple[str, str]]:
        for match in _PLACE.finditer(text):
            place = (match.group(1) or match.group(2)).strip(" .'’-")
            first = place.split()[0].casefold().strip(".,'’")
            named = len(place) > 1 and first not in _NO_PLACE and first not in own and not place.isupper()
            if named or match.group(2):
                yield "place", place

    return find


def _rows(rows: Any) -> Any:
    import pyarrow as pa

    return pa.array(rows)
