"""Pace of the fast tier against VADER, TextBlob, AFINN and scikit-learn's hashing, on the same texts in one run.

    python benchmarks/classify.py                          # on simulated posts
    python benchmarks/classify.py --texts FILE.csv         # on the column `text` of a file
    python benchmarks/classify.py --duplicates             # and near-duplicate clustering of 200,000 texts

Runs are interleaved, one core unless said; medians and spreads are printed as ratios to VADER. Compile time is apart.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa


def simulated(n: int) -> list[str]:
    """Return n texts of simulated outages."""
    from analyzer.simulate import simulate

    texts: list[str] = []
    seed = 0
    while len(texts) < n:
        texts += simulate(seed).posts["text"].tolist()
        seed += 1
    return texts[:n]


def of_file(path: str, n: int) -> list[str]:
    """Return the column `text` of a CSV file, repeated up to n."""
    import pandas as pd

    found = pd.read_csv(path, dtype=str, keep_default_na=False)["text"].tolist()
    return (found * (n // len(found) + 1))[:n]


def peers() -> dict[str, Callable[[list[str]], Any]]:
    """Return what scores texts one by one, or with a vectoriser, where it is installed."""
    from sklearn.feature_extraction.text import HashingVectorizer

    from analyzer.nlp.baselines import BASELINES

    vectoriser = HashingVectorizer(ngram_range=(1, 2))
    return {**BASELINES, "sklearn hashing, words 1-2": vectoriser.transform}


def measure(jobs: dict[str, tuple[Callable[[], Any], int]], rounds: int) -> dict[str, list[float]]:
    """Return posts per second of each job in each round, interleaved."""
    pace: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, (job, n) in jobs.items():
            start = time.perf_counter()
            job()
            pace[name].append(n / (time.perf_counter() - start))
    return pace


def duplicates(n: int) -> None:
    """Print the pace of near-duplicate clustering beside the exact fingerprint alone."""
    from analyzer.nlp.duplicates import clusters

    texts = pa.array(simulated(n))
    clusters(texts.slice(0, 100))
    jobs = {"clusters": (lambda: clusters(texts), n), "exact only (dictionary)": (lambda: texts.dictionary_encode(), n)}
    for name, values in measure(jobs, 3).items():
        print(f"{name:<30}{statistics.median(values):>12,.0f} posts/s")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=100_000, help="posts for the fast tier (default 100,000)")
    parser.add_argument("--peer-n", type=int, default=3000, help="posts for the peers (default 3,000)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", help="CSV file with a column `text`")
    parser.add_argument("--duplicates", action="store_true")
    args = parser.parse_args()
    texts = of_file(args.texts, args.n) if args.texts else simulated(args.n)
    start = time.perf_counter()
    from analyzer.nlp.fast import Fast

    one, two = Fast(threads=1), Fast(threads=2)
    array = pa.array(texts)
    one.scores(array.slice(0, 10))
    print(f"load and compile (from cache where there is one): {time.perf_counter() - start:.1f} s")
    few = texts[: args.peer_n]
    jobs: dict[str, tuple[Callable[[], Any], int]] = {
        name: (lambda score=score: score(few), len(few)) for name, score in peers().items()
    }
    jobs["fast tier, all labels"] = (lambda: one.scores(array), len(texts))
    jobs["fast tier, two threads"] = (lambda: two.scores(array), len(texts))
    pace = measure(jobs, args.rounds)
    base = statistics.median(pace["vader"])
    print(f"{len(texts):,} posts of mean length {sum(map(len, texts)) / len(texts):.0f}; {args.rounds} rounds")
    for name, values in pace.items():
        median = statistics.median(values)
        spread = f"[{min(values) / base:.1f}, {max(values) / base:.1f}]"
        print(f"{name:<30}{median:>12,.0f} posts/s {median / base:>8.1f} x VADER {spread}")
    ratio = statistics.median(pace["fast tier, two threads"]) / statistics.median(pace["fast tier, all labels"])
    print(f"two threads over one: {ratio:.2f}")
    if args.duplicates:
        duplicates(200_000)


if __name__ == "__main__":
    main()
