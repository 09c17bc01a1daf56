"""The same post again, from an input that gives posts no id: told by its words, and by its author or its time.

A post with an id of its own is that post and no other. A row without one was given an id that we made, which names
the post nowhere else: so a copy of what is forgotten must be found by what it says. Where two such rows cannot be told
apart both go: the terms ask for the content to be deleted, not one record of it (X Developer Policy, "Content
compliance"; GDPR, Article 17), and losing an equal row is the lesser harm.
"""

from __future__ import annotations

import datetime as dt
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

#: ``(source, post_id, text, pseudonym of the author, created_at)``.
Row = tuple[str, str, str, str | None, dt.datetime]
#: Letters and digits from which on a rejected row that holds the same words is taken for the same post.
_TELLING = 20
_NO_WORD = re.compile(r"[\W_]+")
_BREAK = re.compile(r"[\s\",;|]+")
#: Start of the ids that importing makes for rows without any.
MADE = "row-"
#: Source of rows whose input does not say where they come from.
ANYWHERE = "file"
#: Kinds of marks: of posts without an id (any later post may be a copy), and with one (only a row without may be).
OF_MADE, OF_OWN = "wm:", "wo:"


@dataclass(frozen=True)
class Known:
    """What a corpus knows of a post that tells copies of it; `author` is the pseudonym."""

    source: str
    post_id: str
    text: str
    author: str | None
    created_at: dt.datetime

    @property
    def made(self) -> bool:
        """Whether its id was made by importing."""
        return self.post_id.startswith(MADE)


def words(text: str) -> str:
    r"""Return the letters and digits of a text, without names and addresses, which may be masked or shortened.

    >>> words("@jane ChatGPT is &quot;down&quot;,\nsee https://t.co/x") == words('@user chatgpt IS "down", see')
    True
    """
    pieces = [p for p in _BREAK.split(unescape(text).casefold()) if p]
    kept = _NO_WORD.sub("", "".join(p for p in pieces if not ("@" in p or "/" in p or "did:" in p)))
    return kept or " ".join(pieces)


class Gone:
    """Forgotten posts, as those who rewrite inputs see them: whose copy a row is, and what they said.

    Parameters
    ----------
    posts
        The posts.
    """

    def __init__(self, posts: Iterable[Known]) -> None:
        held = list(posts)
        self._marks = {m for p in held for m in buried(p)}
        self._words = {words(p.text) for p in held}

    def copies(self, rows: Iterable[Row]) -> list[bool]:
        """Tell which rows, ``(source, post_id, text, pseudonym, created_at)``, must be taken for copies."""
        return [not self._marks.isdisjoint(said(Known(*row))) for row in rows]

    def quotes(self, raw: str) -> bool:
        """Tell whether a rejected row holds the words of one of the posts; short words are said by many."""
        folded = words(raw.replace("\\n", " "))
        return any(len(w) >= _TELLING and w in folded for w in self._words)


def buried(post: Known) -> Iterator[tuple[str, str]]:
    """Yield ``(kind, what)`` that a copy of `post` would say of itself too: for its author, second and minute."""
    said, kind = words(post.text), OF_MADE if post.made else OF_OWN
    second = int(post.created_at.timestamp())
    when = [f"s{second}", f"m{second // 60}"]
    when += [f"M{second // 60}"] if second % 60 == 0 else []  # its clock may know minutes only
    when += [f"a{post.author}"] if post.author else []
    for source in ("",) if post.source == ANYWHERE else (post.source, ANYWHERE):
        yield from ((kind, f"{source}\0{w}\0{said}") for w in when)


def said(post: Known) -> Iterator[tuple[str, str]]:
    """Yield ``(kind, what)``, one of which `buried` has yielded of any post that this one is a copy of."""
    own = words(post.text)
    second = int(post.created_at.timestamp())
    when = [f"s{second}", f"M{second // 60}"]
    when += [f"m{second // 60}"] if second % 60 == 0 else []
    when += [f"a{post.author}"] if post.author else []
    for source in ("", post.source):
        for w in when:
            yield OF_MADE, f"{source}\0{w}\0{own}"
            if post.made:
                yield OF_OWN, f"{source}\0{w}\0{own}"


def mark(key: bytes, kind: str, what: str) -> str:
    """Return the keyed mark of what a copy would say; it reveals nothing without the key."""
    return kind + hmac.digest(key, f"words\0{what}".encode("utf-8", "replace"), "sha256").hex()


def find(con: Any, asked: str) -> tuple[list[Known], list[Known], int]:
    """Look for copies in the view `posts`.

    Parameters
    ----------
    con
        DuckDB, with the view `posts`.
    asked
        SQL of the posts to be forgotten, with columns ``source, post_id``.

    Returns
    -------
    posts
        The posts themselves.
    copies
        Rows that must be taken for copies of them.
    n_alike
        Posts with an id of their own that say the same by the same author: other posts, which stay.
    """
    columns = "source, post_id, text, author, created_at"
    con.execute(
        f"CREATE TEMP TABLE going AS SELECT {columns} FROM posts p SEMI JOIN ({asked}) a USING (source, post_id)"
    )
    posts = [Known(*row) for row in con.execute("SELECT * FROM going").fetchall()]
    listed = ", ".join(f"p.{c}" for c in columns.split(", "))
    made = f"(starts_with(p.post_id, '{MADE}') OR starts_with(g.post_id, '{MADE}'))"
    near = " UNION ".join(
        f"SELECT {listed} FROM posts p JOIN going g ON {on} "
        "ANTI JOIN going h ON h.source = p.source AND h.post_id = p.post_id"
        for on in (
            "p.author = g.author AND p.source = g.source",
            f"date_trunc('minute', p.created_at) = date_trunc('minute', g.created_at) AND {made}",
        )
    )
    others = [Known(*row) for row in con.execute(near).fetchall()] if posts else []
    marks = {m for p in posts for m in buried(p)}
    copies = [p for p in others if not marks.isdisjoint(said(p))]
    spoken = {(p.source, p.author, words(p.text)) for p in posts if p.author}
    taken = {(p.source, p.post_id) for p in copies}
    n_alike = sum((p.source, p.author, words(p.text)) in spoken and (p.source, p.post_id) not in taken for p in others)
    return posts, copies, n_alike
