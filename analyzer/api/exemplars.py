"""Posts shown in their own words, only when the user asks for it and the platform allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: X's display requirements ask for the author's name and handle beside the unmodified post; we keep neither.
NEVER_SHOWN = frozenset({"x", "twitter"})
#: What one post each is shown of.
SHOWN = ("frustration_ge2", "humor", "topic_transparency", "topic_dependence", "topic_switching", "report")
LONGEST = 300


def choose(
    posts: pd.DataFrame,
    labels: pd.DataFrame,
    clusters: NDArray[Any],
    relevant: NDArray[Any],
    *,
    simulated: bool = False,
) -> tuple[dict[str, Any], ...]:
    """Return one post for each measure in `SHOWN`, the clearest that may be shown, each text once.

    Parameters
    ----------
    posts, labels, clusters, relevant
        Row for row: POSTS, LABELS, text clusters and whether the post counts as relevant.
    simulated
        Invented posts may be shown whatever platform they pretend to come from.

    Returns
    -------
    tuple of dict
        `measure`, `text` (as stored: mentions masked), `source`, `created_at`.
    """
    allowed = relevant & (posts["text"].str.len() <= LONGEST).fillna(False).to_numpy(bool)
    if not simulated:
        allowed &= ~posts["source"].isin(NEVER_SHOWN).to_numpy(bool)
    taken: set[int] = set()
    chosen = []
    for measure in SHOWN:
        score = labels[f"p_{measure}"].fillna(0).to_numpy(float)
        for row in (-score).argsort(kind="stable"):
            if score[row] < 0.5:
                break
            if allowed[row] and int(clusters[row]) not in taken:
                taken.add(int(clusters[row]))
                post = posts.iloc[int(row)]
                chosen.append({"measure": measure, **{k: post[k] for k in ("text", "source", "created_at")}})
                break
    return tuple(chosen)
