"""X API v2 posts as twarc2 writes them: pages of a search, one a line, or flattened to one post a line.

A saved page of the API itself has the same shape. Posts under ``includes`` were not found by the search, only
referred to, and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from analyzer.collect import fields
from analyzer.collect.archive.base import JsonFormat, Row, checked_text
from analyzer.collect.archive.fast import found, plain_text, utc
from analyzer.collect.archive.links import ELSEWHERE_X, any_elsewhere, has_address
from analyzer.collect.archive.times import moment

if TYPE_CHECKING:
    from analyzer.study import Study

_KINDS = (("retweeted", "repost"), ("replied_to", "reply"), ("quoted", "quote"))


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
# What SQL looks at: our name, and where it stands in a post. One pass over the line finds them all.
_PATHS = {
    "id": "$.id",
    "words": "$.text",
    "note": "$.note_tweet",
    "author_id": "$.author_id",
    "created": "$.created_at",
    "thread": "$.conversation_id",
    "lang": "$.lang",
    "likes": "$.public_metrics.like_count",
    "reposts": "$.public_metrics.retweet_count",
    "replies": "$.public_metrics.reply_count",
    **{f"r{i}_type": f"$.referenced_tweets[{i}].type" for i in range(_REFERENCES)},
    **{f"r{i}_id": f"$.referenced_tweets[{i}].id" for i in range(_REFERENCES)},
    "r_more": f"$.referenced_tweets[{_REFERENCES}]",
    **{f"u{i}": f"$.entities.urls[{i}].expanded_url" for i in range(_URLS)},
    "u_more": f"$.entities.urls[{_URLS}]",
    "urls": "$.entities.urls",
    "username": "$.author.username",
    "retrieved": "$.__twarc.retrieved_at",
}

# Ids, then counts, each of digits only: one look at all of them together is the cheapest.
_DIGITS = r"[0-9]+( [0-9]+){0,4}\|([0-9]{1,18}( [0-9]{1,18}){0,2})?"


def _flat_sql() -> str:
    return _draft_sql(found(_PATHS, "SELECT _line, 0 AS _item, line AS j FROM chunk"))


def _pages_sql() -> str:
    """Take pages apart first; who an author is stands beside the posts (a user without id or name spoils the page)."""
    source = """
        SELECT _line, _item, j, retrieved,
            CASE WHEN n_users IS NULL THEN NULL WHEN n_users <> len(ids) OR n_users <> len(users) THEN '{'
                ELSE users[list_position(ids, json_extract_string(j, '$.author_id'))] END AS username
        FROM (SELECT _line, unnest(posts) AS j, unnest(range(len(posts))) AS _item, ids, users, n_users, retrieved
            FROM (SELECT _line, json_extract(line, '$.data[*]') AS posts,
                json_extract_string(line, '$.includes.users[*].id') AS ids,
                json_extract_string(line, '$.includes.users[*].username') AS users,
                json_array_length(line, '$.includes.users') AS n_users,
                json_extract_string(line, '$.__twarc.retrieved_at') AS retrieved FROM chunk))"""
    return _draft_sql(found(_PATHS, source, kept=("username", "retrieved")))


def _draft_sql(values: str) -> str:
    """Return the columns of DRAFT from those of `_PATHS`."""
    picked = [(theirs, ours, i) for theirs, ours in _KINDS for i in range(_REFERENCES)]
    kind = " ".join(f"WHEN r{i}_type = '{theirs}' THEN '{ours}'" for theirs, ours, i in picked)
    parent = " ".join(f"WHEN r{i}_type = '{theirs}' THEN r{i}_id" for theirs, _, i in picked)
    urls = [f"u{i}" for i in range(_URLS)]
    own = "(starts_with({0}, 'https://twitter.com/') OR starts_with({0}, 'https://x.com/'))"
    out = " OR ".join(f"coalesce(NOT {own.format(u)}, false)" for u in urls)
    plain = " AND ".join(
        f"({u} IS NULL OR {own.format(u)} OR "
        f"(starts_with({u}, 'http') AND NOT contains({u}, 'twitter.com') AND NOT contains({u}, 'x.com')))"
        for u in urls
    )
    return f"""
    WITH found AS ({values}),
    read AS (SELECT *, TRY_CAST(created AS TIMESTAMP) AS time, TRY_CAST(retrieved AS TIMESTAMP) AS observed,
        ascii(words) AS first, ascii(username) AS initial FROM found)
    SELECT 'x' AS source, id AS post_id, time AS created_at, words AS text, author_id AS author, username AS handle,
        CASE WHEN strlen(lang) <> 2 THEN NULL WHEN lang = 'in' THEN 'id' WHEN lang = 'iw' THEN 'he'
            WHEN lang = 'ji' THEN 'yi' WHEN lang = 'jw' THEN 'jv' ELSE lang END AS language,
        CASE WHEN r0_type IS NULL THEN 'original' {kind} ELSE 'original' END AS kind,
        CASE WHEN r0_type IS NULL THEN NULL {parent} END AS parent_id, thread AS thread_id,
        NULL::VARCHAR AS service, TRY_CAST(likes AS BIGINT) AS n_likes, TRY_CAST(reposts AS BIGINT) AS n_reposts,
        TRY_CAST(replies AS BIGINT) AS n_replies, 'https://x.com/i/status/' || id AS url,
        CASE WHEN urls IS NULL THEN contains(words, 'http://') OR contains(words, 'https://')
            WHEN urls = '[]' THEN false ELSE {out} END AS has_link,
        observed AS observed_at, _line, _item,
        coalesce(regexp_full_match(concat_ws(' ', id, author_id, thread, r0_id, r1_id) || '|'
                || concat_ws(' ', likes, reposts, replies), '{_DIGITS}') AND id <> ''
            AND {utc("created", "time")} AND {plain_text("words", "first")} AND note IS NULL
            AND author_id IS NOT NULL
            AND (username IS NULL
                OR (initial BETWEEN 65 AND 122 AND initial <> 91 AND username NOT IN ('true', 'false')))
            AND (lang IS NULL OR (strlen(lang) <= 3 AND ascii(lang) BETWEEN 97 AND 122))
            AND CASE WHEN r0_type IS NULL AND r0_id IS NULL AND r_more IS NULL THEN r1_type IS NULL AND r1_id IS NULL
                ELSE ascii(r0_type) BETWEEN 97 AND 122 AND r_more IS NULL
                    AND (r1_type IS NULL OR ascii(r1_type) BETWEEN 97 AND 122) END
            AND CASE WHEN urls IS NULL OR urls = '[]' THEN true ELSE ascii(urls) = 91 AND u_more IS NULL AND {plain} END
            AND (retrieved IS NULL OR (observed IS NOT NULL
                AND (suffix(retrieved, 'Z') OR suffix(retrieved, '+00:00')))), false) AS clean
    FROM read"""
