"""The main way gives the same numbers however it is walked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import analyzer as oa
from analyzer.api import pipeline
from analyzer.store import Corpus


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    oa.simulate(seed=4, n_posts=600).write(folder)
    return folder


def corpus_of(made: Path, folder: Path) -> Corpus:
    corpus, study = Corpus(folder), pipeline.read_study(made / "study.toml")
    oa.import_archive(made / "posts.jsonl", study, corpus)
    oa.import_updates(made / "updates.jsonl", study, corpus)
    return corpus


def test_labels_are_the_same_in_one_go_and_in_parts(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pipeline.classify(corpus_of(made, tmp_path / "a"))
    monkeypatch.setattr(pipeline, "MOST_AT_ONCE", 10)
    parts = pipeline.classify(corpus_of(made, tmp_path / "b"))
    assert len(whole) > 400
    pd.testing.assert_frame_equal(whole, parts)


def test_a_report_is_the_same_whether_labels_were_there_or_not(made: Path, tmp_path: Path) -> None:
    study, corpus = pipeline.read_study(made / "study.toml"), corpus_of(made, tmp_path / "a")
    first, again = (pipeline.report_json(oa.timeline_of(study, corpus)) for _ in range(2))
    for document in (first, again):
        document.pop("manifest")
    assert first == again and first["verdict"] == "incidents"


def test_labels_in_another_order_are_put_right(made: Path, tmp_path: Path) -> None:
    study, corpus = pipeline.read_study(made / "study.toml"), corpus_of(made, tmp_path / "a")
    labels, posts = pipeline.classify(corpus), corpus.posts()
    straight = pipeline.build_timeline(study, posts, labels, corpus.updates())
    mixed = pipeline.build_timeline(study, posts, labels.sample(frac=1, random_state=1), corpus.updates())
    pd.testing.assert_frame_equal(straight.shares, mixed.shares)
    pd.testing.assert_frame_equal(straight.bins, mixed.bins)
