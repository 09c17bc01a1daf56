"""Each chart: a finding, a text alternative and numbers made from the data; drawn in every case, at both widths."""

from __future__ import annotations

import re
from typing import Any

import pytest

from analyzer.report import svg
from analyzer.report.charts import CHARTS, module, style
from analyzer.report.charts.comparison import plot_compared, plot_comparison
from analyzer.report.charts.series import drawn_bins, width_name
from analyzer.report.format import Format
from analyzer.report.pick import view
from tests.report.make_timeline import KINDS, make_nothing, make_timeline

F = Format("en")
NAMES = [p.__name__ for p in CHARTS]


def texts(source: str) -> str:
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", source))


def drawn(plot: Any, timeline: Any, size: tuple[float, float]) -> str:
    figure = svg.draw(lambda ax: plot(timeline, ax=ax), size)
    return svg.with_roles(svg.with_points(svg.to_svg(figure, name="c"), figure))


@pytest.mark.parametrize("plot", CHARTS, ids=NAMES)
def test_chart_states_a_finding_and_is_described(plot: Any) -> None:
    v = view(make_timeline())
    file = module(plot)
    assert file.missing(v) == ""
    title, alt = file.title(v, F), file.alt(v, F)
    assert re.search(r"\d", title) or plot.__name__ in ("plot_words", "plot_sources")
    assert len(alt) > 40 and alt.endswith(".") and alt != title
    assert (plot.__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize("plot", CHARTS, ids=NAMES)
def test_chart_is_drawn_at_both_widths(plot: Any) -> None:
    timeline = make_timeline()
    for size in module(plot).sizes(view(timeline)):
        source = drawn(plot, timeline, size)
        assert source.startswith("<svg viewBox=") and "<script" not in source
        assert texts(source).strip(), "text stays text"
        assert 'class="pt"' in source or plot.__name__ == "plot_overview"
        loose = {c for c in re.findall(r"(?<!url\()#[0-9a-f]{6}\b", source) if c != "#000000"}
        assert loose == set(), "a colour without a role does not follow the page into the dark"


@pytest.mark.slow
@pytest.mark.parametrize("kind", [k for k in KINDS if k != "normal"])
@pytest.mark.parametrize("plot", CHARTS, ids=NAMES)
def test_chart_survives_every_extreme(plot: Any, kind: str) -> None:
    timeline = make_timeline(kind)
    for size in module(plot).sizes(view(timeline)):
        assert drawn(plot, timeline, size).startswith("<svg")


@pytest.mark.parametrize("plot", CHARTS, ids=NAMES)
def test_chart_without_data_says_why(plot: Any) -> None:
    nothing = make_nothing()
    reason = module(plot).missing(view(nothing))
    assert reason.endswith(".")
    source = texts(drawn(plot, nothing, (7.4, 3.0)))
    assert reason.split()[0] in source


@pytest.mark.parametrize("plot", CHARTS, ids=NAMES)
def test_chart_draws_on_axes_of_the_user(plot: Any) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    figure, ax = plt.subplots()
    assert plot(make_timeline(), ax=ax) is ax
    assert ax.get_title(loc="left")
    plt.close(figure)
    assert dict(mpl.rcParams) == before, "the user's settings stay"


def test_chart_without_axes_makes_its_own_figure() -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    ax = CHARTS[0](make_timeline("short"))
    assert plt.gcf() is ax.figure
    plt.close(ax.figure)


def test_rate_points_carry_the_counts_of_the_bins() -> None:
    timeline = make_timeline()
    v = view(timeline)
    figure = svg.draw(lambda ax: CHARTS[0](timeline, ax=ax), (7.4, 3.9))
    labels = [p.label for p in style.points(figure)]
    bins, _ = drawn_bins(v, v.focus)
    peak = max(bins, key=lambda b: b["n_relevant"])
    assert any(f"{F.time(peak['start'], zone=False)} UTC: {peak['n_relevant']} posts" in label for label in labels)
    assert any("not collected" in label for label in labels)
    assert sum(label.startswith("Official update") for label in labels) == 4


def test_drawings_do_not_outlive_their_use() -> None:
    import gc
    import weakref

    figure = svg.draw(lambda ax: CHARTS[0](make_timeline("short"), ax=ax), (7.4, 3.9))
    assert style.points(figure), "points are kept while the figure is"
    gone = weakref.ref(figure)
    del figure
    gc.collect()
    assert gone() is None


def test_a_phase_is_named_only_where_its_interval_lies_apart() -> None:
    from dataclasses import replace

    from analyzer.report.charts import frustration
    from analyzer.schema import SHARES, make

    timeline = make_timeline()
    assert frustration.title(view(timeline), F).startswith("Clear frustration is highest while cause identified: 56%")
    vague = [r | {"low": 0.01, "high": 0.99} if r["estimate"] is not None else r for r in view(timeline).shares]
    title = frustration.title(view(replace(timeline, shares=make(SHARES, vague))), F)
    assert title.endswith("of posts are clearly frustrated; no phase stands out")


def test_second_time_zone_stands_above_the_first() -> None:
    timeline = make_timeline()
    figure = svg.draw(lambda ax: CHARTS[0](timeline, ax=ax), (7.4, 3.9))
    source = texts(svg.to_svg(figure, name="c"))
    assert "America/Los Angeles" in source and "Time (UTC), 4 Jun 2024" in source
    assert "08:00" in source and "02:00" in source, "08:00 UTC is 01:00 there; both clocks are printed"


def test_merged_bins_keep_their_sums_and_their_weights() -> None:
    v = view(make_timeline("long"))
    whole, _ = drawn_bins(v, None, most=10_000)
    few, width = drawn_bins(v, None, most=50)
    assert len(few) <= 50 and width == v.timeline.bin_s * 8
    assert sum(b["n_relevant"] for b in few) == sum(b["n_relevant"] for b in whole)
    first = [b for b in whole[:8] if b["frustration"] is not None]
    mean = sum(b["frustration"] * max(b["n_relevant"], 1) for b in first) / sum(max(b["n_relevant"], 1) for b in first)
    assert few[0]["frustration"] == pytest.approx(mean)


def test_ids_in_a_page_belong_to_one_chart() -> None:
    timeline = make_timeline("short")
    figure = svg.draw(lambda ax: CHARTS[0](timeline, ax=ax), (7.4, 3.9))
    source = svg.to_svg(figure, name="rate-wide")
    ids = re.findall(r'\bid="([^"]+)"', source)
    assert ids and all(i.startswith("rate-wide-") for i in ids)
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', source))
    assert {a or b for a, b in used} <= set(ids)


def test_each_colour_has_one_role_and_enough_contrast() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(a: str, b: str) -> float:
        high, low = sorted((luminance(a), luminance(b)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    lights = [pair[0] for pair in style.ROLES.values()]
    assert len(set(lights)) == len(lights)
    for which in (0, 1):
        paper, shade = style.ROLES["paper"][which], style.ROLES["shade"][which]
        for role in ("ink", "muted", "blue", "orange", "green", "purple"):
            assert contrast(style.ROLES[role][which], paper) >= 4.5, role
            assert contrast(style.ROLES[role][which], shade) >= 4.5, role
        assert contrast(style.ROLES["line"][which], paper) >= 3.0


@pytest.mark.parametrize("n", [2, pytest.param(14, marks=pytest.mark.slow)])
def test_comparison_charts_are_drawn_for_two_and_for_many(n: int) -> None:
    timelines = [make_timeline("tiny") for _ in range(n)]
    for plot in (plot_comparison, plot_compared):
        figure = svg.draw(lambda ax, plot=plot: plot(timelines, ax=ax), (7.4, 9.0))
        assert "Parrot" in texts(svg.to_svg(figure, name="c"))


@pytest.mark.parametrize(
    ("seconds", "name"),
    [(60, "minute"), (600, "10 min"), (3600, "hour"), (21_600, "6 h"), (86_400, "day"), (90, "1.5 min")],
)
def test_width_name(seconds: float, name: str) -> None:
    assert width_name(seconds) == name
