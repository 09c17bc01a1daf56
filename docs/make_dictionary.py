"""Write data-dictionary.md from `analyzer.schema`: ``python docs/make_dictionary.py``."""

from __future__ import annotations

from pathlib import Path

from analyzer import schema

PAGE = Path(__file__).with_name("data-dictionary.md")
_HEAD = """# Data dictionary

Made from `analyzer/schema.py` by `python docs/make_dictionary.py`; do not edit by hand.

All tables are pandas DataFrames over Arrow types. Times are UTC and aware, intervals are `[start, end)`, probabilities
and shares are 0–1. A column that may be null says so; **null means unknown, never 0**.
"""
_TYPES = {
    "string": "text",
    "int": "whole number",
    "float": "number (64 bit)",
    "float32": "number (32 bit)",
    "bool": "true/false",
    "time": "time",
    "strings": "list of texts",
}


def dictionary() -> str:
    """Return the page."""
    parts = [_HEAD]
    parts.append("| table | a row is | in Python |\n|---|---|---|")
    names = {id(value): name for name, value in vars(schema).items() if isinstance(value, schema.Table)}
    for table in schema.TABLES:
        parts.append(f"| [{table.name}](#{table.name}) | {_cell(table.meaning)} | `schema.{names[id(table)]}` |")
    for table in schema.TABLES:
        parts += ["", _table(table)]
    parts += ["", _values()]
    return "\n".join(parts) + "\n"


def _table(table: schema.Table) -> str:
    lines = [f"## {table.name}", "", table.meaning, "", f"Key: {', '.join(f'`{k}`' for k in table.key)}.", ""]
    lines += ["| column | type | unit | null | meaning |", "|---|---|---|---|---|"]
    lines += [
        f"| `{c.name}` | {_TYPES[c.type]} | {_cell(c.unit)} | {'yes' if c.nullable else ''} | {_cell(c.meaning)} |"
        for c in table.columns
    ]
    return "\n".join(lines)


def _values() -> str:
    lines = ["## Values", "", "| where | values |", "|---|---|"]
    for where, values in (
        ("topics", schema.TOPICS),
        ("of these, who was hit", schema.IMPACTS),
        ("kind of a post", schema.KINDS),
        ("status of a label", schema.STATUSES),
        ("stage of an update", schema.STAGES),
        ("verdict", schema.VERDICTS),
        ("kind of an incident", schema.INCIDENT_KINDS),
        ("strength", schema.STRENGTHS),
        ("phase", schema.PHASES),
    ):
        lines.append(f"| {where} | {', '.join(f'`{v}`' for v in values)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").strip()


if __name__ == "__main__":
    PAGE.write_text(dictionary(), encoding="utf-8")
