from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest

from analyzer.errors import InputError
from analyzer.store import Corpus, manifest
from analyzer.study import Study
from tests.store.made import START, posts

STUDY = Study(service="ChatGPT", terms=("chatgpt",), since=START, path="/home/me/study.toml")


def test_manifest_of_a_corpus_holds_all_that_numbers_rest_on(corpus: Corpus) -> None:
    with corpus.run("import", study=STUDY) as run:
        run.add_posts(posts([1]))
        run.add_raw(b"bytes", name="a.csv", format="csv")
    made = manifest.make(corpus, STUDY, parameters={"bin_minutes": 5}, seeds={"bootstrap": 1}, model="fast/1")
    assert made["inputs"] == [
        {"name": "a.csv", "sha256": hashlib.sha256(b"bytes").hexdigest(), "bytes": 5, "format": "csv"}
    ]
    assert made["runs"] == ["000001-import"]
    assert made["study"]["service"] == "ChatGPT"
    assert {"python", "pandas", "duckdb", "outage-analyzer"} <= made["versions"].keys()
    assert "/home/me" not in json.dumps(made)
    assert made == manifest.make(corpus, STUDY, parameters={"bin_minutes": 5}, seeds={"bootstrap": 1}, model="fast/1")


def test_manifest_of_plain_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    made = manifest.make(inputs=[tmp_path / "a.csv"], now=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    assert made["inputs"] == [{"name": "a.csv", "bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}]
    assert made["made_at"] == "2024-01-01T00:00:00Z"
    with pytest.raises(InputError, match="cannot be read"):
        manifest.make(inputs=[tmp_path / "none.csv"])


def test_run_record_names_study_inputs_and_counts(corpus: Corpus) -> None:
    with corpus.run("import", study=STUDY, params={"format": None}) as run:
        run.add_posts(posts([1, 2]))
        run.notes["said"] = "by hand"
    record = json.loads((corpus.path / "runs" / f"{run.run_id}.json").read_text())
    assert record["counts"]["posts"]["n_new"] == 2
    assert record["notes"] == {"said": "by hand"}
    assert corpus.study_of(run.run_id) == Study.from_dict(STUDY.to_dict())
