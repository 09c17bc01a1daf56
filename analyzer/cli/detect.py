"""`outage-analyzer detect`: incidents in any count series."""

from __future__ import annotations

import argparse
from typing import Any

from analyzer.cli import common
from analyzer.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("counts", metavar="COUNTS", help="a .csv, .tsv, .jsonl or .parquet file, one row per bin")
    parser.add_argument(
        "--time", default="time", metavar="COL", help="column with the start of the bin (default: time)"
    )
    parser.add_argument("--count", default="count", metavar="COL", help="column with the count (default: count)")
    parser.add_argument("--by", metavar="COL", help="column that separates several series")
    parser.add_argument("--time-zone", metavar="ZONE", help="zone of times that name none, such as UTC")
    parser.add_argument("--seed", type=int, default=0, help="seed of the intervals (default 0)")
    common.json_argument(parser)
    common.output_argument(parser, "JSON file to write")


def run(args: argparse.Namespace) -> int:
    """Detect and print."""
    from analyzer import api

    table = common.read_table(args.counts)
    if args.time in table.columns:
        table[args.time] = times(table[args.time], args.time_zone, f"{args.counts}: column {args.time!r}")
    result = api.detect(table, time=args.time, count=args.count, by=args.by, seed=args.seed)
    for path in args.output:
        common.write_json(result, path)
    if args.json:
        common.print_json(result)
        return 0
    for series in result["series"]:
        name = f"{series['series']}: " if series["series"] else ""
        print(f"{name}{series['verdict']}: {series['reason']}")
        for incident in series["incidents"]:
            print(_line(incident))
    return 0


def _line(incident: dict[str, Any]) -> str:
    end = "not recovered when the data end" if incident["censored"] else f"recovery {incident['recovery']}"
    return (
        f"  onset {incident['onset']} [{incident['onset_low']} – {incident['onset_high']}], "
        f"peak {incident['peak_count']} at {incident['peak']}, {end}; {incident['strength']}, {incident['kind']}"
    )


def times(values: Any, zone: str | None, where: str) -> Any:
    """Return aware UTC times; a time without a zone is an error unless `zone` says which."""
    import pandas as pd

    try:
        parsed = (
            pd.to_datetime(values, format="ISO8601")
            if str(values.dtype).startswith(("str", "object", "large", "string"))
            else values
        )
        if getattr(parsed.dtype, "tz", None) is None and "tz=" not in str(parsed.dtype):
            if zone is None:
                raise InputError(f"{where}: times have no zone; say which with --time-zone, such as --time-zone UTC")
            parsed = pd.to_datetime(parsed).dt.tz_localize(zone)
        return pd.to_datetime(parsed, utc=True)
    except (ValueError, TypeError) as error:
        raise InputError(f"{where}: {error}; give ISO 8601 times, such as 2024-06-04T07:20:00Z") from error
