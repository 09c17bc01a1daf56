"""Make the weights of the accurate tier: ``python -m analyzer.nlp.training.finetune --help``.

Needs torch, onnx, safetensors and tokenizers (not part of the package's requirements) and a folder with the base
model, all-MiniLM-L6-v2. Five stages, each of which leaves files in the work folder and is skipped where they are there:

1. *teachers*: two fine-tuned copies of the base model, on the labelled posts and some of GoEmotions;
2. *soft*: their mean probabilities for unlabelled posts;
3. *student*: the base model on those, and on GoEmotions; it has then seen no labelled post;
4. *folds*: from there, on the labelled posts, one model a fold, whose scores of the fold left out are the sample for
   calibration, thresholds and prevalence; the shipped weights are the average of the folds' models;
5. *pack*: int8 ONNX, tokenizer, settings, calibration sample.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp.training import data as sources
from analyzer.nlp.training.finetune_data import (
    N_SCORES,
    OUTPUTS,
    Examples,
    from_goemotions,
    from_labels,
    from_scores,
    written,
)
from analyzer.nlp.training.finetune_loop import Recipe, fit, open_tokenizer, predict

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.nlp.training.finetune_encoder import Encoder

log = logging.getLogger(__name__)

TEACHERS = (Recipe(rate=2e-4, epochs=4, frozen=2, seed=0), Recipe(rate=2e-4, epochs=4, frozen=3, seed=1))
STUDENT = Recipe(rate=2e-4, epochs=1.5, average=0.995)
FOLD = Recipe(rate=1e-4, epochs=3, average=0.98)
N_FOLDS = 3
#: Unlabelled posts taken of each file, and languages that are kept.
N_SOFT = {"uk_mobile_2019": 7000, "power_outage_2019": 6000, "chatgpt_2023-03-30": 3000}
N_SOFT_OTHER = 2000
LANGUAGES = ("en", "es", "pt", "de", "fr", "it")
N_GOEMOTIONS = {"teacher": 3000, "student": 10000, "fold": 1000}


@dataclass(frozen=True)
class Task:
    """Where everything is: data, base models, and the folder for what is made on the way."""

    labels: Path
    goemotions: Path
    posts: Path
    base: Path
    work: Path
    held_out: Path | None = None
    seed: int = 0

    def tokenizer(self) -> Any:
        """Return the base model's tokenizer."""
        return open_tokenizer(self.base / "tokenizer.json")

    def labelled(self) -> pd.DataFrame:
        """Return the labelled posts that shipped weights may learn from."""
        return sources.for_training(sources.load_labels(self.labels))

    def emotions(self, stage: str, seed: int) -> Examples:
        """Return a sample of GoEmotions of the stage's size."""
        given = sources.load_goemotions(self.goemotions, "train")
        return from_goemotions(given.sample(N_GOEMOTIONS[stage], random_state=seed))

    def unlabelled(self) -> pd.DataFrame:
        """Return a sample of unlabelled posts in supported languages, without any labelled text."""
        labelled = [sources.load_labels(p) for p in (self.labels, self.held_out) if p]
        without = [t for frame in labelled for t in frame["text"]]
        given = sources.load_unlabelled(self.posts, without=without)
        given = given[given["language"].isin(LANGUAGES) & given["text"].str.len().ge(12)]
        parts = [
            part.sample(min(len(part), N_SOFT.get(str(name), N_SOFT_OTHER)), random_state=self.seed)
            for name, part in given.groupby("source")
        ]
        import pandas as pd

        return pd.concat(parts, ignore_index=True)


def make_teachers(task: Task) -> list[Path]:
    """Fine-tune two copies of the base model on the labelled posts; return the files of their weights."""
    paths = []
    for i, recipe in enumerate(TEACHERS):
        path = task.work / f"teacher{i}.pt"
        if not path.exists():
            examples = from_labels(task.labelled()) + task.emotions("teacher", recipe.seed)
            _save(fit(_base(task, recipe.seed), task.tokenizer(), examples, recipe), path)
        paths.append(path)
    return paths


def make_soft(task: Task) -> Path:
    """Let the teachers judge unlabelled posts; return the file of their mean probabilities (Parquet, no texts)."""
    path = task.work / "soft.parquet"
    if not path.exists():
        import pandas as pd

        posts = task.unlabelled()
        p = np.zeros((len(posts), N_SCORES))
        for teacher in make_teachers(task):
            model = _restore(_base(task), teacher)
            logits = predict(model, task.tokenizer(), list(posts["text"]))[:, :N_SCORES]
            p += 1 / (1 + np.exp(-logits.astype(np.float64))) / len(TEACHERS)
        frame = pd.DataFrame(p.astype(np.float32), columns=list(OUTPUTS[:N_SCORES]))
        pd.concat([posts[["source", "post_id"]], frame], axis=1).to_parquet(path)
    return path


def make_student(task: Task) -> Path:
    """Train the base model on the teachers' probabilities and on GoEmotions; return the file of its weights."""
    path = task.work / "student.pt"
    if not path.exists():
        import pandas as pd

        soft = task.unlabelled().merge(pd.read_parquet(make_soft(task)), on=["source", "post_id"], validate="1:1")
        examples = from_scores(list(soft["text"]), soft[list(OUTPUTS[:N_SCORES])].to_numpy())
        examples = examples + task.emotions("student", STUDENT.seed)
        _save(fit(_base(task), task.tokenizer(), examples, STUDENT), path)
    return path


def make_fold(task: Task, f: int) -> tuple[Path, np.ndarray]:
    """Train the model of one fold; return the file of its weights and its logits of the fold left out."""
    path, held = task.work / f"fold{f}.pt", task.work / f"fold{f}.npy"
    if not held.exists():
        labelled = task.labelled()
        fold = sources.folds(labelled, n=N_FOLDS, seed=task.seed)
        examples, left_out = from_labels(labelled), np.flatnonzero(fold == f)
        seen = examples.take(np.flatnonzero(fold != f)) + from_labels(written()) + task.emotions("fold", f)
        model = _restore(_base(task), make_student(task))
        model = fit(model, task.tokenizer(), seen, replace(FOLD, seed=f))
        _save(model, path)
        np.save(held, predict(model, task.tokenizer(), [examples.texts[i] for i in left_out]))
    return path, np.load(held)


def make_folds(task: Task) -> tuple[list[Path], np.ndarray]:
    """Train one model a fold; return the files of their weights and the out-of-fold logits, (posts, outputs)."""
    fold = sources.folds(task.labelled(), n=N_FOLDS, seed=task.seed)
    logits, paths = np.zeros((len(fold), len(OUTPUTS)), np.float32), []
    for f in range(N_FOLDS):
        path, logits[fold == f] = make_fold(task, f)
        paths.append(path)
    return paths, logits


def average(paths: list[Path], model: Encoder) -> Encoder:
    """Load the mean of the weights in `paths` into `model` (Wortsman et al. 2022, model soups)."""
    import torch

    states = [torch.load(p, weights_only=True) for p in paths]
    model.load_state_dict({k: torch.stack([s[k].float() for s in states]).mean(0) for k in states[0]})
    return model.eval()


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
    parser.add_argument("--held-out", type=Path, help="labelled posts whose texts must not be among the unlabelled")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fold", type=int, help="train this fold's model only, so that folds can run side by side")
    given = vars(parser.parse_args(argv))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    import torch

    torch.set_num_threads(given.pop("threads"))
    out, fold = given.pop("out"), given.pop("fold")
    task = Task(**given)
    task.work.mkdir(parents=True, exist_ok=True)
    if fold is not None:
        make_fold(task, fold)
        return 0
    from analyzer.nlp.training.finetune_pack import pack

    paths, logits = make_folds(task)
    pack(average(paths, _base(task)), task.labelled(), logits, base=task.base, out=out)
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
    return model


if __name__ == "__main__":
    sys.exit(main())
