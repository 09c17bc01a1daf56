"""The command line, end to end on simulated posts, in this process and as a real command."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analyzer import schema
from analyzer.cli import COMMANDS, build_parser, main


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated outage, imported and reported once."""
    folder = tmp_path_factory.mktemp("sample")
    assert main(["simulate", "--seed", "3", "--posts", "1500", "-o", str(folder)]) == 0
    assert main(_run(folder)) == 0
    return folder


def _run(folder: Path) -> list[str]:
    return [
        "run", str(folder / "study.toml"), str(folder / "posts.jsonl"), "--updates", str(folder / "updates.jsonl"),
        "--corpus", str(folder / "corpus"), "-o", str(folder / "report.html"), "-o", str(folder / "report.json"),
    ]  # fmt: skip


def test_run_finds_the_simulated_outage(sample: Path) -> None:
    report = json.loads((sample / "report.json").read_text())
    truth = json.loads((sample / "truth.json").read_text())
    assert report["verdict"] == "incidents"
    assert len(report["incidents"]) == len(truth["incidents"]) == 1
    found, true = report["incidents"][0], truth["incidents"][0]
    assert abs(pd.Timestamp(found["onset"]) - pd.Timestamp(true["onset"])) < pd.Timedelta(minutes=20)
    assert found["onset_low"] <= found["onset"] <= found["onset_high"]
    assert "<script src" not in (sample / "report.html").read_text()


def test_no_post_is_quoted_in_any_output(sample: Path) -> None:
    outputs = (sample / "report.html").read_text() + (sample / "report.json").read_text()
    texts = [json.loads(line)["text"] for line in (sample / "posts.jsonl").read_text().splitlines()]
    long = [t for t in texts if len(t) > 40]
    assert len(long) > 500
    assert not [t for t in long if t in outputs]


def test_doing_it_twice_changes_nothing(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (sample / "report.json").read_bytes()
    assert main(_run(sample)) == 0
    assert "0 new, 0 updated" in capsys.readouterr().err
    assert (sample / "report.json").read_bytes() == before


def test_verify_agrees_and_names_what_differs(sample: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = sample / "report.json"
    assert main(["verify", str(report), "--corpus", str(sample / "corpus")]) == 0
    assert "All numbers agree" in capsys.readouterr().out
    changed = json.loads(report.read_text())
    changed["incidents"][0]["peak_count"] += 1
    (tmp_path / "changed.json").write_text(json.dumps(changed))
    assert main(["verify", str(tmp_path / "changed.json"), "--corpus", str(sample / "corpus")]) == 1
    assert "peak_count" in capsys.readouterr().out
    assert main(["diff", str(report), str(tmp_path / "changed.json")]) == 0
    assert "peak_count" in capsys.readouterr().out


def test_compare_writes_all_forms(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "comparison.html"
    assert main(["compare", str(sample / "report.json"), str(sample / "report.json"), "-o", str(out)]) == 0
    assert out.read_text().startswith("<!")


def test_json_report_on_stdout(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(sample / "study.toml"), "--corpus", str(sample / "corpus"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "incidents"


def test_a_batch_goes_on_after_a_failure(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.toml").write_text((sample / "study.toml").read_text())
    (tmp_path / "bad.toml").write_text("service = ")
    out = tmp_path / "out"
    assert main(["report", str(tmp_path), "--corpus", str(sample / "corpus"), "-o", str(out)]) == 1
    assert "bad.toml" in capsys.readouterr().err
    assert sorted(p.name for p in out.iterdir()) == ["good.html", "good.json", "index.html"]
    good = json.loads((out / "good.json").read_text())
    assert good["incidents"] == json.loads((sample / "report.json").read_text())["incidents"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_classify_a_plain_file(tmp_path: Path, suffix: str) -> None:
    posts = tmp_path / "posts.csv"
    with posts.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["post_id", "text"], ["007", "ugh, it is down AGAIN"], ["=1+1", "lovely day"], ["9", ""]])
    out = tmp_path / f"labels{suffix}"
    assert main(["classify", str(posts), "-o", str(out)]) == 0
    if suffix == ".csv":
        labels = pd.read_csv(out, dtype=str)
    else:
        labels = pd.read_json(out, lines=True, dtype=False) if suffix == ".jsonl" else pd.read_parquet(out)
    assert list(labels.columns) == schema.LABELS.names
    assert labels["post_id"].astype(str).tolist()[0] == "007"
    assert len(labels) == 3
    assert set(labels["status"]) <= set(schema.STATUSES)
    if suffix == ".csv":
        assert not labels["post_id"].str.startswith("=").any()  # inert in a spreadsheet


def test_detect_speaks_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = pd.date_range("2024-01-01", periods=600, freq="20min", tz="UTC")
    counts = pd.DataFrame({"t": times, "n": [3 + i % 2 for i in range(600)], "who": "a"})
    burst = counts.assign(who="b")
    burst.loc[300:306, "n"] += 60
    path = tmp_path / "counts.csv"
    pd.concat([counts, burst]).to_csv(path, index=False)
    assert main(["detect", str(path), "--time", "t", "--count", "n", "--by", "who", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["schema"] == 1
    quiet, loud = result["series"]
    assert (quiet["series"], quiet["verdict"], quiet["incidents"]) == ("a", "no incident found", [])
    assert loud["verdict"] == "incidents"
    (incident,) = loud["incidents"]
    assert abs(pd.Timestamp(incident["onset"]) - times[300]) <= pd.Timedelta(minutes=20)
    assert {"onset_low", "onset_high", "peak", "peak_count", "recovery", "recovery_low", "recovery_high", "censored",
            "strength", "kind", "detectors"} <= set(incident)  # fmt: skip
    assert incident["onset"].endswith("Z")


def test_wrong_usage_is_2_and_failure_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    with pytest.raises(SystemExit) as caught:
        main(["nonsense"])
    assert caught.value.code == 2
    assert main(["classify"]) == 2
    assert main(["simulate", "--scenario", "nonsense", "-o", str(tmp_path)]) == 2
    assert main(["report", str(tmp_path / "none.toml"), "--corpus", str(tmp_path), "-o", "r.html"]) == 1
    error = capsys.readouterr().err
    assert "none.toml" in error
    assert "Traceback" not in error


def test_detect_refuses_naive_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "naive.csv"
    path.write_text("time,count\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n")
    assert main(["detect", str(path)]) == 1
    assert "--time-zone" in capsys.readouterr().err
    assert main(["detect", str(path), "--time-zone", "UTC", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["series"][0]["verdict"] == "not enough data"
    assert main(["detect", str(path), "--count", "nonsense", "--time-zone", "UTC"]) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    text = build_parser(command).format_help()
    assert command in text


def test_as_a_real_command_without_heavy_imports() -> None:
    code = "import sys; from analyzer.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "heavy = {'pandas', 'numpy', 'pyarrow', 'sklearn', 'matplotlib', 'nltk', 'duckdb'} & set(sys.modules)\n"
    code += "sys.exit(str(heavy) if heavy else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "simulate" in done.stdout
