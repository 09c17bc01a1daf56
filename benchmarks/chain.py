"""The whole chain, JSON lines to HTML report, in one command: elapsed and processor time, memory, and VADER beside it.

    python benchmarks/chain.py                            # 100,000 and a million simulated posts
    python benchmarks/chain.py --posts 10000000 --rounds 1
    python benchmarks/chain.py --memory benchmarks/memory.png

VADER (package vadersentiment) scores a sample of the same texts on one core before and after each run, scaled to all;
the ratio is the chain's elapsed time over VADER's. Targets: 100,000 posts within 1 GiB; a million in less than half of
VADER's time, within 2 GiB.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOOL = [sys.executable, "-m", "analyzer"]
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int) -> float:
    """Return the memory of a process and its children together, MiB."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, IndexError):
        return 0.0
    return pages * PAGE / 2**20 + sum(resident(int(child)) for child in children)


def measured(command: list[str]) -> tuple[float, float, list[tuple[float, float]]]:
    """Run a command; return elapsed s, processor s, and its memory over time (s, MiB), its children included."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    memory: list[tuple[float, float]] = []
    status, used = 0, None
    while used is None:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            used = usage
            break
        memory.append((time.perf_counter() - begun, resident(process.pid)))
        time.sleep(0.1)
    elapsed = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        assert process.stderr is not None
        raise SystemExit(process.stderr.read().decode()[-2000:])
    memory.append((elapsed, max(used.ru_maxrss / 1024, *(m for _, m in memory))))
    return elapsed, used.ru_utime + used.ru_stime, memory


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


def chain(n_posts: int, rounds: int) -> list[tuple[float, float]]:
    """Simulate, run and print; return the memory of the first run over time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = [*TOOL, "simulate", "--seed", "1", "--posts", str(n_posts), "-o", name]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        with (folder / "posts.jsonl").open("rb") as file:
            n = sum(1 for _ in file)
        found: list[tuple[float, float, float, float]] = []
        first: list[tuple[float, float]] = []
        for number in range(rounds):
            before = vader(folder / "posts.jsonl")
            elapsed, cpu, memory = measured(
                [
                    *TOOL, "run", str(folder / "study.toml"), str(folder / "posts.jsonl"),
                    "--updates", str(folder / "updates.jsonl"), "--corpus", str(folder / f"corpus-{number}"),
                    "-o", str(folder / "report.html"),
                ]
            )  # fmt: skip
            alone = (before + vader(folder / "posts.jsonl")) / 2 * n
            found.append((elapsed, cpu, max(m for _, m in memory), alone))
            first = first or memory
    elapsed, cpu, peak, alone = (statistics.median(row[k] for row in found) for k in range(4))
    ratios = [row[0] / row[3] for row in found]
    print(
        f"{n:>12,} posts {elapsed:>8.1f} s {cpu:>8.1f} s processor {peak:>7.0f} MiB; VADER {alone:>7.1f} s; "
        f"ratio {statistics.median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}], {rounds} rounds"
    )
    return first


def draw(memory: list[tuple[float, float]], path: Path) -> None:
    """Draw memory over time; the last point is the peak that the system kept."""
    import matplotlib.pyplot as plt

    *memory, (_, peak) = memory

    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    ax.plot([t for t, _ in memory], [m for _, m in memory], color="#0b5fa5")
    ax.set(
        title=f"Import, classification, timeline and report: at most {peak:,.0f} MiB",
        xlabel="seconds", ylabel="resident memory (MiB)", ylim=(0, None), xlim=(0, None),
    )  # fmt: skip
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, action="append", help="posts to simulate (repeatable)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=Path, metavar="PNG", help="draw the memory of the last size's first run")
    args = parser.parse_args()
    for n_posts in args.posts or [100_000, 1_000_000]:
        memory = chain(n_posts, args.rounds)
    if args.memory:
        draw(memory, args.memory)


if __name__ == "__main__":
    main()
