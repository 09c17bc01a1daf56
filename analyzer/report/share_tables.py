"""Corrected shares as text, as citations and as tables."""

from __future__ import annotations

import datetime as dt

from analyzer.report.document import Ref, Table
from analyzer.report.format import NONE, SUPPRESSED, Format, text
from analyzer.report.names import group_name, measure_name, variant_name
from analyzer.report.pick import Row, View

#: Method names of corrected shares.
METHODS = {
    "wilson": "not corrected",
    "acc": "adjusted count",
    "pacc": "probabilistic adjusted count",
    "anchored": "anchored mean",
    "emq": "expectation maximisation",
    "ppi": "corrected by hand-checked posts",
    "suppressed": "suppressed",
}


def share_text(row: Row | None, f: Format) -> str:
    """Return a share with its interval, or why there is none."""
    if row is None:
        return NONE
    if row["suppressed"] or row["estimate"] is None:
        return SUPPRESSED if row["suppressed"] else NONE
    return f.share_interval(row["estimate"], row["low"], row["high"])


def share_words(row: Row, f: Format) -> str:
    """Return a share in running text.

    An interval that reaches down to nothing is told by its upper bound, and one wider than 35 points comes before the
    estimate, because little more than the interval is known.
    """
    low, high = row["low"], row["high"]
    if row["suppressed"] or row["estimate"] is None or low is None or high is None or high < 0.02:
        return share_text(row, f)
    digits = 1 if high < 0.1 else 0
    guess = f"(best estimate {f.share(row['estimate'], digits=digits)})"
    if low < 0.005:
        return f"at most {f.share(high, digits=digits)} {guess}"
    return f"between {f.share(low)} and {f.share(high)} {guess}" if high - low > 0.35 else share_text(row, f)


def part_text(row: Row, f: Format) -> str:
    """Return what is named, with its share: ``login 16% (14–18%)``."""
    return f"{text(row['value'], limit=40)} {f.share_interval(row['share'], row['low'], row['high'])}"


def share_key(row: Row) -> str:
    """Return the key of a row of shares; the groups of a phase, source or language stand side by side in one row."""
    return (
        f"{row['scope']}-{row['measure']}"
        if row["scope"] != "incident"
        else f"incident-{row['group']}-{row['measure']}"
    )


def share_ref(row: Row, v: View | None = None) -> Ref:
    """Return a citation of a row of shares."""
    name = _group(v, row["scope"], row["group"]) if v else group_name(row["scope"], row["group"])
    where = "" if row["scope"] == "incident" else f", {name}"
    return Ref("shares", share_key(row), measure_name(row["measure"]) + where)


def shares(v: View, f: Format) -> Table:
    """Every share among the posts of the incidents: corrected, and as counted."""
    many = len(v.groups("incident")) > 1
    header = ("Measure", "Posts", "Estimate (95% interval)", "As counted", "Method")
    rows, keys = [], []
    for r in (r for r in v.shares if r["scope"] == "incident"):
        counted = SUPPRESSED if r["suppressed"] else f.share_interval(r["naive"], r["naive_low"], r["naive_high"])
        name = measure_name(r["measure"]) + (f", {group_name('incident', r['group'])}" if many else "")
        method = METHODS.get(r["method"], text(r["method"], limit=30))
        rows.append((name, f.count(r["n"]), share_text(r, f), counted, method))
        keys.append(share_key(r))
    caption = "Shares among the posts of the incident" if v.incidents else "Shares among the posts about an outage"
    return Table("shares", caption, header, tuple(rows), tuple(keys), frozenset({1, 2, 3}))


def matrix(v: View, f: Format, scope: str, *, most: int = 8) -> Table:
    """Corrected shares, one row a measure and one column a group: at most `most` groups, those with most posts."""
    size: dict[str, int] = {}
    cells: dict[tuple[str, str], Row] = {}
    for r in (r for r in v.shares if r["scope"] == scope):
        size[r["group"]] = max(size.get(r["group"], 0), r["n"])
        cells[r["measure"], r["group"]] = r
    kept = set(sorted(size, key=lambda g: -size[g])[:most])
    groups = [g for g in v.groups(scope) if g in kept]
    measures = list(dict.fromkeys(m for m, _ in cells))
    header = ("Measure", *(f"{_group(v, scope, g)} (n = {f.count(size[g])})" for g in groups))
    rows = tuple((measure_name(m), *(cell(cells.get((m, g)), f) for g in groups)) for m in measures)
    more = f"; {len(size) - len(groups)} smaller groups are in the JSON" if len(size) > len(groups) else ""
    caption = f"Shares by {scope}{more}"
    keys = tuple(f"{scope}-{m}" for m in measures)
    return Table("shares", caption, header, rows, keys, frozenset(range(1, len(header))), folded=True)


def _group(v: View, scope: str, group: str) -> str:
    return v.phase_name(group) if scope == "phase" else group_name(scope, group)


def cell(row: Row | None, f: Format) -> str:
    """Return a share as the cell of a table."""
    return "suppressed" if row is not None and row["suppressed"] else share_text(row, f)


def robustness(v: View, f: Format) -> Table:
    """Headline numbers under other ways of counting."""
    header = ("Measure", "Counting", "Posts", "Estimate (95% interval)", "Note")
    rows = []
    for r in v.robustness:
        shown = robust_text(r, f)
        rows.append(
            (
                measure_name(r["measure"]),
                variant_name(r["variant"]),
                f.count(r["n"]),
                shown,
                text(r["note"]) if r["note"] else "",
            )
        )
    keys = tuple(f"{r['measure']}-{r['variant']}" for r in v.robustness)
    return Table(
        "robustness", "The same numbers, counted otherwise", header, tuple(rows), keys, frozenset({2, 3}), folded=True
    )


def is_share(measure: str) -> bool:
    """Say whether a measure is a share of 0-1."""
    return measure.startswith(("frustration", "topic_")) or measure in ("humor", "report", "relevant")


def robust_text(r: Row, f: Format) -> str:
    """Return one robustness estimate in the form of its measure."""
    if r["estimate"] is None:
        return "unavailable"
    if is_share(r["measure"]):
        return f.share_interval(r["estimate"], r["low"], r["high"])
    if r["measure"] in ("onset", "peak", "recovery") and r["estimate"] > 1e8:
        times = [
            None if r[k] is None else dt.datetime.fromtimestamp(r[k], tz=dt.UTC) for k in ("estimate", "low", "high")
        ]
        return f.time_interval(times[0], times[1], times[2])
    body = f.number(r["estimate"], 1)
    return body if r["low"] is None else f"{body} ({f.number(r['low'], 1)}–{f.number(r['high'], 1)})"
