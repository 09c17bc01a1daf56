"""Which column of a file is which of ours: by the study's map, else by name, else by what its values look like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from analyzer.collect.archive.times import moment
from analyzer.collect.fields import Reject
from analyzer.errors import InputError
from analyzer.schema import POSTS
from analyzer.study import Study

#: Names that files use, by our column, the likelier first; compared without case, dots, spaces and underscores.
NAMES: dict[str, list[str]] = {
    "text": [
        "text",
        "fulltext",
        "tweettext",
        "posttext",
        "body",
        "content",
        "message",
        "tweet",
        "post",
        "comment",
        "rawcontent",
        "selftext",
        "statustext",
        "commenttext",
        "caption",
    ],
    "created_at": [
        "createdat",
        "created",
        "createdutc",
        "timestamp",
        "datetime",
        "date",
        "time",
        "postedat",
        "published",
        "publishedat",
        "tweetcreated",
        "createdtime",
        "createtime",
        "dateutc",
        "timeutc",
        "postdate",
        "posttime",
    ],
    "post_id": ["postid", "id", "tweetid", "idstr", "statusid", "messageid", "commentid", "uri", "rowid", "uid"],
    "author": [
        "author",
        "authorid",
        "userid",
        "user",
        "username",
        "authorname",
        "screenname",
        "handle",
        "userscreenname",
        "from",
    ],
    "handle": ["authorusername"],
    "language": ["language", "lang"],
    "source": ["source", "platform", "network", "site"],
    "service": ["service"],
    "kind": ["kind", "posttype", "tweettype"],
    "parent_id": ["parentid", "inreplytostatusid", "inreplytostatusidstr", "inreplytoid", "inreplyto", "replytoid"],
    "thread_id": ["threadid", "conversationid", "linkid"],
    "n_likes": [
        "nlikes",
        "likes",
        "likecount",
        "favoritecount",
        "favouritescount",
        "favorites",
        "publicmetricslikecount",
        "score",
        "points",
        "upvotes",
    ],
    "n_reposts": [
        "nreposts",
        "reposts",
        "retweetcount",
        "retweets",
        "repostcount",
        "publicmetricsretweetcount",
        "shares",
        "sharecount",
    ],
    "n_replies": [
        "nreplies",
        "replies",
        "replycount",
        "publicmetricsreplycount",
        "numcomments",
        "commentcount",
        "comments",
    ],
    "url": ["url", "permalink", "link", "posturl", "tweeturl"],
    "has_link": ["haslink", "haslinks"],
    "observed_at": ["observedat", "retrievedat", "retrievedon", "twarcretrievedat", "collectedat", "scrapedat"],
    "is_repost": ["isrepost", "isretweet", "retweet", "retweeted"],
    "repost_of": ["referencedtweetsretweetedid", "retweetedstatusid", "retweetid"],
    "reply_to": ["referencedtweetsrepliedtoid"],
    "quote_of": ["referencedtweetsquotedid", "quotedstatusid"],
}
_EXTRA = ("handle", "is_repost", "repost_of", "reply_to", "quote_of")
#: Columns that a map may name.
OURS = (*(c.name for c in POSTS.columns if c.name != "run_id"), *_EXTRA)
_WORD = re.compile(r"[a-z][a-z0-9_.+-]{0,23}")
_SAMPLE = 200
# Fewer values than this tell nothing by their looks.
_FEW = 3


def columns(
    names: Sequence[str],
    sample: Mapping[str, Sequence[Any]],
    study: Study,
    *,
    file: str,
    without: Sequence[str] = (),
) -> dict[str, str]:
    """Return ``{ours: theirs}``.

    Parameters
    ----------
    names
        The file's columns.
    sample
        Some values of each.
    study
        Its `columns` come first.
    file
        Name for messages.
    without
        Ours that are not guessed.

    Raises
    ------
    InputError
        If the study names a column that is not there, or text and time cannot be told.
    """
    found: dict[str, str] = {}
    for ours, theirs in study.columns.items():
        if ours not in OURS:
            raise InputError(f"{file}: the column map names {ours!r}; it can name {', '.join(OURS)}")
        if theirs not in names:
            raise InputError(f"{file}: there is no column {theirs!r}; the file has {_listed(names)}")
        found[ours] = theirs
    for theirs in study.where:
        if theirs not in names:
            raise InputError(f"{file}: `where` names column {theirs!r}; the file has {_listed(names)}")
    plain = {re.sub(r"[^a-z0-9]", "", n.lower()): n for n in reversed(names)}
    for ours, likely in NAMES.items():
        if ours in found or ours in without:
            continue
        for name in likely:
            theirs = plain.get(name, "")
            if theirs and theirs not in found.values() and _fits(ours, sample.get(theirs, ())):
                found[ours] = theirs
                break
    _by_values(found, names, sample)
    for ours, what in (("text", "the words of the post"), ("created_at", "when it was written")):
        if ours not in found:
            raise InputError(
                f"{file}: cannot tell which column holds {what}; the file has {_listed(names)}. "
                f"Name it in the study: [import.columns] {ours} = 'THEIRS', or --column {ours}=THEIRS"
            )
    return found


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(str(n)[:40] for n in names[:30])
    return shown + (" …" if len(names) > 30 else "") if names else "none"


def _fits(ours: str, values: Sequence[Any]) -> bool:
    """Look at values where a name alone is known to mislead."""
    values = [v for v in values[:_SAMPLE] if v not in (None, "")]
    if not values:
        return ours not in ("text", "created_at")
    if ours == "source":  # X's own `source` is the app that was used
        return len({str(v) for v in values}) <= 10 and all(_WORD.fullmatch(str(v).lower()) for v in values)
    if ours == "created_at":
        return any(_is_time(v) for v in values)
    if ours == "text":
        return any(isinstance(v, str) and re.search(r"[^\W\d_]", v) for v in values)
    if ours == "kind":
        return all(str(v).lower() in KINDS for v in values)
    if ours in ("n_likes", "n_reposts", "n_replies"):
        return all(_is_number(v) for v in values)
    if ours == "retweeted":
        return all(str(v).lower() in ("true", "false", "0", "1") for v in values)
    return True


KINDS = {
    "original": "original",
    "tweet": "original",
    "post": "original",
    "submission": "original",
    "reply": "reply",
    "replied_to": "reply",
    "comment": "reply",
    "repost": "repost",
    "retweet": "repost",
    "retweeted": "repost",
    "quote": "quote",
    "quoted": "quote",
}


def kind(value: Any) -> str | None:
    """Return our kind for a file's word, or None."""
    return KINDS.get(str(value).strip().lower())


def _is_time(value: Any) -> bool:
    try:
        moment(value)
    except Reject as why:
        return why.reason == "naive time"
    return True


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _by_values(found: dict[str, str], names: Sequence[str], sample: Mapping[str, Sequence[Any]]) -> None:
    """Find a time and a text column that no name gives away."""
    free = [n for n in names if n not in found.values()]
    if "created_at" not in found:
        for name in free:
            values = [v for v in sample.get(name, ())[:_SAMPLE] if v not in (None, "")]
            dated = [v for v in values if isinstance(v, str) and not _is_number(v) and _is_time(v)]
            if len(values) >= _FEW and len(dated) >= 0.9 * len(values):
                found["created_at"] = name
                free.remove(name)
                break
    if "text" not in found:
        lengths = {
            name: sum(len(v) for v in words) / len(words)
            for name in free
            if (words := [v for v in sample.get(name, ())[:_SAMPLE] if isinstance(v, str) and " " in v])
            and len(words) >= 0.5 * len(sample.get(name, ())[:_SAMPLE])
        }
        if lengths and len(next(iter(sample.values()))) >= _FEW and max(lengths.values()) >= 20:
            found["text"] = max(lengths, key=lambda n: lengths[n])
