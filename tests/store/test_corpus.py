from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from analyzer import schema
from analyzer.errors import CorpusError, SchemaError
from analyzer.store import Corpus
from tests.store.made import START, add, files, label, post, posts


def test_what_is_added_is_read_back_as_declared(corpus: Corpus) -> None:
    run = add(corpus, posts([3, 1, 2]))
    found = corpus.posts()
    assert found["post_id"].tolist() == ["1", "2", "3"]
    assert found["run_id"].unique().tolist() == [run.run_id]
    assert found["n_reposts"].isna().all()
    pd.testing.assert_frame_equal(found, schema.check(found, schema.POSTS))


def test_adding_twice_changes_nothing_at_all(corpus: Corpus) -> None:
    add(corpus, posts(range(10)))
    before = files(corpus.path)
    run = add(corpus, posts(range(10)))
    assert not run.changed
    assert run.counts["posts"].n_unchanged == 10
    assert files(corpus.path) == before


def test_newest_run_wins_by_source_and_id(corpus: Corpus) -> None:
    add(corpus, posts([1, 2]))
    run = add(corpus, posts([2, 3], text="it is back"))
    assert (run.counts["posts"].n_new, run.counts["posts"].n_updated) == (1, 1)
    found = corpus.posts().set_index("post_id")["text"]
    assert found.to_dict() == {"1": "is it down, number 1", "2": "it is back", "3": "it is back"}
    add(corpus, posts([2]))
    assert corpus.posts().set_index("post_id")["text"]["2"] == "is it down, number 2"
    assert len(corpus.posts()) == 3


def test_same_id_of_another_source_is_another_post(corpus: Corpus) -> None:
    add(corpus, posts([1]))
    add(corpus, posts([1], source="reddit"))
    assert corpus.posts()["source"].tolist() == ["reddit", "x"]


def test_last_of_equal_keys_in_one_run_wins(corpus: Corpus) -> None:
    with corpus.run("import") as run:
        run.add_posts(posts([1, 2]))
        run.add_posts(posts([1], text="later"))
    assert run.counts["posts"].n_duplicates == 1
    assert corpus.posts().set_index("post_id")["text"]["1"] == "later"


def test_only_a_new_time_of_observation_is_no_change(corpus: Corpus) -> None:
    add(corpus, posts([1], observed_at=START))
    assert not add(corpus, posts([1], observed_at=START + dt.timedelta(days=1))).changed


def test_window_and_columns(corpus: Corpus) -> None:
    add(corpus, posts(range(10)))
    found = corpus.posts(
        columns=("post_id",), since=START + dt.timedelta(seconds=2), until=START + dt.timedelta(seconds=4)
    )
    assert found.columns.tolist() == ["post_id"]
    assert found["post_id"].tolist() == ["2", "3"]


def test_labels_newest_per_post_and_model(corpus: Corpus) -> None:
    add(corpus, posts([1, 2]))
    table = pd.DataFrame([label(1), label(2)])
    for frame in (table, table.assign(p_relevant=0.9), pd.DataFrame([label(1, model="m/2")])):
        with corpus.run("classify") as run:
            run.add_labels(frame)
    found = corpus.labels(model="m/1")
    assert found["p_relevant"].tolist() == pytest.approx([0.9, 0.9])
    assert found.columns.tolist()[:2] == ["source", "post_id"]
    assert len(corpus.labels()) == 3
    assert corpus.unlabelled("m/2")["post_id"].tolist() == ["2"]


def test_audit_is_what_people_said(corpus: Corpus) -> None:
    add(corpus, posts([1]))
    assert corpus.audit() is None
    with corpus.run("audit") as run:
        run.add_labels(pd.DataFrame([label(1, model="human:a"), label(1)]))
    audit = corpus.audit()
    assert audit is not None
    assert audit["model"].tolist() == ["human:a"]


def test_query_and_batches(corpus: Corpus) -> None:
    add(corpus, posts(range(100)))
    assert corpus.query("SELECT count(*) AS n FROM posts WHERE n_likes >= ?", [50])["n"].tolist() == [50]
    sizes = [b.num_rows for b in corpus.batches("SELECT post_id FROM posts", rows=30)]
    assert sum(sizes) == 100
    for name in ("updates", "labels", "rejects", "coverage"):
        assert corpus.query(f"SELECT count(*) AS n FROM {name}")["n"].tolist() == [0]


def test_wrong_sql_names_the_corpus(corpus: Corpus) -> None:
    add(corpus, posts([1]))
    with pytest.raises(CorpusError, match="corpus"):
        corpus.query("SELECT nothing FROM nowhere")


def test_error_inside_a_run_leaves_everything_as_it_was(corpus: Corpus) -> None:
    add(corpus, posts([1]))
    before = files(corpus.path)
    with pytest.raises(ZeroDivisionError):
        _fail(corpus)
    with corpus.run("nothing"):
        pass
    assert files(corpus.path) == before


def _fail(corpus: Corpus) -> None:
    with corpus.run("import") as run:
        run.add_posts(posts([2]))
        run.add_raw(b"some input", name="a.txt")
        raise ZeroDivisionError


def test_nothing_is_visible_before_the_end(corpus: Corpus) -> None:
    add(corpus, posts([1]))
    with corpus.run("import") as run:
        run.add_posts(posts([2]))
        assert len(Corpus(corpus.path).posts()) == 1
    assert len(corpus.posts()) == 2


def test_a_run_that_ended_takes_nothing_more(corpus: Corpus) -> None:
    with corpus.run("import") as run:
        run.add_posts(posts([1]))
    with pytest.raises(CorpusError, match="has ended"):
        run.add_posts(posts([2]))


def test_nulls_naive_times_and_missing_columns_are_refused(corpus: Corpus) -> None:
    with corpus.run("import") as run:
        with pytest.raises(SchemaError, match="'text' holds nulls"):
            run.add_posts(pd.DataFrame([post(1, text=None)]))
        with pytest.raises(SchemaError, match="no zone"):
            run.add_posts(pd.DataFrame([post(1, created_at=dt.datetime(2024, 6, 4))]))
        with pytest.raises(SchemaError, match="lacks column"):
            run.add_posts(pd.DataFrame([post(1)]).drop(columns="kind"))


def test_no_corpus_and_no_corpus_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="there is no corpus here"):
        Corpus(tmp_path / "none").posts()
    (tmp_path / "thesis.tex").write_text("…")
    with pytest.raises(CorpusError, match="is not a corpus"), Corpus(tmp_path).run("import"):
        pass
    assert not (tmp_path / "corpus.json").exists()
    with pytest.raises(CorpusError, match="is a file"):
        Corpus(tmp_path / "thesis.tex").posts()


def test_damaged_state_says_what_to_do(corpus: Corpus) -> None:
    add(corpus, posts([1]))
    (corpus.path / "corpus.json").write_text("{")
    with pytest.raises(CorpusError, match="outage-analyzer check"):
        corpus.posts()


def test_missing_file_says_what_to_do(corpus: Corpus) -> None:
    add(corpus, posts([1]))
    for path in (corpus.path / "tables" / "posts").iterdir():
        path.unlink()
    with pytest.raises(CorpusError, match="outage-analyzer check"):
        corpus.posts()


def test_many_small_runs_are_joined_and_read_the_same(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.store import corpus as module

    monkeypatch.setattr(module, "_MANY", 5)
    for number in range(15):
        add(corpus, posts([number, number + 1], text=f"round {number}"))
    assert len(list((corpus.path / "tables" / "posts").iterdir())) <= 5
    found = corpus.posts().set_index("post_id")["text"]
    assert len(found) == 16
    assert found["5"] == "round 5"
    assert corpus.check()["ok"]
    assert not add(corpus, posts([14, 15], text="round 14")).changed


def test_compacting_changes_nothing_that_is_read(corpus: Corpus) -> None:
    add(corpus, posts([1, 2, 3]))
    add(corpus, posts([2], text="new"))
    before = corpus.posts()
    corpus.compact()
    pd.testing.assert_frame_equal(corpus.posts(), before)
    assert len(list((corpus.path / "tables" / "posts").iterdir())) == 1
    assert corpus.check()["ok"]


def test_rejects_of_an_input_read_again_are_replaced(corpus: Corpus) -> None:
    row = {"file": "a.csv", "line": 3, "reason": "no text", "detail": "d", "raw": "r", "_input": "0"}
    for reason in ("no text", "no text", "no time"):
        with corpus.run("import") as run:
            run.add_raw(b"input a", name="a.csv", format="csv")
            run.add_rejects(pd.DataFrame([{**row, "reason": reason}]))
    assert corpus.rejects()["reason"].tolist() == ["no time"]
    with corpus.run("import") as run:
        run.add_raw(b"input a", name="a.csv", format="csv")
    assert corpus.rejects().empty


def test_rejects_stay_when_an_input_read_again_only_changes_posts(corpus: Corpus) -> None:
    row = {"file": "a.csv", "line": 3, "reason": "no text", "detail": "d", "raw": "r", "_input": "0"}
    for text in ("one", "two"):
        with corpus.run("import") as run:
            run.add_raw(b"input a", name="a.csv", format="csv")
            run.add_posts(posts([1], text=text))
            run.add_rejects(pd.DataFrame([row]))
    assert len(corpus.rejects()) == 1


def test_ids_to_collect_leave_when_their_posts_come(corpus: Corpus) -> None:
    with corpus.run("import") as run:
        run.add_ids([("x", "1"), ("x", "2")])
    add(corpus, posts([1]))
    assert corpus.ids()["post_id"].tolist() == ["2"]
    assert list(corpus.post_ids()) == [("x", "1")]


def test_store_is_light() -> None:
    import subprocess
    import sys

    code = (
        "import sys, analyzer.store; print([m for m in ('duckdb', 'pyarrow', 'pandas', 'numpy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
