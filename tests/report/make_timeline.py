"""Hand-made timelines whose every number is invented: the normal case and the extreme ones."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Any

from analyzer.schema import (
    BINS,
    COVERAGE,
    EFFECTS,
    EXTRACTIONS,
    INCIDENTS,
    KEYWORDS,
    LADDER,
    PHASE_TABLE,
    ROBUSTNESS,
    SHARES,
    UPDATES,
    Timeline,
    make,
)
from analyzer.study import Study

UTC = dt.UTC
ONSET = dt.datetime(2024, 6, 4, 7, 12, tzinfo=UTC)
KINDS = ("normal", "tiny", "none", "short", "silent", "chatty", "long", "huge", "words", "markup")
PHASES = (
    "baseline",
    "unacknowledged",
    "acknowledged",
    "identified",
    "monitoring",
    "resolved_but_reported",
    "aftermath",
)


def make_timeline(kind: str = "normal", *, scale: float = 1.0) -> Timeline:
    """Return one invented timeline; `kind` is one of KINDS, `scale` multiplies the counts."""
    scale *= {"tiny": 0.05, "huge": 40_000.0}.get(kind, 1.0)
    bin_s = {"long": 21_600, "short": 60}.get(kind, 600)
    base = _build(kind, scale, bin_s)
    if kind in ("none", "short"):
        return _without_incident(base, kind)
    return base


def _minutes(value: float) -> dt.timedelta:
    return dt.timedelta(minutes=value)


def _build(kind: str, scale: float, bin_s: int) -> Timeline:
    stretch = bin_s / 600
    since = ONSET - _minutes(432 * stretch)
    n_bins = {"short": 3}.get(kind, 180 if kind != "long" else 372)
    marks = _marks(stretch)
    bins = [_bin(since + dt.timedelta(seconds=bin_s * i), bin_s, marks, scale, stretch) for i in range(n_bins)]
    until = since + dt.timedelta(seconds=bin_s * n_bins)
    updates = _updates(kind, stretch)
    phases = _phases(bins, marks, since, until)
    n_relevant = sum(b["n_relevant"] for b in bins)
    service = {"words": "مثال 服务", "markup": "<script>alert(1)</script> & =Co|*x*"}.get(kind, "Parrot")
    study = Study(
        service=service,
        title="",
        since=since,
        until=until,
        terms=("parrot",),
        competitors=("Heron",),
        provider="Parrot Labs",
        time_zone="America/Los_Angeles",
        simulated=True,
    )
    return Timeline(
        study=study,
        verdict="incidents",
        reason="1 rise of relevant posts stands out from the usual level (3 of 3 detectors).",
        bin_s=bin_s,
        bins=make(BINS, bins),
        incidents=make(INCIDENTS, [_incident(bins, marks, stretch)]),
        phases=make(PHASE_TABLE, phases),
        shares=make(SHARES, _shares(phases, n_relevant)),
        updates=make(UPDATES, updates),
        ladder=make(LADDER, _ladder(marks, updates, stretch)),
        effects=make(EFFECTS, _effects(updates)),
        keywords=make(KEYWORDS, _keywords(kind)),
        robustness=make(ROBUSTNESS, _robustness(n_relevant)),
        extractions=make(EXTRACTIONS, _extractions(n_relevant)),
        coverage=make(COVERAGE, _coverage(since, until)),
        facts=_facts(stretch, scale),
        discovered=_discovered(kind, n_relevant),
        quality={
            "n_imported": int(n_relevant * 2.2) + 40,
            "n_selected": sum(b["n_posts"] for b in bins),
            "n_relevant": n_relevant,
            "n_unsupported": int(31 * scale),
            "n_abstained": int(12 * scale),
            "n_rejected": 4,
            "n_duplicate_texts": int(140 * scale),
            "n_clusters": max(1, int(n_relevant * 0.86)),
            "n_authors": int(n_relevant * 0.8),
            "warnings": ["Mastodon was rate limited for 40 minutes within the incident."],
        },
        manifest={
            "version": "0.1.0",
            "seed": 0,
            "model": "fast 1",
            "created_at": "2024-06-06T08:00:00Z",
            "inputs": [{"name": "posts.jsonl", "sha256": "9f2c" * 16, "bytes": 81_234}],
            "parameters": {"bin_minutes": bin_s // 60},
            "packages": {"numpy": "2.4.6", "pandas": "3.1.1"},
        },
    )


def _marks(stretch: float) -> dict[str, dt.datetime]:
    after = {
        "onset": 0,
        "acknowledged": 34,
        "identified": 96,
        "peak": 70,
        "monitoring": 190,
        "resolved": 280,
        "recovery": 352,
        "end": 640,
    }
    return {name: ONSET + _minutes(m * stretch) for name, m in after.items()}


def _phase_at(time: dt.datetime, marks: dict[str, dt.datetime]) -> str:
    order = ("onset", "acknowledged", "identified", "monitoring", "resolved", "recovery")
    return PHASES[sum(time >= marks[name] for name in order)]


def _bin(start: dt.datetime, bin_s: int, marks: dict[str, dt.datetime], scale: float, stretch: float) -> dict[str, Any]:
    minutes = (start - marks["onset"]).total_seconds() / 60 / stretch
    usual = 6 + 3 * math.sin(start.hour / 24 * 2 * math.pi)
    wobble = 1 + 0.25 * math.sin(minutes * 1.7) + 0.1 * math.cos(minutes * 0.31)
    rise = 0.0 if minutes < 0 else 96 * min(1.0, minutes / 60) * math.exp(-max(0.0, minutes - 70) / 130)
    n = round((usual * 0.5 + rise) * wobble * scale)
    relevant = round(n * 0.95)
    hole = -260 < minutes < -220
    angry = 0.22 if minutes < 0 else 0.22 + 0.34 * math.exp(-abs(minutes - 120) / 150)
    joking = 0.12 if minutes < 0 else 0.12 + 0.16 * math.exp(-abs(minutes - 60) / 120)
    width = 0.35 / math.sqrt(max(relevant, 4) / 4)
    row = {
        "start": start,
        "n_posts": 0 if hole else round(n * 1.8 + 4 * scale),
        "n_relevant": 0 if hole else relevant,
        "n_authors": 0 if hole else round(relevant * 0.84),
        "covered": 0.0 if hole else 1.0,
        "expected": usual * 0.5 * scale,
        "expected_low": max(0.0, usual * 0.5 * scale - 2 * math.sqrt(usual * 0.5 * scale)),
        "expected_high": usual * 0.5 * scale + 2 * math.sqrt(usual * 0.5 * scale) + 1,
        "phase": _phase_at(start, marks),
    }
    if not hole and relevant:
        for name, value in (("frustration", angry), ("humor", joking)):
            row |= {name: value, f"{name}_low": max(0.0, value - width), f"{name}_high": min(1.0, value + width)}
    return row


def _incident(bins: list[dict[str, Any]], marks: dict[str, dt.datetime], stretch: float) -> dict[str, Any]:
    peak = max(bins, key=lambda b: b["n_relevant"])
    return {
        "series": "relevant",
        "onset": marks["onset"],
        "onset_low": marks["onset"] - _minutes(4 * stretch),
        "onset_high": marks["onset"] + _minutes(6 * stretch),
        "peak": peak["start"],
        "peak_count": peak["n_relevant"],
        "recovery": marks["recovery"],
        "recovery_low": marks["recovery"] - _minutes(22 * stretch),
        "recovery_high": marks["recovery"] + _minutes(41 * stretch),
        "censored": False,
        "strength": "strong",
        "kind": "outage",
        "detectors": ["poisson", "pelt", "bocpd"],
        "n_excess": float(sum(max(0.0, b["n_relevant"] - b["expected"]) for b in bins)),
        "evidence": "Three detectors agree, and 71 % of the posts are first-hand reports.",
    }


def _phases(bins: list[dict[str, Any]], marks: dict[str, dt.datetime], since: Any, until: Any) -> list[dict[str, Any]]:
    edges = [since, *(marks[n] for n in ("onset", "acknowledged", "identified", "monitoring", "resolved", "recovery"))]
    edges.append(until)
    rows = []
    for phase, start, end in zip(PHASES, edges, edges[1:], strict=False):
        inside = [b for b in bins if start <= b["start"] < end]
        basis = {"baseline": "observed", "unacknowledged": "both", "aftermath": "observed"}.get(phase, "official")
        rows.append(
            {
                "incident": 0,
                "phase": phase,
                "start": start,
                "end": end,
                "basis": basis,
                "n_posts": sum(b["n_posts"] for b in inside),
                "n_relevant": sum(b["n_relevant"] for b in inside),
            }
        )
    return rows


_RATES = {
    "report": 0.52,
    "humor": 0.21,
    "frustration": 0.41,
    "frustration_ge1": 0.68,
    "frustration_ge2": 0.44,
    "frustration_ge3": 0.12,
    "topic_availability": 0.71,
    "topic_content_creation": 0.13,
    "topic_coding": 0.19,
    "topic_customer_service": 0.08,
    "topic_education": 0.26,
    "topic_daily_life": 0.11,
    "topic_work": 0.17,
    "topic_dependence": 0.14,
    "topic_transparency": 0.23,
    "topic_response": 0.12,
    "topic_cause": 0.10,
    "topic_reliability": 0.16,
    "topic_switching": 0.09,
    "topic_compensation": 0.05,
    "topic_recovery": 0.07,
}
_TILT = {"unacknowledged": 0.9, "acknowledged": 1.1, "identified": 1.25, "monitoring": 1.0}


def share(scope: str, group: str, measure: str, n: int, value: float) -> dict[str, Any]:
    """Return one row of SHARES with a Wilson interval and a slightly wider corrected one."""
    suppressed = n < 5
    positive = round(n * value)
    z = 1.96
    p = positive / n if n else 0.0
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n) if n else 0.5
    centre = (p + z * z / (2 * n)) / (1 + z * z / n) if n else 0.5
    naive = {"naive": p, "naive_low": max(0.0, centre - half), "naive_high": min(1.0, centre + half)} if n else {}
    better = {} if suppressed else {"estimate": min(1.0, p * 1.05)}
    if better:
        better |= {"low": max(0.0, better["estimate"] - 1.2 * half), "high": min(1.0, better["estimate"] + 1.2 * half)}
    row = {"scope": scope, "group": group, "measure": measure, "n": n, "n_positive": positive}
    return row | naive | better | {"method": "suppressed" if suppressed else "pacc", "suppressed": suppressed}


def _shares(phases: list[dict[str, Any]], n_relevant: int) -> list[dict[str, Any]]:
    rows = []
    hit = sum(p["n_relevant"] for p in phases if p["phase"] not in ("baseline", "aftermath", "recovered"))
    for measure, value in _RATES.items():
        rows.append(share("incident", "0", measure, hit, value))
        for i, phase in enumerate(phases):
            tilt = _TILT.get(phase["phase"], 0.6) + 0.04 * ((i * 7 + len(measure)) % 5 - 2)
            rows.append(share("phase", phase["phase"], measure, phase["n_relevant"], min(0.95, value * tilt)))
        for i, (source, part) in enumerate((("x", 0.62), ("reddit", 0.24), ("bluesky", 0.11), ("mastodon", 0.002))):
            rows.append(share("source", source, measure, int(n_relevant * part), min(0.95, value * (0.8 + 0.15 * i))))
        for language, part in (("en", 0.8), ("es", 0.12), ("ja", 0.01)):
            rows.append(share("language", language, measure, int(n_relevant * part), value))
    return rows


_WORDS = (
    ("investigating", "investigating", "We are looking into elevated error rates on the chat interface."),
    ("identified", "identified", "The cause was found and a fix is being made."),
    ("monitoring", "monitoring", "A fix is in place and we are watching the results."),
    ("resolved", "resolved", "This incident is resolved."),
)


def _updates(kind: str, stretch: float) -> list[dict[str, Any]]:
    if kind == "silent":
        return []
    after = [34, 96, 190, 280]
    texts = list(_WORDS)
    if kind == "chatty":
        after = [34 + 6.3 * i for i in range(40)]
        texts = [_WORDS[min(3, i // 12)] for i in range(39)] + [_WORDS[3]]
    rows = []
    for i, (minutes, (status, stage, body)) in enumerate(zip(after, texts, strict=True)):
        if kind == "markup":
            body = "<img src=x onerror=alert(1)> " + body + " [x](javascript:alert(1)) #let x = 1 \u202e abc"
        if kind == "words":
            body = "نحن نحقق في المشكلة 正在调查 " + body
        rows.append(
            {
                "provider": "Parrot Labs",
                "incident_id": "inc-1",
                "update_id": f"u{i + 1}",
                "source": "statuspage",
                "incident_name": "Elevated error rates",
                "impact": "major",
                "status": status,
                "stage": stage,
                "posted_at": ONSET + _minutes(minutes * stretch),
                "claimed_at": ONSET + _minutes(15 * stretch) if i == 0 else None,
                "body": body,
                "components": ["Chat", "API"],
                "run_id": "r1",
            }
        )
    return rows


def _ladder(marks: dict[str, dt.datetime], updates: list[dict[str, Any]], stretch: float) -> list[dict[str, Any]]:
    def row(step: str, minutes: float | None, spread: float, basis: str, note: str) -> dict[str, Any]:
        out: dict[str, Any] = {"step": step, "basis": basis, "note": note}
        if minutes is None:
            return out
        lag, width = minutes * 60 * stretch, spread * 60 * stretch
        for name, value in (("", lag), ("low", lag - width), ("high", lag + width)):
            out[name or "time"] = ONSET + dt.timedelta(seconds=value)
            out[f"lag_{name}_s" if name else "lag_s"] = value
        return out

    told = bool(updates)
    none = "no official update is known"
    return [
        row("first_signal", -11, 6, "observed", "first post that reports a fault"),
        row("onset", 0, 5, "observed", "median of three detectors"),
        row("first_word", 34 if told else None, 5, "official", "update u1" if told else none),
        row("first_content", 96 if told else None, 5, "official", "update u2 names a cause" if told else none),
        row("peak", 70, 10, "observed", "bin with most reports"),
        row("resolved_word", 280 if told else None, 5, "official", "update u4" if told else none),
        row("recovery", 352, 31, "observed", "back inside the usual range"),
    ]


def _effects(updates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for i, update in enumerate(updates):
        for j, measure in enumerate(("frustration_ge2", "information_seeking", "volume")):
            row = {k: update[k] for k in ("update_id", "posted_at", "stage")} | {"measure": measure}
            row |= {"n_before": 160 - 8 * i, "n_after": 150 - 12 * (i % 9)}
            if i % 4 == 3:
                rows.append(row | {"n_after": 11, "verdict": "too few posts after the update (11, needs 30)"})
                continue
            change = (-0.04 - 0.05 * ((i + j) % 3)) * (4 if measure == "volume" else 1)
            wide = 0.3 if measure == "volume" else 0.07
            row |= {"change": change, "low": change - wide, "high": change + wide}
            row |= {"placebo_low": -wide * 0.8, "placebo_high": wide * 0.8, "p_value": 0.02 + 0.1 * j}
            rows.append(row | {"p_adjusted": 0.08 + 0.3 * j, "verdict": "estimated"})
    return rows


_KEYWORDS = {
    "unacknowledged": ("down", "just me", "error", "not loading", "login"),
    "acknowledged": ("status page", "still down", "eta", "thesis", "deadline"),
    "identified": ("fix", "hours", "heron", "refund", "boss"),
    "monitoring": ("back", "works again", "slow", "finally"),
}


def _keywords(kind: str) -> list[dict[str, Any]]:
    words = dict(_KEYWORDS)
    if kind == "words":
        words = {"unacknowledged": ("لا يعمل", "故障", "ダウン", "먹통"), "identified": ("إصلاح", "等待", "дедлайн")}
    if kind == "markup":
        words = {"unacknowledged": ("<b>down</b>", "=cmd|'/c calc'!a0", "x" * 5000, "a\u202eb\x07c", "*em* _b_ `c`")}
    rows = []
    for group, list_ in words.items():
        for i, word in enumerate(list_):
            n = 60 - 9 * i
            rows.append(
                {"group": group, "word": word, "n": n, "log_odds": 1.8 - 0.2 * i, "z": 6.0 - i, "n_authors": n - 3}
            )
    return rows


def _robustness(n: int) -> list[dict[str, Any]]:
    rows = []
    for measure, value in (("frustration_ge2", 0.44), ("humor", 0.21), ("topic_transparency", 0.23)):
        for i, variant in enumerate(
            ("all", "unique_clusters", "unique_authors", "first_hand", "no_reposts", "source:x")
        ):
            row: dict[str, Any] = {"measure": measure, "variant": variant, "n": int(n * (1 - 0.1 * i)), "note": ""}
            if variant == "unique_authors":
                row |= {"n": 0, "note": "unavailable: the source names no authors"}
            else:
                now = value * (1 + 0.06 * (i - 2))
                row |= {"estimate": now, "low": now - 0.04, "high": now + 0.05}
            rows.append(row)
    return rows


def _extractions(n: int) -> list[dict[str, Any]]:
    rows = []
    found = (("error_code", "503", 0.11), ("error_code", "1020", 0.03), ("component", "login", 0.16))
    for kind, value, p in (
        *found,
        ("component", "api", 0.12),
        ("place", "Lisbon", 0.02),
        ("competitor", "Heron", 0.07),
    ):
        count = max(5, int(n * p))
        low, high = max(0.0, p - 0.02), p + 0.02
        rows.append(
            {"kind": kind, "value": value, "n": count, "share": p, "low": low, "high": high, "n_authors": count}
        )
    return rows


def _coverage(since: dt.datetime, until: dt.datetime) -> list[dict[str, Any]]:
    def row(source: str, start: dt.datetime, end: dt.datetime, kind: str, note: str | None = None) -> dict[str, Any]:
        return {"source": source, "start": start, "end": end, "kind": kind, "note": note, "run_id": "r1"}

    third = (until - since) / 3
    return [
        row("x", since, until, "covered"),
        row("reddit", since, since + third, "covered"),
        row("reddit", since + third, since + third * 1.3, "gap", "the listing ended"),
        row("reddit", since + third * 1.3, until, "covered"),
        row("bluesky", since, until, "unknown"),
        row("mastodon", since, since + third * 2, "covered"),
        row("mastodon", since + third * 2, until, "rate_limited", "429 for 40 minutes"),
    ]


def _discovered(kind: str, n: int) -> tuple[dict[str, Any], ...]:
    found = (("essay", "deadline", "night"), ("server", "error", "503"), ("cat", "picture", "bored"))
    if kind == "markup":
        found = (("<i>", "=1+1", "`x`"), *found)
    shares = (0.21, 0.16, 0.08, 0.03)
    return tuple(
        {
            "id": f"t{i}",
            "n": max(5, int(n * p)),
            "share": p,
            "low": 0.8 * p,
            "high": 1.2 * p,
            "n_authors": 5,
            "words": [*words],
        }
        for i, (words, p) in enumerate(zip(found, shares, strict=False))
    )


def _facts(stretch: float, scale: float) -> dict[str, dict[str, Any]]:
    def fact(value: float, low: float, high: float, unit: str, n: int, note: str = "") -> dict[str, Any]:
        return {"value": value, "low": low, "high": high, "unit": unit, "n": n, "note": note}

    return {
        "half_life_volume_s": fact(5400 * stretch, 4500 * stretch, 6600 * stretch, "s", 30),
        "half_life_frustration_s": fact(7800 * stretch, 5100 * stretch, 12_600 * stretch, "s", 30),
        "excess_posts": fact(1700 * scale, 1590 * scale, 1810 * scale, "posts", 36),
        "updates_per_hour": fact(0.68 / stretch, 0.68 / stretch, 0.68 / stretch, "per hour", 4),
        "longest_silence_s": fact(5640 * stretch, 5640 * stretch, 5640 * stretch, "s", 4),
    }


def _without_incident(base: Timeline, kind: str) -> Timeline:
    """Flatten the series: only the usual level remains (or three minutes of it)."""
    bins = base.bins.copy()
    quiet = [round(v) for v in bins["expected"]]
    bins["n_relevant"], bins["n_posts"], bins["phase"] = quiet, [q * 2 + 3 for q in quiet], "baseline"
    from analyzer.schema import check, empty

    n = int(sum(quiet))
    shares = [share("incident", "all", m, n if kind == "none" else 4, v) for m, v in _RATES.items()]
    verdict = "no incident found" if kind == "none" else "not enough data"
    reason = {
        "none": "No bin stands above the usual range; the highest holds 5 posts where up to 10 are usual.",
        "short": "Only 3 bins hold posts; at least 12 are needed to know what is usual.",
    }[kind]
    return replace(
        base,
        verdict=verdict,
        reason=reason,
        bins=check(bins, BINS),
        incidents=empty(INCIDENTS),
        phases=empty(PHASE_TABLE),
        shares=make(SHARES, shares),
        updates=empty(UPDATES),
        ladder=empty(LADDER),
        effects=empty(EFFECTS),
        keywords=empty(KEYWORDS),
        robustness=empty(ROBUSTNESS),
        extractions=empty(EXTRACTIONS),
        facts={},
        discovered=(),
        quality={**base.quality, "n_authors": None, "n_relevant": n, "n_selected": n * 2, "n_unsupported": 3},
    )


def make_nothing(n_posts: int = 0) -> Timeline:
    """Return a timeline of no post at all, or of a single one."""
    from analyzer.schema import empty

    declared = {
        "incidents": INCIDENTS,
        "phases": PHASE_TABLE,
        "shares": SHARES,
        "updates": UPDATES,
        "ladder": LADDER,
        "effects": EFFECTS,
        "keywords": KEYWORDS,
        "robustness": ROBUSTNESS,
        "extractions": EXTRACTIONS,
        "coverage": COVERAGE,
    }
    frames = {name: empty(table) for name, table in declared.items()}
    row = {"start": ONSET, "n_posts": 1, "n_relevant": 1, "n_authors": 1, "covered": 1.0, "phase": "baseline"}
    bins = make(BINS, [row] * n_posts)
    return Timeline(Study(service="Parrot"), "not enough data", "Too few posts.", 60, bins=bins, **frames)
