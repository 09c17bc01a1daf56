"""X API v2 posts as twarc2 writes them: pages of a search, one a line, or flattened to one post a line.

A saved page of the API itself has the same shape. Posts under ``includes`` were not found by the search, only
referred to, and are not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from analyzer.collect import fields
from analyzer.collect.archive.base import JsonFormat, Row, checked_text
from analyzer.collect.archive.fast import plain_text, utc, whole
from analyzer.collect.archive.links import ELSEWHERE_X, any_elsewhere, has_address
from analyzer.collect.archive.times import moment

if TYPE_CHECKING:
    from analyzer.study import Study

_KINDS = (("retweeted", "repost"), ("replied_to", "reply"), ("quoted", "quote"))
_TWEET = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "note_tweet": {"text": "VARCHAR"},
    "author_id": "VARCHAR",
    "created_at": "VARCHAR",
    "conversation_id": "VARCHAR",
    "lang": "VARCHAR",
    "public_metrics": {"like_count": "BIGINT", "retweet_count": "BIGINT", "reply_count": "BIGINT"},
    "referenced_tweets": [{"type": "VARCHAR", "id": "VARCHAR"}],
    "entities": {"urls": [{"expanded_url": "VARCHAR"}]},
}
_FLAT = {**_TWEET, "author": {"username": "VARCHAR"}, "__twarc": {"retrieved_at": "VARCHAR"}}
_PAGE = {
    "data": [_TWEET],
    "includes": {"users": [{"id": "VARCHAR", "username": "VARCHAR"}]},
    "__twarc": {"retrieved_at": "VARCHAR"},
}


class Twarc2(JsonFormat):
    """Pages and flattened posts; both may stand in one file."""

    name = "twarc2"

    def claims(self, document: Any) -> bool:
        """A page has ``data`` and ``meta`` or ``includes``; a flattened post has an author id and v2 names."""
        if not isinstance(document, dict):
            return False
        if "__twarc" in document or "edit_history_tweet_ids" in document:
            return True
        data = document.get("data")
        if isinstance(data, list) and ("meta" in document or "includes" in document):
            return not data or (isinstance(data[0], dict) and "id" in data[0] and "created_utc" not in data[0])
        meta = document.get("meta")
        if "data" not in document and isinstance(meta, dict) and meta.get("result_count") == 0:
            return True
        return {"id", "text", "author_id", "created_at"} <= document.keys() and "public_metrics" in document

    def items(self, document: Any) -> Iterator[Any]:
        """Yield posts, with the author's name and the time of retrieval put in as twarc's flattening does."""
        page = fields.obj(document)
        data = page.get("data")
        if isinstance(data, dict) and "id" in data:
            data = [data]
        if not isinstance(data, list):
            if "id" in page or not ({"meta", "errors", "includes"} & page.keys()):
                yield document
            return
        users = {
            u.get("id"): u
            for u in fields.listing(fields.mapping(page.get("includes")).get("users"))
            if isinstance(u, dict) and isinstance(u.get("id"), str)
        }
        for post in data:
            if not isinstance(post, dict):
                yield post
                continue
            who = post.get("author_id")
            author = post.get("author") or users.get(who if isinstance(who, str) else None)
            yield {**post, "author": author, "__twarc": post.get("__twarc") or page.get("__twarc")}

    def parse(self, item: Any) -> Row:
        """Read one post."""
        post = fields.obj(item)
        post_id = fields.identity(post, "id")
        note = fields.maybe(fields.mapping(post.get("note_tweet")), "text")
        text = checked_text(note or fields.words(post, "text"))
        author = fields.mapping(post.get("author"))
        metrics = fields.mapping(post.get("public_metrics"))
        kind, parent = _reference(post)
        return {
            "source": "x",
            "post_id": post_id,
            "created_at": moment(post.get("created_at")),
            "text": text,
            "author": fields.maybe(post, "author_id") or fields.maybe(author, "id"),
            "handle": fields.maybe(author, "username"),
            "language": fields.language(post.get("lang")),
            "kind": kind,
            "parent_id": parent,
            "thread_id": fields.maybe(post, "conversation_id"),
            "n_likes": fields.count(metrics, "like_count"),
            "n_reposts": fields.count(metrics, "retweet_count"),
            "n_replies": fields.count(metrics, "reply_count"),
            "url": f"https://x.com/i/status/{post_id}",
            "has_link": _links(post, text),
            "observed_at": fields.moment_or_none(fields.mapping(post.get("__twarc")).get("retrieved_at")),
        }

    def sql(self, sample: Any, study: Study) -> str | None:
        """Read clean lines of the sample's shape."""
        return _pages_sql() if isinstance(fields.mapping(sample).get("data"), list) else _flat_sql()


def _reference(post: Any) -> tuple[str, str | None]:
    """Return kind and parent; a repost that also answers is a repost."""
    found: dict[str, str | None] = {}
    for reference in fields.listing(post.get("referenced_tweets")):
        if isinstance(reference, dict) and isinstance(reference.get("type"), str):
            found.setdefault(reference["type"], fields.maybe(reference, "id"))
    for theirs, ours in _KINDS:
        if theirs in found:
            return ours, found[theirs]
    return "original", None


def _links(post: Any, text: str) -> bool:
    """Tell whether a post links out of X: by the unfolded addresses, or by any address if they are not given."""
    urls = fields.mapping(post.get("entities")).get("urls")
    if not isinstance(urls, list):
        return has_address(text)
    return any_elsewhere([fields.maybe(u, "expanded_url") for u in urls if isinstance(u, dict)], ELSEWHERE_X)


# Up to this many references and addresses are read by SQL; posts with more are read one by one.
_REFERENCES, _URLS = 2, 2


def _draft_sql(tweets: str) -> str:
    """Return the columns of DRAFT from ``(_line, _item, t, username, retrieved_at)``.

    Single elements are taken from short lists, because DuckDB's functions over lists cost more than all the rest.
    """
    picked = [(theirs, ours, i) for theirs, ours in _KINDS for i in range(1, _REFERENCES + 1)]
    kind = " ".join(f"WHEN r{i}.type = '{theirs}' THEN '{ours}'" for theirs, ours, i in picked)
    parent = " ".join(f"WHEN r{i}.type = '{theirs}' THEN r{i}.id" for theirs, _, i in picked)
    urls = [f"u{i}" for i in range(1, _URLS + 1)]
    out = " OR ".join(
        f"({u} IS NOT NULL AND NOT starts_with({u}, 'https://twitter.com/') AND NOT starts_with({u}, 'https://x.com/'))"
        for u in urls
    )
    plain_urls = " AND ".join(
        f"({u} IS NULL OR starts_with({u}, 'https://twitter.com/') OR starts_with({u}, 'https://x.com/') OR "
        f"(starts_with({u}, 'http') AND NOT contains({u}, 'twitter.com') AND NOT contains({u}, 'x.com')))"
        for u in urls
    )
    return f"""
    WITH tweets AS ({tweets}),
    read AS (SELECT *, {", ".join(f"t.referenced_tweets[{i}] AS r{i}" for i in range(1, _REFERENCES + 1))},
        {", ".join(f"t.entities.urls[{i}].expanded_url AS u{i}" for i in range(1, _URLS + 1))},
        coalesce(len(t.entities.urls), 0) AS n_urls,
        TRY_CAST(t.created_at AS TIMESTAMP) AS time, TRY_CAST(retrieved_at AS TIMESTAMP) AS observed FROM tweets)
    SELECT 'x' AS source, t.id AS post_id, time AS created_at, t.text AS text, t.author_id AS author,
        username AS handle,
        CASE WHEN strlen(t.lang) <> 2 THEN NULL WHEN t.lang = 'in' THEN 'id' WHEN t.lang = 'iw' THEN 'he'
            WHEN t.lang = 'ji' THEN 'yi' WHEN t.lang = 'jw' THEN 'jv' ELSE t.lang END AS language,
        CASE {kind} ELSE 'original' END AS kind, CASE {parent} END AS parent_id, t.conversation_id AS thread_id,
        NULL::VARCHAR AS service, t.public_metrics.like_count AS n_likes, t.public_metrics.retweet_count AS n_reposts,
        t.public_metrics.reply_count AS n_replies, 'https://x.com/i/status/' || t.id AS url,
        CASE WHEN t.entities.urls IS NULL THEN contains(t.text, 'http://') OR contains(t.text, 'https://')
            WHEN n_urls = 0 THEN false ELSE {out} END AS has_link,
        observed AS observed_at, _line, _item,
        coalesce({whole("t.id")} AND {utc("t.created_at", "time")}
            AND {plain_text("t.text")} AND t.note_tweet IS NULL
            AND (t.author_id IS NULL OR {whole("t.author_id")})
            AND (username IS NULL OR ascii(username) NOT BETWEEN 0 AND 64 AND ascii(username) NOT IN (91, 123))
            AND (t.lang IS NULL OR (strlen(t.lang) <= 3 AND ascii(t.lang) BETWEEN 97 AND 122))
            AND (t.conversation_id IS NULL OR {whole("t.conversation_id")})
            AND coalesce(len(t.referenced_tweets), 0) <= {_REFERENCES}
            AND CASE WHEN n_urls = 0 THEN true ELSE n_urls <= {_URLS} AND {plain_urls} END
            AND (retrieved_at IS NULL OR (observed IS NOT NULL
                AND (suffix(retrieved_at, 'Z') OR suffix(retrieved_at, '+00:00')))), false) AS clean
    FROM read"""


def _flat_sql() -> str:
    return _draft_sql(
        "SELECT _line, 0 AS _item, t, t.author.username AS username, t.__twarc.retrieved_at AS retrieved_at "
        f"FROM (SELECT _line, json_transform(line, '{json.dumps(_FLAT)}') AS t FROM chunk)"
    )


def _pages_sql() -> str:
    return _draft_sql(
        f"""SELECT _line, _item, t,
            CASE WHEN len(people) > 0 THEN people[list_position([p.id FOR p IN people], t.author_id)].username END
                AS username, retrieved_at
        FROM (SELECT _line, unnest(page.data) AS t, unnest(range(len(page.data))) AS _item,
            page.includes.users AS people, page.__twarc.retrieved_at AS retrieved_at
            FROM (SELECT _line, json_transform(line, '{json.dumps(_PAGE)}') AS page FROM chunk))"""
    )
