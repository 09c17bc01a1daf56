"""The tables of a simulation, as `schema.py` declares them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analyzer import schema
from analyzer.simulate.arrange import BOT, NEIGHBOUR, PARTS, PROMOTION, Slots
from analyzer.simulate.content import Content
from analyzer.simulate.profiles import PROFILES
from analyzer.simulate.scenario import Scenario, Word

if TYPE_CHECKING:
    import pandas as pd

RUN_ID = "simulated"
#: Platforms that tell the language of a post, and those that count reposts.
_TELLS_LANGUAGE = ("x", "bluesky", "mastodon")
_COUNTS_REPOSTS = ("x", "bluesky", "mastodon")
_REPLIES = {"x": 0.25, "reddit": 0.65, "bluesky": 0.25, "mastodon": 0.3, "hackernews": 0.85}
_BODIES = {
    "investigating": "[simulated] We are investigating reports of problems.",
    "identified": "[simulated] We have found the cause and are working on a fix.",
    "monitoring": "[simulated] A fix is in place and we are watching the results.",
    "resolved": "[simulated] This incident is over.",
    "postmortem": "[simulated] A report on the incident follows.",
}
_FIRST = (
    *("amber", "brisk", "calm", "dusty", "early", "fuzzy", "gentle", "hazel", "inky", "jolly", "kind", "lunar"),
    *("misty", "noble", "odd", "plain", "quiet", "rusty"),
)
_SECOND = (
    *("acorn", "badger", "comet", "donkey", "ember", "falcon", "gecko", "heron", "ibis", "jigsaw", "kettle"),
    *("lemon", "maple", "newt", "otter", "pebble"),
)


def about_the_service(slots: Slots) -> NDArray[np.bool_]:
    """Say which posts the study is about: all but those about other services."""
    return np.asarray(slots.part != NEIGHBOUR)


def posts_and_labels(
    scenario: Scenario, slots: Slots, content: Content, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the POSTS table and the true labels, row for row, in order of the (possibly skewed) time."""
    import pyarrow as pa

    n = len(slots)
    skew = np.array([float(scenario.skew_min.get(s, 0.0)) for s in slots.source])
    micros = np.round((slots.minute + skew) * 60_000).astype(np.int64) * 1000
    micros += round(scenario.since.timestamp()) * 1_000_000
    ids = np.array([f"sim-{i}" for i in range(n)], dtype=object)
    parent = ids[content.parent]
    parent[content.parent < 0] = None
    kind, parent = _kinds(slots, content, parent, rng)
    told = np.isin(slots.source.astype(str), _TELLS_LANGUAGE)
    columns: dict[str, Any] = {
        "source": slots.source,
        "post_id": ids,
        "created_at": pa.array(micros, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
        "text": content.text,
        "author": _authors(scenario, slots, rng),
        "language": _known(slots.language, told),
        "kind": kind,
        "parent_id": parent,
        "has_link": ["https://" in t for t in content.text],
        "run_id": [RUN_ID] * n,
        **_counts(slots, content, rng),
    }
    order = np.argsort(micros, kind="stable")
    posts = _table(schema.POSTS, columns, n).iloc[order].reset_index(drop=True)
    labels = _labels(slots, content, ids).iloc[order].reset_index(drop=True)
    return posts, labels


def _table(table: schema.Table, columns: dict[str, Any], n: int) -> pd.DataFrame:
    import pyarrow as pa

    declared = table.arrow()
    arrays = [
        pa.array(columns[f.name], type=f.type, from_pandas=True) if f.name in columns else pa.nulls(n, f.type)
        for f in declared
    ]
    return schema.frame(pa.table(arrays, schema=declared))


def _known(values: NDArray[np.object_], known: NDArray[np.bool_]) -> NDArray[np.object_]:
    out = values.copy()
    out[~known] = None
    return out


def _kinds(
    slots: Slots, content: Content, parent: NDArray[np.object_], rng: np.random.Generator
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    chance = np.array([_REPLIES.get(s, 0.2) for s in slots.source])
    u = rng.random(len(slots))
    kind = np.full(len(slots), "original", dtype=object)
    kind[u < chance] = "reply"
    kind[(u > 0.97) & (slots.source == "x")] = "quote"
    kind[slots.part == BOT] = "original"
    kind[(content.parent >= 0) | (slots.part == PROMOTION)] = "repost"
    thread = rng.integers(0, 10**9, len(slots))
    unseen = np.array([f"sim-unseen-{t}" for t in thread], dtype=object)
    return kind, np.where((kind != "original") & (content.parent < 0), unseen, parent)


def _authors(scenario: Scenario, slots: Slots, rng: np.random.Generator) -> NDArray[np.object_]:
    """Invented names: few people write much, most write once; three bots."""
    n = len(slots)
    if not scenario.authors:
        return np.full(n, None, dtype=object)
    who = np.floor(max(20, 0.8 * n) * rng.random(n) ** 1.3).astype(np.int64)
    names = [f"{_FIRST[k % 18]}_{_SECOND[k // 18 % 16]}_{k // 288}" for k in range(int(who.max(initial=0)) + 1)]
    out = np.array(names, dtype=object)[who]
    bots = np.flatnonzero(slots.part == BOT)
    out[bots] = np.array(["status_bot_1", "status_bot_2", "status_bot_3"], dtype=object)[np.arange(len(bots)) % 3]
    return out


def _counts(slots: Slots, content: Content, rng: np.random.Generator) -> dict[str, Any]:
    n = len(slots)
    likes = np.floor(rng.pareto(1.1, n) * (1 + 2 * content.humor)).clip(0, 50_000).astype(np.int64).astype(object)
    reposts = np.floor(rng.pareto(1.6, n) * 0.6).clip(0, 9_000).astype(np.int64).astype(object)
    replies = rng.poisson(0.7, n).astype(object)
    reposts[~np.isin(slots.source.astype(str), _COUNTS_REPOSTS)] = None
    return {"n_likes": likes, "n_reposts": reposts, "n_replies": replies}


def _labels(slots: Slots, content: Content, ids: NDArray[np.object_]) -> pd.DataFrame:
    n = len(slots)
    level = content.level
    columns: dict[str, Any] = {
        "post_id": ids,
        "status": ["ok"] * n,
        "language": slots.language,
        "p_relevant": content.relevant.astype(float),
        "p_report": content.report.astype(float),
        **{f"p_frustration_ge{k}": (level >= k).astype(float) for k in (1, 2, 3)},
        "frustration": level / 3,
        "frustration_level": level,
        "p_humor": content.humor.astype(float),
        **{f"p_topic_{t}": (content.topics >> i & 1).astype(float) for i, t in enumerate(schema.TOPICS)},
        "topics": _topic_names(content.topics),
        "model": ["truth"] * n,
    }
    labels = _table(schema.LABELS, columns, n)
    parts = np.array(PARTS, dtype=object)[slots.part]
    return labels.assign(source=slots.source, part=parts, origin=content.origin)


def _topic_names(masks: NDArray[np.int64]) -> list[str]:
    known = {m: ",".join(t for i, t in enumerate(schema.TOPICS) if m >> i & 1) for m in np.unique(masks).tolist()}
    return [known[m] for m in masks.tolist()]


def incidents(scenario: Scenario) -> list[tuple[str, list[tuple[int, Word]]]]:
    """Group the official words into incidents: one ends with `resolved`, the next word opens another."""
    groups: list[tuple[str, list[tuple[int, Word]]]] = []
    closed = True
    for k, word in enumerate(sorted(scenario.words, key=lambda w: w.posted_min)):
        if closed:
            groups.append((f"sim-incident-{len(groups) + 1}", []))
        groups[-1][1].append((k, word))
        closed = word.stage == "resolved"
    return groups


def updates(scenario: Scenario) -> pd.DataFrame:
    """Return the UPDATES table; the first word of an incident and its `resolved` carry claimed times."""
    profile = PROFILES[scenario.profile]

    def at(minute: float | None) -> dt.datetime | None:
        return None if minute is None else scenario.since + dt.timedelta(minutes=minute)

    rows = [
        {
            "provider": profile.provider,
            "incident_id": incident,
            "update_id": str(k + 1),
            "source": "statuspage",
            "incident_name": f"[simulated] Problems with {profile.service}",
            "impact": "major",
            "status": word.stage,
            "stage": word.stage,
            "posted_at": at(word.posted_min),
            "claimed_at": at(word.claimed_min),
            "body": _BODIES.get(word.stage, "[simulated]"),
            "components": list(profile.components),
            "run_id": RUN_ID,
        }
        for incident, words in incidents(scenario)
        for k, word in words
    ]
    return schema.make(schema.UPDATES, rows)


def coverage(scenario: Scenario) -> pd.DataFrame:
    """Return the COVERAGE table: the window of each source, and its holes as gaps."""

    def at(minute: float) -> dt.datetime:
        return scenario.since + dt.timedelta(minutes=minute)

    rows: list[dict[str, Any]] = []
    for source in scenario.platforms:
        edge, end = 0.0, scenario.hours * 60
        for hole in sorted((h for h in scenario.holes if h.source in ("", source)), key=lambda h: h.start_min):
            rows += [_span(source, at(edge), at(hole.start_min), "covered")] if hole.start_min > edge else []
            rows.append(_span(source, at(hole.start_min), at(hole.end_min), "gap"))
            edge = hole.end_min
        rows += [_span(source, at(edge), at(end), "covered")] if end > edge else []
    return schema.make(schema.COVERAGE, rows)


def _span(source: str, start: dt.datetime, end: dt.datetime, kind: str) -> dict[str, Any]:
    return {"source": source, "start": start, "end": end, "kind": kind, "note": "simulated", "run_id": RUN_ID}
