"""Start-up: `import analyzer` and `outage-analyzer --help` over a bare interpreter, and what `import nltk` alone costs.

Each is a process of its own; runs are interleaved; medians over rounds. Targets: 0.3 s and 0.15 s over bare Python.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

JOBS = {
    "bare interpreter": [sys.executable, "-c", "pass"],
    "import analyzer": [sys.executable, "-c", "import analyzer"],
    "outage-analyzer --help": [sys.executable, "-m", "analyzer", "--help"],
    "import pandas": [sys.executable, "-c", "import pandas"],
    "import nltk": [sys.executable, "-c", "import nltk"],
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    args = parser.parse_args()
    found: dict[str, list[float]] = {name: [] for name in JOBS}
    for _ in range(args.rounds):
        for name, command in JOBS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            found[name].append(time.perf_counter() - start)
    base = statistics.median(found["bare interpreter"])
    for name, values in found.items():
        middle = statistics.median(values)
        print(f"{name:<26}{middle:>8.3f} s  {middle - base:>+7.3f} s  [{min(values):.3f}, {max(values):.3f}]")


if __name__ == "__main__":
    main()
