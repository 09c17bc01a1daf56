"""Posts of official accounts, and words of a status page, as rows of the official timeline. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from analyzer.study import Study

#: A post of an official account belongs to the timeline if it speaks of trouble; accounts also announce products.
_TROUBLE = re.compile(
    r"\b(outage|down(time)?|incident|issues?|errors?|degraded|disruption|unavailable|investigat\w*|restor\w*|resolved?|"
    r"recover\w*|mitigat\w*|back (up|online)|fix(ed|es)?|latency|service status)\b",
    re.IGNORECASE,
)
#: Words that plainly name a stage, the latest stage first.
_STAGES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (stage, re.compile(pattern, re.IGNORECASE))
    for stage, pattern in (
        ("postmortem", r"\bpost-?mortem\b|\broot cause (analysis|report)\b"),
        (
            "resolved",
            r"\b(is|are|been|now|fully) (now )?(resolved|recovered|restored)\b|\bback (up|online)\b|^resolved\b",
        ),
        ("monitoring", r"\bmonitoring\b|\bfix (has been|was|is) (implemented|deployed|rolled out|applied)\b"),
        ("identified", r"\bidentified\b|\bfound the (cause|issue|problem)\b"),
        ("investigating", r"\binvestigating\b|\blooking into\b|\baware of\b"),
    )
)
#: Status words of pages that are one of the five stages under another name.
_SYNONYMS = {
    "investigating": "investigating",
    "identified": "identified",
    "monitoring": "monitoring",
    "resolved": "resolved",
    "postmortem": "postmortem",
    "fixing": "identified",
    "closed": "resolved",
    "available": "resolved",
}


def stage_of_status(status: str) -> str | None:
    """Return the stage that a page's status word names, or None."""
    return _SYNONYMS.get(status.strip().lower())


def stage_of_text(text: str) -> str | None:
    """Return the stage that a text plainly names, or None.

    >>> stage_of_text("We are investigating elevated errors."), stage_of_text("Hello")
    ('investigating', None)
    """
    return next((stage for stage, pattern in _STAGES if pattern.search(text)), None)


def is_official(row: Mapping[str, Any], accounts: Mapping[str, frozenset[str]]) -> bool:
    """Return whether a post's author is one of the study's official accounts of its platform."""
    handle = row.get("handle")
    if not handle:
        return False
    known = accounts.get(str(row["source"]), frozenset())
    name = str(handle).casefold()
    return name in known or name.split("@")[0] in known


def account_names(study: Study) -> dict[str, frozenset[str]]:
    """Return the official accounts by platform, without @, in lower case."""
    return {p: frozenset(a.lstrip("@").casefold() for a in names) for p, names in study.accounts.items()}


def _answers_somebody(row: Mapping[str, Any]) -> bool:
    """Return whether a post answers somebody else; the next post of one's own thread does not."""
    if row["kind"] != "reply":
        return False
    if str(row["text"]).lstrip().startswith("@"):
        return True
    parent = str(row.get("parent_id") or "")
    return parent.startswith("at://") and f"at://{row.get('author')}/" not in parent


def update_of_post(row: Mapping[str, Any], study: Study) -> dict[str, Any] | None:
    """Return an official account's post as a row of UPDATES; None for what says nothing of a disruption.

    Posts of one conversation make one incident. An answer to a customer is no word to all, and is left out.
    """
    text = str(row["text"])
    if row["kind"] == "repost" or _answers_somebody(row) or not _TROUBLE.search(text):
        return None
    stage = stage_of_text(text)
    thread = row.get("thread_id") or row["post_id"]
    return {
        "provider": study.provider or study.service,
        "incident_id": f"{row['source']}:{thread}",
        "update_id": str(row["post_id"]),
        "source": row["source"],
        "incident_name": None,
        "impact": None,
        "status": stage or "update",
        "stage": stage,
        "posted_at": row["created_at"],
        "claimed_at": None,
        "body": text,
        "components": None,
    }
