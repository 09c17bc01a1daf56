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
    parser.add_argument(
        "--details", action="store_true", help="JSON also holds the reason, the width of the bins, excess and evidence"
    )
    common.json_argument(parser)
    common.output_argument(parser, "JSON file to write")


def run(args: argparse.Namespace) -> int:
    """Detect and print."""
    from analyzer import api

    table = common.read_table(args.counts)
    if args.time in table.columns:
        table[args.time] = times(table[args.time], args.time_zone, f"{args.counts}: column {args.time!r}")
    if args.by in table.columns and (unnamed := int(table[args.by].isna().sum())):
        raise InputError(f"{args.counts}: {unnamed:,} rows have no {args.by!r}; fill them, or leave --by out")
    result = api.detect(table, time=args.time, count=args.count, by=args.by, seed=args.seed)
    shown = result if args.details else plain(result)
    for path in args.output:
        common.write_json(shown, path)
    if args.json:
        common.print_json(shown)
        return 0
    for series in result["series"]:
        name = f"{series['series']}: " if series["series"] else ""
        print(f"{name}{series['verdict']}: {series['reason']}")
        for incident in series["incidents"]:
            print(_line(incident))
    return 0


#: What the JSON says of an incident; tools that read it can rely on these names.
KEYS = (
    "onset", "onset_low", "onset_high", "peak", "peak_count", "recovery", "recovery_low", "recovery_high", "censored",
    "strength", "kind", "detectors",
)  # fmt: skip


def plain(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result with the fields of the JSON contract alone."""
    series = [
        {
            "series": one["series"],
            "verdict": one["verdict"],
            "incidents": [{key: incident[key] for key in KEYS} for incident in one["incidents"]],
        }
        for one in result["series"]
    ]
    return {"schema": result["schema"], "series": series}


def _line(incident: dict[str, Any]) -> str:
    end = "not recovered when the data end" if incident["censored"] else f"recovery {incident['recovery']}"
    return (
        f"  onset {incident['onset']} [{incident['onset_low']} – {incident['onset_high']}], "
        f"peak {incident['peak_count']} at {incident['peak']}, {end}; {incident['strength']}, {incident['kind']}"
    )


def times(values: Any, zone: str | None, where: str) -> Any:
    """Return aware UTC times; a time without a zone is an error unless `zone` says which.

    Text is ISO 8601, offsets may change (summer time); numbers are seconds since 1970 (milliseconds from 1e11 on).
    """
    import pandas as pd

    try:
        if pd.api.types.is_numeric_dtype(values.dtype):
            number = values.astype("float64")
            return pd.to_datetime(number, unit="ms" if number.abs().max() >= 1e11 else "s", utc=True)
        if not pd.api.types.is_datetime64_any_dtype(values.dtype) and "timestamp" not in str(values.dtype):
            text = values.astype("string").str.strip()
            aware = text.str.contains(r"(?:[Zz]|[+-]\d{2}:?\d{2})$", regex=True) & text.str.contains(":", regex=False)
            if zone is None and not aware.dropna().all():
                raise InputError(_no_zone(where))
            if aware.dropna().all():
                return pd.to_datetime(text, format="ISO8601", utc=True)
            values = pd.to_datetime(text, format="ISO8601")
        if getattr(values.dtype, "tz", None) is None and "tz=" not in str(values.dtype):
            if zone is None:
                raise InputError(_no_zone(where))
            values = pd.to_datetime(values).dt.tz_localize(zone, ambiguous="infer")
        return pd.to_datetime(values, utc=True)
    except (ValueError, TypeError, LookupError) as error:
        raise InputError(f"{where}: {error}; give ISO 8601 times, such as 2024-06-04T07:20:00Z") from error


def _no_zone(where: str) -> str:
    return f"{where}: times have no zone; say which with --time-zone, such as --time-zone UTC"
