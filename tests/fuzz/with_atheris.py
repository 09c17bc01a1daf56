"""Coverage-guided fuzzing of the same targets: `python -m tests.fuzz.with_atheris FOLDER -runs=100000`."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["analyzer.collect"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS, execute

NAMES = sorted(TARGETS)


def one(data: bytes) -> None:
    """The first byte says which target; the rest is its input."""
    if data:
        execute(NAMES[data[0] % len(NAMES)], data[1:])


def main() -> None:
    """Write the seeds into a folder and fuzz from there."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(NAMES):
        for n, seed in enumerate(TARGETS[name][1]):
            (folder / f"{number}-{n}").write_bytes(bytes([number]) + seed)
    options = ["-max_len=8192", "-timeout=30", "-rss_limit_mb=1500", "-print_final_stats=1", "-verbosity=0"]
    atheris.Setup([sys.argv[0], str(folder), f"-artifact_prefix={folder}/", *options, *sys.argv[2:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
