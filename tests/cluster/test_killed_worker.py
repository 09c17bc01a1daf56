"""A worker killed in the middle: its partitions are done again, the others are not, and the numbers are the same."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analyzer import api, cluster
from analyzer.cluster import tasks
from analyzer.errors import ClusterError
from analyzer.store import Corpus
from tests.cluster.conftest import Engine
from tests.collect.archive.made import NOW, STUDY, lines, tweet, write

N = 24


def slow_part(folder: Path, part: int, token: str) -> dict[str, Any]:
    """A task that takes a moment and says which process did it."""
    (folder / f"{part}-{os.getpid()}.begun").touch()
    time.sleep(0.15)
    return {"part": part, "pid": os.getpid()}


def deadly_part(folder: Path, part: int, token: str) -> dict[str, Any]:
    """A partition that kills whoever takes it, as one that does not fit the memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """A cluster that a test may harm."""
    pytest.importorskip("distributed")
    folder = tmp_path / "engine"
    folder.mkdir()
    made = Engine(folder)
    for _ in range(2):
        made.add_worker()
    yield made
    made.close()


def kill_when(ready: Any, engine: Engine) -> Any:
    """Kill a worker as soon as something holds; returns the thread that waits for it."""
    import threading

    def work() -> None:
        stop = time.monotonic() + 60
        while not ready() and time.monotonic() < stop:
            time.sleep(0.01)
        engine.workers[0].send_signal(signal.SIGKILL)
        engine.workers[0].wait()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_only_its_partitions_are_done_again(own: Engine, tmp_path: Path) -> None:
    with cluster.connected(own.address) as client:
        client.wait_for_workers(2, timeout=60)
        folder = tasks.start(tmp_path / "job")
        victim = own.workers[0].pid
        killer = kill_when(lambda: len(list(folder.glob(f"*-{victim}.begun"))) >= 3, own)
        done = tasks.run(client, slow_part, folder, N)
        killer.join()
    assert [d["part"] for d in done] == list(range(N))
    begun = [p.stem for p in folder.glob("*.begun")]
    assert len(begun) - N in (0, 1), "one thread of one worker was busy with one partition"
    kept = {d["part"] for d in done if d["pid"] == victim}
    assert len(kept) >= 2, "what the killed worker had finished stays"
    assert tasks.n_attempts(folder, slow_part) == len(begun)


def test_a_partition_that_kills_its_workers_is_given_up(own: Engine, tmp_path: Path) -> None:
    for _ in range(3):
        own.add_worker()
    with cluster.connected(own.address) as client:
        client.wait_for_workers(5, timeout=60)
        with pytest.raises(ClusterError, match="every worker that took it died"):
            tasks.run(client, deadly_part, tasks.start(tmp_path / "job"), 1)


def test_a_task_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    folder = tasks.start(tmp_path / "job")
    first = tasks.attempt(slow_part, str(folder), 3)
    assert tasks.attempt(slow_part, str(folder), 3) == first
    assert tasks.n_attempts(folder, slow_part) == 1


def test_import_and_labels_with_a_worker_killed(own: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", lines([tweet(n % 2500, text=f"chatgpt is down {n}") for n in range(3000)]))
    one, two = Corpus(tmp_path / "one"), Corpus(tmp_path / "two")
    one.key()
    (tmp_path / "two.key").write_text((tmp_path / "one.key").read_text())
    from analyzer.collect.archive import import_files

    import_files([path], STUDY, one, now=NOW)
    with cluster.connected(own.address) as client:
        client.wait_for_workers(2, timeout=60)
        begun = "tmp/*/parts/*/read_piece/*.json"
        killer = kill_when(lambda: len(list(two.path.glob(begun))) >= 2, own)
        cluster.import_archive(client, path, STUDY, two, now=NOW, piece_bytes=100_000)
        killer.join()
        pd.testing.assert_frame_equal(two.posts(), one.posts())
        own.add_worker()
        client.wait_for_workers(2, timeout=60)
        own.workers.pop(0)
        killer = kill_when(lambda: bool(list(two.path.glob("tmp/*/parts/*/label_part/*.json"))), own)
        labels = cluster.classify(client, two, part_rows=200)
        killer.join()
    pd.testing.assert_frame_equal(labels, api.classify(one))
    assert two.check()["ok"]
    assert not list((two.path / "tmp").glob("*"))
    named = {f["file"] for run in two.state()["runs"] for fs in run["tables"].values() for f in fs}
    on_disk = {p.relative_to(two.path).as_posix() for p in two.path.glob("tables/*/*")}
    assert named <= on_disk
    assert len(on_disk) - len(named) <= 1, "at most the file of the attempt that was cut off"


def test_a_killed_report_leaves_a_folder_that_the_next_one_removes(tmp_path: Path) -> None:
    from analyzer.cluster.scratch import scratch

    corpus = tmp_path / "corpus"
    left = tmp_path / "corpus.cluster-dead"
    left.mkdir()
    with scratch(corpus) as one, scratch(corpus) as two:
        assert not left.exists()
        assert one != two and one.exists() and two.exists()
    assert not list(tmp_path.glob("corpus.cluster-*"))
