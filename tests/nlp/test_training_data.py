"""What the classifiers learn from: read right, left out right, and split right."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from analyzer.errors import InputError
from analyzer.nlp.training import data as d

ROW = {"text": "It is down", "relevant": 1, "report": 1, "frustration": 2, "humor": 0, "topics": ["cause"]}


def _write(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps({**ROW, **row}) + "\n" for row in rows), encoding="utf-8")
    return path


def test_labels_are_read(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "a.jsonl",
        {"source": "written_3", "stratum_size": 300, "stratum_n": 100},
        {"source": "airlines", "topics": []},
    )
    found = d.load_labels(path)
    assert found["topic_cause"].tolist() == [1, 0]
    assert found["family"].tolist() == ["written", "airlines"]
    assert found["weight"].tolist() == [1.5, 0.5]  # three posts stand behind the first, mean one
    assert d.for_training(found)["source"].tolist() == ["written_3"]


@pytest.mark.parametrize(
    ("line", "message"),
    [("{", "line 2: not JSON"), ("[]", "line 2: not a JSON object"), ('{"text": "a"}', "line 2: not a labelled post"),
     (json.dumps({**ROW, "frustration": 7}), "out of its range")],
)  # fmt: skip
def test_bad_lines_are_told(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + line + "\n")
    with pytest.raises(InputError, match=message):
        d.load_labels(path)


def test_missing_and_empty_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        d.load_labels(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(InputError, match="no labelled posts"):
        d.load_labels(tmp_path / "empty.jsonl")
    with pytest.raises(InputError, match=r"no \*\.csv\.gz"):
        d.load_unlabelled(tmp_path)


def test_unlabelled_posts_leave_out_what_may_not_be_learnt(tmp_path: Path) -> None:
    for name in ("us_airlines_2015", "complaints_2019", "power_2019"):
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt") as file:
            file.write("post_id,text,lang\n1,Is it down?,en\n2,is it  DOWN?,en\n3,judged later,en\n4,fine,\n")
    found = d.load_unlabelled(tmp_path, without=["Judged  later"])
    assert found["source"].unique().tolist() == ["power_2019"]
    assert found["text"].tolist() == ["Is it down?", "fine"]


def test_goemotions_is_read(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("anger\njoy\nannoyance\ndisappointment\ndisapproval\ndisgust\n")
    with gzip.open(tmp_path / "dev.tsv.gz", "wt") as file:
        file.write("grr\t0,2\tx\nyay\t1\ty\n")
    assert d.load_goemotions(tmp_path, "dev")["frustration"].tolist() == [1, 0]


def test_folds_and_families_never_mix(tmp_path: Path) -> None:
    rows = [{"text": f"post {i % 40}", "source": ["power", "us_power", "uk"][i % 3]} for i in range(120)]
    labels = d.load_labels(_write(tmp_path / "a.jsonl", *rows))
    fold = d.folds(labels, n=5)
    assert all(len(set(fold[(labels["text"] == t).to_numpy()])) == 1 for t in labels["text"].unique())
    assert set(fold) == set(range(5))
    for name, train, test in d.leave_one_source_out(labels):
        assert set(labels["family"].iloc[test]) == {name}
        assert name not in set(labels["family"].iloc[train])
        assert len(train) + len(test) == len(labels) and not np.intersect1d(train, test).size
