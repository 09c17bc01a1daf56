"""The tables of a timeline as tables of a document: final strings, one key a row."""

from __future__ import annotations

from analyzer.report.document import Table
from analyzer.report.effect_words import update_numbers
from analyzer.report.format import NONE, Format, quoted, text
from analyzer.report.names import (
    KIND_NAMES,
    STEP_NAMES,
    measure_name,
    source_name,
    stage_name,
)
from analyzer.report.pick import Row, View
from analyzer.report.share_tables import cell


def incidents(v: View, f: Format) -> Table:
    """One row an observed incident."""
    header = (
        "Incident",
        "Observed onset",
        "Peak",
        "Observed recovery",
        "Posts above the usual",
        "Strength",
        "Kind",
    )
    rows = []
    for i, r in enumerate(v.incidents):
        back = (
            "not within the data"
            if r["recovery"] is None
            else f.time_interval(r["recovery"], r["recovery_low"], r["recovery_high"])
        )
        rows.append(
            (
                str(i + 1),
                f.time_interval(r["onset"], r["onset_low"], r["onset_high"]),
                f"{f.time(r['peak'])}: {f.count(r['peak_count'])}",
                back,
                f.count(r["n_excess"]),
                r["strength"],
                r["kind"],
            )
        )
    keys = tuple(str(i) for i in range(len(rows)))
    return Table("incidents", "Observed incidents", header, tuple(rows), keys, frozenset({4}))


def phases(v: View, f: Format) -> Table:
    """One row a phase, with what was said in it."""
    header = (
        "Phase",
        "Start",
        "Length",
        "Rests on",
        "Posts about it",
        "Clearly frustrated",
        "Humour",
        "Missing information",
    )
    rows = []
    shown = v.main_phases()
    for p in shown:
        cells = [
            cell(v.share(m, scope="phase", group=p["phase"]), f)
            for m in ("frustration_ge2", "humor", "topic_transparency")
        ]
        length = f.duration((p["end"] - p["start"]).total_seconds())
        rows.append(
            (v.phase_name(p["phase"]), f.time(p["start"]), length, p["basis"], f.count(p["n_relevant"]), *cells)
        )
    keys = tuple(p["phase"] for p in shown)
    return Table("phases", "Phases of the incident", header, tuple(rows), keys, frozenset({4, 5, 6, 7}))


def ladder(v: View, f: Format) -> Table:
    """What happened when, after the observed onset."""
    header = ("Step", "Time", "After the observed onset", "Rests on", "Note")
    rows = []
    ladder = sorted(v.ladder, key=lambda r: (r["time"] is None, r["time"] or 0))
    for r in ladder:
        when = f.time_interval(r["time"], r["low"], r["high"]) if r["time"] else "unknown"
        lag = f.duration_interval(r["lag_s"], r["lag_low_s"], r["lag_high_s"])
        rows.append((STEP_NAMES.get(r["step"], text(r["step"])), when, lag, r["basis"], quoted(r["note"])))
    keys = tuple(r["step"] for r in ladder)
    return Table("ladder", "What happened when", header, tuple(rows), keys, frozenset({2}))


def updates(v: View, f: Format) -> Table:
    """What the provider said, and when."""
    header = ("No.", "Published", "Stage", "Refers to", "Components", "What the provider said")
    rows = []
    for i, u in enumerate(v.updates, 1):
        claimed = f.time(u["claimed_at"]) if u["claimed_at"] and u["claimed_at"] != u["posted_at"] else NONE
        parts = text(", ".join(u["components"] or ()) or None, limit=80)
        body = text(u["body"], limit=280) if u["body"] else "(only facts are kept)"
        rows.append((str(i), f.time(u["posted_at"]), stage_name(u), claimed, parts, body))
    keys = tuple(str(u["update_id"]) for u in v.updates)
    return Table("updates", "What the provider said, and when", header, tuple(rows), keys, folded=len(rows) > 15)


def effect_text(r: Row, f: Format, *keys: str) -> str:
    """Return a change (or a bound of it) in points, or as a factor for volumes."""
    show = f.times if r["measure"] == "volume" else f.points
    return " to ".join(show(r[k]) for k in keys)


_MEASURES = {"frustration_ge2": "clear frustration, points", "information_seeking": "asking for information, points"}


def effects(v: View, f: Format) -> Table:
    """What changed after each update, against pseudo-updates; slopes and refusals where there are any."""
    sloped = any(r["slope"] is not None for r in v.effects)
    refused = any(r["verdict"] != "estimated" for r in v.effects)
    header = ["Update", "Measure", "Posts before / after", "Change (95% interval)", "Without an update (95%)"]
    header += [*(["Change of slope, points/h"] if sloped else []), "p, adjusted", *(["Verdict"] if refused else [])]
    rows = []
    number = update_numbers(v)
    for r in v.effects:
        name = _MEASURES.get(r["measure"], measure_name(r["measure"]))
        placebo = NONE if r["placebo_low"] is None else effect_text(r, f, "placebo_low", "placebo_high")
        p = NONE if r["p_adjusted"] is None else f.p(r["p_adjusted"]).removeprefix("p = ").removeprefix("p ")
        label = f"{number.get(str(r['update_id']), '?')} {text(r['stage'] or '', limit=30)}".strip()
        row = [label, name, f"{f.count(r['n_before'])} / {f.count(r['n_after'])}"]
        row += [_interval(r, f, "change", "low", "high"), placebo]
        row += [_interval(r, f, "slope", "slope_low", "slope_high")] if sloped else []
        rows.append((*row, p, *([text(r["verdict"])] if refused else [])))
    keys = tuple(f"{r['update_id']}-{r['measure']}" for r in v.effects)
    numeric = frozenset(range(2, 6 + sloped))
    caption = "What changed after each official update"
    return Table("effects", caption, tuple(header), tuple(rows), keys, numeric, len(rows) > 12)


def _interval(r: Row, f: Format, value: str, low: str, high: str) -> str:
    if r[value] is None:
        return NONE
    body = effect_text(r, f, value)
    return body if r[low] is None or r[high] is None else f"{body} ({effect_text(r, f, low, high)})"


def keywords(v: View, f: Format) -> Table:
    """Words that set each phase apart."""
    header = ("Where", "Word", "Posts", "Authors", "Log-odds", "z")
    rows, keys = [], []
    phases = {r["phase"] for r in v.phases}
    for r in v.keywords:
        where = (
            v.phase_name(r["group"]) if r["group"] in phases or r["group"] == "baseline" else source_name(r["group"])
        )
        word = text(r["word"], limit=60)
        rows.append(
            (where, word, f.count(r["n"]), f.count(r["n_authors"]), f.number(r["log_odds"]), f.number(r["z"], 1))
        )
        keys.append(f"{r['group']}-{r['word'][:60]}")
    return Table(
        "keywords", "Distinguishing words", header, tuple(rows), tuple(keys), frozenset({2, 3, 4, 5}), folded=True
    )


def extractions(v: View, f: Format) -> Table:
    """What the posts name."""
    header = ("Kind", "Named", "Posts", "Share of posts (95% interval)", "Authors")
    rows = tuple(
        (
            KIND_NAMES.get(r["kind"], text(r["kind"], limit=30)),
            text(r["value"], limit=60),
            f.count(r["n"]),
            f.share_interval(r["share"], r["low"], r["high"]),
            f.count(r["n_authors"]),
        )
        for r in v.extractions
    )
    keys = tuple(f"{r['kind']}-{r['value'][:60]}" for r in v.extractions)
    return Table("extractions", "Named in the posts", header, rows, keys, frozenset({2, 3, 4}), folded=True)


def coverage(v: View, f: Format) -> Table:
    """What was looked at."""
    header = ("Source", "From", "To", "What", "Why")
    rows = tuple(
        (
            source_name(r["source"]),
            f.time(r["start"]),
            f.time(r["end"]),
            r["kind"].replace("_", " "),
            text(r["note"] or ""),
        )
        for r in v.coverage
    )
    return Table(
        "coverage", "What was collected", header, rows, tuple(str(i) for i in range(len(rows))), folded=len(rows) > 8
    )


_FACTS = {
    "half_life_volume_s": "Half-life of the posts above the usual number",
    "half_life_frustration_s": "Half-life of frustration above its usual level",
    "excess_posts": "Posts above the usual number",
    "excess_frustrated_posts": "Clearly frustrated posts above the usual number",
    "resolved_to_recovery_s": "From “resolved” to observed recovery",
    "reliability_back_s": "Until talk of reliability was back at its usual level",
    "switching_back_s": "Until talk of switching was back at its usual level",
    "updates_per_hour": "Official updates per hour",
    "longest_silence_s": "Longest silence between official words",
}


def facts(v: View, f: Format) -> Table:
    """Single numbers with their intervals."""
    rows = []
    for name, fact in v.timeline.facts.items():
        label = _FACTS.get(name, text(name.removesuffix("_s").replace("_", " ").capitalize(), limit=80))
        rows.append((label, fact_text(dict(fact), f), f.count(fact.get("n")), quoted(fact.get("note") or "")))
    header = ("What", "Value (95% interval)", "From", "Note")
    return Table("facts", "Other numbers", header, tuple(rows), tuple(v.timeline.facts), frozenset({1, 2}))


def fact_text(fact: Row, f: Format) -> str:
    """Return a fact in the form of its unit."""
    value, low, high, unit = (fact.get(k) for k in ("value", "low", "high", "unit"))
    if value is None:
        return "unknown"
    if unit == "s":
        return f.duration_interval(value, low, high)
    if unit in ("share", "0-1"):
        return f.share_interval(value, low, high)

    def one(x: float | None) -> str:
        whole = isinstance(x, int) or (x is not None and x == x and (abs(x) >= 100 or unit in ("posts", "count")))
        return f.count(x) if whole else f.number(x)

    body = one(value) if low is None or high is None or low == high else f"{one(value)} ({one(low)}–{one(high)})"
    return f"{body} {text(unit, limit=30)}" if unit else body


def manifest(v: View, f: Format) -> Table:
    """The run behind the report, flattened: what is needed to repeat it."""
    rows: list[tuple[str, str]] = []

    def walk(path: str, value: object) -> None:
        if isinstance(value, dict) or hasattr(value, "items"):
            for key, inner in value.items():
                walk(f"{path}.{key}" if path else str(key), inner)
        elif isinstance(value, list | tuple) and any(isinstance(x, dict) for x in value):
            for i, inner in enumerate(value):
                walk(f"{path}[{i}]", inner)
        elif value not in (None, "", [], (), {}):
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            rows.append((text(path, limit=120), text(shown, limit=300)))

    walk("", dict(v.timeline.manifest))
    walk("study", v.timeline.study.to_dict())
    keys = tuple(r[0] for r in rows)
    return Table("manifest", "Manifest of the run", ("Key", "Value"), tuple(rows), keys, folded=True)
