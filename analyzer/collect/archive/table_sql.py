"""SQL that reads JSON lines of no known format by a column map; `generic.Mapper` reads what is not plainly clean."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.collect.archive.fast import found, plain_text, utc
from analyzer.collect.archive.guess import KINDS

#: Names that sources go by in files.
SOURCES = {"twitter": "x", "x.com": "x", "tweet": "x", "bsky": "bluesky", "hn": "hackernews", "toot": "mastodon"}
_NAMES = ("author", "handle", "service", "thread_id", "parent_id", "repost_of", "reply_to", "quote_of")
_COUNTS = ("n_likes", "n_reposts", "n_replies")
_ALL = (
    "text", "created_at", "post_id", "source", "language", "kind", "is_repost", "url", "has_link", "observed_at",
    *_NAMES, *_COUNTS,
)  # fmt: skip
# A name or an id that reads the same whether JSON held it as a text or as a number, and is no stand-in for "nothing".
_NAME = r"([0-9]{1,19}|[0-9A-Za-z_@/-]*[A-Za-z_@/-][0-9A-Za-z_@/:.#-]*)"
# One that is too long for a stand-in, as most are: all that need be looked at.
_LONG_NAME = r"([0-9]{1,19}|[A-Za-z_@/-][0-9A-Za-z_@/:.#-]{5,})"
_NOTHING = r"(?i)( |^)(nan|none|null|true|false|[0-9][0-9.]*e[0-9]+)( |$)"
_TRUE = "('true', '1', 'yes', 't', 'y', '1.0')"


def line_sql(columns: Mapping[str, str], source: str | None) -> str | None:
    """Return SQL for `fast.read`, or None if the map is not one that SQL reads.

    Parameters
    ----------
    columns
        ``{ours: theirs}``.
    source
        The study's name of the source, which goes before what a row says.
    """
    names = {**columns}
    if "post_id" not in names or any(c in name for name in names.values() for c in ".\"'\\[]*"):
        return None
    # An object with a list of objects in it may be a page of posts.
    source_sql = r"""SELECT _line, 0 AS _item, line AS j, ascii(line) = 123
        AND (NOT contains(line, '[') OR NOT regexp_matches(line, '\[\s*\{')) AS shaped FROM chunk"""
    values = found({n: f'$."{names[n]}"' for n in _ALL if n in names}, source_sql, kept=("shaped",))
    missing = "".join(f', NULL::VARCHAR AS "{n}"' for n in _ALL if n not in names)
    empty = ", ".join(f'nullif("{n}", \'\') AS "{n}"' for n in _ALL if n not in ("text", "has_link"))
    said = " ".join(f"WHEN '{theirs}' THEN '{ours}'" for theirs, ours in KINDS.items())
    told = " ".join(f"WHEN '{theirs}' THEN '{ours}'" for theirs, ours in SOURCES.items())
    own = f"'{source}'" if source else "coalesce(origin, 'file')"
    ids = ", ".join(("post_id", *_NAMES))
    counts = ", ".join(_COUNTS)
    return rf"""
    WITH found AS (SELECT *{missing} FROM ({values})),
    plain AS (SELECT _line, _item, shaped, "text", has_link, {empty} FROM found),
    read AS (SELECT *, {_time("created_at")} AS time, {_time("observed_at")} AS observed, ascii("text") AS first,
        CASE lower(source) {told} ELSE lower(source) END AS origin, CASE lower(kind) {said} END AS said,
        coalesce(lower(is_repost) IN {_TRUE}, false) OR repost_of IS NOT NULL OR starts_with("text", 'RT @') AS again,
        contains("text", 'http://') OR contains("text", 'https://') AS address
        FROM plain)
    SELECT {own} AS source, post_id, time AS created_at, "text", author, handle,
        CASE WHEN strlen(language) <> 2 THEN NULL WHEN language = 'in' THEN 'id' WHEN language = 'iw' THEN 'he'
            WHEN language = 'ji' THEN 'yi' WHEN language = 'jw' THEN 'jv' ELSE language END AS language,
        CASE WHEN said IS NOT NULL THEN said WHEN again THEN 'repost'
            WHEN reply_to IS NOT NULL OR parent_id IS NOT NULL THEN 'reply'
            WHEN quote_of IS NOT NULL THEN 'quote' ELSE 'original' END AS kind,
        CASE WHEN said IS NOT NULL THEN parent_id WHEN again THEN repost_of
            WHEN reply_to IS NOT NULL OR parent_id IS NOT NULL THEN coalesce(reply_to, parent_id)
            WHEN quote_of IS NOT NULL THEN quote_of ELSE parent_id END AS parent_id,
        thread_id, service, TRY_CAST(n_likes AS BIGINT) AS n_likes, TRY_CAST(n_reposts AS BIGINT) AS n_reposts,
        TRY_CAST(n_replies AS BIGINT) AS n_replies,
        CASE WHEN url IS NULL AND {own} = 'x' AND regexp_full_match(post_id, '[0-9]{{5,20}}')
            THEN 'https://x.com/i/status/' || post_id ELSE url END AS url,
        CASE WHEN nullif(has_link, '') IS NOT NULL THEN lower(has_link) IN {_TRUE} ELSE address END AS has_link,
        observed AS observed_at, _line, _item,
        coalesce(shaped AND {plain_text('"text"', "first")} AND strlen(post_id) <= 200
            AND CASE WHEN regexp_full_match(concat_ws(' ', {ids}), '{_LONG_NAME}( {_LONG_NAME})*') THEN true
                ELSE regexp_full_match(concat_ws(' ', {ids}), '{_NAME}( {_NAME})*')
                    AND NOT regexp_matches(concat_ws(' ', {ids}), '{_NOTHING}') END
            AND {_is_time("created_at", "time")} AND (observed_at IS NULL OR {_is_time("observed_at", "observed")})
            AND (source IS NULL OR regexp_full_match(source, '[A-Za-z][A-Za-z0-9_.+-]*'))
            AND (language IS NULL OR regexp_full_match(language, '[a-z]{{2,3}}'))
            AND regexp_full_match(concat_ws(' ', {counts}), '([0-9]{{1,18}}( [0-9]{{1,18}})*)?')
            AND (url IS NULL OR (starts_with(url, 'http') AND strlen(url) < 2000))
            AND (NOT address OR nullif(has_link, '') IS NOT NULL
                OR NOT (contains("text", 'twitter.com') OR contains("text", 'x.com'))), false) AS clean
    FROM read"""


def _time(column: str) -> str:
    """Return SQL for a time: ISO 8601 in UTC, or seconds since 1970 in ten digits."""
    return (
        f"CASE WHEN strlen({column}) = 10 THEN make_timestamp(TRY_CAST({column} AS BIGINT) * 1000000) "
        f"ELSE TRY_CAST(replace({column}, '+00:00', 'Z') AS TIMESTAMP) END"
    )


def _is_time(column: str, time: str) -> str:
    whole = utc(f"replace({column}, '+00:00', 'Z')", time)
    return (
        f"CASE WHEN strlen({column}) = 10 THEN {time} IS NOT NULL AND regexp_full_match({column}, '[0-9]+') "
        f"ELSE {whole} END"
    )
