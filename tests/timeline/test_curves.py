"""Eighteen months of real user reports of eight services: the named outages found, at most one other a month strong."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analyzer.timeline.detection import detect_series
from analyzer.timeline.series import regular

#: Outages that the curves' description names and that the curves show; it names WhatsApp 2019-11-28, too.
NAMED = (
    ("facebook", "2019-04-14"),
    ("facebook", "2019-07-03"),
    ("facebook", "2019-11-28"),
    ("whatsapp", "2019-04-14"),
    ("whatsapp", "2019-07-03"),
    ("whatsapp", "2020-01-19"),
    ("whatsapp", "2020-07-14"),
    ("youtube", "2019-06-02"),
    ("youtube", "2020-05-14"),
    ("skype", "2020-04-29"),
)
BIN = pd.Timedelta(minutes=20)


@lru_cache(maxsize=1)
def table(shared: Path) -> pd.DataFrame:
    return pd.read_parquet(shared / "data" / "curves" / "user_reports_2019_2020.parquet")


def curve(shared: Path, service: str) -> pd.Series:
    part = table(shared)
    return part[part["service"] == service].set_index("time")["reports"].asfreq(BIN).astype(float)


def incidents(reports: pd.Series, service: str) -> pd.DataFrame:
    counts = pd.DataFrame({"time": reports.index, "count": reports.to_numpy()})
    return detect_series(regular(counts, name=service)).incidents


def leaves(reports: pd.Series, day: str) -> pd.Timestamp:
    """First bin of the unbroken run up to the day's peak that exceeds the same hours of the two weeks before.

    It shares nothing with the project's baseline: the bound is the higher of the 99 % quantile of those hours, and of
    the 99.9 % quantile of a Poisson variable around their median.
    """
    start = pd.Timestamp(day, tz="UTC")
    past = reports[start - pd.Timedelta(days=14) : start - BIN]
    if past.notna().sum() < 100:
        past = reports[start + pd.Timedelta(days=2) : start + pd.Timedelta(days=16)]
    minute = past.index.hour * 60 + past.index.minute
    time = reports[start : start + pd.Timedelta(days=1)].idxmax()
    while time - BIN in reports.index:
        before = time - BIN
        apart = (minute - before.hour * 60 - before.minute + 720) % 1440 - 720
        usual = past[np.abs(apart) <= 60].dropna()
        bound = max(np.quantile(usual, 0.99), stats.poisson.ppf(0.999, max(usual.median(), 0.3)))
        if reports[before] <= bound:
            break
        time = before
    return time


@pytest.mark.parametrize(("service", "day"), NAMED)
def test_named_outages_begin_within_a_bin_of_where_the_curve_leaves_its_usual_level(
    shared: Path, service: str, day: str
) -> None:
    whole = curve(shared, service)
    start = pd.Timestamp(day, tz="UTC")
    part = whole[start - pd.Timedelta(days=30) : start + pd.Timedelta(days=20)]
    left = leaves(part, day)
    found = incidents(part, service)
    near = found[(found["onset"] - left).abs() <= pd.Timedelta(hours=3)]
    assert len(near) == 1
    assert near["strength"].iloc[0] == "strong"
    assert abs(near["onset"].iloc[0] - left) <= BIN
    assert near["onset_low"].iloc[0] <= left + BIN


def test_whatsapp_shows_no_rise_on_28_november_2019_though_facebook_does(shared: Path) -> None:
    day = curve(shared, "whatsapp")["2019-11-28"]
    assert day.max() <= 4 and day.sum() <= 80
    found = incidents(curve(shared, "whatsapp")["2019-11-01":"2019-12-20"], "whatsapp")
    assert not (found["onset"].dt.strftime("%Y-%m-%d") == "2019-11-28").any()


@pytest.mark.slow
def test_eighteen_months_of_eight_services(shared: Path) -> None:
    services = sorted(table(shared)["service"].unique())
    assert len(services) == 8
    further = 0
    for service in services:
        found = incidents(curve(shared, service), service)
        strong = found[found["strength"] == "strong"]
        days = set(strong["onset"].dt.strftime("%Y-%m-%d"))
        assert {day for name, day in NAMED if name == service} <= days, service
        assert strong["onset"].dt.strftime("%Y-%m").value_counts().max() <= 1, service
        further += len(strong) - sum(name == service for name, _ in NAMED)
    # 38 in 149 service-months when this was written; docs/real-curves.md lists them.
    assert 20 <= further <= 50
