"""Words that set one group of posts apart from the rest, with z-scores, and never from fewer than k people."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING, Any

from analyzer import schema

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Weight of the background, in posts: words seen in few posts are drawn towards their share in all posts.
PRIOR = 500.0
#: Distinct texts read per group, spread over it; beyond it the words that set groups apart hardly change.
MOST_TEXTS = 2_000
#: Texts looked at per group, for each one that is read: the rest are copies.
LOOKED_AT = 2
#: Stop-words of the other supported languages (nltk's need a download).
_OTHERS = (
    "que de la el en los las por con para una del se no me mi es al lo como más pero sus le ya muy sin está esta "
    "este eso hay da do um uma não os as dos das em com por meu minha está isso mais mas foi ser tem já "
    "der die das und ist ich nicht es ein eine zu den mit sich auf für von dem wie auch bei noch nur wenn was mich "
    "le les des et est pas un une je ce il sur que qui dans plus au pour ne avec mon ma sa tout ça cette "
    "il di che non è un per una sono mi ha lo con si ma come anche della del al più nel questo questa "
    "don't can't it's i'm isn't i've that's won't just like get got going im dont cant u ur"
)
_WORD = re.compile(r"[^\W_](?:[\w'’-]*\w)?")
#: What is plainly one word; the tokenizer says the same, at a hundred times the cost.
_PLAIN = re.compile(r"#?([a-z]+)[.,!?]*")
_LONG = re.compile(r"(.)\1{2,}")
#: A telephone number may hold blanks; no other token does.
_DIGITS_APART = re.compile(r"\d[^\w\s]*\s[\W]*\d")
_DROP = re.compile(r"https?://\S+|@\w+")


def prepare() -> None:
    """Load what cutting words needs (nltk takes a second), so that it can be done while something else runs."""
    _tokenizer()
    stop_words()


def distinguishing(
    texts: Iterable[str],
    groups: Iterable[Any],
    *,
    authors: Iterable[Any] | None = None,
    k: int = 5,
    top: int = 12,
    prior: float = PRIOR,
) -> pd.DataFrame:
    """Return the words and two-word phrases that set each group apart.

    Parameters
    ----------
    texts, groups
        (n,) texts and the group of each; null groups are left out.
    authors
        (n,) pseudonyms; a word needs `k` distinct ones in its group. Where they are null, distinct texts count.
    k
        Least number of authors (or distinct texts) a word must have in its group.
    top
        Words returned per group, by z.
    prior
        Strength of the informative Dirichlet prior, in posts.

    Returns
    -------
    DataFrame
        KEYWORDS: `n` counts distinct texts (copies count once), `z` is log-odds over its standard error; only words
        with z > 1.96 are returned.

    Notes
    -----
    Monroe, Colaresi & Quinn (2008), "Fightin' Words", with the words of all groups as the prior. Words are counted
    once a text, so one long post cannot make a word.
    """
    import numpy as np
    import pandas as pd

    codes, names = pd.factorize(pd.Series(groups, dtype=object))
    words, people = _series(texts), None if authors is None else _series(authors)
    counts: dict[str, Counter[str]] = {}
    who: dict[str, dict[str, set[Any]]] = {}
    cut: dict[str, list[str]] = {}
    for code, name in enumerate(names):
        some = _spread(np.flatnonzero(codes == code))
        counts[str(name)], who[str(name)] = _count(
            words.iloc[some], None if people is None else people.iloc[some], k, cut
        )
    rows = []
    for group in counts:
        rows += _rank(group, counts, who[group], k=k, top=top, prior=prior)
    return schema.make(schema.KEYWORDS, rows)


def _series(values: Iterable[Any]) -> pd.Series:
    import pandas as pd

    return values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object)


def enough(groups: Iterable[Any]) -> np.ndarray:
    """Return the rows that `distinguishing` looks at, ascending: given these alone, it returns the same."""
    import numpy as np
    import pandas as pd

    codes, names = pd.factorize(pd.Series(groups, dtype=object))
    return np.sort(np.concatenate([[], *(_spread(np.flatnonzero(codes == c)) for c in range(len(names)))]).astype(int))


def _spread(rows: np.ndarray) -> np.ndarray:
    """Return the rows of a group that are looked at, evenly spread over all."""
    import numpy as np

    most = LOOKED_AT * MOST_TEXTS
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _count(
    texts: Iterable[Any], authors: Iterable[Any] | None, k: int, cut: dict[str, list[str]]
) -> tuple[Counter[str], dict[str, set[Any]]]:
    """Return in how many distinct texts each word stands, and who wrote those of `k` texts or more."""
    import pandas as pd

    seen: set[str] = set()
    wrote: list[tuple[Any, set[str]]] = []
    for text, author in zip(texts, repeat(None) if authors is None else authors):  # noqa: B905 - repeat has no end
        text = str(text)
        text = _DROP.sub(" ", text) if "@" in text or "://" in text else text
        bare = " ".join(text.casefold().split())
        if bare in seen:
            continue
        seen.add(bare)
        wrote.append((bare if pd.isna(author) else author, set(_phrases(bare, cut))))
        if len(seen) == MOST_TEXTS:
            break
    counts = Counter(chain.from_iterable(words for _, words in wrote))
    # No more people than texts can hold a word.
    frequent = {word for word, n in counts.items() if n >= k}
    who: dict[str, set[Any]] = defaultdict(set)
    for person, words in wrote:
        for word in frequent & words:
            who[word].add(person)
    return counts, who


def _rank(
    group: str,
    counts: dict[str, Counter[str]],
    who: dict[str, set[Any]],
    *,
    k: int,
    top: int,
    prior: float,
) -> list[dict[str, Any]]:
    import numpy as np

    # Sorted, so that ties fall the same way in every process; the single word before the phrase.
    words = sorted((w for w in counts[group] if len(who[w]) >= k), key=lambda w: (w.count(" "), w))
    others = [g for g in counts if g != group]
    if not words or not others:
        return []
    here = np.array([counts[group][w] for w in words], float)
    rest = np.array([sum(counts[g][w] for g in others) for w in words], float)
    n_here, n_rest = (float(sum(sum(counts[g].values()) for g in gs)) for gs in ([group], others))
    alpha = prior * (here + rest) / (n_here + n_rest) + 0.01
    total = prior + 0.01 * len(words)
    odds = np.log((here + alpha) / (n_here + total - here - alpha))
    log_odds = odds - np.log((rest + alpha) / (n_rest + total - rest - alpha))
    z = log_odds / np.sqrt(1 / (here + alpha) + 1 / (rest + alpha))
    order = [i for i in np.argsort(-z, kind="stable") if z[i] > 1.96]
    return [
        {
            "group": group,
            "word": words[i],
            "n": int(here[i]),
            "log_odds": float(log_odds[i]),
            "z": float(z[i]),
            "n_authors": len(who[words[i]]),
        }
        for i in _without_parts(order, words)[:top]
    ]


def _without_parts(order: Sequence[int], words: Sequence[str]) -> list[int]:
    """Drop a word that is part of a stronger phrase, and a phrase of a stronger word."""
    kept: list[int] = []
    for i in order:
        parts = set(words[i].split())
        if not any(parts & set(words[j].split()) for j in kept):
            kept.append(i)
    return kept


def _phrases(text: str, cut: dict[str, list[str]]) -> list[str]:
    """Words and pairs of words of a text; stop-words only inside a pair. `cut` keeps what pieces were cut into."""
    stop = stop_words()
    tokens = [None if t in stop else t for t in _tokens(text, cut)]
    single = [t for t in tokens if t and len(t) > 2]
    pairs = [f"{a} {b}" for a, b in pairwise(tokens) if a and b]
    return single + pairs


def _tokens(text: str, cut: dict[str, list[str]]) -> list[str]:
    """Words as nltk's TweetTokenizer cuts them (hashtags without their mark), each blank-free piece of a text once."""
    if _DIGITS_APART.search(text):
        return _words(text)
    tokens: list[str] = []
    for piece in text.split():
        if piece not in cut:
            cut[piece] = _words(piece)
        tokens += cut[piece]
    return tokens


def _words(text: str) -> list[str]:
    plain = _PLAIN.fullmatch(text)
    if plain:
        return [_LONG.sub(r"\1\1\1", plain[1])]
    return [t for t in (w.lstrip("#") for w in _tokenizer().tokenize(text)) if _WORD.fullmatch(t)]


@cache
def _tokenizer() -> Any:
    from nltk.tokenize import TweetTokenizer

    # The texts are in lower case already; finding emoticons in each word again would cost a third of the time.
    return TweetTokenizer(preserve_case=True, reduce_len=True)


@cache
def stop_words() -> frozenset[str]:
    """Return stop-words of all supported languages."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS | frozenset(_OTHERS.split())
