"""Words that set one phase or source apart from the rest.

Monroe, Colaresi & Quinn (2008), Fightin' Words, Political Analysis 16:372: log-odds ratios with an informative
Dirichlet prior (here the words of all groups), shrunk and given a z-score.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from analyzer.nlp.classify import text_array
from analyzer.schema import KEYWORDS, make

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Texts of a group that are read at most (evenly spaced in the input), to keep large corpora quick.
MAX_TEXTS = 3000
#: Size of the prior, in words a group.
PRIOR = 500.0
#: Distinct authors below which a word is not shown, and z from which it is.
_MIN_Z = 1.96
_WORD = re.compile(r"^#?[^\W\d_][\w'’-]*$")
_STOP_TEXT = """
a an and are as at be been but by can can't did do does don't for from get got had has have he her his how i i'm
if in is it it's its just me my no not of on or our out she so than that the their them then there they this to
up us was we were what when who why will with would you your rt amp it’s i’m don’t can’t u im de la que el en y
a los se del las un por con no una su para es al lo como más o pero sus le ya este si porque esta entre cuando
muy sin sobre me hay e do da em um os na das dos não uma ao pelo isso ele mas foi der die das und ist nicht ich
zu den mit von auf ein eine im für es auch dem wie so wir aus hat sind noch war le les et des est pas pour dans
une sur qui je ne ce il plus par il di che è per non sono ma ho lo ha le si al come anche mi
"""
_STOP = frozenset(_STOP_TEXT.split())


def distinguishing(
    texts: Any, groups: Any, *, authors: Any | None = None, k: int = 5, top: int = 12, clusters: Any | None = None
) -> pd.DataFrame:
    """Return the words that are more frequent in each group than in the others.

    Parameters
    ----------
    texts, groups
        Texts and their group (phase, source …); null groups are left out. Of near-copies only a group's first counts.
    authors
        Author of each text; without, each text counts as an author of its own.
    k
        A word is shown only if so many authors used it.
    top
        Words a group at most.
    clusters
        Clusters of near-copies (see `duplicates.clusters`); None finds them.

    Returns
    -------
    pandas.DataFrame
        KEYWORDS, by group in order of appearance, then by falling z.
    """
    import numpy as np
    import pandas as pd

    from analyzer.nlp.duplicates import clusters as find

    data = pd.DataFrame({"group": pd.Series(np.asarray(groups, dtype=object)), "row": np.arange(len(groups))})
    array = text_array(texts)
    data["cluster"] = find(array) if clusters is None else np.asarray(clusters)
    data["author"] = data["row"].astype(str) if authors is None else _authors(authors)
    data = data[data["group"].notna()].drop_duplicates(["group", "cluster"])
    names = list(dict.fromkeys(data["group"]))
    counts = {}
    for name in names:
        part = data[data["group"] == name]
        part = part.iloc[np.unique(np.linspace(0, len(part) - 1, min(len(part), MAX_TEXTS)).astype(int))]
        counts[name] = _count(array.take(_rows(part["row"].to_numpy())).to_pylist(), part["author"].tolist())
    rows = [row for name in names for row in _distinct(name, counts, k, top)]
    return make(KEYWORDS, rows)


def _authors(authors: Any) -> Any:
    import numpy as np
    import pandas as pd

    given = pd.Series(np.asarray(authors, dtype=object))
    return given.where(given.notna(), pd.Series([f"row {i}" for i in range(len(given))], dtype=object))


def words(text: str, tokenizer: Any) -> set[str]:
    """Return the distinct words and two-word phrases of a text, lower case; no handles, links or numbers."""
    found = list(tokenizer.tokenize(text.lower()))
    out = set()
    for place, word in enumerate(found):
        if not _WORD.match(word) or len(word) > 30:
            continue
        after = found[place + 1] if place + 1 < len(found) else ""
        if word not in _STOP and len(word) > 1:
            out.add(word)
        if _WORD.match(after) and len(after) <= 30 and not (word in _STOP and after in _STOP):
            out.add(f"{word} {after}")
    return out


def _count(texts: list[str], authors: list[str]) -> dict[str, Any]:
    from nltk.tokenize import TweetTokenizer

    tokenizer = TweetTokenizer(strip_handles=True, reduce_len=True)
    n: Counter[str] = Counter()
    who: dict[str, set[str]] = {}
    for text, author in zip(texts, authors, strict=True):
        for word in words(text, tokenizer):
            n[word] += 1
            who.setdefault(word, set()).add(author)
    return {"n": n, "authors": {w: len(a) for w, a in who.items()}}


def _distinct(name: Any, counts: dict[str, Any], k: int, top: int) -> list[dict[str, Any]]:
    """Return the rows of one group against the rest together."""
    mine: Counter[str] = counts[name]["n"]
    rest: Counter[str] = Counter()
    for other, found in counts.items():
        if other != name:
            rest.update(found["n"])
    shown = [w for w in mine if counts[name]["authors"][w] >= k]
    if not rest or not shown:
        return []
    delta, z = log_odds(mine, rest, shown)
    order = sorted(range(len(shown)), key=lambda i: (-z[i], shown[i]))
    rows: list[dict[str, Any]] = []
    for i in order:
        word = shown[i]
        if z[i] < _MIN_Z or len(rows) >= top:
            break
        # A phrase and its words say the same: the first of them stands.
        if any(set(word.split()) & set(row["word"].split()) for row in rows):
            continue
        rows.append(
            {"group": str(name), "word": word, "n": mine[word], "log_odds": float(delta[i]), "z": float(z[i]),
             "n_authors": counts[name]["authors"][word]}
        )  # fmt: skip
    return rows


def log_odds(mine: Counter[str], rest: Counter[str], shown: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-odds ratio of each word of `shown`, mine over the rest, and its z-score."""
    import numpy as np

    n1, n2 = sum(mine.values()), sum(rest.values())
    a = np.array([mine[w] for w in shown], float)
    b = np.array([rest[w] for w in shown], float)
    prior = PRIOR * (a + b) / (n1 + n2)
    one = np.log((a + prior) / (n1 + PRIOR - a - prior))
    two = np.log((b + prior) / (n2 + PRIOR - b - prior))
    return one - two, (one - two) / np.sqrt(1 / (a + prior) + 1 / (b + prior))


def _rows(rows: Any) -> Any:
    import pyarrow as pa

    return pa.array(rows)
