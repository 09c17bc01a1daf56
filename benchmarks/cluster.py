"""Work over a cluster: what each step costs a post, and local processes of Dask against one process.

    python benchmarks/cluster.py                 # 200,000 posts
    python benchmarks/cluster.py --posts 100000 --workers 1 2 --rounds 3

First every task is done here, one after the other, without Dask: its processor time, and what it leaves for others to
read, for each post; `cluster_sim.py` reckons with these figures. Then import, labels and the posts of a report are
done by one process and by local workers, interleaved.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import orjson

from analyzer import api, cluster
from analyzer.cluster import imports, labels, shuffle, tasks, timelines
from analyzer.simulate import simulate
from analyzer.store import Corpus
from analyzer.study import Study

ROWS = 50_000


class Done(Exception):
    """Ends a report where the partitions' work ends."""


def write(path: Path, n: int) -> Study:
    """Write simulated posts as twarc2 lines."""
    made = simulate(1, scenario="chatgpt", n_posts=n)
    with path.open("wb") as file:
        for i, row in enumerate(made.posts.to_dict("records")):
            who = str(row["author"])
            post = {
                "id": str(1_900_000_000_000_000_000 + i),
                "text": row["text"],
                "author_id": who,
                "created_at": row["created_at"].strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "conversation_id": str(1_900_000_000_000_000_000 + i),
                "lang": "en",
                "public_metrics": {"retweet_count": 1, "reply_count": 0, "like_count": 2, "quote_count": 0},
                "author": {"id": who, "username": f"user{who}", "description": "just a person " * 8},
                "__twarc": {"version": "2.14.0", "retrieved_at": "2025-06-05T00:00:00+00:00"},
            }
            file.write(orjson.dumps(post) + b"\n")
    return made.study


class Here:
    """What is asked of a client when all is done in this process."""

    @staticmethod
    def ncores() -> dict[str, int]:
        """Pretend to be some workers, so that rows are handed over."""
        return {"here": 2}


class Meter:
    """Does tasks here, and writes down what they cost."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = defaultdict(float)
        self.bytes: dict[str, int] = defaultdict(int)
        self.n: dict[str, int] = defaultdict(int)

    def run(self, client: Any, task: tasks.Task, folder: Path, n: int) -> list[dict[str, Any]]:
        """Stand for `tasks.run`."""
        name = task.__name__
        found = []
        for part in range(n):
            start = time.process_time()
            found.append(tasks.attempt(task, str(folder), part))
            self.cpu[name] += time.process_time() - start
        self.n[name] += n
        files = [p for p in (folder / name).glob("*") if p.suffix in (".parquet", ".npy", ".npz")]
        self.bytes[name] += sum(p.stat().st_size for p in files)
        return found


def partitioned(client: Any, study: Study, corpus: Corpus) -> Any:
    """Do what a report does over partitions, up to where the rest is one process's."""
    held: dict[str, Any] = {}

    def stop(study: Study, posts: Any, labelled: Any, *args: Any, **options: Any) -> None:
        held.update(options["prepared"], posts=posts, labels=labelled)
        raise Done

    real, api.build_timeline = api.build_timeline, stop
    try:
        timelines.timeline_of(client, study, corpus, part_rows=ROWS)
    except Done:
        return held
    finally:
        api.build_timeline = real
    raise AssertionError("unreachable")


def one_process(study: Study, corpus: Corpus) -> Any:
    """Do the same in one process."""
    from analyzer.nlp import duplicates, signals

    selected = study.select(corpus.posts())
    api.align(corpus.labels(), selected)
    return duplicates.clusters(selected["text"]), signals.signals(selected)


def measure(folder: Path, n: int) -> None:
    """Print the cost of each step."""
    path = folder / "posts.jsonl"
    study = write(path, n)
    size = path.stat().st_size
    Corpus(folder / "warm").key()
    api.classify(api.plain_posts(simulate(2).posts))  # compiled code, warm
    one_process(study, _warm(folder, study))
    meter = Meter()
    real, tasks.run = tasks.run, meter.run
    corpus = Corpus(folder / "metered")
    start = time.process_time()
    try:
        imports.import_archive(Here(), path, study, corpus, piece_bytes=max(1 << 20, size * ROWS // n))
        labels.label(Here(), corpus, part_rows=ROWS)
        held = partitioned(Here(), study, corpus)
    finally:
        tasks.run = real
    total = time.process_time() - start
    start = time.process_time()
    single = Corpus(folder / "single")
    api.import_archive(path, study, single)
    api.classify(single)
    one_process(study, single)
    alone = time.process_time() - start
    print(f"{n:,} posts, {size / n:,.0f} bytes of JSON a post, partitions of {ROWS:,}; processor time, one core\n")
    print(f"{'step':<16}{'partitions':>11}{'us a post':>11}{'bytes left a post':>19}")
    for name, cpu in meter.cpu.items():
        print(f"{name:<16}{meter.n[name]:>11}{cpu / n * 1e6:>11.2f}{meter.bytes[name] / n:>19.1f}")
    rest = total - sum(meter.cpu.values())
    print(f"{'the driver':<16}{'':>11}{rest / n * 1e6:>11.2f}")
    print(f"{'all':<16}{'':>11}{total / n * 1e6:>11.2f}")
    print(f"{'one process':<16}{'':>11}{alone / n * 1e6:>11.2f}\n")
    start = time.process_time()
    built = api.build_timeline(study, held.pop("posts"), held.pop("labels"), prepared=held)
    api.report_json(built)
    print(f"the rest of a report, in one process: {(time.process_time() - start) / n * 1e6:.2f} us a selected post")
    pieces(folder)


def _warm(folder: Path, study: Study) -> Corpus:
    path = folder / "warm.jsonl"
    write(path, 2000)
    corpus = Corpus(folder / "warm")
    api.import_archive(path, study, corpus)
    api.classify(corpus)
    return corpus


def pieces(folder: Path) -> None:
    """Print what one small piece of a shuffle costs to read, whatever it holds."""
    import numpy as np
    import pyarrow as pa

    table = pa.table({"a": np.arange(20_000), "b": np.arange(20_000)})
    about = shuffle.write(table, np.arange(20_000) % 200, folder / "pieces" / "a.parquet")
    buckets = shuffle.index([about], folder / "pieces" / "index")
    start = time.process_time()
    for number in range(len(buckets)):
        shuffle.read(folder / "pieces" / "index", number)
    print(f"a piece of a shuffle: {(time.process_time() - start) / len(buckets) * 1e3:.2f} ms to open and read\n")


def compare(folder: Path, workers: list[int], rounds: int) -> None:
    """Print one process against local workers."""
    path, study = folder / "posts.jsonl", simulate(1).study
    size = path.stat().st_size
    took: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def timed(who: str, what: str, work: Any, *args: Any) -> None:
        start = time.perf_counter()
        work(*args)
        took[who][what].append(time.perf_counter() - start)

    for round_ in range(rounds):
        corpus = Corpus(folder / f"one-{round_}")
        timed("one process", "import", api.import_archive, path, study, corpus)
        timed("one process", "labels", api.classify, corpus)
        timed("one process", "copies", one_process, study, corpus)
        for n in workers:
            who = f"{n} workers"
            corpus = Corpus(folder / f"many-{n}-{round_}")
            with cluster.connected("local", workers=n) as client:
                client.wait_for_workers(n)
                client.run(_load)
                in_pieces = partial(imports.import_archive, piece_bytes=size // (4 * n))
                timed(who, "import", in_pieces, client, path, study, corpus)
                timed(who, "labels", partial(labels.classify, part_rows=ROWS), client, corpus)
                timed(who, "copies", partitioned, client, study, corpus)
    base = {what: statistics.median(v) for what, v in took["one process"].items()}
    print(f"{'elapsed s (ratio)':<20}" + "".join(f"{what:>22}" for what in base))
    for who, steps in took.items():
        cells = []
        for what, values in steps.items():
            middle, spread_ = statistics.median(values), f"[{min(values):.1f}, {max(values):.1f}]"
            cells.append(f"{middle:.1f} {spread_} {middle / base[what]:.2f}x")
        print(f"{who:<20}" + "".join(f"{c:>22}" for c in cells))


def _load() -> bool:
    """Import what tasks need, so that start-up is not measured."""
    import pandas as pd

    from analyzer.nlp import classify, duplicates, signals

    texts = pd.DataFrame({"text": ["chatgpt is down", "chatgpt is down again"]})
    classify(texts)
    duplicates.clusters(texts["text"])
    signals.signals(texts)
    return True


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), args.posts)
        if args.rounds:
            compare(Path(name), args.workers, args.rounds)


if __name__ == "__main__":
    main()
