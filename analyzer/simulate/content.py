"""What every post says and what is true of it: texts and labels for arranged slots."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analyzer.schema import TOPICS
from analyzer.simulate import mood, texts
from analyzer.simulate.arrange import BOT, CHATTER, NEIGHBOUR, OUTAGE, PROMOTION, USUAL, Slots
from analyzer.simulate.cells import Materials, draw_rows, materials
from analyzer.simulate.profiles import PROFILES, Profile
from analyzer.simulate.scenario import Scenario
from analyzer.simulate.stock import Piece, Stock, stock

Ints = NDArray[np.int64]
#: Templates with many fillings are used this much more often than fixed lines.
_VARIED = 12
_BIT = {name: 1 << i for i, name in enumerate(TOPICS)}


@dataclass
class Content:
    """Texts and true labels, one entry per slot; `topics` is a bit mask in the order of `schema.TOPICS`.

    `parent` is the index of the post reposted, or -1; `group` names what several posts copy from, or -1.
    """

    text: list[str]
    relevant: Ints
    level: Ints
    humor: Ints
    report: Ints
    topics: Ints
    parent: Ints
    origin: NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, dtype=object))


def write(scenario: Scenario, slots: Slots, rng: np.random.Generator) -> Content:
    """Write all posts."""
    profile = PROFILES[scenario.profile]
    languages = tuple(scenario.languages)
    have = stock(profile, languages, scenario.texts)
    n = len(slots)
    zero = np.zeros(n, dtype=np.int64)
    made = Content([""] * n, zero, zero.copy(), zero.copy(), zero.copy(), zero.copy(), zero - 1)
    made.origin = np.full(n, "composed", dtype=object)
    for part in (USUAL, OUTAGE):
        _reactions(scenario, slots, part, made, rng)
    _copies(scenario, slots, made, rng)
    _talk(slots, have, made, rng)
    _plain(slots, profile, have, made, rng)
    if scenario.blame:
        _blame(scenario, slots, have, made, rng)
    dress = np.isin(slots.part, (CHATTER, USUAL, OUTAGE)) & (made.origin != "copy")
    index = np.flatnonzero(dress)
    chosen = [made.text[i] for i in index]
    calm = (slots.part[index] == CHATTER).tolist()
    where = slots.source[index].tolist(), slots.language[index].tolist()
    chosen = texts.dressed(chosen, *where, have, calm=calm, rng=rng)
    for i, text in zip(index.tolist(), chosen, strict=True):
        made.text[i] = text
    clock = (slots.minute + scenario.since.hour * 60 + scenario.since.minute).astype(np.int64)
    made.text = texts.filled(made.text, clock, _elapsed(scenario, slots.minute), profile, have, rng=rng)
    worn = texts.worn([made.text[i] for i in index], rng)
    for i, text in zip(index.tolist(), worn, strict=True):
        made.text[i] = text
    _reposts(scenario, slots, made, rng)
    return made


def _elapsed(scenario: Scenario, minute: NDArray[np.float64]) -> Ints:
    """Minutes since the latest wave began; for single faults before any, a number between 10 and 70."""
    onsets = np.sort([w.onset_min for w in scenario.waves])
    wave = np.searchsorted(onsets, minute, side="right") - 1
    started = onsets[np.maximum(wave, 0)] if len(onsets) else minute
    return np.where(wave >= 0, minute - started, 10 + minute % 60).astype(np.int64)


def _set(made: Content, index: Ints, piece: Piece) -> None:
    made.relevant[index] = piece.relevant
    made.level[index], made.humor[index], made.report[index] = piece.level, piece.humor, piece.report
    made.topics[index] = _mask(piece.topics)


def _mask(topics: frozenset[str]) -> int:
    return sum(_BIT[t] for t in topics)


def _reactions(scenario: Scenario, slots: Slots, part: int, made: Content, rng: np.random.Generator) -> None:
    index = np.flatnonzero(slots.part == part)
    cells = mood.draw(mood.mood(scenario, slots.minute[index], outage=part == OUTAGE), rng)
    for language in dict.fromkeys(scenario.languages):
        here = slots.language[index] == language
        if not here.any():
            continue
        material = materials(PROFILES[scenario.profile], tuple(scenario.languages), scenario.texts, language)
        rows = draw_rows(material, cells[here], rng, reports_only=part == USUAL)
        _fill(made, index[here], material, rows, rng)


def _fill(made: Content, place: Ints, material: Materials, rows: Ints, rng: np.random.Generator) -> None:
    labels = material.labels()
    made.relevant[place] = 1
    made.level[place] = labels["frustration_level"][rows]
    made.humor[place] = labels["humor"][rows]
    made.report[place] = labels["report"][rows]
    masks = np.array([_mask(p.topics) for p in material.pieces] + [0], dtype=np.int64)
    made.topics[place] = masks[material.first[rows]] | masks[material.second[rows]]
    words = [p.text for p in material.pieces] + [""]
    first = [words[i] for i in material.first[rows].tolist()]
    second = [words[i] for i in material.second[rows].tolist()]
    origins = np.array([p.origin for p in material.pieces], dtype=object)
    made.origin[place] = origins[material.first[rows]]
    for i, text in zip(place.tolist(), texts.joined(first, second, rng), strict=True):
        made.text[i] = text


def _copies(scenario: Scenario, slots: Slots, made: Content, rng: np.random.Generator) -> None:
    """Let some outage posts repeat one earlier post word for word."""
    index = np.flatnonzero((slots.part == OUTAGE) & (slots.language == "en"))
    chosen = index[rng.random(len(index)) < scenario.copypasta]
    models = index[(made.level[index] == 2) & (made.origin[index] == "composed")]
    if not len(chosen) or not len(models):
        return
    model = int(models[0])
    later = chosen[chosen > model]
    for i in later.tolist():
        made.text[i] = made.text[model]
    for column in (made.relevant, made.level, made.humor, made.report, made.topics):
        column[later] = column[model]
    made.origin[later] = made.origin[model] = "copy"


def _talk(slots: Slots, have: Stock, made: Content, rng: np.random.Generator) -> None:
    """Posts about the service that are not about a disruption: written ones, templates, and templates with a tail."""
    index = np.flatnonzero(slots.part == CHATTER)
    for language in dict.fromkeys(slots.language[index].tolist()):
        here = index[slots.language[index] == language]
        written = [p for p in have.talk if p.language == language]
        fixed = have.words.get((language, "talk"), [])
        more = have.words.get((language, "talkmore"), [""])
        share = min(0.4, 3 * len(written) / len(here)) if written else 0.0
        use = rng.random(len(here)) < share if fixed else np.ones(len(here), dtype=bool)
        pick = rng.integers(0, 1 << 30, (3, len(here)))
        fixed = [line for line in fixed for _ in range(_VARIED if "{task}" in line else 1)]
        for k, i in enumerate(here.tolist()):
            if use[k] and written:
                piece = written[pick[0, k] % len(written)]
                made.text[i], made.origin[i] = piece.text, "written"
                continue
            text = fixed[pick[1, k] % len(fixed)]
            made.text[i] = text if pick[2, k] & 1 else f"{text} {more[(pick[2, k] >> 1) % len(more)]}"


def _plain(slots: Slots, profile: Profile, have: Stock, made: Content, rng: np.random.Generator) -> None:
    """Posts about other services, promotions, and monitoring bots."""
    others = np.flatnonzero(slots.part == NEIGHBOUR)
    for i, k in zip(others.tolist(), rng.integers(0, max(1, len(have.others)), len(others)).tolist(), strict=True):
        piece = have.others[k]
        made.text[i], made.origin[i], slots.language[i] = piece.text, "written", piece.language
        _set(made, np.array([i]), piece)
    promo = have.words[("en", "promo")][0].replace("{s}", profile.service).replace("{tag}", profile.tag)
    for i in np.flatnonzero(slots.part == PROMOTION).tolist():
        made.text[i] = "RT @user: " + promo
    lines = have.words[("en", "bot")]
    for k, i in enumerate(np.flatnonzero(slots.part == BOT).tolist()):
        made.text[i] = lines[k % len(lines)]
        _set(made, np.array([i]), Piece("", topics=frozenset({"availability"})))


def _blame(scenario: Scenario, slots: Slots, have: Stock, made: Content, rng: np.random.Generator) -> None:
    """Let a share of the outage posts name the service that in truth failed."""
    index = np.flatnonzero((slots.part == OUTAGE) & (slots.language == "en"))
    chosen = index[rng.random(len(index)) < scenario.blame_share]
    lines = have.words[("en", "blame")]
    for i, k in zip(chosen.tolist(), rng.integers(0, len(lines), len(chosen)).tolist(), strict=True):
        line = lines[k].replace("{b}", scenario.blame)
        made.text[i] = texts.joined([made.text[i]], [line], rng)[0]
    made.topics[chosen] |= _BIT["cause"]


def _reposts(scenario: Scenario, slots: Slots, made: Content, rng: np.random.Generator) -> None:
    """Turn a share of X's outage posts into reposts of earlier ones, with their text and labels."""
    index = np.flatnonzero((slots.part == OUTAGE) & (slots.source == "x"))
    wanted = np.flatnonzero(rng.random(len(index)) < scenario.reposts)
    back = rng.geometric(0.02, len(wanted))
    for place, step in zip(wanted.tolist(), back.tolist(), strict=True):
        if place < 3:
            continue
        i, model = int(index[place]), int(index[max(0, place - step)])
        root = int(made.parent[model]) if made.parent[model] >= 0 else model
        made.parent[i] = root
        made.text[i] = "RT @user: " + made.text[root]
        for column in (made.relevant, made.level, made.humor, made.report, made.topics):
            column[i] = column[root]
        slots.language[i] = slots.language[root]
        made.origin[i] = "repost"
