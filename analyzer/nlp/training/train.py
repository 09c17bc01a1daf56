"""Train the fast tier from the data named; the same data, seed and versions give the same weights."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.heads import EMOTIONS, MAIN, N_LABELS, order
from analyzer.nlp.training import data, lanes, stack
from analyzer.nlp.training.teacher import Judgements, judgements
from analyzer.nlp.training.write import write

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

log = logging.getLogger(__name__)
NAME = "fast-5"
C_LABELS = 10.0
C_SCALED = 5.0
C_EMOTIONS = 1.0
C_LANGUAGE = 10.0
#: Comments of GoEmotions that stand for what is not about an outage: in the first layer, and in the second.
ELSEWHERE = (10_000, 3_000)
W_ELSEWHERE = (0.2, 0.3)
#: How much of a labelled post's target is the teacher's own (out-of-fold) judgement of it.
W_HINT = 0.4


def train(
    labels: str | Path,
    goemotions: str | Path | None,
    posts: str | Path | None,
    out: str | Path,
    *,
    seed: int = 0,
    teacher: pd.DataFrame | str | None = "stored",
) -> dict[str, Any]:
    """Train and write `model.npz`, `calibration.npz` and `model.json`.

    Parameters
    ----------
    labels
        Labelled posts (JSON lines); the sources `airlines` and `complaints` are left out.
    goemotions
        Folder of GoEmotions; None leaves its lanes empty.
    posts
        Folder of unlabelled posts (`*.csv.gz`); None learns the language gate from the labelled posts alone.
    out
        Folder for the weights, made where it is missing.
    seed
        Seed of folds, networks and draws.
    teacher
        Whose judgements to learn from beside the labels, see `teacher.judgements`.

    Returns
    -------
    dict
        What is written into `model.json`.
    """
    m = prepare(labels, goemotions, posts, seed=seed, teacher=teacher)
    fold = data.folds(m.known, seed=seed)
    final = label_lanes(m, np.ones(len(m.known), bool))
    away = lanes.apply(m.far, np.vstack([final, m.emotion]))
    arrays, p = fit_second(out_of_fold(m, fold), m.y, away, fold, seed=seed)
    table = lanes.quantise(np.vstack([final, m.emotion, m.language]), m.idf)
    said = m.teacher.arrays() if m.teacher else {}
    facts = {"name": NAME, "seed": seed, "teacher": m.teacher.name if m.teacher else "none"}
    return write(Path(out), {**table, **arrays}, p, m.known, facts, teacher=said)


def _more(posts: str | Path | None) -> pd.DataFrame:
    """Return posts that are learnt from and never judged on."""
    import pandas as pd

    return pd.concat([data.written(), data.labelled_more(posts)] if posts else [data.written()], ignore_index=True)


@dataclass(frozen=True)
class Material:
    """What training works on: labelled posts as features, comments from elsewhere, and lanes that no fold changes."""

    known: pd.DataFrame
    x: csr_matrix  # features of the labelled posts
    y: np.ndarray  # (n, len(SCORES)) truth
    target: np.ndarray  # the truth, softened by what the teacher thinks of posts that it has not seen
    more: tuple[csr_matrix, np.ndarray]  # features and truth of posts written for training
    near: csr_matrix  # comments from elsewhere for the first layer
    far: csr_matrix  # and for the second
    idf: np.ndarray
    soft: np.ndarray  # (len(SCORES), BUCKETS + 1) lanes learnt from the teacher
    emotion: np.ndarray
    language: np.ndarray
    teacher: Judgements | None


def prepare(
    labels: str | Path,
    goemotions: str | Path | None,
    posts: str | Path | None,
    *,
    seed: int,
    teacher: pd.DataFrame | str | None,
    more: bool = True,
) -> Material:
    """Read the data and fit all that does not depend on folds; see `train`.

    `more` False leaves out the posts labelled in addition, which come from sources that are to be left out.
    """
    known = data.for_training(data.load_labels(labels))
    emotions = data.load_goemotions(goemotions, "train") if goemotions else None
    unlabelled = data.load_unlabelled(posts, without=known["text"].tolist()) if posts else None
    log.info("%d labelled posts", len(known))
    x = features(known["text"])
    x_goe = features(emotions["text"]) if emotions is not None else x[:0]
    x_posts = features(unlabelled["text"]) if unlabelled is not None else x[:0]
    idf = lanes.inverse_frequency(_stack([x, x_goe, x_posts]))
    x, x_goe, x_posts = (lanes.weighted(part, idf) for part in (x, x_goe, x_posts))
    drawn = np.random.default_rng(seed).permutation(x_goe.shape[0])
    taught = judgements(teacher, unlabelled, known, seed=seed) if unlabelled is not None else None
    y, others = stack.truth(known), _more(posts if more else None)
    target = y.astype(np.float64)
    if taught is not None:
        rows, hint = taught.of_labelled(known)
        target[rows] = (1 - W_HINT) * target[rows] + W_HINT * hint
    return Material(
        known=known,
        x=x,
        y=y,
        target=target,
        more=(lanes.weighted(features(others["text"]), idf), stack.truth(others)),
        near=x_goe[np.sort(drawn[: ELSEWHERE[0]])],
        far=x_goe[np.sort(drawn[ELSEWHERE[0] :][: ELSEWHERE[1]])],
        idf=idf,
        soft=_soft(taught, unlabelled, x_posts),
        emotion=_emotions(x_goe, emotions),
        language=_languages(known, x, unlabelled, x_posts),
        teacher=taught,
    )


def out_of_fold(m: Material, fold: np.ndarray) -> np.ndarray:
    """Return the content lanes of each labelled post by lanes that did not see its fold, (n, N_CONTENT)."""
    z = np.zeros((len(m.known), N_LABELS))
    for f in np.unique(fold):
        log.info("fold %s", f)
        out = fold == f
        z[out] = lanes.apply(m.x[out], label_lanes(m, ~out))
    return np.hstack([z, lanes.apply(m.x, m.emotion)])


def label_lanes(m: Material, rows: np.ndarray) -> np.ndarray:
    """Return the lanes of the labels as learnt from some labelled posts (a mask), (N_LABELS, BUCKETS + 1).

    Each label is learnt twice: from the labelled posts alone (best at home), and with comments from elsewhere as
    negatives too (best on services never seen); and, where there is a teacher, from what it said of unlabelled posts.
    The labels of `MAIN` keep the three apart; a topic has their mean.
    """
    x, y = _stack([m.x[rows], m.more[0]]), np.vstack([m.target[rows], m.more[1]])
    near, soft = m.near, m.soft
    wide = _stack([x, near])
    weight = np.concatenate([np.ones(x.shape[0]), np.full(near.shape[0], W_ELSEWHERE[0])])
    none = np.zeros(near.shape[0])
    home = [lanes.fit_scaled(x, y[:, k], c=C_SCALED) for k in range(y.shape[1])]
    away = [lanes.fit(wide, np.append(y[:, k], none), c=C_LABELS, weight=weight) for k in range(y.shape[1])]
    main, topics = range(len(MAIN)), range(len(MAIN), len(SCORES))
    means = [_mean([home[k], away[k], soft[k]], x) for k in topics]
    return np.stack([*(part[k] for part in (home, away, soft) for k in main), *means])


def _mean(parts: list[np.ndarray], x: csr_matrix) -> np.ndarray:
    """Return the mean of lanes brought to one spread, the third (a teacher's) counting half."""
    spread = [float((x @ part[:-1]).std()) for part in parts]
    return sum(
        (part / s * w for part, s, w in zip(parts, spread, (1.0, 1.0, 0.5), strict=True) if s > 0),
        np.zeros(len(parts[0])),
    )


def fit_second(
    z: np.ndarray, y: np.ndarray, far: np.ndarray, fold: np.ndarray, *, seed: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Fit network, calibration and thresholds; return the arrays and the out-of-fold probabilities."""

    def fit(rows: np.ndarray) -> dict[str, np.ndarray]:
        weight = np.concatenate([np.ones(len(rows)), np.full(len(far), W_ELSEWHERE[1])])
        target = np.vstack([y[rows], np.zeros((len(far), y.shape[1]), y.dtype)])
        return stack.fit_network(np.vstack([z[rows], far]), target, weight, seed=seed)

    raw = np.zeros(y.shape, np.float32)
    for f in np.unique(fold):
        log.info("second layer, fold %s", f)
        raw[fold == f] = stack.network_raw(fit(np.flatnonzero(fold != f)), z[fold == f])
    own = stack.own_lanes(z)
    calibration = stack.fit_calibration(raw, z @ own, y)
    p = 1 / (
        1
        + np.exp(
            -np.clip(
                raw * calibration[0] + (z @ own) * calibration[1] + calibration[2],
                -30,
                30,
            )
        )
    )
    order(p.T)
    network = fit(np.arange(len(y)))
    return {
        **stack.join(network, own, calibration),
        "thresholds": stack.fit_thresholds(p, y),
    }, p


def _soft(taught: Judgements | None, unlabelled: pd.DataFrame | None, x: csr_matrix) -> np.ndarray:
    """Return the lanes learnt from a teacher (zeros without one), (len(SCORES), BUCKETS + 1)."""
    if taught is None or unlabelled is None:
        return np.zeros((len(SCORES), x.shape[1] + 1))
    rows, p = taught.of(unlabelled)
    log.info("%d posts judged by %s", len(rows), taught.name)
    return np.stack([lanes.fit_soft(x[rows], p[:, k]) for k in range(p.shape[1])])


def _emotions(x: csr_matrix, emotions: pd.DataFrame | None) -> np.ndarray:
    if emotions is None:
        return np.zeros((len(EMOTIONS), x.shape[1] + 1))
    y = lanes.emotion_targets(emotions)
    out = [lanes.fit(x, y[:, k], c=C_EMOTIONS) for k in range(y.shape[1])]
    # Pooled frustration is evaluated on its own: the mean of two ways is better than either.
    ways = lanes.fit(x, y[:, 0], c=2.0), lanes.fit_scaled(x, y[:, 0], c=4.0)
    spread = [float((x @ w[:-1]).std()) for w in (out[0], *ways)]
    out[0] = (ways[0] / spread[1] + ways[1] / spread[2]) / 2 * spread[0]
    return np.stack(out)


def _languages(
    known: pd.DataFrame,
    x: csr_matrix,
    unlabelled: pd.DataFrame | None,
    x_posts: csr_matrix,
) -> np.ndarray:
    """Return the language lanes, from labelled posts and from posts whose platform tells the language."""
    import pandas as pd

    language = known["language"]
    if unlabelled is not None:
        told = np.flatnonzero((unlabelled["language"].str.len() == 2).fillna(False).to_numpy(dtype=bool))
        x, language = (
            _stack([x, x_posts[told]]),
            pd.concat([language, unlabelled["language"].iloc[told]]),
        )
    y, weight = (
        lanes.language_targets(language),
        lanes.rarity_weight(language.to_numpy(dtype=str)),
    )
    return np.stack([lanes.fit(x, y[:, k], c=C_LANGUAGE, weight=weight) for k in range(y.shape[1])])


def features(texts: Any) -> csr_matrix:
    """Return the hashed features of texts, by the very kernel that scores."""
    import pyarrow as pa

    from analyzer.nlp.hashing import features as hashed

    return hashed(pa.array(list(texts), pa.string()))


def _stack(parts: list[csr_matrix]) -> csr_matrix:
    from scipy.sparse import vstack

    return vstack(parts).tocsr()
