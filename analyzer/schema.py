"""All nouns: the tables that stages exchange, declared once, and the `Timeline` that a report is made from.

A table is a pandas DataFrame over Arrow types. `check` is called where a table crosses a stage, not inside.
Times are UTC, aware, microseconds; intervals are ``[start, end)``; probabilities and shares are 0-1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analyzer.errors import SchemaError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from analyzer.study import Study

#: The 15 topics of the codebook, in the order of every table and chart.
TOPICS: tuple[str, ...] = (
    "availability",
    "content_creation",
    "coding",
    "customer_service",
    "education",
    "daily_life",
    "work",
    "dependence",
    "transparency",
    "response",
    "cause",
    "reliability",
    "switching",
    "compensation",
    "recovery",
)
#: Topics that say who was hit.
IMPACTS: tuple[str, ...] = ("content_creation", "coding", "customer_service", "education", "daily_life", "work")

KINDS = ("original", "reply", "repost", "quote")
STATUSES = ("ok", "abstained", "unsupported")
STAGES = ("investigating", "identified", "monitoring", "resolved", "postmortem")
VERDICTS = ("incidents", "no incident found", "not enough data")
INCIDENT_KINDS = ("outage", "media", "promotion", "collateral", "unknown")
STRENGTHS = ("strong", "moderate", "weak")
PHASES = (
    "baseline",
    "unacknowledged",
    "acknowledged",
    "identified",
    "monitoring",
    "resolved_but_reported",
    "recovered",
    "aftermath",
)


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type by name, its meaning, its unit, and whether null is allowed."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """A declared table. `key` names the columns that identify a row."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in their declared order."""
        return [c.name for c in self.columns]

    def arrow(self) -> pa.Schema:
        """Return the table as an Arrow schema (imports pyarrow)."""
        import pyarrow as pa

        types = {
            "string": pa.string(),
            "int": pa.int64(),
            "float": pa.float64(),
            "float32": pa.float32(),
            "bool": pa.bool_(),
            "time": pa.timestamp("us", tz="UTC"),
            "strings": pa.list_(pa.string()),
        }
        return pa.schema([pa.field(c.name, types[c.type], nullable=True) for c in self.columns])


def _null(name: str, type: str, meaning: str, unit: str = "") -> Column:
    return Column(name, type, meaning, unit, nullable=True)


POSTS = Table(
    "posts",
    "One public post, as its platform gave it, without anything that names its author.",
    ("source", "post_id"),
    (
        Column("source", "string", "platform or archive the post comes from: x, reddit, bluesky, mastodon …"),
        Column("post_id", "string", "the platform's own id"),
        Column("created_at", "time", "when the post was written", "UTC"),
        Column("text", "string", "the post's words; mentions and profile addresses masked, except official accounts"),
        _null("author", "string", "keyed pseudonym of the author; null where the source names none"),
        _null("language", "string", "ISO 639-1 code as the platform gives it"),
        Column("kind", "string", "original, reply, repost or quote"),
        _null("parent_id", "string", "id of the post answered, reposted or quoted"),
        _null("thread_id", "string", "id of the conversation"),
        _null("service", "string", "service that the source says the post is addressed to"),
        _null("n_likes", "int", "likes or score when collected; null is unknown, never 0", "count"),
        _null("n_reposts", "int", "reposts when collected; null is unknown", "count"),
        _null("n_replies", "int", "replies when collected; null is unknown", "count"),
        _null("url", "string", "public address of the post"),
        Column("has_link", "bool", "the text holds a link to a page outside the platform"),
        _null("observed_at", "time", "when the post was collected", "UTC"),
        Column("run_id", "string", "the import or collection that brought the row"),
    ),
)

UPDATES = Table(
    "updates",
    "One official word of the provider about an incident.",
    ("provider", "incident_id", "update_id"),
    (
        Column("provider", "string", "who speaks"),
        Column("incident_id", "string", "the provider's id of the incident"),
        Column("update_id", "string", "the provider's id of the update, or a number made from its place"),
        Column("source", "string", "statuspage, incidentio, rss, x, bluesky, mastodon or file"),
        _null("incident_name", "string", "the provider's title of the incident"),
        _null("impact", "string", "the provider's grade: none, minor, major, critical …"),
        Column("status", "string", "the status word as it was given"),
        _null("stage", "string", "investigating, identified, monitoring, resolved or postmortem, where plain"),
        Column("posted_at", "time", "when the update was published", "UTC"),
        _null("claimed_at", "time", "the time that the update claims for what it reports", "UTC"),
        _null("body", "string", "the provider's words; null where only facts are kept"),
        _null("components", "strings", "the parts of the service that the provider names"),
        Column("run_id", "string", "the import or collection that brought the row"),
    ),
)

REJECTS = Table(
    "rejects",
    "One input row that could not become a post or an update; its bytes are kept aside.",
    ("run_id", "file", "line"),
    (
        Column("run_id", "string", "the import that met the row"),
        Column("file", "string", "name of the input file"),
        Column("line", "int", "line (or row) number in the input, from 1"),
        Column("reason", "string", "short reason code, such as `no text`"),
        Column("detail", "string", "what was found and what would be accepted"),
        _null("raw", "string", "first 2,000 characters of the row"),
    ),
)

COVERAGE = Table(
    "coverage",
    "What was in fact looked at: one interval of one source.",
    ("source", "start", "end", "kind"),
    (
        Column("source", "string", "platform"),
        Column("start", "time", "start of the interval", "UTC"),
        Column("end", "time", "end of the interval, exclusive", "UTC"),
        Column("kind", "string", "covered, gap, rate_limited, truncated or unknown"),
        _null("note", "string", "why"),
        Column("run_id", "string", "the run that saw it"),
    ),
)

_LABEL_SCORES = ("p_relevant", "p_report", "p_frustration_ge1", "p_frustration_ge2", "p_frustration_ge3")

LABELS = Table(
    "labels",
    "What a model says of a post; every value after `language` is null unless status is ok.",
    ("post_id",),
    (
        Column("post_id", "string", "id of the post judged"),
        Column("status", "string", "ok, abstained (cannot judge) or unsupported (language)"),
        _null("language", "string", "ISO 639-1 code found in the text, or und"),
        *(_null(n, "float32", f"calibrated probability of {n[2:]}", "0-1") for n in _LABEL_SCORES),
        _null("frustration", "float32", "expected level / 3", "0-1"),
        _null("frustration_level", "int", "level decided given relevance: 0 none, 1 mild, 2 clear, 3 severe"),
        _null("p_humor", "float32", "calibrated probability of a joke, meme or sarcasm", "0-1"),
        *(_null(f"p_topic_{t}", "float32", f"calibrated probability of topic {t}", "0-1") for t in TOPICS),
        _null(
            "topics",
            "string",
            "decided topics of a post decided relevant, comma-separated, in the order of the codebook",
        ),
        Column("model", "string", "name and version of the model"),
    ),
)

BINS = Table(
    "bins",
    "Posts per time bin of the selected posts.",
    ("start",),
    (
        Column("start", "time", "start of the bin", "UTC"),
        Column("n_posts", "int", "selected posts, relevant or not", "posts"),
        Column("n_relevant", "int", "posts decided relevant", "posts"),
        Column("n_authors", "int", "distinct authors of relevant posts; -1 where unknown", "authors"),
        Column("covered", "float", "share of the bin that was collected; 0 is a hole, not silence", "0-1"),
        _null("expected", "float", "usual number of relevant posts", "posts"),
        _null("expected_low", "float", "lower 95 % prediction bound of the usual number", "posts"),
        _null("expected_high", "float", "upper 95 % prediction bound of the usual number", "posts"),
        _null("frustration", "float", "smoothed share of relevant posts with level >= 2, corrected", "0-1"),
        _null("frustration_low", "float", "its lower 95 % bound", "0-1"),
        _null("frustration_high", "float", "its upper 95 % bound", "0-1"),
        _null("humor", "float", "smoothed share of humorous posts among the relevant, corrected", "0-1"),
        _null("humor_low", "float", "its lower 95 % bound", "0-1"),
        _null("humor_high", "float", "its upper 95 % bound", "0-1"),
        Column("phase", "string", "phase that the bin's start lies in"),
    ),
)

INCIDENTS = Table(
    "incidents",
    "One observed rise of public reports; the same object in reports and in `detect --json`.",
    ("series", "onset"),
    (
        Column("series", "string", "name of the count series"),
        Column("onset", "time", "when reports left their usual level", "UTC"),
        Column("onset_low", "time", "lower 95 % bound of onset", "UTC"),
        Column("onset_high", "time", "upper 95 % bound of onset", "UTC"),
        Column("peak", "time", "start of the bin with most reports", "UTC"),
        Column("peak_count", "int", "reports in that bin", "posts"),
        _null("recovery", "time", "when reports were back at their usual level; null if censored", "UTC"),
        _null("recovery_low", "time", "lower 95 % bound of recovery", "UTC"),
        _null("recovery_high", "time", "upper 95 % bound of recovery; null if censored", "UTC"),
        Column("censored", "bool", "the data end before recovery"),
        Column("strength", "string", "strong, moderate or weak"),
        Column("kind", "string", "outage, media, promotion, collateral or unknown"),
        Column("detectors", "strings", "names of the detectors that agree"),
        Column("n_excess", "float", "posts above the usual number, onset to recovery", "posts"),
        Column("evidence", "string", "one sentence: why this is called an incident, and of which kind"),
    ),
)

PHASE_TABLE = Table(
    "phases",
    "The stretches of an incident, from observed and official times.",
    ("phase", "start"),
    (
        Column("incident", "int", "row number in incidents, from 0", ""),
        Column("phase", "string", "one of " + ", ".join(PHASES)),
        Column("start", "time", "start", "UTC"),
        Column("end", "time", "end, exclusive", "UTC"),
        Column("basis", "string", "observed, official or both"),
        Column("n_posts", "int", "selected posts in the phase", "posts"),
        Column("n_relevant", "int", "posts decided relevant", "posts"),
    ),
)

SHARES = Table(
    "shares",
    "Prevalence of one measure among the relevant posts of one scope, corrected for classifier error.",
    ("scope", "group", "measure"),
    (
        Column("scope", "string", "incident, phase, source, language, bin or variant (robustness)"),
        Column("group", "string", "which phase, source, bin …"),
        Column("measure", "string", "frustration_ge1…3, humor, report, topic_<key>, or frustration (mean intensity)"),
        Column("n", "int", "posts the share is among", "posts"),
        Column("n_positive", "int", "posts decided positive", "posts"),
        _null("naive", "float", "n_positive / n", "0-1"),
        _null("naive_low", "float", "lower 95 % Wilson bound of the naive share", "0-1"),
        _null("naive_high", "float", "upper 95 % Wilson bound of the naive share", "0-1"),
        _null("estimate", "float", "estimated true prevalence; null where suppressed", "0-1"),
        _null("low", "float", "lower 95 % bound", "0-1"),
        _null("high", "float", "upper 95 % bound", "0-1"),
        Column("method", "string", "how the estimate was made: wilson, anchored, acc, pacc, emq, ppi; or suppressed"),
        Column("suppressed", "bool", "fewer than k authors (or unique texts): not shown"),
    ),
)

LADDER = Table(
    "ladder",
    "The lag ladder: what happened when, counted from the observed onset.",
    ("step",),
    (
        Column("step", "string", "first_signal, onset, first_word, first_content, peak, resolved_word, recovery"),
        _null("time", "time", "when", "UTC"),
        _null("low", "time", "lower 95 % bound", "UTC"),
        _null("high", "time", "upper 95 % bound", "UTC"),
        _null("lag_s", "float", "seconds after the observed onset", "s"),
        _null("lag_low_s", "float", "its lower 95 % bound", "s"),
        _null("lag_high_s", "float", "its upper 95 % bound", "s"),
        Column("basis", "string", "observed or official"),
        Column("note", "string", "what the row rests on, or why it is unknown"),
    ),
)

EFFECTS = Table(
    "effects",
    "What changed after each official update, against pseudo-updates. An association, not a cause.",
    ("update_id", "measure"),
    (
        Column("update_id", "string", "the update"),
        Column("posted_at", "time", "its time", "UTC"),
        _null("stage", "string", "its stage"),
        Column("measure", "string", "frustration_ge2, information_seeking or volume"),
        Column("n_before", "int", "relevant posts in the window before", "posts"),
        Column("n_after", "int", "relevant posts in the window after", "posts"),
        _null("change", "float", "change in share (points, 0-1) or log volume ratio"),
        _null("low", "float", "lower 95 % bound"),
        _null("high", "float", "upper 95 % bound"),
        _null("placebo_low", "float", "2.5 % quantile of pseudo-updates"),
        _null("placebo_high", "float", "97.5 % quantile of pseudo-updates"),
        _null("p_value", "float", "placebo p value"),
        _null("p_adjusted", "float", "p value corrected for the number of updates (Holm)"),
        _null("slope", "float", "change in the slope of the share (segmented binomial regression)", "points/h"),
        _null("slope_low", "float", "its lower 95 % bound", "points/h"),
        _null("slope_high", "float", "its upper 95 % bound", "points/h"),
        Column("verdict", "string", "estimated, or the reason for refusal"),
    ),
)

KEYWORDS = Table(
    "keywords",
    "Words that set a phase apart from the rest (log-odds with an informative Dirichlet prior).",
    ("group", "word"),
    (
        Column("group", "string", "phase or source"),
        Column("word", "string", "word or two-word phrase, lower case"),
        Column("n", "int", "unique texts in the group that hold it", "posts"),
        Column("log_odds", "float", "log-odds ratio against the rest"),
        Column("z", "float", "log-odds over its standard error"),
        Column("n_authors", "int", "distinct authors (or unique texts, where authors are unknown)", "authors"),
    ),
)

ROBUSTNESS = Table(
    "robustness",
    "A headline number under other ways of counting.",
    ("measure", "variant"),
    (
        Column("measure", "string", "as in shares, or onset, peak …"),
        Column("variant", "string", "all, unique_clusters, unique_authors, first_hand, no_reposts or source:<name>"),
        Column("n", "int", "posts counted", "posts"),
        _null("estimate", "float", "the number; null where unavailable"),
        _null("low", "float", "lower 95 % bound"),
        _null("high", "float", "upper 95 % bound"),
        Column("note", "string", "`unavailable` and why, or empty"),
    ),
)

EXTRACTIONS = Table(
    "extractions",
    "Error codes, components, places and refuges named in relevant posts.",
    ("kind", "value"),
    (
        Column("kind", "string", "error_code, component, place or competitor"),
        Column("value", "string", "what is named"),
        Column("n", "int", "relevant posts that name it", "posts"),
        Column("share", "float", "n over relevant posts", "0-1"),
        Column("low", "float", "lower 95 % Wilson bound", "0-1"),
        Column("high", "float", "upper 95 % Wilson bound", "0-1"),
        Column("n_authors", "int", "distinct authors (or unique texts, where authors are unknown)", "authors"),
    ),
)

TABLES: tuple[Table, ...] = (
    POSTS,
    UPDATES,
    REJECTS,
    COVERAGE,
    LABELS,
    BINS,
    INCIDENTS,
    PHASE_TABLE,
    SHARES,
    LADDER,
    EFFECTS,
    KEYWORDS,
    ROBUSTNESS,
    EXTRACTIONS,
)


def empty(table: Table) -> pd.DataFrame:
    """Return a frame with the declared columns and no rows."""
    return frame(table.arrow().empty_table())


def frame(arrow: pa.Table) -> pd.DataFrame:
    """Turn an Arrow table into a pandas DataFrame that keeps Arrow types (null stays null)."""
    import pandas as pd

    return arrow.to_pandas(types_mapper=pd.ArrowDtype)


def make(table: Table, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Build a declared frame from a list of dicts; missing keys are null, unknown keys an error."""
    import pyarrow as pa

    known = set(table.names)
    for row in rows:
        if extra := set(row) - known:
            raise SchemaError(f"{table.name}: unknown column {sorted(extra)[0]!r}")
    return frame(pa.Table.from_pylist(rows, schema=table.arrow()))


def check(data: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return `data` in declared column order and types, extra columns dropped; the input is not changed.

    Raises
    ------
    SchemaError
        Naming the column that is missing, null where null is not allowed, or of another type.
    """
    import pyarrow as pa

    missing = [n for n in table.names if n not in data.columns]
    if missing:
        raise SchemaError(
            f"table {table.name!r} lacks column {missing[0]!r} (it has {', '.join(map(str, data.columns))}); "
            f"see analyzer.schema.{table.name.upper()} for what is needed"
        )
    for column in table.columns:
        if column.type == "time" and _is_naive(data[column.name]):
            raise SchemaError(f"table {table.name!r}, column {column.name!r}: times have no zone; give UTC times")
    try:
        arrow = pa.Table.from_pandas(data[table.names], schema=table.arrow(), preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise SchemaError(f"table {table.name!r}: {error}") from error
    for column in table.columns:
        if not column.nullable and arrow[column.name].null_count:
            raise SchemaError(f"table {table.name!r}: column {column.name!r} holds nulls; it must not")
    return frame(arrow)


def _is_naive(values: pd.Series) -> bool:
    dtype = values.dtype
    arrow = getattr(dtype, "pyarrow_dtype", None)
    if arrow is not None:
        return str(arrow).startswith("timestamp") and arrow.tz is None
    return dtype.kind == "M" and getattr(dtype, "tz", None) is None


@dataclass(frozen=True)
class Incident:
    """One row of INCIDENTS as an object; see the table for units."""

    series: str
    onset: pd.Timestamp
    onset_low: pd.Timestamp
    onset_high: pd.Timestamp
    peak: pd.Timestamp
    peak_count: int
    recovery: pd.Timestamp | None
    recovery_low: pd.Timestamp | None
    recovery_high: pd.Timestamp | None
    censored: bool
    strength: str
    kind: str
    detectors: tuple[str, ...]
    n_excess: float
    evidence: str

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
            for name, value in vars(self).items()
        )
        return f"<table>{rows}</table>"


@dataclass(frozen=True)
class Timeline:
    """Everything a report needs: tables as declared above, and a few plain values.

    `facts` holds single numbers with intervals, ``{name: {"value", "low", "high", "unit", "n", "note"}}``, among them
    `half_life_volume_s`, `half_life_frustration_s`, `excess_posts`, `updates_per_hour`, `longest_silence_s`.
    `quality` holds counts about the data: `n_imported`, `n_selected`, `n_relevant`, `n_unsupported`, `n_abstained`,
    `n_rejected`, `n_duplicate_texts`, `n_clusters`, `n_authors` (null where unknown), `warnings` (list of sentences).
    `manifest` is what `store.manifest` made of the run.
    `discovered` holds topics that posts brought up: `id`, `n`, `share`, `low`, `high`, `n_authors`, `words` of each.
    """

    study: Study
    verdict: str
    reason: str
    bin_s: int
    bins: pd.DataFrame
    incidents: pd.DataFrame
    phases: pd.DataFrame
    shares: pd.DataFrame
    updates: pd.DataFrame
    ladder: pd.DataFrame
    effects: pd.DataFrame
    keywords: pd.DataFrame
    robustness: pd.DataFrame
    extractions: pd.DataFrame
    coverage: pd.DataFrame
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    quality: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    exemplars: tuple[Mapping[str, Any], ...] = ()
    discovered: tuple[Mapping[str, Any], ...] = ()

    def __repr__(self) -> str:
        n = int(self.bins["n_posts"].sum()) if len(self.bins) else 0
        bins = f"{len(self.bins):,} bins of {self.bin_s} s"
        return f"<Timeline of {self.study.service}: {self.verdict}; {n:,} posts, {bins}>"

    def _repr_html_(self) -> str:
        from html import escape

        shown = {
            "incidents": ["onset", "onset_low", "onset_high", "peak", "peak_count", "recovery", "strength", "kind"],
            "phases": ["phase", "start", "end", "basis", "n_posts", "n_relevant"],
        }
        tables = [
            f"<b>{name}</b>{getattr(self, name)[columns].to_html(index=False, border=0)}"
            for name, columns in shown.items()
            if len(getattr(self, name))
        ]
        title = escape(self.study.title or self.study.service)
        head = f"<p><b>{title}</b>: {escape(self.verdict)}. {escape(self.reason)}</p>"
        return head + "".join(tables) + f"<p>{escape(repr(self))}</p>"

    def incident_objects(self) -> list[Incident]:
        """Return the incidents as objects, in order of onset."""
        rows: list[dict[str, Any]] = [
            {str(k): v for k, v in row.items()}
            for row in self.incidents.astype(object).where(self.incidents.notna(), None).to_dict("records")
        ]
        return [Incident(**{**row, "detectors": tuple(row["detectors"])}) for row in rows]
