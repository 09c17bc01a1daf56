"""The stock of invented sentences: written posts and fragments, and the cells that posts are drawn from."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.simulate.profiles import Profile

Ints = NDArray[np.int64]

#: Services whose names are also words: only the capitalised name is replaced.
_COMMON_WORDS = frozenset({"Free", "Square", "Chase", "Orange", "Stripe", "Visa", "Clover", "Cricket", "TIM", "EE"})


@dataclass(frozen=True)
class Piece:
    """A sentence or written post with its labels; ``{s}`` and the like are gaps."""

    text: str
    language: str = "en"
    relevant: int = 1
    level: int = 0
    humor: int = 0
    report: int = 0
    topics: frozenset[str] = frozenset()
    origin: str = "composed"


@dataclass(frozen=True)
class Fragment:
    """One line of `phrases.tsv`: a piece with its place in a post."""

    slot: str
    stage: str
    domain: str
    piece: Piece


@dataclass
class Stock:
    """Everything that posts about one service are made of.

    `whole` holds written posts about disruptions, `cores` and `mores` the two halves of composed ones (by stage),
    `talk` whole posts that are not about one, `others` posts about other services, `words` the plain fillers.
    """

    whole: list[Piece] = field(default_factory=list)
    cores: list[tuple[str, Piece]] = field(default_factory=list)
    mores: list[tuple[str, Piece]] = field(default_factory=list)
    talk: list[Piece] = field(default_factory=list)
    others: list[Piece] = field(default_factory=list)
    words: dict[tuple[str, str], list[str]] = field(default_factory=dict)


def _data(name: str) -> bytes:
    return resources.files("analyzer").joinpath("data", name).read_bytes()


@lru_cache(maxsize=1)
def written_posts() -> tuple[dict[str, Any], ...]:
    """The posts written for this project, with the labels their writers meant (never collected from anyone)."""
    lines = gzip.decompress(_data("written_posts.jsonl.gz")).decode().splitlines()
    return tuple(json.loads(line) for line in lines[1:])


@lru_cache(maxsize=1)
def fragments() -> tuple[Fragment, ...]:
    """The fragments of `phrases.tsv`."""
    found = []
    for line in _data("phrases.tsv").decode().splitlines():
        if line.startswith("#") or not line:
            continue
        language, domain, slot, stage, level, humor, report, topics, text = line.split("\t")
        labels = frozenset() if topics == "-" else frozenset(topics.split(","))
        piece = Piece(text, language, 1, int(level), int(humor), int(report), labels)
        found.append(Fragment(slot, stage, domain, piece))
    return tuple(found)


@lru_cache(maxsize=16)
def stock(profile: Profile, languages: tuple[str, ...], texts: str = "all") -> Stock:
    """Gather the stock for a service; `texts` is ``"all"`` or ``"dev"`` (written posts left out of training)."""
    made = Stock()
    for fragment in fragments():
        piece = fragment.piece
        if fragment.domain not in ("*", profile.domain) or piece.language not in languages:
            continue
        if fragment.slot == "core":
            made.cores.append((fragment.stage, piece))
        elif fragment.slot == "more":
            made.mores.append((fragment.stage, piece))
        else:
            made.words.setdefault((piece.language, fragment.slot), []).append(piece.text)
    for row in written_posts():
        if row["language"] in languages and (texts == "all" or row["split"] == texts):
            _add_written(made, row, profile)
    return made


def _add_written(made: Stock, row: dict[str, Any], profile: Profile) -> None:
    text = told_of(row["text"], row["service"], profile)
    piece = Piece(
        text or row["text"],
        row["language"],
        row["relevant"],
        row["frustration"],
        row["humor"],
        row["report"],
        frozenset(row["topics"]),
        "written",
    )
    if text is None:
        if row["service"] not in (*profile.own, *profile.written) and not _names(row["text"], profile):
            made.others.append(piece)
    else:
        (made.whole if piece.relevant else made.talk).append(piece)


def _names(text: str, profile: Profile) -> bool:
    return any(term in text.casefold() for term in profile.terms)


def told_of(text: str, service: str, profile: Profile) -> str | None:
    """Tell a written post of another service: its name becomes a gap; None where it does not fit."""
    if "{" in text:
        return None
    if service in profile.own:
        return text if _names(text, profile) else text + " {name}"
    if service not in profile.written or re.search(profile.avoid, text, re.I):
        return None
    name = service.split()[0]
    case = 0 if name in _COMMON_WORDS else re.I
    text = re.sub(rf"#{re.escape(name)}\w*", "#{tag}", text, flags=re.I)
    text = re.sub(rf"@(?:{re.escape(name)}|anthropic)\w*", "@{official}", text, flags=re.I)
    text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "{s}", text, flags=case)
    if re.search(re.escape(name), text, re.I):
        return None
    return text if "{" in text else text + " {name}"
