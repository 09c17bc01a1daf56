"""`outage-analyzer sources`: which platforms are ready, and what is missing."""

from __future__ import annotations

import argparse

from analyzer.cli import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    common.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line a platform; never a value of a credential."""
    from analyzer.collect.credentials import sources

    found = sources()
    if args.json:
        common.print_json(found)
        return 0
    for row in found:
        missing = row["missing"]
        state = "ready" if row["ready"] else "missing " + ", ".join(missing)  # type: ignore[arg-type]
        if row["optional"]:
            state += "; more with " + ", ".join(row["optional"])  # type: ignore[arg-type]
        print(f"{row['source']:<12}{state}")
        print(f"            {row['note']} {row['address']}".rstrip())
    return 0
