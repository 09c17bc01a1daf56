"""Make the weights of the accurate tier: ``python -m analyzer.nlp.training.finetune --help``.

Needs torch, onnx, safetensors and tokenizers (not part of the package's requirements) and a folder with the base
model, all-MiniLM-L6-v2. Two stages; the first leaves files in the work folder and is skipped where they are there:

1. *folds*: the base model, embeddings and lowest layers frozen, learns the labelled posts less one fold, the posts
   written for this tier and some of GoEmotions; its scores of the fold left out are the sample for calibration,
   thresholds and prevalence. The model that ships learns from all folds. Heads of rare labels are fitted anew;
2. *pack*: the mix with the fast tier's scores, int8 ONNX, tokenizer, settings, calibration sample.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.training import data as sources
from analyzer.nlp.training.finetune_data import OUTPUTS, Examples, from_goemotions, from_labels
from analyzer.nlp.training.finetune_heads import RARE, fit_emotion, fit_heads, vectors, with_heads
from analyzer.nlp.training.finetune_loop import Recipe, fit, open_tokenizer, predict

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.nlp.training.finetune_encoder import Encoder

log = logging.getLogger(__name__)

#: Rounds, for the models of the folds and for the model of all posts, which ships.
FOLD = (
    Recipe(rate=2e-4, epochs=3, frozen=2, average=0.99),
    Recipe(rate=2e-4, epochs=4, frozen=2, average=0.99, max_tokens=96),
    Recipe(rate=1.2e-4, epochs=2, frozen=2, average=0.99, max_tokens=96),
)
ALL = (
    Recipe(rate=2e-4, epochs=4, frozen=2, average=0.99, max_tokens=96),
    Recipe(rate=1.5e-4, epochs=3, frozen=2, average=0.99, max_tokens=96),
    Recipe(rate=1.2e-4, epochs=2, frozen=2, average=0.99, max_tokens=96),
)
#: The last round of the model that ships is run so often, each from the round before; the weights are averaged. With
#: them, the comments of GoEmotions beside the posts: the third run has all.
_LAST = Recipe(rate=1e-4, epochs=2, frozen=2, average=0.99, max_tokens=96)
LAST = ((_LAST, 10_000), (_LAST, 14_000), (replace(_LAST, epochs=1), 43_410))
MAX_TOKENS = 96
N_FOLDS = 3
#: GoEmotions comments learnt from beside the posts, in each round, by a fold's model and by that of all posts.
N_GOEMOTIONS = ((2000, 2000), (500, 500), (1500, 10_000))
#: Comments of the dev split on which the mix of the two tiers' frustration is fitted.
N_EMOTION_MIX = 1_500


@dataclass(frozen=True)
class Task:
    """Where everything is: data, base models, and the folder for what is made on the way."""

    labels: Path
    goemotions: Path
    posts: Path
    base: Path
    work: Path
    seed: int = 0

    def tokenizer(self, max_tokens: int) -> Any:
        """Return the base model's tokenizer."""
        return open_tokenizer(self.base / "tokenizer.json", max_tokens=max_tokens)

    def labelled(self) -> pd.DataFrame:
        """Return the labelled posts that shipped weights may learn from."""
        return sources.for_training(sources.load_labels(self.labels))

    def more(self) -> Examples:
        """Return the posts that are learnt from and never judged on: written for training, and labelled in addition."""
        return from_labels(sources.written()) + from_labels(sources.labelled_more(self.posts))

    def latest(self) -> Examples:
        """Return posts like those of `more` that came after the rounds: the heads of rare labels alone learn from them.

        They were written, or drawn and labelled, for topics that people imply without naming them.
        """
        labelled = sources.labelled_more(self.posts, "heads_labelled.tsv")
        return from_labels(sources.written("heads_implied.tsv")) + from_labels(labelled)

    def emotions(self, seed: int, n: int) -> Examples:
        """Return a sample of n comments of GoEmotions."""
        given = sources.load_goemotions(self.goemotions, "train")
        return from_goemotions(given.sample(n, random_state=seed))


def train(task: Task, name: str, data: Examples, recipes: tuple[Recipe, ...], seed: int) -> Encoder:
    """Train the base model in rounds, each of which leaves `<name>-<round>.pt`; return the model after the last."""
    model = _base(task)
    for number, recipe in enumerate(recipes):
        n_emotions = N_GOEMOTIONS[number][recipes is ALL]
        part = data + task.emotions(seed + N_FOLDS * number, n_emotions)
        model = _run(task, model, f"{name}-{number}", part, replace(recipe, seed=seed))
    return model


def _run(task: Task, model: Encoder, name: str, data: Examples, recipe: Recipe) -> Encoder:
    """Train the model further, or read what an earlier run of that name left."""
    path = task.work / f"{name}.pt"
    if not path.exists():
        _save(fit(model, task.tokenizer(recipe.max_tokens), data, recipe), path)
    return _restore(model, path)


def make_fold(task: Task, f: int) -> np.ndarray:
    """Train the model of one fold; return its logits of the fold left out."""
    held = task.work / f"fold{f}.npy"
    labelled = task.labelled()
    fold = sources.folds(labelled, n=N_FOLDS, seed=task.seed)
    examples, left_out = from_labels(labelled), np.flatnonzero(fold == f)
    seen = examples.take(np.flatnonzero(fold != f)) + task.more()
    if not held.exists():
        model, tokenizer = train(task, f"fold{f}", seen, FOLD, f), task.tokenizer(MAX_TOKENS)
        seen += task.latest()
        with_heads(model, RARE, *fit_heads(vectors(model, tokenizer, seen.texts), seen))
        np.save(held, predict(model, tokenizer, examples.take(left_out).texts))
    given: np.ndarray = np.load(held)
    return given


def make_all(task: Task) -> Encoder:
    """Return the model of all labelled posts: the mean of the runs of the last round."""
    import torch

    data = from_labels(task.labelled()) + task.more()
    model = train(task, "all", data, ALL, N_FOLDS)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    runs = []
    for run, (recipe, n_emotions) in enumerate(LAST):
        model.load_state_dict(before)
        seed = N_FOLDS + 100 * run
        part = data + task.emotions(seed, n_emotions)
        model = _run(task, model, f"all-last-{run}", part, replace(recipe, seed=seed))
        runs.append({k: v.clone() for k, v in model.state_dict().items()})
    model.load_state_dict({k: torch.stack([run[k] for run in runs]).mean(0) for k in before})
    return model.eval()


def out_of_fold(task: Task) -> np.ndarray:
    """Return each labelled post's logits by the model that did not see its fold, (posts, outputs)."""
    fold = sources.folds(task.labelled(), n=N_FOLDS, seed=task.seed)
    logits = np.zeros((len(fold), len(OUTPUTS)), np.float32)
    for f in range(N_FOLDS):
        logits[fold == f] = make_fold(task, f)
    return logits


def finished(task: Task) -> Encoder:
    """Return the model of all posts with the heads of rare labels and of GoEmotions fitted anew."""
    path = task.work / "finished.pt"
    model = make_all(task)
    if path.exists():
        return _restore(model, path)
    seen, tokenizer = from_labels(task.labelled()) + task.more() + task.latest(), task.tokenizer(MAX_TOKENS)
    with_heads(model, RARE, *fit_heads(vectors(model, tokenizer, seen.texts), seen))
    emotions = sources.load_goemotions(task.goemotions, "train")
    x = vectors(model, tokenizer, list(emotions["text"]))
    with_heads(model, (len(SCORES),), *fit_emotion(x, emotions["frustration"].to_numpy()))
    _save(model, path)
    return model


def emotion_sample(task: Task, model: Encoder) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, on GoEmotions' dev split, this model's and the fast tier's values of frustration, and the truth."""
    import pyarrow as pa

    from analyzer.nlp.fast import load

    data = sources.load_goemotions(task.goemotions, "dev").head(N_EMOTION_MIX)
    mine = predict(model, task.tokenizer(MAX_TOKENS), list(data["text"]))[:, len(SCORES)]
    fast = load().emotions(pa.array(data["text"].tolist(), pa.string()))["frustration"]
    return mine, fast.to_numpy(np.float64), data["frustration"].to_numpy()


def main(argv: list[str] | None = None) -> int:
    """Run all stages."""
    parser = argparse.ArgumentParser(prog="finetune", description=(__doc__ or "").partition("\n")[0])
    for name, text in (
        ("--labels", "labelled posts, JSON lines"),
        ("--goemotions", "folder of GoEmotions"),
        ("--posts", "folder of unlabelled posts"),
        ("--base", "folder of all-MiniLM-L6-v2 (model.safetensors, config.json, tokenizer.json)"),
        ("--work", "folder for what is made on the way"),
        ("--out", "folder for the weights"),
    ):
        parser.add_argument(name, type=Path, required=True, help=text)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--fold",
        type=int,
        help=f"train this fold's model only ({N_FOLDS}: that of all posts), so that they can run side by side",
    )
    given = vars(parser.parse_args(argv))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    import torch

    torch.set_num_threads(given.pop("threads"))
    out, fold = given.pop("out"), given.pop("fold")
    task = Task(**given)
    task.work.mkdir(parents=True, exist_ok=True)
    if fold is not None:
        make_fold(task, fold) if fold < N_FOLDS else make_all(task)
        return 0
    from analyzer.nlp.training.finetune_pack import fit_mix, pack

    model = finished(task)
    mix = fit_mix(*emotion_sample(task, model))
    pack(model, task.labelled(), out_of_fold(task), mix, base=task.base, out=out)
    return 0


def _base(task: Task, seed: int = 0) -> Encoder:
    import torch

    from analyzer.nlp.training.finetune_encoder import load_base

    torch.manual_seed(seed)
    return load_base(task.base, len(OUTPUTS))


def _save(model: Encoder, path: Path) -> None:
    import torch

    beside = path.with_suffix(".part")
    torch.save(model.state_dict(), beside)
    beside.replace(path)


def _restore(model: Encoder, path: Path) -> Encoder:
    import torch

    model.load_state_dict(torch.load(path, weights_only=True))
    return model.eval()


if __name__ == "__main__":
    sys.exit(main())
