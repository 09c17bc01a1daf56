"""The index page of a batch: which studies ran, what each found, and which failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.report.format import Format, text
from analyzer.report.html import page, render_template
from analyzer.report.write import put


@dataclass(frozen=True)
class Entry:
    """One study of a batch.

    Parameters
    ----------
    name
        The study, as it is called in the list.
    link
        Address of its report relative to the index; empty where it failed.
    verdict
        The report's verdict, or `failed`.
    message
        Its first sentence, or the error.
    numbers
        Printed headline numbers as (label, value) pairs.
    """

    name: str
    link: str = ""
    verdict: str = "failed"
    message: str = ""
    numbers: tuple[tuple[str, str], ...] = ()

    @property
    def failed(self) -> bool:
        """Whether there is no report."""
        return self.verdict == "failed"


def entry(name: str, link: str, report: dict[str, Any]) -> Entry:
    """Return the entry of a report from its JSON."""
    known = [n for n in report["numbers"] if n["printed"] != "unavailable"]
    known = known[:4] if report["verdict"] == "incidents" else [n for n in known if n["key"] == "posts"]
    shown = [
        (n["label"], n["printed"] + (f" ({n['printed_interval']})" if n["printed_interval"] else "")) for n in known
    ]
    first = report["summary"][0] if report.get("summary") else report.get("reason", "")
    return Entry(name, link, report["verdict"], text(first), tuple((text(a), text(b)) for a, b in shown))


def write_index(entries: Sequence[Entry], path: str | Path, *, title: str = "Reports", lang: str = "en") -> Path:
    """Write the index page, failures first."""
    f = Format(lang)
    order = {"failed": 0, "incidents": 1, "no incident found": 2, "not enough data": 3}
    listed = sorted(entries, key=lambda e: (order.get(e.verdict, 9), e.name.casefold()))
    counts = {v: f.count(sum(e.verdict == v for e in entries)) for v in order if any(e.verdict == v for e in entries)}
    values = {
        "names": {"incidents": "incident found"},
        "title": text(title, limit=160),
        "entries": listed,
        "counts": counts,
        "total": f.count(len(entries)),
        "text": text,
    }
    put(Path(path), render_template("index.html.j2", None, {**values, **page()}))
    return Path(path)
