"""The whole chain, file to HTML report, in a process of its own: processor time, peak memory, and VADER beside it.

    python benchmarks/chain.py                     # 100,000 simulated posts
    python benchmarks/chain.py --posts 1000000

VADER (package vadersentiment) scores a sample of the same texts on one core in the same run, scaled to all; the ratio
is the chain's elapsed time over VADER's. Targets: 100,000 posts within 1 GiB; a million in less than half its time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEPS = ("import", "updates", "classify", "report")


def measured(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return elapsed s, processor s and peak MiB of the process itself."""
    code = (
        "import resource, subprocess, sys, time; t = time.perf_counter(); done = subprocess.run(sys.argv[1:]); "
        "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print('MEASURED', time.perf_counter() - t, u.ru_utime + u.ru_stime, u.ru_maxrss / 1024); "
        "sys.exit(done.returncode)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    line = next(s for s in reversed(done.stdout.splitlines()) if s.startswith("MEASURED"))
    elapsed, cpu, peak = map(float, line.split()[1:])
    return elapsed, cpu, peak


def vader(path: Path, sample: int = 5000) -> float:
    """Return seconds per post of VADER on a sample of the texts."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    with path.open(encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line, _ in zip(file, range(sample), strict=False)]
    start = time.process_time()
    for text in texts:
        analyzer.polarity_scores(text)
    return (time.process_time() - start) / len(texts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=100_000)
    args = parser.parse_args()
    tool = [sys.executable, "-m", "analyzer"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study, corpus = str(folder / "study.toml"), ["--corpus", str(folder / "corpus")]
        subprocess.run([*tool, "simulate", "--seed", "1", "--posts", str(args.posts), "-o", name], check=True, stdout=2)
        commands = {
            "import": [*tool, "import", study, str(folder / "posts.jsonl"), *corpus],
            "updates": [*tool, "updates", study, str(folder / "updates.jsonl"), *corpus],
            "classify": [*tool, "classify", *corpus],
            "report": [*tool, "report", study, *corpus, "-o", str(folder / "report.html")],
        }
        before = vader(folder / "posts.jsonl")
        total = cpu_total = highest = 0.0
        print(f"{'step':<10}{'elapsed s':>11}{'cpu s':>9}{'peak MiB':>10}")
        for step in STEPS:
            elapsed, cpu, peak = measured(commands[step])
            total, cpu_total, highest = total + elapsed, cpu_total + cpu, max(highest, peak)
            print(f"{step:<10}{elapsed:>11.1f}{cpu:>9.1f}{peak:>10.0f}")
        per_post = (before + vader(folder / "posts.jsonl")) / 2
        with (folder / "posts.jsonl").open("rb") as file:
            n = sum(1 for _ in file)
        print(f"{'all':<10}{total:>11.1f}{cpu_total:>9.1f}{highest:>10.0f}")
        print(
            f"{n:,} posts; VADER alone would need {per_post * n:.1f} s of one core: ratio {total / (per_post * n):.2f}"
        )
        print(f"cores {os.cpu_count()}, page size {resource.getpagesize()}")


if __name__ == "__main__":
    main()
