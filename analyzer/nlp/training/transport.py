"""How far a share may lie from the truth on a service not seen in training: `transport.json` beside the weights.

    python -m analyzer.nlp.training.transport --labels TRAIN.jsonl --goemotions DIR --posts DIR \
        --weights analyzer/nlp/weights/fast
    python -m analyzer.nlp.training.transport --labels TRAIN.jsonl \
        --weights analyzer/nlp/weights/accurate --unseen-of analyzer/nlp/weights/fast
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analyzer.nlp.anchored import measure_transport
from analyzer.nlp.classifier import SCORES

if TYPE_CHECKING:
    import pandas as pd

#: Sources that are one kind of post; a kind is left out whole.
KINDS = {
    "us_power": "power",
    "chatgpt_reviews": "chatgpt",
    "chatgpt_tweets": "chatgpt",
    "chatgpt_world": "chatgpt",
    "chatgpt_italian": "chatgpt",
    "indihome": "brand_support",
}
#: A service that is studied lies between one that was seen in training and one unlike any seen: the part of the latter.
UNLIKE = 0.25


def transport(
    labels: str | Path,
    goemotions: str | Path | None,
    posts: str | Path | None,
    weights: str | Path,
    *,
    unseen_of: str | Path | None = None,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Measure and write `transport.json`.

    Parameters
    ----------
    labels, goemotions, posts
        As `train` takes them.
    weights
        Folder of the trained weights, whose `calibration.npz` holds the scores of posts whose source was seen.
    unseen_of
        Folder of weights whose `unseen` is taken over, for a model too slow to be trained once a kind of source. The
        fast tier's stands for the accurate's, which carries over better: the spread is then rather too wide.

    Returns
    -------
    dict
        By measure, standard deviations in logits: `seen` (folds drawn at random), `unseen` (kinds of source left out
        whole) and `spread`, which prevalence uses: the mean of their squares, `UNLIKE` of the latter.
    """
    from analyzer.nlp.training import data, stack

    known = data.for_training(data.load_labels(labels))
    y, kind = stack.truth(known), _kind(known)
    with np.load(Path(weights) / "calibration.npz") as known:
        seen = np.stack([known[name] for name in SCORES], axis=1)
    if unseen_of:
        unseen = json.loads((Path(unseen_of) / "transport.json").read_text(encoding="utf-8"))["unseen"]
    else:
        unseen = _spread(_left_out(labels, goemotions, posts, seed=seed), y, kind)
    out = {"seen": _spread(seen, y, kind), "unseen": unseen}
    both = {k: (1 - UNLIKE) * out["seen"][k] ** 2 + UNLIKE * out["unseen"][k] ** 2 for k in out["seen"]}
    out["spread"] = {k: round(float(np.sqrt(v)), 3) for k, v in both.items()}
    path = Path(weights) / "transport.json"
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(out, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(beside, path)
    return out


def _kind(known: pd.DataFrame) -> np.ndarray:
    """Return the kind of each post's source."""
    source = known["source"].astype(str).where(~known["source"].str.startswith("written"), "written")
    return source.replace(KINDS).to_numpy(str)


def _left_out(labels: str | Path, goemotions: str | Path | None, posts: str | Path | None, *, seed: int) -> np.ndarray:
    """Return the fast tier's scores of each post by a model that saw no post of its kind of source."""
    from analyzer.nlp.training import lanes, train

    # No teacher and no posts labelled in addition: they have seen the sources.
    m = train.prepare(labels, goemotions, posts, seed=seed, teacher=None, more=False)
    fold = np.unique(_kind(m.known), return_inverse=True)[1]
    final = train.label_lanes(m, np.ones(len(m.known), bool))
    far = lanes.apply(m.far, np.vstack([final, m.emotion]))
    _, unseen = train.fit_second(train.out_of_fold(m, fold), m.y, far, fold, seed=seed)
    return unseen


def _spread(p: np.ndarray, y: np.ndarray, kind: np.ndarray) -> dict[str, float]:
    """Return the spread of each measure among decided-relevant posts; that of relevance among all."""
    names = [n.removeprefix("p_") for n in SCORES]
    about = p[:, SCORES.index("p_relevant")] >= 0.5

    def measured(rows: np.ndarray, chosen: list[str]) -> dict[str, float]:
        scores = {n: p[rows, names.index(n)].astype(float) for n in chosen}
        truth = {n: y[rows, names.index(n)].astype(float) for n in chosen}
        return dict(measure_transport(scores, truth, kind[rows]).spread)

    rest = measured(about, [n for n in names if n != "relevant"])
    whole = measured(np.ones(len(p), bool), ["relevant"])
    return {k: round(v, 3) for k, v in {**whole, **rest}.items()}


def main() -> None:
    """Run from the command line."""
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("labels", "goemotions", "posts", "weights"):
        parser.add_argument(f"--{name}", required=name in ("labels", "weights"))
    parser.add_argument("--unseen-of", metavar="DIR", help="take the unseen part from these weights")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    transport(args.labels, args.goemotions, args.posts, args.weights, unseen_of=args.unseen_of, seed=args.seed)


if __name__ == "__main__":
    main()
