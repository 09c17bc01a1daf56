"""A second process: the same results with it, without it, and when it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from analyzer import api, beside
from analyzer.errors import InputError
from analyzer.nlp import keywords
from analyzer.simulate import simulate


def test_calls_are_made_elsewhere_in_order() -> None:
    with beside.Process() as process:
        first, second = process.submit(os.getpid), process.submit(pd.Series, [1, 2], name="n")
        assert second().equals(pd.Series([1, 2], name="n"))
        assert first() == process._process.pid != os.getpid()


def test_what_fails_there_is_done_here() -> None:
    """An error is the function's own; what cannot be sent, or is not answered, is worked out here."""
    lock = threading.Lock()
    with beside.Process() as process:
        failing = process.submit(api.plain_posts, pd.DataFrame({"body": ["down"]}))
        with pytest.raises(InputError, match="text"):
            failing()
        assert process.submit(isinstance, lock, object)() is True
        assert process.submit(os.getpid)() != os.getpid()  # it still answers
        waiting = process.submit(time.sleep, 60)
        process._process.kill()
        assert process.submit(os.getpid)() == os.getpid()
        del waiting


def test_without_a_process_the_call_is_made_at_once() -> None:
    done: list[int] = []
    result = beside.submit(None, done.append, 1)
    assert done == [1]
    assert result() is None


def test_a_report_is_the_same(tmp_path: Path) -> None:
    made = simulate(seed=3, n_posts=1500)
    labels = api.classify(made.posts)
    outputs = ["alone.html", "beside.html", "alone.json", "beside.json"]
    with beside.Process() as process:
        for name, other in (("alone", None), ("beside", process)):
            timeline = api.build_timeline(made.study, made.posts, labels, made.updates, beside=other)
            paths = [tmp_path / o for o in outputs if o.startswith(name)]
            api.report(timeline, *paths, lang="de", beside=other)
    alone, beside_, alone_json, beside_json = ((tmp_path / o).read_bytes() for o in outputs)
    assert alone == beside_
    assert alone_json == beside_json


def test_enough_rows_give_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keywords, "MOST_TEXTS", 100)
    made = simulate(seed=3, n_posts=1500)
    texts = made.posts["text"].reset_index(drop=True)
    groups = pd.Series(["before", "after", None])[[*[0] * 700, *[1] * 400, *[2] * (len(texts) - 1100)]].to_numpy()
    some = keywords.enough(groups)
    assert len(some) == 400
    whole = keywords.distinguishing(texts, groups)
    assert len(whole)
    pd.testing.assert_frame_equal(keywords.distinguishing(texts.iloc[some], groups[some]), whole)


def test_the_second_process_ends_with_the_first(tmp_path: Path) -> None:
    """A killed report leaves no process behind."""
    code = (
        "import time\nfrom analyzer.beside import Process\n"
        "with Process() as process:\n"
        "    print(process._process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "first.py"
    script.write_text(code)
    first = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    second = int(first.stdout.readline())
    first.kill()
    first.wait()
    first.stdout.close()
    for _ in range(200):
        try:
            os.kill(second, signal.SIG_DFL)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the second process lives on")
