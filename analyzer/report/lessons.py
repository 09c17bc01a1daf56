"""Draft lessons: each sentence rests on rows that it cites; where no row carries it, it is not written."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.report.document import Paragraph, Ref
from analyzer.report.format import Format, text
from analyzer.report.pick import Row, View, unsettled
from analyzer.report.share_tables import part_text, share_ref, share_text
from analyzer.report.tables import effect_text

#: Error codes that a server answers with when it is overloaded or limits its callers.
OVERLOAD = ("429", "502", "503", "504", "529", "1020", "1015")


def lessons(v: View, f: Format) -> dict[str, tuple[Paragraph, ...]]:
    """Return the sentences by theme; themes without evidence are left out."""
    if not v.incident or v.incident["kind"] in ("media", "promotion", "collateral"):
        return {}
    themes = {
        "Robust infrastructure": tuple(_infrastructure(v, f)),
        "Transparent communication": tuple(_communication(v, v.incident, f)),
        "Disaster recovery": tuple(_recovery(v, v.incident, f)),
        "Capacity": tuple(_capacity(v, v.incident, f)),
    }
    return {theme: found for theme, found in themes.items() if found}


def _carried(row: Row | None, least: float) -> bool:
    """Say whether even the lower bound of a share is at least `least`."""
    if row is None or row["estimate"] is None or row["low"] is None or unsettled(row):
        return False
    return bool(row["low"] >= least)


def _infrastructure(v: View, f: Format) -> Iterator[Paragraph]:
    trust, alone, leave = (v.share(f"topic_{t}") for t in ("reliability", "dependence", "switching"))
    if _carried(trust, 0.05):
        assert trust is not None
        yield Paragraph(
            f"{share_text(trust, f)} of posts speak of reliability or of repeated failures: the single "
            "incident is read as a pattern, "
            "so publish what was done against its return.",
            (share_ref(trust),),
        )
    if _carried(alone, 0.03):
        assert alone is not None
        yield Paragraph(
            f"{share_text(alone, f)} of posts reflect on depending on one platform: a reduced mode, an export "
            "or a second "
            "way in would have served them.",
            (share_ref(alone),),
        )
    if _carried(leave, 0.03):
        assert leave is not None
        named = [r for r in v.extractions if r["kind"] == "competitor"]
        refs = [share_ref(leave)] + [
            Ref("extractions", f"competitor-{r['value'][:60]}", text(r["value"], limit=40)) for r in named[:1]
        ]
        to = f", most often {text(named[0]['value'], limit=40)}" if named else ""
        yield Paragraph(
            f"{share_text(leave, f)} of posts speak of alternatives{to}: availability decides who stays.", tuple(refs)
        )
    parts = [r for r in v.extractions if r["kind"] == "component" and r["low"] >= 0.05]
    if parts:
        names = " and ".join(part_text(r, f) for r in parts[:2])
        refs = [Ref("extractions", f"component-{r['value'][:60]}", text(r["value"], limit=40)) for r in parts[:2]]
        yield Paragraph(
            f"The parts that posts name most are {names}: isolate them, so that one failing does not take the rest.",
            tuple(refs),
        )


def _communication(v: View, found: Row, f: Format) -> Iterator[Paragraph]:
    word, done = v.step("first_word"), v.step("resolved_word")
    if word and word["lag_low_s"] is not None and word["lag_low_s"] > 300:
        yield Paragraph(
            "Public reports preceded the first official word by "
            f"{f.duration_interval(word['lag_s'], word['lag_low_s'], word['lag_high_s'])}: "
            "an alarm on public reports would have told the provider earlier.",
            (Ref("ladder", "first_word", "first official word"),),
        )
    if done and found["recovery_low"] and done["time"] < found["recovery_low"]:
        gap = (
            f.duration((found["recovery"] - done["time"]).total_seconds())
            if found["recovery"]
            else "more than the data cover"
        )
        yield Paragraph(
            f"The incident was declared resolved {gap} before reports were back at their usual level: confirm "
            "with what users see before saying so.",
            (Ref("ladder", "resolved_word", "officially resolved"), Ref("ladder", "recovery", "observed recovery")),
        )
    miss = v.share("topic_transparency")
    if _carried(miss, 0.05):
        assert miss is not None
        phases = [
            r
            for p in v.groups("phase")
            if (r := v.share("topic_transparency", scope="phase", group=p)) and r["estimate"] is not None
        ]
        most = max(phases, key=lambda r: r["estimate"], default=None)
        refs = [share_ref(miss)] + ([share_ref(most, v)] if most else [])
        where = (
            f", most while {v.phase_name(most['group'])} ({share_text(most, f)})"
            if most and most["low"] > miss["estimate"]
            else ""
        )
        yield Paragraph(
            f"{share_text(miss, f)} of posts miss information{where}: give a cause, a scope and the time of "
            "the next word.",
            tuple(refs),
        )
    silence = v.fact("longest_silence_s")
    if silence and silence["value"] > 3600:
        yield Paragraph(
            f"The longest silence between two official words lasted {f.duration(silence['value'])}: promise a "
            "rhythm and keep it.",
            (Ref("facts", "longest_silence_s", "longest silence"),),
        )
    yield from _effect(v, f)


def _effect(v: View, f: Format) -> Iterator[Paragraph]:
    number = {u["update_id"]: i for i, u in enumerate(v.updates, 1)}
    for r in v.effects:
        clear = r["verdict"] == "estimated" and r["p_adjusted"] is not None and r["p_adjusted"] < 0.05
        if not clear or r["measure"] == "volume" or r["change"] is None or r["change"] >= 0:
            continue
        beyond = f", {f.p(r['p_adjusted'])}"
        if r["placebo_low"] is not None:
            beyond += f", where {effect_text(r, f, 'placebo_low', 'placebo_high')} happens without an update"
        what = "clear frustration" if r["measure"] == "frustration_ge2" else "asking for information"
        yield Paragraph(
            f"After update {number.get(r['update_id'], '?')} ({text(r['stage'], limit=30)}) {what} fell by "
            f"{f.points(-r['change'], signed=False)} points "
            f"({f.points(-r['high'], signed=False)} to {f.points(-r['low'], signed=False)}{beyond}): "
            "an association that speaks for more words of its kind.",
            (
                Ref(
                    "effects", f"{r['update_id']}-{r['measure']}", f"effect of update {number.get(r['update_id'], '?')}"
                ),
            ),
        )


def _recovery(v: View, found: Row, f: Format) -> Iterator[Paragraph]:
    if found["recovery"] is not None:
        lasted = (found["recovery"] - found["onset"]).total_seconds()
        yield Paragraph(
            f"People felt it for {f.duration(lasted)}: hold the time to restore service, as users see it, "
            "against your objective.",
            (
                Ref("incidents", str(v.incident_number), "onset and recovery"),
                Ref("ladder", "recovery", "observed recovery"),
            ),
        )
    half = v.fact("half_life_volume_s")
    calm = v.fact("half_life_frustration_s")
    if half and calm and calm.get("low") is not None and half.get("high") is not None and calm["low"] > half["high"]:
        yield Paragraph(
            f"Frustration faded more slowly (half-life {f.duration(calm['value'])}) than posts did "
            f"({f.duration(half['value'])}): "
            "care for those hit does not end with the repair.",
            (
                Ref("facts", "half_life_frustration_s", "half-life of frustration"),
                Ref("facts", "half_life_volume_s", "half-life of posts"),
            ),
        )
    pay = v.share("topic_compensation")
    if _carried(pay, 0.03):
        assert pay is not None
        yield Paragraph(
            f"{share_text(pay, f)} of posts ask for money back: decide on credits before they are asked for.",
            (share_ref(pay),),
        )


def _capacity(v: View, found: Row, f: Format) -> Iterator[Paragraph]:
    codes = [r for r in v.extractions if r["kind"] == "error_code" and r["value"] in OVERLOAD and r["low"] >= 0.01]
    if codes:
        names = ", ".join(f"{r['value']} in {f.share_interval(r['share'], r['low'], r['high'])}" for r in codes[:3])
        refs = tuple(Ref("extractions", f"error_code-{r['value']}", f"error {r['value']}") for r in codes[:3])
        yield Paragraph(
            f"Posts name errors that overloaded servers answer with: {names}. Test the load that follows a "
            "restart, too.",
            refs,
        )
    usual = next((b["expected_high"] for b in v.bins if b["start"] == found["peak"]), None)
    factor = found["peak_count"] / max(usual, 1.0) if usual is not None else 0.0
    if factor >= 3:
        yield Paragraph(
            f"At the peak people wrote {f.number(factor, 0)} times the most that is usual: support and the status page "
            "must carry such a rush.",
            (Ref("incidents", str(v.incident_number), "peak"),),
        )
