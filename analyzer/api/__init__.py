"""All verbs: the only package that joins the stages."""

from __future__ import annotations

from analyzer.api.pipeline import (
    align,
    build_timeline,
    classify,
    collect,
    find_studies,
    import_archive,
    import_updates,
    plain_posts,
    read_study,
    report,
    report_json,
    select_updates,
    signed,
    timeline_of,
)
from analyzer.api.second import second_process
from analyzer.api.series import compare, detect, replay, verify
from analyzer.api.upkeep import audit_draw, audit_score, check, comply, forget, rebuild

__all__ = [
    "align",
    "audit_draw",
    "audit_score",
    "build_timeline",
    "check",
    "classify",
    "collect",
    "compare",
    "comply",
    "detect",
    "find_studies",
    "forget",
    "import_archive",
    "import_updates",
    "plain_posts",
    "read_study",
    "rebuild",
    "replay",
    "report",
    "report_json",
    "second_process",
    "select_updates",
    "signed",
    "timeline_of",
    "verify",
]
