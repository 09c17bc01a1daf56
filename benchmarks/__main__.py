"""`python -m benchmarks`: every benchmark in turn, its part of RESULTS.md written with the machine's description.

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
LONG_FORM = "Long suites"


def machine() -> str:
    """Return one line about the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores {platform.machine()}, {memory:.0f} GiB, Python {platform.python_version()}"


def sections() -> dict[str, str]:
    """Return the parts of RESULTS.md by name."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    parts = {part.split("\n", 1)[0].strip(): f"## {part}" for part in text.split("\n## ")[1:]}
    return {name: part for name, part in parts.items() if (HERE / f"{name}.py").exists()}


def write(known: dict[str, str]) -> None:
    """Write RESULTS.md, the parts in order of name, and what the long suites found at the end."""
    parts = ["# Results\n\nRatios carry over to other machines, seconds do not.\n"]
    parts += [known[name] for name in sorted(known) if name != LONG_FORM]
    if (HERE / "long_form.md").exists():
        parts.append(f"## {LONG_FORM}\n\n{(HERE / 'long_form.md').read_text(encoding='utf-8').strip()}\n")
    beside = RESULTS.with_suffix(".tmp")
    beside.write_text("\n".join(part.rstrip() + "\n" for part in parts), encoding="utf-8")
    os.replace(beside, RESULTS)


def main() -> int:
    """Run and write; 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = sorted(p.stem for p in HERE.glob("[a-z]*.py"))
    parser.add_argument("names", nargs="*", default=names, metavar="NAME", help=f"of {', '.join(names)}")
    args = parser.parse_args()
    known = sections()
    failed = 0
    for name in args.names:
        print(f"== {name}", file=sys.stderr)
        done = subprocess.run([sys.executable, HERE / f"{name}.py"], stdout=subprocess.PIPE, text=True, check=False)
        failed += done.returncode != 0
        state = "" if done.returncode == 0 else f"\nFAILED with exit status {done.returncode}\n"
        about = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}"
        known[name] = f"## {name}\n\n{about}\n\n```\n{done.stdout.rstrip()}\n{state}```\n"
        write(known)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
