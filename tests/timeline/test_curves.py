"""Eighteen months of real user reports of eight services: known outages found, few others called strong."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analyzer.timeline.detection import detect_series
from analyzer.timeline.series import regular

#: Service, and the first bin that leaves the usual level (read off the curve).
KNOWN = (
    ("facebook", "2019-07-03T13:40Z"),
    ("facebook", "2019-11-28T14:00Z"),
    ("whatsapp", "2019-07-03T13:40Z"),
    ("whatsapp", "2020-01-19T10:40Z"),
    ("whatsapp", "2020-07-14T19:40Z"),
    ("youtube", "2019-06-02T18:40Z"),
    ("youtube", "2020-05-14T23:00Z"),
    ("skype", "2020-04-29T13:00Z"),
)
BIN = pd.Timedelta(minutes=20)


def incidents(shared: Path, service: str, *, since: str = "2019-01-01", until: str = "2021-01-01") -> pd.DataFrame:
    table = pd.read_parquet(shared / "data" / "curves" / "user_reports_2019_2020.parquet")
    inside = table["time"].between(pd.Timestamp(since, tz="UTC"), pd.Timestamp(until, tz="UTC"))
    part = table[(table["service"] == service) & inside].rename(columns={"reports": "count"})
    return detect_series(regular(part[["time", "count"]], name=service)).incidents


@pytest.mark.parametrize(("service", "left"), KNOWN)
def test_known_outages_in_two_months(shared: Path, service: str, left: str) -> None:
    time = pd.Timestamp(left)
    found = incidents(
        shared,
        service,
        since=str((time - pd.Timedelta(days=40)).date()),
        until=str((time + pd.Timedelta(days=20)).date()),
    )
    near = found[(found["onset"] - time).abs() <= 2 * BIN]
    assert len(near) == 1
    row = near.iloc[0]
    assert row["strength"] == "strong"
    # Within one bin of the bin that leaves the usual level, which is itself 20 minutes wide.
    assert time - BIN <= row["onset"] <= time + 2 * BIN
    assert row["onset_low"] <= time + BIN


@pytest.mark.slow
def test_eighteen_months_of_eight_services(shared: Path) -> None:
    further = {}
    for service in (
        "apple-servers",
        "facebook",
        "facebook-messenger",
        "gmail",
        "netflix",
        "skype",
        "whatsapp",
        "youtube",
    ):
        found = incidents(shared, service)
        for name, left in KNOWN:
            if name == service:
                near = found[(found["onset"] - pd.Timestamp(left)).abs() <= 2 * BIN]
                assert near["strength"].tolist() == ["strong"], (name, left)
        days = [left[:10] for name, left in KNOWN if name == service] + ["2019-04-14"]
        strong = found[(found["strength"] == "strong") & ~found["onset"].dt.strftime("%Y-%m-%d").isin(days)]
        for month, n in strong.groupby(strong["onset"].dt.strftime("%Y-%m")).size().items():
            further[service, month] = n
    # Three in May 2019 are real spikes of 168, 952 and 800 reports where two to four are usual.
    assert {k for k, n in further.items() if n > 1} <= {("facebook", "2019-05")}
    assert sum(further.values()) / (8 * 18.6) <= 0.35
