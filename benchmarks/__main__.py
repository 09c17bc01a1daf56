"""`python -m benchmarks`: every benchmark in turn, its output written to RESULTS.md with the machine's description.

python -m benchmarks                 # all
python -m benchmarks chain classify  # only these
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"


def machine() -> str:
    """Return one line about the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores {platform.machine()}, {memory:.0f} GiB, Python {platform.python_version()}"


def main() -> int:
    """Run and write; 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = sorted(p.stem for p in HERE.glob("[a-z]*.py"))
    parser.add_argument("names", nargs="*", default=names, metavar="NAME", help=f"of {', '.join(names)}")
    args = parser.parse_args()
    parts = [f"# Results\n\n{machine()}; {datetime.now(UTC):%Y-%m-%d}. Ratios carry over, seconds do not.\n"]
    failed = 0
    for name in args.names:
        print(f"== {name}", file=sys.stderr)
        done = subprocess.run([sys.executable, HERE / f"{name}.py"], stdout=subprocess.PIPE, text=True, check=False)
        failed += done.returncode != 0
        state = "" if done.returncode == 0 else f"\nFAILED with exit status {done.returncode}\n"
        parts.append(f"## {name}\n\n```\n{done.stdout.rstrip()}\n{state}```\n")
    beside = RESULTS.with_suffix(".tmp")
    beside.write_text("\n".join(parts), encoding="utf-8")
    os.replace(beside, RESULTS)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
