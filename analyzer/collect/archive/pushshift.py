"""Reddit submissions (RS) and comments (RC) as Pushshift and Arctic Shift archive them, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from analyzer.collect import fields
from analyzer.collect.archive.base import JsonFormat, Row, checked_text
from analyzer.collect.archive.fast import plain_text, whole
from analyzer.collect.archive.links import ELSEWHERE_REDDIT, any_elsewhere, has_address, text_elsewhere
from analyzer.collect.archive.times import moment
from analyzer.collect.fields import Reject

if TYPE_CHECKING:
    from analyzer.study import Study

_GONE = ("[deleted]", "[removed]", "[ Removed by Reddit ]", "")
_BOTH = {
    "id": "VARCHAR",
    "name": "VARCHAR",
    "author": "VARCHAR",
    "created_utc": "VARCHAR",
    "subreddit": "VARCHAR",
    "score": "BIGINT",
    "permalink": "VARCHAR",
    "retrieved_on": "VARCHAR",
    "retrieved_utc": "VARCHAR",
    "body": "VARCHAR",
    "title": "VARCHAR",
}
_COMMENT = {**_BOTH, "link_id": "VARCHAR", "parent_id": "VARCHAR"}
_SUBMISSION = {**_BOTH, "selftext": "VARCHAR", "num_comments": "BIGINT", "url": "VARCHAR", "is_self": "VARCHAR"}


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
    comment = "body" in item or ("link_id" in item and "title" not in item)
    post_id = _fullname(item, "t1_" if comment else "t3_")
    author = fields.maybe(item, "author")
    permalink = fields.maybe(item, "permalink")
    text = _comment_text(item) if comment else _submission_text(item)
    if escaped and "&" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    url = fields.maybe(item, "url")
    links = text_elsewhere(text, ELSEWHERE_REDDIT)
    if not comment and url and item.get("is_self") is not True:
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


def _fullname(item: Any, prefix: str) -> str:
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
    retrieved = "coalesce(t.retrieved_on, t.retrieved_utc)"
    gone = ", ".join(f"'{g}'" for g in _GONE)
    columns = json.dumps(_COMMENT if kind == "reply" else _SUBMISSION)
    return f"""
    WITH read AS (SELECT _line, t, {text} AS words, {retrieved} AS retrieved,
        CASE WHEN t.author NOT IN ({gone}) THEN t.author END AS who, '{prefix}' || t.id AS fullname
        FROM (SELECT _line, json_transform(line, '{columns}') AS t FROM chunk))
    SELECT 'reddit' AS source, fullname AS post_id, make_timestamp(t.created_utc::BIGINT * 1000000) AS created_at,
        words AS text, who AS author, who AS handle, NULL::VARCHAR AS language, '{kind}' AS kind,
        NULL::VARCHAR AS service, t.score AS n_likes, NULL::BIGINT AS n_reposts,
        'https://www.reddit.com' || t.permalink AS url, {more},
        make_timestamp(TRY_CAST(retrieved AS BIGINT) * 1000000) AS observed_at, _line, 0 AS _item,
        coalesce({whole("t.created_utc")} AND {plain_text("words", "ascii(words)")} AND NOT contains(words, '&')
            AND regexp_full_match(t.id, '[a-z0-9]{{1,12}}') AND (t.name IS NULL OR t.name = fullname)
            AND (t.author IS NULL OR (t.author NOT IN ('true', 'false')
                AND regexp_full_match(t.author, '[A-Za-z_][A-Za-z0-9_-]*|\\[deleted\\]')))
            AND (t.permalink IS NULL OR starts_with(t.permalink, '/r/'))
            AND (retrieved IS NULL OR {whole("retrieved")}) AND {clean}, false) AS clean
    FROM read WHERE TRY_CAST(t.created_utc AS UBIGINT) BETWEEN 946684800 AND 4102444800"""


def _comment_sql() -> str:
    return _common(
        "reply",
        "t.body",
        "t.parent_id AS parent_id, t.link_id AS thread_id, NULL::BIGINT AS n_replies, false AS has_link",
        "NOT contains(words, 'http') AND t.title IS NULL AND words NOT IN ('true', 'false') "
        f"AND words NOT IN ({', '.join(repr(g) for g in _GONE)}) "
        "AND (t.parent_id IS NULL OR starts_with(t.parent_id, 't')) "
        "AND (t.link_id IS NULL OR starts_with(t.link_id, 't'))",
    )


def _submission_sql() -> str:
    gone = ", ".join(repr(g) for g in _GONE)
    return _common(
        "original",
        f"CASE WHEN t.selftext IS NULL OR t.selftext IN ({gone}) THEN t.title "
        "ELSE t.title || chr(10) || chr(10) || t.selftext END",
        "NULL::VARCHAR AS parent_id, fullname AS thread_id, t.num_comments AS n_replies, false AS has_link",
        f"NOT contains(words, 'http') AND t.body IS NULL AND t.is_self = 'true' AND t.title NOT IN ({gone}) "
        "AND t.title NOT IN ('true', 'false') AND trim(t.title) <> '' "
        "AND (t.selftext IS NULL OR (ascii(t.selftext) NOT IN (123, 91) AND ascii(t.selftext) NOT BETWEEN 45 AND 57 "
        "AND t.selftext NOT IN ('true', 'false') AND trim(t.selftext) = t.selftext))",
    )


__all__ = ["Pushshift", "has_address", "parse_reddit"]
