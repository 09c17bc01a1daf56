"""Proving that a corpus is whole: every file that the state names is there and has its hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from analyzer.errors import CorpusError
from analyzer.store import keys, layout
from analyzer.store.raw import open_raw

_BLOCK = 1 << 20


def check(root: Path) -> dict[str, Any]:
    """Check all files of a corpus.

    Returns
    -------
    dict
        ``ok``, ``n_files``, ``problems`` (sentences), ``damaged`` (``{"tables": [run_id], "raw": [sha256]}``) and
        ``n_redactions``.
    """
    problems: list[str] = []
    damaged: dict[str, list[str]] = {"tables": [], "raw": []}
    n_files = 1
    state = layout.read_state(root)
    if state is None:
        raise CorpusError(f"{root}: there is no corpus here")
    for run in [{"run_id": "base", "raw": [], **state.get("base", {})}, *state["runs"]]:
        for files in run.get("tables", {}).values():
            for entry in files:
                n_files += 1
                if problem := _table(root, entry):
                    problems.append(problem)
                    damaged["tables"].append(run["run_id"])
        if run["run_id"] != "base":
            n_files += 1
            if problem := _manifest(root, run["run_id"]):
                problems.append(problem)
    for sha, entry in {e["sha256"]: e for run in state["runs"] for e in run["raw"]}.items():
        n_files += 1
        if problem := _raw(root, entry):
            problems.append(problem)
            damaged["raw"].append(sha)
    tombstones = state.get("tombstones")
    if tombstones:
        n_files += 1
        path = root / tombstones["file"]
        if not path.exists() or layout.sha256(path) != tombstones["sha256"]:
            problems.append(f"{tombstones['file']}: the list of forgotten posts is missing or changed")
    if state.get("key") and not keys.key_path(root).exists():
        problems.append(f"{keys.key_path(root).name}: the key of the pseudonyms is missing beside the corpus")
    return {
        "ok": not problems,
        "n_files": n_files,
        "problems": problems,
        "damaged": {k: sorted(set(v)) for k, v in damaged.items()},
        "n_redactions": len(state["redactions"]),
    }


def _table(root: Path, entry: dict[str, Any]) -> str:
    path = root / entry["file"]
    try:
        if path.stat().st_size != entry["bytes"] or layout.sha256(path) != entry["sha256"]:
            return f"{entry['file']}: changed since it was written (its hash differs)"
    except OSError as error:
        return f"{entry['file']}: cannot be read ({error.strerror})"
    return ""


def _manifest(root: Path, run_id: str) -> str:
    path = root / "runs" / f"{run_id}.json"
    try:
        json.loads(path.read_bytes())
    except OSError as error:
        return f"runs/{path.name}: cannot be read ({error.strerror})"
    except ValueError:
        return f"runs/{path.name}: damaged"
    return ""


def _raw(root: Path, entry: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    try:
        with open_raw(root, entry) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except CorpusError:
        return f"{entry['stored']}: input {entry['name']!r} is missing"
    except Exception as error:  # zstandard's errors have no public base
        return f"{entry['stored']}: input {entry['name']!r} cannot be unpacked ({error})"
    if digest.hexdigest() != entry["sha256"]:
        return f"{entry['stored']}: input {entry['name']!r} changed since it was stored (its hash differs)"
    return ""


def repair_state(root: Path) -> bool:
    """Make a missing or damaged state again from the runs' own records; True if one was made.

    Runs whose files are incomplete are left out; files joined by compaction cannot be told from records alone.
    """
    try:
        if layout.read_state(root) is not None:
            return False
    except CorpusError:
        pass
    records = []
    for path in sorted((root / "runs").glob("*.json")):
        try:
            record = json.loads(path.read_bytes())["run"]
        except (OSError, ValueError, KeyError):
            continue
        files = [f["file"] for fs in record["tables"].values() for f in fs] + [e["stored"] for e in record["raw"]]
        if all((root / f).exists() for f in files):
            records.append(record)
    if not records:
        return False
    seq = max(int(r["run_id"].partition("-")[0]) for r in records)
    state: dict[str, Any] = {"format": layout.FORMAT, "seq": seq, "key": None, "runs": records, "redactions": []}
    if keys.key_path(root).exists():
        state["key"] = keys.mark(keys.load(root))
    buried = sorted((root / "tombstones").glob("*.txt"), key=lambda p: p.stat().st_mtime)
    if buried:
        rows = len(buried[-1].read_text().split())
        name = f"tombstones/{buried[-1].name}"
        state["tombstones"] = {"file": name, "rows": rows, "sha256": layout.sha256(buried[-1])}
    layout.write_state(root, state)
    return True
