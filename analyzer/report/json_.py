"""The report as data: every number raw (times in UTC, ISO 8601, ending in Z) and as it is printed elsewhere.

The shape is published in ``templates/report.schema.json``.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from analyzer.errors import InputError
from analyzer.report.document import Bullets, Document, Note, Numbers, Paragraph
from analyzer.report.format import CONTROL, iso
from analyzer.report.pick import view
from analyzer.schema import TABLES, Timeline, make
from analyzer.study import Study

SCHEMA = "outage-analyzer/report/1"
#: Tables of a timeline that the JSON holds, as declared in `analyzer.schema`.
NAMES = (
    "bins",
    "incidents",
    "phases",
    "shares",
    "updates",
    "ladder",
    "effects",
    "keywords",
    "robustness",
    "extractions",
    "coverage",
)


def to_dict(
    timeline: Timeline, *, document: Document | None = None, lang: str = "en", title: str | None = None
) -> dict[str, Any]:
    """Return the report as plain data, ready for `json.dumps`."""
    if document is None:
        from analyzer.report.build import build

        document = build(timeline, title=title, lang=lang)
    v = view(timeline)
    tables = {name: [plain(_guarded(name, row)) for row in getattr(v, name)] for name in NAMES}
    return {
        "schema": SCHEMA,
        "title": document.title,
        "lang": document.lang,
        "service": timeline.study.service,
        "verdict": timeline.verdict,
        "reason": timeline.reason,
        "incidents": tables["incidents"],
        "summary": [p.text for p in document.of(Paragraph) if p.lead],
        "numbers": [_number(n) for group in document.of(Numbers) for n in group.items],
        "bin_s": timeline.bin_s,
        "facts": plain(dict(timeline.facts)),
        "quality": plain(dict(timeline.quality)),
        "discovered": plain([dict(d) for d in timeline.discovered]),
        "notes": [{"kind": n.kind, "title": n.title, "items": list(n.items)} for n in document.of(Note)],
        "sentences": [
            {"text": p.text, "rows": [{"table": r.table, "row": r.row} for r in p.refs]}
            for b in document.of(Bullets)
            for p in b.items
        ],
        "printed": {t.name + ("" if t.name != "shares" else f":{t.caption}"): _printed(t) for t in document.tables()},
        "tables": {name: tables[name] for name in NAMES if name != "incidents"},
        "study": timeline.study.to_dict(),
        "manifest": plain(dict(timeline.manifest)),
    }


def _guarded(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without the numbers of a suppressed cell: few people stand behind them."""
    if name != "shares" or not row["suppressed"]:
        return row
    hidden = ("n_positive", "naive", "naive_low", "naive_high", "estimate", "low", "high")
    return {**row, **dict.fromkeys(hidden)}


def _number(n: Any) -> dict[str, Any]:
    raw = {"value": plain(n.raw), "low": plain(n.low), "high": plain(n.high), "unit": n.unit}
    return {"key": n.key, "label": n.label, **raw, "printed": n.value, "printed_interval": n.interval, "note": n.note}


def _printed(table: Any) -> dict[str, Any]:
    return {
        "caption": table.caption,
        "header": list(table.header),
        "keys": list(table.keys),
        "rows": [list(r) for r in table.rows],
    }


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: times as text with Z, numpy and pandas scalars as Python's, nan as null."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, dt.datetime):
        return None if value != value else iso(value if value.tzinfo else value.replace(tzinfo=dt.UTC))
    if isinstance(value, float):
        return value if abs(value) <= 1.7e308 else None
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if hasattr(value, "item"):
        return plain(value.item())
    return plain(dict(value)) if hasattr(value, "keys") else str(value)


def dumps(data: dict[str, Any]) -> str:
    """Return JSON text: the same data give the same bytes; control characters and direction overrides are escaped."""
    out = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    return CONTROL.sub(lambda m: f"\\u{ord(m.group()):04x}", out) + "\n"


def load(path: str | Path) -> dict[str, Any]:
    """Read a report's JSON.

    Raises
    ------
    InputError
        Naming the file and what is wrong with it.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}; give a report made with `-o report.json`") from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}, line {error.lineno}: not valid JSON; give a report made with `-o report.json`"
        ) from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        found = data.get("schema") if isinstance(data, dict) else type(data).__name__
        raise InputError(
            f"{path}: schema is {found!r}, not {SCHEMA!r}; make it again with `outage-analyzer report … -o report.json`"
        )
    return data


def to_timeline(data: dict[str, Any]) -> Timeline:
    """Build the timeline that a report's JSON was made from, so that it can be drawn and compared again."""
    declared = {t.name: t for t in TABLES}
    raw = {**data["tables"], "incidents": data["incidents"]}
    frames: dict[str, Any] = {
        name: make(declared[name], [_timed(row, declared[name]) for row in raw.get(name, [])]) for name in NAMES
    }
    study = {k: v for k, v in data["study"].items() if v not in (None, "", [], {})}
    for key in ("since", "until"):
        if key in study:
            study[key] = _time(study[key])
    return Timeline(
        study=Study.from_dict(study),
        verdict=data["verdict"],
        reason=data["reason"],
        bin_s=data["bin_s"],
        facts=data["facts"],
        quality=data["quality"],
        manifest=data["manifest"],
        discovered=tuple(data.get("discovered", ())),
        **frames,
    )


def _time(value: str) -> dt.datetime:
    return dt.datetime.fromisoformat(value.replace("Z", "+00:00"))


def _timed(row: dict[str, Any], table: Any) -> dict[str, Any]:
    times = {c.name for c in table.columns if c.type == "time"}
    known = set(table.names)
    return {k: _time(v) if k in times and v is not None else v for k, v in row.items() if k in known}
