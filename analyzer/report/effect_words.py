"""What changed after official updates, in words that the answers and the title of the chart share."""

from __future__ import annotations

from analyzer.report.format import Format
from analyzer.report.names import listed, measure_name
from analyzer.report.pick import Row, View

#: Verbs of a change, where the measure has better ones than `changed`.
_NAMES = {"frustration_ge2": "clear frustration", "volume": "posts per hour"}


def known(v: View) -> list[Row]:
    """Return the comparisons that could be made."""
    return [r for r in v.effects if r["verdict"] == "estimated" and r["change"] is not None]


def clear(v: View) -> list[Row]:
    """Return those of them that stand out after Holm's correction, in order of updates."""
    return [r for r in known(v) if r["p_adjusted"] is not None and r["p_adjusted"] < 0.05]


def update_numbers(v: View) -> dict[str, int]:
    """Return the number of each update, as tables and charts print it."""
    return {str(u["update_id"]): i for i, u in enumerate(v.updates, 1)}


def change_words(v: View, measure: str, f: Format) -> str:
    """Return one clause about one measure, such as ``clear frustration fell by 7.6 points after update 2``.

    Empty where no comparison of the measure stands out.
    """
    rows = [r for r in clear(v) if r["measure"] == measure]
    if not rows:
        return ""
    number = update_numbers(v)
    down = [r for r in rows if r["change"] < 0]
    parts = []
    for some, verb in ((down, "fell"), ([r for r in rows if r["change"] >= 0], "rose")):
        if some:
            where = [f"{_amount(r, f)} after update {number.get(r['update_id'], '?')}" for r in some[:3]]
            more = f" (and after {len(some) - 3} more)" if len(some) > 3 else ""
            parts.append(f"{verb} {listed(where)}{more}")
    return f"{_NAMES.get(measure, measure_name(measure))} {listed(parts)}"


def _amount(r: Row, f: Format) -> str:
    if r["measure"] == "volume":
        return f"to {f.times(r['change'])}"
    return f"by {f.points(abs(r['change']), signed=False)} points"


def still_words(v: View) -> list[str]:
    """Return the measures, other than volume, that were compared without any clear change."""
    seen = {r["measure"] for r in known(v)} - {r["measure"] for r in clear(v)} - {"volume"}
    return [_NAMES.get(m, measure_name(m)) for m in ("frustration_ge2", "information_seeking") if m in seen]
