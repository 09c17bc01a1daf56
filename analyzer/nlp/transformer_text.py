"""What the transformer reads: links, emoji, capitals and stretched words spelled as its vocabulary has them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?:@user\b\s*){2,}", re.IGNORECASE)
_STRETCH = re.compile(r"([^\W\d_])\1{3,}")
_MARKS = re.compile(r"([!?.]){4,}")
_SYMBOL = re.compile("[\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff]")
_MODIFIER = re.compile("[\ufe0e\ufe0f\u200d\u200b\U0001f3fb-\U0001f3ff]")
_SPACE = re.compile(r"\s+")
#: Characters read of one post; more would be cut by the token limit anyway.
MAX_CHARS = 1000
#: Put in front of a post written mostly in capitals, since the vocabulary knows no case.
SHOUT = "[unused1]"


def prepare(text: str) -> str:
    """Return the post as the transformer reads it.

    Links become `url`, emoji their Unicode names, runs of mentions one, stretched letters three, and a post that is
    written mostly in capitals gets a mark in front (the vocabulary is lower case).

    Examples
    --------
    >>> prepare("WHY IS IT DOWN AGAIN https://example.org/x")
    '[unused1] WHY IS IT DOWN AGAIN url'
    >>> prepare("nooooooo \U0001f62d")
    'nooo loudly crying face'
    """
    text = text[:MAX_CHARS].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("’", "'")
    text = _LINK.sub("url", text)
    text = _HANDLE.sub("@user ", text)
    text = _STRETCH.sub(r"\1\1\1", text)
    text = _MARKS.sub(r"\1\1\1", text)
    text = _MODIFIER.sub("", text)
    text = _SYMBOL.sub(lambda m: f" {_name(m.group())} ", text)
    text = _SPACE.sub(" ", text).strip()
    return f"{SHOUT} {text}" if shouts(text) else text


def shouts(text: str) -> bool:
    """Tell whether a text of at least 12 letters is written in capitals (more than 60 %)."""
    letters = sum(c.isalpha() for c in text)
    return letters >= 12 and sum(c.isupper() for c in text) > 0.6 * letters


@lru_cache(maxsize=4096)
def _name(symbol: str) -> str:
    return unicodedata.name(symbol, "symbol").lower()
