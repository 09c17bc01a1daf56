"""From drawn material to the words of a post: openings, endings, gaps, typos."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analyzer.simulate.profiles import DEVICES, PLACES, Profile
from analyzer.simulate.stock import Stock

Ints = NDArray[np.int64]
_GAP = re.compile(r"\{(\w+)\}")
_TAGGED = ("x", "bluesky", "mastodon")
_JOINS = (". ", ". ", "... ", " ", " - ", ".\n")
_OUTAGE_TAILS = ("down", "outage", "still")
_LEAD_SHARE, _TAIL_SHARE = 0.16, 0.4
_TYPO_SHARE, _LOWER_SHARE, _LONG_SHARE = 0.07, 0.22, 0.05


def joined(first: Sequence[str], second: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Join two halves; an empty second half leaves the first as it is."""
    joins = rng.integers(0, len(_JOINS), len(first))
    return [
        a if not b else f"{a} {b}" if a[-1] in ".?!🙃" else f"{a}{_JOINS[j]}{b}"
        for a, b, j in zip(first, second, joins.tolist(), strict=True)
    ]


def dressed(
    texts: Sequence[str],
    sources: Sequence[str],
    languages: Sequence[str],
    stock: Stock,
    *,
    calm: Sequence[bool],
    rng: np.random.Generator,
) -> list[str]:
    """Put openings and endings around texts, as the platform has them (no hashtags on Reddit or Hacker News).

    Where `calm`, no ending speaks of an outage.
    """
    n = len(texts)
    u = rng.random((2, n))
    pick = rng.integers(0, 1 << 30, (2, n))
    tails = {
        (t, c): _tails(stock, (() if t else ("#", "@")) + (_OUTAGE_TAILS if c else ()))
        for t in (True, False)
        for c in (True, False)
    }
    out = []
    for i, text in enumerate(texts):
        if u[0, i] < _LEAD_SHARE and (leads := stock.words.get((languages[i], "lead"))):
            lead = leads[pick[0, i] % len(leads)]
            if "@" not in lead or (sources[i] == "x" and "@" not in text):
                text = f"{lead} {text}"
        if u[1, i] < _TAIL_SHARE and (ends := tails[sources[i] in _TAGGED, bool(calm[i])].get(languages[i])):
            text = f"{text} {ends[pick[1, i] % len(ends)]}"
        out.append(text)
    return out


def _tails(stock: Stock, without: tuple[str, ...]) -> dict[str, list[str]]:
    found = {}
    for (language, slot), words in stock.words.items():
        if slot == "tail":
            found[language] = [w for w in words if not any(c in w for c in without)]
    return found


def filled(
    texts: Sequence[str], clock: Ints, elapsed: Ints, profile: Profile, stock: Stock, *, rng: np.random.Generator
) -> list[str]:
    """Fill the gaps: service, time, number, error code, place, device, competitor, hashtag, official account.

    Parameters
    ----------
    clock, elapsed
        Minute of the day of every post, and minutes since the trouble began, for ``{t}`` and ``{ago}``.
    """
    fillers: dict[str, Sequence[str]] = {
        "s": profile.spellings,
        "c": profile.competitors,
        "code": profile.codes,
        "tag": (profile.tag, profile.service.replace(" ", "")),
        "official": (profile.official,),
        "place": PLACES,
        "place2": PLACES,
        "device": DEVICES,
        "device2": DEVICES,
        "count": [str(i) for i in range(37, 4000, 61)],
        "n": [str(i) for i in range(2, 10)],
        "name": [f"({profile.service})", f"#{profile.tag}", f"#{profile.tag}down", f"- {profile.service}"],
    }
    for slot in ("task", "outcome", "who"):
        fillers[slot] = stock.words.get(("en", slot), ["thing"])
    draws = rng.integers(0, 1 << 62, len(texts)).tolist()
    out = list(texts)
    for i, text in enumerate(texts):
        if "{" not in text:
            continue
        pieces, rest = _GAP.split(text), draws[i]
        for k in range(1, len(pieces), 2):
            if words := fillers.get(pieces[k]):
                rest, at = divmod(rest, len(words))
                pieces[k] = words[at]
            else:
                rest, at = divmod(rest, 40)
                pieces[k] = _time(pieces[k], int(clock[i]) - at, int(elapsed[i]))
        out[i] = "".join(pieces)
    return out


def _time(gap: str, clock: int, elapsed: int) -> str:
    if gap == "t":
        return f"{clock % 1440 // 60}:{clock % 60:02d}"
    if gap != "ago":
        return "{" + gap + "}"
    if elapsed < 100:
        return f"{max(5, round(elapsed / 5) * 5)} minutes"
    return f"{round(elapsed / 60)} hours"


def worn(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Lower case, doubled vowels and swapped letters, as people type."""
    u = rng.random((3, len(texts)))
    pick = rng.integers(0, 1 << 30, len(texts))
    out = list(texts)
    for i in np.flatnonzero(u[0] < _LOWER_SHARE).tolist():
        out[i] = out[i].lower()
    for i in np.flatnonzero(u[1] < _LONG_SHARE).tolist():
        out[i] = _longer(out[i], int(pick[i]))
    for i in np.flatnonzero(u[2] < _TYPO_SHARE).tolist():
        out[i] = _swapped(out[i], int(pick[i]))
    return out


def _longer(text: str, pick: int) -> str:
    found = [m.end() - 1 for m in re.finditer(r"\b(?:so|no|please|why|again|back|really|down)\b", text)]
    if not found:
        return text
    at = found[pick % len(found)]
    return text[:at] + text[at] * (2 + pick % 4) + text[at:]


def _swapped(text: str, pick: int) -> str:
    """Swap two letters inside one plain lower-case word (never in a tag, mention, address or name)."""
    words = [
        m
        for m in re.finditer(r"(?<![\w#@/.:-])[a-z]{5,9}(?![\w/.])", text)
        if "gpt" not in m[0] and "openai" not in m[0]
    ]
    words = [m for m in words if m[0] not in ("telvanta", "zentipay")]
    if not words:
        return text
    match = words[pick % len(words)]
    at = match.start() + 1 + pick % (len(match[0]) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
