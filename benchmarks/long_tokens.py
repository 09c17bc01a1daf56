"""Cost per byte of one post of a megabyte, against posts of usual length: every function that looks into a text.

The texts are repeats of one piece (`tests/fuzz/long_texts.py`), such as a single word of a megabyte. A cost that grows
faster than the text shows as a ratio of 16 and more between a megabyte and 64 kB; linear ones stay near 1. Processor
time, the least of three rounds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.fuzz.long_texts import COLUMNS, PATTERNS, shapes

LONG, SHORT = 1 << 20, 1 << 16


def cost(function: Any, text: str, rounds: int = 3) -> float:
    """Return the least processor time of a call, seconds a byte."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        function(text)
        found.append(time.process_time() - start)
    return min(found) / len(text.encode())


def main() -> None:
    """Measure and print."""
    long, short = shapes(LONG), shapes(SHORT)
    print(f"{'function':<24}{'ns a byte, one word':>20}{'1 MB : 64 kB':>14}   worst text, and its ratio")
    for name, function in {**PATTERNS, **COLUMNS}.items():
        function("chatgpt is down")
        units = long if name in PATTERNS else ("a", "1", "@", "https://x.com/", "\n", '"', "</p> <p", "1 + spaces")
        ratios = {unit: cost(function, long[unit]) / max(cost(function, short[unit]), 1e-11) for unit in units}
        word = cost(function, long["a"])
        worst = max(ratios, key=lambda u: ratios[u])
        print(f"{name:<24}{word * 1e9:>20.1f}{ratios['a']:>14.2f}   {worst!r} {ratios[worst]:.1f}")


if __name__ == "__main__":
    main()
