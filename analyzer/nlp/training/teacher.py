"""What a better model says of posts, for the fast tier to learn from (distillation), kept beside the weights.

The judgements are stored (a hash of source and id, and a byte for each probability), so that training can be repeated
without running the teacher again.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analyzer.errors import ModelError
from analyzer.nlp.classifier import SCORES

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
#: Stored judgements of the shipped weights.
STORED = Path(__file__).parents[1] / "weights" / "fast" / "teacher.npz"
#: Posts of a source that the teacher is asked about.
PER_SOURCE = 12_000


@dataclass(frozen=True)
class Judgements:
    """A teacher's probabilities: of unlabelled posts, and (out of fold) of the labelled ones.

    Attributes
    ----------
    key, p
        (n,) uint64 hashes of source and id; (n, len(SCORES)) uint8, probability times 255.
    hint_key, hint
        The same of labelled posts; empty where the teacher has no out-of-fold scores.
    name
        Who taught.
    """

    key: np.ndarray
    p: np.ndarray
    hint_key: np.ndarray
    hint: np.ndarray
    name: str

    def of(self, posts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of unlabelled `posts` that were judged, and their probabilities."""
        return _look_up(posts, self.key, self.p)

    def of_labelled(self, posts: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of labelled `posts` that were judged, and their probabilities."""
        return _look_up(posts, self.hint_key, self.hint)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what is stored."""
        kept = {"key": self.key, "p": self.p, "hint_key": self.hint_key, "hint": self.hint}
        return {**kept, "name": np.array(self.name)}


def judgements(
    teacher: pd.DataFrame | str | None, unlabelled: pd.DataFrame, labelled: pd.DataFrame, *, seed: int
) -> Judgements | None:
    """Return what a teacher says.

    Parameters
    ----------
    teacher
        ``"stored"`` reads the judgements beside the shipped weights; a model's name runs that model; a frame (`source`,
        `post_id`, SCORES) is taken as it is; None teaches nothing. A model that cannot be loaded is left out, with a
        warning.
    unlabelled, labelled
        Posts with `source` and `post_id` (and `text`).
    seed
        Seed of the draw of posts to ask a model about.
    """
    import pandas as pd

    if isinstance(teacher, pd.DataFrame):
        return Judgements(_keys(teacher), _bytes(teacher), *_NOTHING, "given")
    if teacher == "stored":
        return read(STORED)
    if teacher is None:
        return None
    from analyzer.nlp.classifier import load

    try:
        model = load(teacher)
    except ModelError as error:
        log.warning("no teacher: %s", error)
        return None
    import pyarrow as pa

    rng = np.random.default_rng(seed)
    source = unlabelled["source"].to_numpy()
    parts = [np.flatnonzero(source == s) for s in np.unique(source)]
    asked = unlabelled.iloc[np.sort(np.concatenate([rng.permutation(part)[:PER_SOURCE] for part in parts]))]
    found = model.scores(pa.array(asked["text"].tolist(), pa.string()))
    ok = (found["status"] == "ok").to_numpy(dtype=bool)
    hint = _hints(model.calibration(), labelled)
    return Judgements(_keys(asked[ok]), _bytes(found[ok]), *hint, model.name)


def read(path: Path) -> Judgements | None:
    """Read stored judgements; None if there are none."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        return Judgements(file["key"], file["p"], file["hint_key"], file["hint"], str(file["name"]))


def _hints(sample: pd.DataFrame | None, labelled: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the teacher's out-of-fold scores of the labelled posts, if its calibration sample is made of them."""
    from analyzer.nlp.training.stack import truth

    if sample is None or len(sample) != len(labelled):
        return _NOTHING
    same = sample[[f"y_{name.removeprefix('p_')}" for name in SCORES]].to_numpy() == truth(labelled)
    return (_keys(labelled), _bytes(sample)) if same.all() else _NOTHING


def _keys(posts: pd.DataFrame) -> np.ndarray:
    pairs = zip(posts["source"].astype(str), posts["post_id"].astype(str), strict=True)
    digests = [hashlib.blake2b(f"{s}\x1f{i}".encode(), digest_size=8).digest() for s, i in pairs]
    return np.frombuffer(b"".join(digests), np.uint64).copy()


def _bytes(scores: pd.DataFrame) -> np.ndarray:
    return np.round(scores[list(SCORES)].to_numpy(np.float64) * 255).astype(np.uint8)


def _look_up(posts: pd.DataFrame, key: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(key, kind="stable")
    mine = _keys(posts)
    place = np.minimum(np.searchsorted(key[order], mine), max(len(key) - 1, 0))
    rows = np.flatnonzero(key[order][place] == mine) if len(key) else np.zeros(0, np.int64)
    return rows, p[order[place[rows]]] / 255.0


_NOTHING = (np.zeros(0, np.uint64), np.zeros((0, len(SCORES)), np.uint8))
