"""The long form: millions of executions in one process, with the count, crashes, slow inputs and memory.

python -m tests.fuzz.long_form --executions 10000000 --seconds 3000 --out summary.md
"""

from __future__ import annotations

import argparse
import faulthandler
import platform
import resource
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.mutate import Mutator
from tests.fuzz.targets import TARGETS, execute, schedule

#: An input that takes more processor time is reported; one that takes `_HANG` ends the process with a traceback.
SLOW_S = 0.5
_HANG = 60


@dataclass
class Log:
    """What happened."""

    runs: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    crashes: dict[str, bytes] = field(default_factory=dict)
    n_crashes: int = 0
    slow: list[tuple[float, str, bytes]] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    seconds: float = 0.0
    memory_before: int = 0
    memory: int = 0

    @property
    def n(self) -> int:
        """All executions."""
        return self.runs.total()


def peak() -> int:
    """Peak memory of the process, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def fuzz(executions: int, *, seconds: float, seed: int, out: Path | None = None, every: int = 200_000) -> Log:
    """Run until so many executions, or so many seconds, are reached."""
    log = Log()
    makers = {name: Mutator(seeds, seed + i) for i, (name, (_, seeds, _)) in enumerate(TARGETS.items())}
    for name, (_, seeds, _) in TARGETS.items():
        for data in seeds:
            execute(name, data)
    log.memory_before = peak()
    began = time.perf_counter()
    clock, work = time.perf_counter, time.process_time
    for n, name in enumerate(schedule(), 1):
        data = makers[name]()
        start = work()
        try:
            if execute(name, data):
                log.read[name] += 1
        except Exception as error:
            log.n_crashes += 1
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{name}: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {str(error)[:100]}"
            log.crashes.setdefault(where, data)
        took = work() - start
        log.runs[name] += 1
        if took > log.slowest[0]:
            log.slowest = (took, name)
        if took > SLOW_S:
            log.slow.append((took, name, data))
        if n % 1000 == 0:
            faulthandler.dump_traceback_later(_HANG, exit=True)
            log.seconds = clock() - began
            done = n >= executions or log.seconds >= seconds
            if done or n % every == 0:
                log.memory = peak()
                if out is not None:
                    out.write_text(summary(log, seed), encoding="utf-8")
            if done:
                break
    faulthandler.cancel_dump_traceback_later()
    return log


def summary(log: Log, seed: int) -> str:
    """Return the log as a piece of Markdown."""
    rows = [
        f"| {name} | {log.runs[name]:,} | {log.read[name] / max(1, log.runs[name]):.0%} |"
        for name in sorted(TARGETS, key=lambda n: -log.runs[n])
    ]
    crashes = [f"- `{where}`" for where in log.crashes]
    slow = [f"- {took:.2f} s: {name}, {len(data):,} bytes" for took, name, data in log.slow[:10]]
    return "\n".join(
        [
            f"{log.n:,} executions in {log.seconds:,.0f} s ({log.n / max(log.seconds, 1e-9):,.0f} a second), "
            f"one process, Python {platform.python_version()}, seed {seed}.",
            f"Crashes: {log.n_crashes} ({len(log.crashes)} distinct). Hangs of {_HANG} s: 0. "
            f"Inputs slower than {SLOW_S} s: {len(log.slow)}; "
            f"the slowest took {log.slowest[0] * 1000:.0f} ms ({log.slowest[1] or 'none'}). "
            f"Peak memory {log.memory:,} MiB, of which {log.memory_before:,} before the first mutated input.",
            "",
            "| Target | Executions | Read to the end |",
            "|---|---:|---:|",
            *rows,
            *(["", *crashes] if crashes else []),
            *(["", *slow] if slow else []),
            "",
        ]
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executions", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--crashes", type=Path, help="folder for inputs that crashed or were slow")
    args = parser.parse_args()
    log = fuzz(args.executions, seconds=args.seconds, seed=args.seed, out=args.out)
    print(summary(log, args.seed))
    if args.crashes:
        args.crashes.mkdir(exist_ok=True, parents=True)
        for n, data in enumerate([*log.crashes.values(), *(d for _, _, d in log.slow)]):
            (args.crashes / f"{n}.bin").write_bytes(data)


if __name__ == "__main__":
    main()
