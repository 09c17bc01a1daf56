"""Who speaks: first-hand reports, news, bots and reposts, told apart by plain rules.

Rules, not a model, so that a reader can check them. After SPOONS (Netflix, 2012-13), which tells a media event from an
outage by links and by the lack of first-hand reports. Patterns are RE2: linear in the text, whatever its length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FIRST_PERSON = (
    r"(?i)(^|\W)(i|i'?m|i'?ve|my|mine|me|we|our|us|anyone else|is it just|ich|mein|yo|mi|je|mon|eu|meu|io|mio)(\W|$)"
)
_FAULT = (
    r"(?i)(\bdown\b|not working|isn'?t working|won'?t|can'?t|cannot|doesn'?t work|stopped working|error|outage|"
    r"no (signal|service|internet|power|data|connection)|timed? ?out|loading|crash|broken|fail|offline|stuck|"
    r"no funciona|ca[ií]d[oa]|funktioniert nicht|geht nicht|ne (marche|fonctionne) pas|en panne|"
    r"n[aã]o funciona|fora do ar|non funziona|anyone else)"
)
_NEWS = (
    r"(?i)(^|\W)(breaking|reuters|bbc|cnn|techcrunch|bloomberg|guardian|the verge|news|reports? say|users report|"
    r"according to|statement|spokes\w+|thousands of (users|customers)|hit by (an |a )?outage|"
    r"suffers? (an |a )?outage)(\W|$)"
)
_BOT = (
    r"(?i)(user reports indicate|reports indicate (possible )?problems|downdetector|istheservicedown|outage\.report|"
    r"having issues since|status (change|update):|\[(resolved|investigating|monitoring|identified)\]|incident #?\d+|"
    r"automated (message|alert)|this is an automat)"
)
_REPOST = r"^\s*RT @\w+"
#: Posts of one author whose shape (digits left out) repeats this often are a machine's.
_REPEATS = 5


def signals(posts: pd.DataFrame) -> pd.DataFrame:
    """Tell who speaks in each post.

    Parameters
    ----------
    posts
        A POSTS table, or any frame with `text`; `kind`, `author` and `has_link` are used where present.

    Returns
    -------
    DataFrame
        Boolean columns `first_hand`, `news`, `bot` and `repost`, row for row. A repost, a news item or a bot's post
        is never first-hand.

    Examples
    --------
    >>> import pandas as pd
    >>> signals(pd.DataFrame({"text": ["I can't log in", "User reports indicate problems at X"]})).to_dict("list")
    {'first_hand': [True, False], 'news': [False, False], 'bot': [False, True], 'repost': [False, False]}
    """
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    from analyzer.nlp.classify import text_array

    text = text_array(posts["text"])

    def holds(pattern: str, among: Any = None) -> Any:
        """Tell which texts hold a pattern; only those of `among` are looked at, the rest are False."""
        if among is None:
            return pc.match_substring_regex(text, pattern).to_numpy(zero_copy_only=False).astype(bool)
        out = np.zeros(len(text), bool)
        part = text.filter(pa.array(among))
        out[among] = pc.match_substring_regex(part, pattern).to_numpy(zero_copy_only=False).astype(bool)
        return out

    def column(name: str, default: Any) -> Any:
        return posts[name].fillna(default).to_numpy() if name in posts.columns else np.full(len(posts), default)

    repost = holds(_REPOST) | (column("kind", "original") == "repost")
    link = column("has_link", False).astype(bool) | _plain(text, "://")
    first_person = holds(_FIRST_PERSON)
    bot = holds(_BOT) | _repeats(posts, text)
    news = link & ~first_person & ~bot
    headline = np.zeros(len(text), bool)
    headline[news] = _headline(text.filter(pa.array(news)))
    news = headline | holds(_NEWS, news)
    first_hand = holds(_FAULT, first_person & ~news & ~bot & ~repost)
    return pd.DataFrame({"first_hand": first_hand, "news": news, "bot": bot, "repost": repost}, index=posts.index)


def _plain(text: Any, part: str) -> Any:
    import pyarrow.compute as pc

    # RE2 looks for a plain text three times as fast as Arrow's own search.
    return pc.match_substring_regex(text, part).to_numpy(zero_copy_only=False).astype(bool)


def _headline(text: Any) -> Any:
    """Most words of a headline begin with a capital: count capitals at word starts against words."""
    import pyarrow.compute as pc

    bare = pc.replace_substring_regex(text, r"https?://\S+|[@#]\w+", "")
    words = pc.count_substring_regex(bare, r"[\pL]{3,}")
    capital = pc.count_substring_regex(bare, r"(^|[^\pL])\p{Lu}\p{Ll}{2,}")
    return ((words.to_numpy() >= 5) & (capital.to_numpy() >= 0.6 * words.to_numpy())).astype(bool)


def _repeats(posts: pd.DataFrame, text: Any) -> Any:
    """One author, one shape of text, many times."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from analyzer.nlp.hashing import buffers
    from analyzer.nlp.shingles import shapes

    if "author" not in posts.columns or posts["author"].isna().all():
        return np.zeros(len(posts), bool)
    data, offsets = buffers(text)
    shape = np.zeros(len(text), np.int64)
    shapes(data, offsets, shape)
    # One author's can only be many where there are many at all; authors are read there only.
    place = np.flatnonzero(_often(shape))
    author = pa.array(posts["author"].iloc[place], pa.string(), from_pandas=True)
    author = author.combine_chunks() if isinstance(author, pa.ChunkedArray) else author
    code = pc.fill_null(author.dictionary_encode().indices, -1).to_numpy().astype(np.int64)
    # Two numbers below 2^47 and 2^31 become one; that two pairs share it is as unlikely as that two shapes do.
    out = np.zeros(len(shape), bool)
    out[place] = _often(shape[place] ^ (code * 0x5BD1E9955BD1E995 & 0x7FFFFFFFFFFFFFFF)) & (code >= 0)
    return out


def _often(keys: Any) -> Any:
    """Tell which numbers are there `_REPEATS` times: few share a bucket so often, only these are sorted."""
    import numpy as np

    bucket = (keys ^ (keys >> 23)) & 0x1FFFFF
    out = np.bincount(bucket, minlength=1)[bucket] >= _REPEATS
    _, group, size = np.unique(keys[out], return_inverse=True, return_counts=True)
    out[out] = size[group] >= _REPEATS
    return out
