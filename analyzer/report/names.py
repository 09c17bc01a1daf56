"""How the codes of the tables are called in a report."""

from __future__ import annotations

from analyzer.report.format import text

TOPIC_NAMES = {
    "availability": "whether it is down",
    "content_creation": "content creation",
    "coding": "coding",
    "customer_service": "customer service",
    "education": "education",
    "daily_life": "daily life",
    "work": "other work",
    "dependence": "dependence on one platform",
    "transparency": "missing information",
    "response": "the provider's response",
    "cause": "the cause",
    "reliability": "reliability",
    "switching": "switching away",
    "compensation": "compensation",
    "recovery": "working again",
}
MEASURE_NAMES = {
    "report": "first-hand reports",
    "humor": "humour",
    "frustration": "mean frustration (0–100%)",
    "frustration_ge1": "frustrated at all (level 1+)",
    "frustration_ge2": "clearly frustrated (level 2+)",
    "frustration_ge3": "severely frustrated (level 3)",
    "information_seeking": "asking for information",
    "volume": "posts per hour",
    "onset": "observed onset",
    "peak": "peak",
    "relevant": "posts about the outage",
}
PHASE_NAMES = {
    "baseline": "before",
    "unacknowledged": "not acknowledged",
    "acknowledged": "acknowledged",
    "identified": "cause identified",
    "monitoring": "fix monitored",
    "resolved_but_reported": "declared resolved, still reported",
    "recovered": "recovered",
    "aftermath": "aftermath",
}
STEP_NAMES = {
    "first_signal": "First public signal",
    "onset": "Observed onset",
    "first_word": "First official word",
    "first_content": "First word with content",
    "peak": "Peak of posts",
    "resolved_word": "Officially resolved",
    "recovery": "Observed recovery",
}
VARIANT_NAMES = {
    "all": "all posts",
    "unique_clusters": "each text once",
    "unique_authors": "each author once",
    "first_hand": "first-hand reports only",
    "no_reposts": "without reposts",
}
SOURCE_NAMES = {
    "x": "X",
    "twitter": "Twitter",
    "reddit": "Reddit",
    "bluesky": "Bluesky",
    "mastodon": "Mastodon",
    "hackernews": "Hacker News",
    "statuspage": "status page",
    "incidentio": "status page",
    "rss": "feed",
    "file": "file",
}
KIND_NAMES = {
    "error_code": "error code",
    "component": "part of the service",
    "place": "place",
    "competitor": "refuge",
}


def listed(parts: list[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def topic_name(topic: str) -> str:
    """Return how a topic key is called."""
    return TOPIC_NAMES.get(topic, text(topic.replace("_", " "), limit=40))


def measure_name(measure: str) -> str:
    """Return how a measure is called."""
    if measure.startswith("topic_"):
        return topic_name(measure.removeprefix("topic_"))
    return MEASURE_NAMES.get(measure, text(measure.replace("_", " "), limit=40))


def phase_name(phase: str) -> str:
    """Return how a phase is called."""
    return PHASE_NAMES.get(phase, text(phase.replace("_", " "), limit=40))


def source_name(source: str) -> str:
    """Return how a source is called."""
    return SOURCE_NAMES.get(source, text(source, limit=40))


def variant_name(variant: str) -> str:
    """Return how a variant of counting is called."""
    if variant.startswith("source:"):
        return f"{source_name(variant.removeprefix('source:'))} only"
    if variant.startswith("without:"):
        return f"without {source_name(variant.removeprefix('without:'))}"
    return VARIANT_NAMES.get(variant, text(variant.replace("_", " "), limit=40))


def group_name(scope: str, group: str) -> str:
    """Return how a group of a scope is called."""
    if scope == "phase":
        return phase_name(group)
    if scope == "source":
        return source_name(group)
    if scope == "language":
        return language_name(group)
    if scope == "variant":
        return variant_name(group)
    if scope == "incident":
        return f"incident {int(group) + 1}" if group.isdigit() else text(group, limit=40)
    return text(group, limit=40)


def language_name(code: str) -> str:
    """Return the English name of an ISO 639-1 code."""
    if code in ("und", ""):
        return "language unknown"
    from babel.core import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(code).get_language_name("en") or text(code, limit=12))
    except (UnknownLocaleError, ValueError):
        return text(code, limit=12)


def stage_name(update: dict[str, object]) -> str:
    """Return the stage of an official update, or its status word where the stage is not plain."""
    return text(update.get("stage") or update.get("status"), limit=40).replace("_", " ")
