"""Two reports as JSON: which numbers moved, and what in the manifests explains it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analyzer.report import json_
from analyzer.report.format import text
from analyzer.schema import TABLES

#: Manifest entries that may differ between runs of the same thing.
_IGNORED = (
    "created_at",
    "started_at",
    "ended_at",
    "finished_at",
    "duration_s",
    "elapsed_s",
    "seconds",
    "host",
    "path",
    "run_id",
)
_KEYS = {t.name: t.key for t in TABLES} | {
    "phases": ("incident", "phase"),
    "coverage": ("source", "start", "end", "kind"),
}
#: Columns that name a run or print a number, and are no finding of their own.
_SKIPPED = {"run_id", "printed", "printed_interval", "label", "note"}
_EXACT = 1e-9


@dataclass(frozen=True)
class Change:
    """One number that differs: where it stands, and both values (None where it is missing)."""

    table: str
    row: str
    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """What differs between two reports, and the recorded causes."""

    changes: tuple[Change, ...]
    causes: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every number agrees."""
        return not self.changes

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "same": self.same,
            "n_changes": len(self.changes),
            "causes": list(self.causes),
            "changes": [asdict(c) for c in self.changes],
        }

    def lines(self, *, most: int = 40) -> list[str]:
        """Return what a person reads: the causes, then the changes, headline numbers first."""
        if self.same:
            return ["All numbers agree.", *(f"Differs without moving a number: {c}" for c in self.causes)]
        out = [f"{len(self.changes):,} values differ."]
        out += [f"Cause: {c}" for c in self.causes] or [
            "No recorded cause: inputs, study, versions, model and seeds are the same."
        ]
        for c in sorted(self.changes, key=lambda c: _RANK.get(c.table, 9))[:most]:
            where = f"{c.table} {text(c.row, limit=60)} {c.column}".replace("  ", " ").strip()
            out.append(f"{where}: {_show(c.before)} -> {_show(c.after)}{_moved(c)}")
        if len(self.changes) > most:
            out.append(f"… and {len(self.changes) - most:,} more (see --json).")
        return out


_RANK = {
    "report": 0,
    "incidents": 1,
    "numbers": 2,
    "ladder": 3,
    "facts": 4,
    "phases": 5,
    "shares": 6,
    "effects": 7,
    "bins": 10,
}


def _show(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "missing" if value is None else text(value, limit=80)


def _moved(change: Change) -> str:
    a, b = change.before, change.after
    if not _is_number(a) or not _is_number(b):
        return ""
    return f" ({b - a:+.4g})"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def diff(before: str | Path | Mapping[str, Any], after: str | Path | Mapping[str, Any]) -> Difference:
    """Compare two reports.

    Parameters
    ----------
    before, after
        report.json files, or what they hold.
    """
    a, b = (dict(r) if isinstance(r, Mapping) else json_.load(r) for r in (before, after))
    return Difference(tuple(_changes(a, b)), tuple(_causes(a, b)))


def _changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    for name in ("verdict", "reason", "bin_s"):
        yield from _values("report", "", {name: a.get(name)}, {name: b.get(name)})
    yield from _rows("numbers", _keyed(a.get("numbers", []), ("key",)), _keyed(b.get("numbers", []), ("key",)))
    yield from _rows("incidents", _placed(a.get("incidents", [])), _placed(b.get("incidents", [])))
    for name in ("facts", "quality"):
        yield from _nested(name, a.get(name) or {}, b.get(name) or {})
    tables_a, tables_b = a.get("tables", {}), b.get("tables", {})
    for name in dict.fromkeys([*tables_a, *tables_b]):
        key = _KEYS.get(name, ())
        yield from _rows(name, _keyed(tables_a.get(name, []), key), _keyed(tables_b.get(name, []), key))


def _nested(name: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys([*a, *b]):
        x, y = a.get(key), b.get(key)
        if isinstance(x, Mapping) or isinstance(y, Mapping):
            yield from _values(name, key, x or {}, y or {})
        else:
            yield from _values(name, "", {key: x}, {key: y})


def _keyed(rows: list[dict[str, Any]], key: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    for i, row in enumerate(rows):
        name = " ".join(str(row.get(k)) for k in key) if key else str(i)
        out[name if name not in out else f"{name} #{i}"] = row
    return out


def _placed(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(i + 1): row for i, row in enumerate(rows)}


def _rows(table: str, a: Mapping[str, dict[str, Any]], b: Mapping[str, dict[str, Any]]) -> Iterator[Change]:
    for name in dict.fromkeys([*a, *b]):
        if name not in a or name not in b:
            there = "present", None
            yield Change(table, name, "row", *(there if name in a else reversed(there)))
            continue
        yield from _values(table, name, a[name], b[name])


def _values(table: str, row: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    for column in dict.fromkeys([*a, *b]):
        x, y = a.get(column), b.get(column)
        if column not in _SKIPPED and not _equal(x, y):
            yield Change(table, row, column, x, y)


def _equal(x: Any, y: Any) -> bool:
    if _is_number(x) and _is_number(y):
        return math.isclose(x, y, rel_tol=_EXACT, abs_tol=_EXACT)
    return bool(x == y)


def _causes(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    flat_a = dict(_flat("study", a.get("study") or {})) | dict(_flat("", a.get("manifest") or {}))
    flat_b = dict(_flat("study", b.get("study") or {})) | dict(_flat("", b.get("manifest") or {}))
    yield from _inputs(a.get("manifest") or {}, b.get("manifest") or {})
    for key in dict.fromkeys([*flat_a, *flat_b]):
        if key.startswith("inputs") or any(part in key.split(".") for part in _IGNORED):
            continue
        if not _equal(flat_a.get(key), flat_b.get(key)):
            yield f"{key}: {_show(flat_a.get(key))} -> {_show(flat_b.get(key))}"


def _inputs(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    """Name the input files that only one run read, by their hashes."""
    found = [{_hash(i): _name(i) for i in (m.get("inputs") or ())} for m in (a, b)]
    for key in found[0].keys() - found[1].keys():
        yield f"input {found[0][key]} ({key[:12]}) was read only before"
    for key in found[1].keys() - found[0].keys():
        yield f"input {found[1][key]} ({key[:12]}) was read only after"


def _hash(entry: Any) -> str:
    return str(entry.get("sha256") or entry.get("hash") or entry) if isinstance(entry, Mapping) else str(entry)


def _name(entry: Any) -> str:
    return (
        text(entry.get("name") or entry.get("path") or entry.get("file") or "file", limit=80)
        if isinstance(entry, Mapping)
        else "file"
    )


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list) and any(isinstance(v, Mapping) for v in value):
        for i, inner in enumerate(value):
            yield from _flat(f"{path}[{i}]", inner)
    else:
        yield path, value
