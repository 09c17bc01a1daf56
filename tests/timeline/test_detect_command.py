"""`outage-analyzer detect` as a program calls it: its JSON contract, and count files as people have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analyzer.cli import main
from analyzer.cli.detect import KEYS

BURST = 1000


def counts(*, zone: str = "UTC", n: int = 2000) -> pd.DataFrame:
    """Poisson counts of mean 3 in 20-minute bins to the end of summer time, and 60 more in six bins from `BURST` on."""
    values = np.random.default_rng(0).poisson(3.0, n)
    values[BURST : BURST + 6] += 60
    return pd.DataFrame({"t": pd.date_range("2024-10-15", periods=n, freq="20min", tz=zone), "n": values})


def run(table: pd.DataFrame, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, Any, str]:
    path = folder / "counts.csv"
    table.to_csv(path, index=False)
    code = main(["detect", str(path), "--time", "t", "--count", "n", "--json", *more])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def near(incident: dict[str, Any], time: pd.Timestamp) -> bool:
    return abs(pd.Timestamp(incident["onset"]) - time) <= pd.Timedelta(minutes=20)


def test_the_json_holds_what_the_contract_says_and_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = counts()
    both = pd.concat([table.assign(who="loud"), table.assign(who="calm", n=table["n"].where(table["n"] < 20, 3)),
                      table.head(5).assign(who="short")])  # fmt: skip
    code, result, _ = run(both, tmp_path, capsys, "--by", "who")
    assert code == 0
    assert list(result) == ["schema", "series"]
    assert result["schema"] == 1
    verdicts = {one["series"]: one["verdict"] for one in result["series"]}
    assert verdicts == {"loud": "incidents", "calm": "no incident found", "short": "not enough data"}
    assert all(list(one) == ["series", "verdict", "incidents"] for one in result["series"])
    (incident,) = next(one["incidents"] for one in result["series"] if one["series"] == "loud")
    assert tuple(incident) == KEYS
    for key in ("onset", "onset_low", "onset_high", "peak", "recovery", "recovery_low", "recovery_high"):
        assert incident[key].endswith("Z") and pd.Timestamp(incident[key]).tzinfo is not None
    assert incident["onset_low"] <= incident["onset"] <= incident["onset_high"] <= incident["recovery_low"]
    assert (incident["censored"], incident["kind"]) == (False, "unknown")
    assert incident["strength"] in ("strong", "moderate", "weak")
    assert near(incident, table["t"][BURST])


def test_details_add_the_reason_and_the_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, result, _ = run(counts(), tmp_path, capsys, "--details")
    (one,) = result["series"]
    assert "usual level" in one["reason"]
    assert "detectors agree" in one["incidents"][0]["evidence"]


@pytest.mark.parametrize("shape", ["offsets", "zone", "seconds", "milliseconds"])
def test_times_of_many_shapes_mean_the_same_instant(
    shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = counts(zone="Europe/London")
    truth, more = table["t"][BURST], []
    if shape == "zone":
        table["t"] = table["t"].dt.tz_localize(None)
        more = ["--time-zone", "Europe/London"]
    elif shape != "offsets":
        seconds = table["t"].map(lambda t: t.timestamp())
        table["t"] = (seconds * (1000 if shape == "milliseconds" else 1)).astype("int64")
    code, result, error = run(table, tmp_path, capsys, *more)
    assert code == 0, error
    (incident,) = result["series"][0]["incidents"]
    assert near(incident, truth)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": lambda t: t["n"].where(t.index != 7, -1)}, "'-1' in row 8"),
        ({"n": lambda t: t["n"].astype(object).where(t.index != 7, "many")}, "'many' in row 8"),
        ({"n": lambda t: t["n"].astype(float).where(t.index != 7, np.inf)}, "'inf' in row 8"),
        ({"t": lambda t: t["t"].where(t.index != 7)}, "1 rows have no time"),
        ({"t": "yesterday"}, "no zone"),
        ({"t": lambda t: t["t"].dt.tz_localize(None)}, "--time-zone"),
        ({"who": lambda t: pd.Series("a", index=t.index).where(t.index != 7)}, "1 rows have no 'who'"),
    ],
)
def test_what_is_no_count_and_no_time_is_refused_with_its_place(
    change: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = counts(n=30 + BURST).assign(**change)
    code, result, error = run(table, tmp_path, capsys, *(["--by", "who"] if "who" in change else []))
    assert (code, result) == (1, None)
    assert said in error
    assert "Traceback" not in error


def test_rows_in_any_order_missing_rows_and_empty_counts_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = counts()
    holes = table.drop(index=[10, 11, 500]).assign(n=lambda t: t["n"].astype(float).where(t.index % 50 != 5))
    for other in (table.sample(frac=1, random_state=1), holes):
        _, result, _ = run(other, tmp_path, capsys)
        (incident,) = result["series"][0]["incidents"]
        assert near(incident, table["t"][BURST])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_next_to_nothing_is_not_enough(n: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, result, error = run(counts().head(n), tmp_path, capsys)
    if n:
        assert result["series"][0]["verdict"] == "not enough data"
    else:
        assert code == 1 and "no rows" in error
