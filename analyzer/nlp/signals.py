"""Signs that a post is not one person's own word: reposts, news headlines, outage bots; and signs that it is.

Heuristics on the words and fields of a post. They are for sensitivity bars ("what if only first-hand posts count"),
not for labels, and they know English, Spanish, Portuguese, German, French and Italian.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.nlp.classify import text_array

if TYPE_CHECKING:
    import pandas as pd

#: A repost that is written into the text.
REPOST = r"^\s*RT @|^\s*RT:|\bvia @\w+\s*$"
#: The first person, or a question to others about one's own trouble.
FIRST_PERSON = (
    r"(?i)(^|[^\pL\pN])(i|i'?m|i'?ve|i'?d|i’(m|ve|d)|im|ive|me|my|mine|we|we'?re|we’re|our|ours|us|myself|"
    r"any(one|body) else|is it just|"
    r"yo|mi|mis|me|nos|nosotros|nuestr[oa]s?|eu|meu|minha|meus|minhas|a gente|nós|"
    r"ich|mir|mich|mein(e[nmrs]?)?|wir|uns|unser[e]?|je|j['’]ai|mon|ma|mes|moi|nous|notre|io|mio|mia|miei|noi)([^\pL\pN]|$)"
)
#: How headlines and statements of newsrooms look.
NEWS = (
    r"(?i)(^\s*(breaking|update|just in|watch|exclusive|news|developing)\s*[:|–-]|\|\s*[A-Z][\w .]+$|"
    r"\s[-–|]\s*(bbc|cnn|reuters|guardian|sky news|fox|nbc|abc|cbs|bloomberg|techcrunch|the verge|"
    r"mashable|zdnet|daily)\b|"
    r"(^|[^\pL])(reportedly|officials say|police say|company says|says it is|spokes(man|woman|person)|"
    r"thousands of (users|customers)|"
    r"(users|customers) (are )?report(ing|ed)?|according to|read more|story here|full story)([^\pL]|$))"
)
#: Fixed phrases of automatic outage notices.
BOT = (
    r"(?i)(user reports indicate|problems? (detected|reported) (at|with|for)|"
    r"is (having|experiencing) (issues|problems) since|"
    r"outage (detected|reported) (at|in|for)|"
    r"^\s*(outage|incident|status|alert|monitor(ing)?)\s*(update|alert|report)?\s*[:#\[]|"
    r"\[(investigating|identified|monitoring|resolved|update)\]|customers? (affected|out|without power):?\s*\d|"
    r"\d[\d,]* (customers?|homes|meters) (are )?(affected|without)|"
    r"downdetector\.|#?isdown\b.*https?://|est(imated)?\.? restor)"
)
#: An author with so many posts of which most are one text is a machine, or acts as one.
_MANY, _ALIKE = 10, 0.5


def signals(posts: pd.DataFrame) -> pd.DataFrame:
    """Return the signs of each post.

    Parameters
    ----------
    posts
        A POSTS table, or any frame with `text`; `kind`, `author` and `has_link` are used where they are there.

    Returns
    -------
    pandas.DataFrame
        bool columns first_hand, news, bot, repost, in the rows' order.

    Examples
    --------
    >>> import pandas as pd
    >>> signals(pd.DataFrame({"text": ["my phone has no signal", "BREAKING: network down"]})).values.tolist()
    [[True, False, False, False], [False, True, False, False]]
    """
    import numpy as np
    import pandas as pd

    texts = text_array(posts["text"])
    repost = _match(texts, REPOST) | _column(posts, "kind", "repost")
    first = _match(texts, FIRST_PERSON)
    bot = (_match(texts, BOT) & ~first) | _repeaters(posts, texts)
    link = _column(posts, "has_link", True) | _match(texts, "https?://")
    news = _match(texts, NEWS) & ~first & (link | ~_match(texts, r"[!?]")) & ~bot
    return pd.DataFrame(
        {"first_hand": first & ~repost & ~news & ~bot, "news": news, "bot": bot, "repost": np.asarray(repost, bool)}
    )


def _match(texts: Any, pattern: str) -> Any:
    import pyarrow.compute as pc

    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False).astype(bool)


def _column(posts: pd.DataFrame, name: str, value: Any) -> Any:
    import numpy as np

    if name not in posts.columns:
        return np.zeros(len(posts), bool)
    return (posts[name] == value).fillna(False).to_numpy(dtype=bool)


def _repeaters(posts: pd.DataFrame, texts: Any) -> Any:
    """Return the posts of authors who wrote one opening again and again."""
    import numpy as np
    import pyarrow.compute as pc

    none = np.zeros(len(posts), bool)
    if "author" not in posts.columns or posts["author"].isna().all():
        return none
    author = posts["author"].astype("string[pyarrow]")
    n = author.groupby(author).transform("size").fillna(0).to_numpy(dtype=np.int64)
    busy = n >= _MANY
    if not busy.any():
        return none
    rows = np.flatnonzero(busy)
    import pandas as pd

    opening = pc.utf8_slice_codeunits(texts.take(_rows(rows)), 0, 20).to_pylist()
    part = pd.DataFrame({"author": author.iloc[rows].to_numpy(), "opening": opening})
    same = part.groupby(["author", "opening"])["opening"].transform("size").to_numpy()
    none[rows] = same >= _ALIKE * n[rows]
    return none


def _rows(rows: Any) -> Any:
    import pyarrow as pa

    return pa.array(rows)
