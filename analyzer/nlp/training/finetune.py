"""Make the weights of the accurate tier: ``python -m analyzer.nlp.training.finetune --help``.

Needs torch, onnx, safetensors and tokenizers (not part of the package's requirements) and two base models that are
read from folders: a small one (all-MiniLM-L6-v2), which becomes the shipped model, and a large one
(all-mpnet-base-v2), which only teaches. Five stages, each of which leaves a file in the work folder and is skipped
where that is there:

1. *teacher*: the large model, upper layers, on the labelled posts;
2. *soft*: its probabilities for unlabelled posts;
3. *student*: the small model on those, and on GoEmotions; it has then seen no labelled post;
4. *folds*: from there, on the labelled posts, one model a fold, whose scores of the fold left out are the sample for
   calibration, thresholds and prevalence; the shipped weights are the average of the folds' models;
5. *pack*: int8 ONNX, tokenizer, settings, calibration sample, licence.

The same data, seed and versions give the same weights up to the order of sums in parallel matrix products: scores
within .02 of the shipped ones for 99 % of posts is what is promised, not bits.
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
from analyzer.nlp.training.finetune_data import N_SCORES, OUTPUTS, Examples, from_goemotions, from_labels, from_scores
from analyzer.nlp.training.finetune_loop import Recipe, fit, open_tokenizer, predict

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.nlp.training.finetune_encoder import Encoder

log = logging.getLogger(__name__)

TEACHER = Recipe(rate=8e-5, epochs=2.5, max_tokens=64)
STUDENT = Recipe(rate=2e-4, epochs=2)
FOLD = Recipe(rate=1e-4, epochs=3, average=0.98)
FROZEN = {"teacher": 7, "student": 1, "fold": 1}
N_FOLDS = 4
#: Unlabelled posts taken of each file, and languages that are kept.
N_SOFT = {"uk_mobile_2019": 8000, "power_outage_2019": 6000, "chatgpt_2023-03-30": 4000}
N_SOFT_OTHER = 2500
LANGUAGES = ("en", "es", "pt", "de", "fr", "it")
N_GOEMOTIONS = {"student": 12000, "fold": 1500}


@dataclass(frozen=True)
class Task:
    """Where everything is: data, base models, and the folder for what is made on the way."""

    labels: Path
    goemotions: Path
    posts: Path
    small: Path
    large: Path
    work: Path
    held_out: Path | None = None
    seed: int = 0

    def labelled(self) -> pd.DataFrame:
        """Return the labelled posts that shipped weights may learn from."""
        return sources.for_training(sources.load_labels(self.labels))

    def emotions(self, stage: str) -> Examples:
        """Return a sample of GoEmotions of the stage's size."""
        given = sources.load_goemotions(self.goemotions, "train")
        return from_goemotions(given.sample(N_GOEMOTIONS[stage], random_state=self.seed))

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


def make_teacher(task: Task) -> Path:
    """Fine-tune the large model on the labelled posts; return the file of its weights."""
    path = task.work / "teacher.pt"
    if not path.exists():
        model = _base(task.large, "teacher")
        tokenizer = open_tokenizer(task.large / "tokenizer.json", max_tokens=TEACHER.max_tokens)
        _save(fit(model, tokenizer, from_labels(task.labelled()), replace(TEACHER, seed=task.seed)), path)
    return path


def make_soft(task: Task) -> Path:
    """Let the teacher judge unlabelled posts; return the file of its probabilities (Parquet, no texts)."""
    path = task.work / "soft.parquet"
    if not path.exists():
        import pandas as pd

        posts = task.unlabelled()
        tokenizer = open_tokenizer(task.large / "tokenizer.json", max_tokens=TEACHER.max_tokens)
        model = _restore(_base(task.large, "teacher"), make_teacher(task))
        p = _sigmoid(predict(model, tokenizer, list(posts["text"]))[:, :N_SCORES])
        frame = pd.DataFrame(p.astype(np.float32), columns=list(OUTPUTS[:N_SCORES]))
        pd.concat([posts[["source", "post_id"]], frame], axis=1).to_parquet(path)
    return path


def make_student(task: Task) -> Path:
    """Train the small model on the teacher's probabilities and on GoEmotions; return the file of its weights."""
    path = task.work / "student.pt"
    if not path.exists():
        import pandas as pd

        soft = task.unlabelled().merge(pd.read_parquet(make_soft(task)), on=["source", "post_id"], validate="1:1")
        examples = from_scores(list(soft["text"]), soft[list(OUTPUTS[:N_SCORES])].to_numpy())
        tokenizer = open_tokenizer(task.small / "tokenizer.json")
        model = _base(task.small, "student")
        _save(fit(model, tokenizer, examples + task.emotions("student"), replace(STUDENT, seed=task.seed)), path)
    return path


def make_folds(task: Task) -> tuple[list[Path], np.ndarray]:
    """Train one model a fold; return the files of their weights and the out-of-fold logits, (posts, outputs)."""
    labelled, tokenizer = task.labelled(), open_tokenizer(task.small / "tokenizer.json")
    fold = sources.folds(labelled, n=N_FOLDS, seed=task.seed)
    examples, emotions = from_labels(labelled), task.emotions("fold")
    logits, paths = np.zeros((len(labelled), len(OUTPUTS)), np.float32), []
    for f in range(N_FOLDS):
        path, held = task.work / f"fold{f}.pt", task.work / f"fold{f}.npy"
        rows = np.flatnonzero(fold == f)
        if not held.exists():
            log.info("fold %d of %d", f + 1, N_FOLDS)
            model = _restore(_base(task.small, "fold"), make_student(task))
            seen = examples.take(np.flatnonzero(fold != f)) + emotions
            model = fit(model, tokenizer, seen, replace(FOLD, seed=task.seed + f))
            _save(model, path)
            np.save(held, predict(model, tokenizer, [examples.texts[i] for i in rows]))
        logits[rows] = np.load(held)
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
        ("--small", "folder of all-MiniLM-L6-v2 (model.safetensors, config.json, tokenizer.json)"),
        ("--large", "folder of all-mpnet-base-v2"),
        ("--work", "folder for what is made on the way"),
        ("--out", "folder for the weights"),
    ):
        parser.add_argument(name, type=Path, required=True, help=text)
    parser.add_argument("--held-out", type=Path, help="labelled posts whose texts must not be among the unlabelled")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    given = vars(parser.parse_args(argv))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    import torch

    torch.set_num_threads(given.pop("threads"))
    out = given.pop("out")
    task = Task(**given)
    task.work.mkdir(parents=True, exist_ok=True)
    from analyzer.nlp.training.finetune_pack import pack

    paths, logits = make_folds(task)
    model = average(paths, _base(task.small, "fold"))
    pack(model, task.labelled(), logits, base=task.small, out=out)
    return 0


def _base(folder: Path, stage: str) -> Encoder:
    from analyzer.nlp.training.finetune_encoder import load_base

    model = load_base(folder, len(OUTPUTS))
    model.freeze(FROZEN[stage])
    return model


def _save(model: Encoder, path: Path) -> None:
    import torch

    beside = path.with_suffix(".part")
    torch.save(model.state_dict(), beside)
    beside.replace(path)


def _restore(model: Encoder, path: Path) -> Encoder:
    import torch

    model.load_state_dict(torch.load(path, weights_only=True))
    return model


def _sigmoid(x: np.ndarray) -> Any:
    return 1 / (1 + np.exp(-x.astype(np.float64)))


if __name__ == "__main__":
    sys.exit(main())
