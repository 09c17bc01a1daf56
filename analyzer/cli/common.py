"""Arguments, progress and output that several commands share."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import CorpusError, OutputError, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.store import Corpus


def study_argument(parser: argparse.ArgumentParser) -> None:
    """Add the study, the first positional of every command that needs one."""
    parser.add_argument("study", metavar="STUDY", help="the study file, study.toml")


def corpus_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--corpus DIR`."""
    parser.add_argument("--corpus", metavar="DIR", default="corpus", help="the corpus folder (default: ./corpus)")


def json_argument(parser: argparse.ArgumentParser) -> None:
    """Add the `--json` flag."""
    parser.add_argument("--json", action="store_true", help="print JSON to standard output")


def output_argument(parser: argparse.ArgumentParser, help: str, *, required: bool = False) -> None:
    """Add `-o FILE`, which may be given more than once."""
    parser.add_argument("-o", "--output", metavar="FILE", action="append", default=[], required=required, help=help)


def cluster_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--cluster ADDRESS`."""
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="work on a Dask cluster: tcp://HOST:PORT of its scheduler, or local for processes of this machine",
    )


def open_corpus(path: str) -> Corpus:
    """Open an existing corpus; a missing folder is an error with a remedy."""
    from analyzer.store import Corpus

    if not Path(path).is_dir():
        raise CorpusError(f"{path}: no such corpus; `outage-analyzer import` or `collect` makes one")
    return Corpus(path)


def say(text: str) -> None:
    """Print a line of progress to stderr."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Print a value as JSON to stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def _inert(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before what a spreadsheet would run as a formula (OWASP, CSV injection)."""
    import pandas as pd

    text = [c for c in frame.columns if pd.api.types.is_string_dtype(frame[c].dtype)]
    pattern = r"^([=+@\t\r]|-(?!\d+(?:\.\d+)?$))"
    return frame.assign(**{c: frame[c].astype("object").str.replace(pattern, r"'\1", regex=True) for c in text})


def write_json(value: Any, path: str) -> None:
    """Write a value as a JSON file, beside its place first and then renamed."""
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n", encoding="utf-8")
        os.replace(beside, target)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "to_dict"):
        return value.to_dict("records")
    if isinstance(value, Path | set | frozenset):
        return str(value) if isinstance(value, Path) else sorted(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def read_table(path: str) -> pd.DataFrame:
    """Read a CSV, TSV, JSON Lines or Parquet file, by extension (gzip and zstd by extension too)."""
    import pandas as pd

    from analyzer.errors import InputError

    stem = path.removesuffix(".gz").removesuffix(".zst")
    try:
        if stem.endswith((".csv", ".tsv")):
            return pd.read_csv(
                path, dtype_backend="pyarrow", dtype={"post_id": str}, sep="\t" if stem.endswith(".tsv") else ","
            )
        if stem.endswith((".jsonl", ".ndjson")):
            return pd.read_json(path, lines=True, dtype=False, convert_dates=False)
        if stem.endswith(".parquet"):
            return pd.read_parquet(path, dtype_backend="pyarrow")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as {Path(stem).suffix}: {error}") from error
    raise UsageError(f"{path}: unknown extension; give .csv, .tsv, .jsonl or .parquet")


def write_table(frame: pd.DataFrame, path: str) -> None:
    """Write a frame by extension, beside its place first and then renamed."""
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if path.endswith((".csv", ".tsv")):
            _inert(frame).to_csv(beside, index=False, sep="\t" if path.endswith(".tsv") else ",")
        elif path.endswith((".jsonl", ".ndjson")):
            frame.to_json(beside, orient="records", lines=True, date_format="iso", force_ascii=False)
        elif path.endswith(".parquet"):
            frame.to_parquet(beside, index=False)
        else:
            raise UsageError(f"{path}: unknown extension; give .csv, .tsv, .jsonl or .parquet")
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
