"""Reddit submissions (RS) and comments (RC) as Pushshift and Arctic Shift archive them, one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from analyzer.collect import fields
from analyzer.collect.archive.base import JsonFormat, Row, checked_text
from analyzer.collect.archive.fast import found, plain_text, whole
from analyzer.collect.archive.links import ELSEWHERE_REDDIT, any_elsewhere, has_address, text_elsewhere
from analyzer.collect.archive.times import moment
from analyzer.collect.fields import Reject

if TYPE_CHECKING:
    from analyzer.study import Study

_GONE = ("[deleted]", "[removed]", "[ Removed by Reddit ]", "")
_FIELDS: tuple[str, ...] = (
    "id",
    "name",
    "author",
    "created_utc",
    "score",
    "permalink",
    "retrieved_on",
    "retrieved_utc",
)
_FIELDS += ("body", "title")
_COMMENT = {n: f"$.{n}" for n in (*_FIELDS, "link_id", "parent_id")}
_SUBMISSION = {n: f"$.{n}" for n in (*_FIELDS, "selftext", "num_comments", "is_self")}
# Id, author and counts, each plain: one look at all of them together is the cheapest.
_PLAIN = r"[a-z0-9]{1,12}\|([A-Za-z_-][A-Za-z0-9_-]{0,39}|[0-9]{1,18}|\[deleted\])?\|(-?[0-9]{1,18}( -?[0-9]{1,18})?)?"


# The years 2000 to 2100, in seconds.
_SANE = "946684800 AND 4102444799"
_GONE_SQL = ", ".join(f"'{g}'" for g in _GONE)


class Pushshift(JsonFormat):
    """Both kinds may stand in one file; so may what Arctic Shift's API answers, ``{"data": [...]}``."""

    name = "pushshift"

    def claims(self, document: Any) -> bool:
        """An object with ``created_utc`` and a Reddit post's or comment's fields."""
        if isinstance(document, dict) and isinstance(document.get("data"), list):
            data = document["data"]
            return bool(data) and isinstance(data[0], dict) and self.claims(data[0])
        return (
            isinstance(document, dict)
            and ("created_utc" in document or "retrieved_on" in document)
            and ("id" in document or "name" in document)
            and bool({"selftext", "body", "link_id", "subreddit"} & document.keys())
        )

    def items(self, document: Any) -> Iterator[Any]:
        """Yield the objects."""
        if isinstance(document, dict) and isinstance(document.get("data"), list):
            yield from document["data"]
        else:
            yield document

    def parse(self, item: Any) -> Row:
        """Read a submission or a comment."""
        return parse_reddit(fields.obj(item), escaped=True)

    def sql(self, sample: Any, study: Study) -> str | None:
        """Read clean lines of the sample's kind."""
        if not isinstance(sample, dict) or "data" in sample:
            return None
        return _comment_sql() if "body" in sample else _submission_sql()


def parse_reddit(item: Any, *, escaped: bool) -> Row:
    """Read one Reddit object, whatever brought it.

    Parameters
    ----------
    escaped
        ``&amp;``, ``&lt;`` and ``&gt;`` stand for their characters (dumps, and listings without ``raw_json``).
    """
    comment, post_id = _is_comment(item), full_name(item)
    author = fields.maybe(item, "author")
    permalink = fields.maybe(item, "permalink")
    text = _comment_text(item) if comment else _submission_text(item)
    if escaped and "&" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    url = fields.maybe(item, "url")
    links = text_elsewhere(text, ELSEWHERE_REDDIT)
    if not comment and url and item.get("is_self") not in (True, "true"):
        links = links or any_elsewhere([url], ELSEWHERE_REDDIT)
    return {
        "source": "reddit",
        "post_id": post_id,
        "created_at": moment(item.get("created_utc")),
        "text": checked_text(text),
        "author": None if author in _GONE else author,
        "handle": None if author in _GONE else author,
        "kind": "reply" if comment else "original",
        "parent_id": fields.maybe(item, "parent_id") if comment else None,
        "thread_id": (fields.maybe(item, "link_id") if comment else post_id),
        "n_likes": fields.count(item, "score"),
        "n_replies": None if comment else fields.count(item, "num_comments"),
        "url": f"https://www.reddit.com{permalink}" if permalink and permalink.startswith("/r/") else None,
        "has_link": links,
        "observed_at": fields.moment_or_none(item.get("retrieved_on") or item.get("retrieved_utc")),
    }


def _is_comment(item: Any) -> bool:
    return "body" in item or ("link_id" in item and "title" not in item)


def full_name(item: Any) -> str:
    """Return the id of a Reddit object, with what tells comments (``t1_``) from submissions (``t3_``)."""
    prefix = "t1_" if _is_comment(item) else "t3_"
    name = fields.maybe(item, "name")
    if name and name.startswith(prefix):
        return name
    return prefix + fields.identity(item, "id").removeprefix(prefix)


def _comment_text(item: Any) -> str:
    body = fields.words(item, "body")
    if body.strip() in _GONE:
        raise Reject("deleted", f"the text is {body.strip()!r}")
    return body


def _submission_text(item: Any) -> str:
    title = fields.words(item, "title")
    body = item.get("selftext")
    if title.strip() in _GONE:
        raise Reject("deleted", f"the title is {title.strip()!r}")
    if not isinstance(body, str) or body.strip() in _GONE:
        return title
    return f"{title}\n\n{body}"


def _common(kind: str, text: str, more: str, clean: str) -> str:
    prefix = "t1_" if kind == "reply" else "t3_"
    counts = "score" if kind == "reply" else "score, num_comments"
    values = found(_COMMENT if kind == "reply" else _SUBMISSION, "SELECT _line, 0 AS _item, line AS j FROM chunk")
    return f"""
    WITH found AS ({values}),
    read AS (SELECT *, {text} AS words, coalesce(retrieved_on, retrieved_utc) AS retrieved,
        CASE WHEN author NOT IN ({_GONE_SQL}) THEN author END AS who, '{prefix}' || id AS fullname,
        TRY_CAST(created_utc AS BIGINT) AS seconds FROM found)
    SELECT 'reddit' AS source, fullname AS post_id,
        CASE WHEN seconds BETWEEN {_SANE} THEN make_timestamp(seconds * 1000000) END AS created_at,
        words AS text, who AS author, who AS handle, NULL::VARCHAR AS language, '{kind}' AS kind,
        NULL::VARCHAR AS service, TRY_CAST(score AS BIGINT) AS n_likes, NULL::BIGINT AS n_reposts,
        'https://www.reddit.com' || permalink AS url, {more},
        CASE WHEN TRY_CAST(retrieved AS UBIGINT) BETWEEN {_SANE} THEN make_timestamp(retrieved::BIGINT * 1000000) END
            AS observed_at, _line, _item,
        coalesce(regexp_full_match(id || '|' || coalesce(author, '') || '|' || concat_ws(' ', {counts}), '{_PLAIN}')
            AND {whole("created_utc")} AND {plain_text("words", "ascii(words)")} AND NOT contains(words, '&')
            AND NOT contains(words, 'http') AND (name IS NULL OR name = fullname)
            AND (author IS NULL OR author NOT IN ('', 'true', 'false'))
            AND (permalink IS NULL OR starts_with(permalink, '/r/'))
            AND (retrieved IS NULL OR ({whole("retrieved")} AND TRY_CAST(retrieved AS UBIGINT) BETWEEN {_SANE}))
            AND {clean}, false) AS clean
    FROM read WHERE seconds BETWEEN {_SANE}"""


def _comment_sql() -> str:
    return _common(
        "reply",
        "body",
        "parent_id, link_id AS thread_id, NULL::BIGINT AS n_replies, false AS has_link",
        f"title IS NULL AND words NOT IN ('true', 'false', {_GONE_SQL}) "
        "AND (parent_id IS NULL OR starts_with(parent_id, 't')) AND (link_id IS NULL OR starts_with(link_id, 't')) "
        "AND coalesce(parent_id, '') <> 'true' AND coalesce(link_id, '') <> 'true'",
    )


def _submission_sql() -> str:
    return _common(
        "original",
        f"CASE WHEN selftext IS NULL OR selftext IN ({_GONE_SQL}) THEN title "
        "ELSE title || chr(10) || chr(10) || selftext END",
        "NULL::VARCHAR AS parent_id, fullname AS thread_id, TRY_CAST(num_comments AS BIGINT) AS n_replies, "
        "false AS has_link",
        f"body IS NULL AND is_self = 'true' AND title NOT IN ('true', 'false', {_GONE_SQL}) AND trim(title) <> '' "
        "AND (selftext IS NULL OR (ascii(selftext) NOT IN (123, 91) AND ascii(selftext) NOT BETWEEN 45 AND 57 "
        "AND selftext NOT IN ('true', 'false') AND trim(selftext) = selftext))",
    )


__all__ = ["Pushshift", "has_address", "parse_reddit"]
