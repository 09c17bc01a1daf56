"""Whether a run, repeated, gives the numbers of its report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analyzer.report import json_
from analyzer.report.diff import Difference, diff
from analyzer.schema import Timeline


def verify(report: str | Path | Mapping[str, Any], again: Timeline | Mapping[str, Any]) -> Difference:
    """Compare a report with the repeated run.

    Parameters
    ----------
    report
        The report.json file, or what it holds.
    again
        The timeline that the repeated run made, or its JSON.

    Returns
    -------
    Difference
        `same` says whether every number agrees; `lines()` and `to_dict()` say which do not, and why.
    """
    before = dict(report) if isinstance(report, Mapping) else json_.load(report)
    if isinstance(again, Timeline):
        again = json_.to_dict(again, lang=str(before.get("lang", "en")), title=str(before.get("title") or "") or None)
    return diff(before, again)


def parameters(report: str | Path) -> dict[str, Any]:
    """Return what is needed to repeat the run of a report: its study, and the parameters and model of its manifest."""
    data = json_.load(report)
    manifest = data.get("manifest", {})
    return {"study": data["study"], "parameters": manifest.get("parameters", {}), "model": manifest.get("model")}
