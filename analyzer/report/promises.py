"""What official updates promised: whether they name a time, and whether the word announced came by then.

English wordings only, read by plain patterns: what they do not know is not counted, and the report says so.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from analyzer.report.pick import Row, View

_SPAN = r"(?:(?P<n>\d{1,3})\s*(?:-\s*\d+\s*)?(?P<unit>min|minute|hour|hr)s?|an?\s+(?P<one>hour)|(?P<half>half an hour))"
#: A word about when the next word comes.
_NEXT = re.compile(
    r"(?:next|another|further|more|provide(?: an)?|share(?: an)?|post(?: an)?)\s+(?:\w+\s+){0,2}?"
    r"(?:updates?|information|news|details)"
    rf"\b[^.;!?]{{0,40}}?\b(?:in|within|every)\s+(?:the next\s+|about\s+|approximately\s+)?{_SPAN}",
    re.IGNORECASE,
)
#: A word about when service is back.
_END = re.compile(
    r"\b(?:eta|estimated time|expect(?:ed|s|ing)?\b[^.;!?]{0,60}?\b(?:resol|restor|recover|back|complet|fix)\w*"
    r"|(?:resol|restor|recover|back|complet|fix)\w*[^.;!?]{0,40}?"
    r"\b(?:within|by)\s+(?:\d|an?\b|noon|midnight|tomorrow|the end))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Promise:
    """A promise of one update: its number, whether it is about the end or the next word, and how late that word came.

    `late_s` is negative for a word that came before its time, None where no span of time was named or the next word is
    unknown.
    """

    number: int
    kind: str
    late_s: float | None = None


def promises(v: View) -> list[Promise]:
    """Return what the updates promised, in their order."""
    out: list[Promise] = []
    for i, update in enumerate(v.updates):
        body = str(update["body"] or "")[:5000]
        if _END.search(body):
            out.append(Promise(i + 1, "end"))
        if found := _NEXT.search(body):
            out.append(Promise(i + 1, "next", _late(found, update, v.updates[i + 1 :])))
    return out


def readable(v: View) -> int:
    """Return how many updates hold words that a promise could stand in."""
    return sum(bool(u["body"]) for u in v.updates)


def _late(found: re.Match[str], update: Row, later: list[Row]) -> float | None:
    if not later:
        return None
    if found["n"]:
        minutes = int(found["n"]) * (1 if found["unit"].lower().startswith("min") else 60)
    else:
        minutes = 30 if found["half"] else 60
    due = update["posted_at"] + dt.timedelta(minutes=minutes)
    return float((later[0]["posted_at"] - due).total_seconds())
