"""The training loop: frozen layers run once and are kept; batches by length, dropped tokens, averaged weights."""

from __future__ import annotations

import copy
import logging
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from analyzer.nlp.training.finetune_data import Examples, swap_names
from analyzer.nlp.training.finetune_encoder import Encoder
from analyzer.nlp.transformer_text import SHOUT, prepare

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How to train.

    `frozen` lowest layers (and the embeddings) stay as they are. `views` is how often each text is put through them:
    as it is, then with the names of services swapped. Of the tokens a share `drop` is hidden from the upper layers.
    """

    rate: float = 1e-4
    head_rate: float = 1e-3
    epochs: float = 6
    frozen: int = 3
    views: int = 2
    batch: int = 32
    decay: float = 0.85
    weight_decay: float = 0.01
    drop: float = 0.05
    max_tokens: int = 64
    average: float = 0.99
    seed: int = 0


@dataclass(frozen=True)
class Stored:
    """Outputs of the frozen layers (bfloat16): all tokens of all texts in a row, and where each text starts."""

    values: torch.Tensor  # (tokens, hidden)
    starts: np.ndarray  # (texts + 1,)

    def take(self, rows: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return values (rows, longest, hidden) and mask (rows, longest)."""
        lengths = [int(self.starts[i + 1] - self.starts[i]) for i in rows]
        x = torch.zeros(len(rows), max(lengths), self.values.shape[1], dtype=self.values.dtype)
        mask = torch.zeros(len(rows), max(lengths))
        for place, (i, n) in enumerate(zip(rows, lengths, strict=True)):
            x[place, :n] = self.values[self.starts[i] : self.starts[i] + n]
            mask[place, :n] = 1
        return x.float(), mask


def open_tokenizer(path: Any, *, max_tokens: int = 64) -> Any:
    """Return the base model's tokenizer, told of the capitals mark, cutting at `max_tokens`."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.add_special_tokens([SHOUT])
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def store(model: Encoder, tokenizer: Any, texts: list[str], layers: int, *, batch: int = 64) -> Stored:
    """Run the texts through the embeddings and the lowest `layers` layers, without dropout."""
    model.eval()
    tokens = [e.ids for e in tokenizer.encode_batch([prepare(t) for t in texts])]
    lengths = np.array([len(t) for t in tokens], np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    values = torch.zeros(int(starts[-1]), model.shape.hidden, dtype=torch.bfloat16)
    order = np.argsort(lengths, kind="stable")
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(order), batch):
            rows = order[at : at + batch]
            ids, mask = pad([tokens[i] for i in rows], model.shape.pad)
            x = model.lower(ids, mask, layers).to(torch.bfloat16)
            for place, i in enumerate(rows):
                values[starts[i] : starts[i + 1]] = x[place, : lengths[i]]
    return Stored(values.clone(), starts)


def fit(model: Encoder, tokenizer: Any, data: Examples, recipe: Recipe) -> Encoder:
    """Train `model` in place on `data` and return a copy that holds the averaged weights."""
    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    model.freeze(recipe.frozen)
    views = [
        store(model, tokenizer, data.texts if v == 0 else [swap_names(t, rng) for t in data.texts], recipe.frozen)
        for v in range(recipe.views)
    ]
    log.info("%d texts stored", len(data))
    steps = int(recipe.epochs * -(-len(data) // recipe.batch))
    optimizer = torch.optim.AdamW(_groups(model, recipe), weight_decay=recipe.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / (0.1 * steps + 1), max(0.0, 1 - s / steps) / 0.9 + 1e-3)
    )
    averaged, step, start, losses = copy.deepcopy(model), 0, time.monotonic(), 0.0
    model.train()
    while step < steps:
        for view, rows in _batches(views, recipe, rng):
            if step >= steps:
                break
            loss = _loss(model, view, rows, data, recipe)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
            optimizer.step()
            schedule.step()
            _average(averaged, model, min(recipe.average, (step + 1) / (step + 10)))
            step, losses = step + 1, losses + loss.item()
            if step % 25 == 0:
                log.info("step %d of %d, loss %.4f, %.0f s", step, steps, losses / 25, time.monotonic() - start)
                losses = 0.0
    return averaged.eval()


def predict(model: Encoder, tokenizer: Any, texts: list[str], *, batch: int = 64) -> np.ndarray:
    """Return logits, (texts, outputs), float32, in the order of the texts."""
    model.eval()
    tokens = [e.ids for e in tokenizer.encode_batch([prepare(t) for t in texts])]
    order = np.argsort([len(t) for t in tokens], kind="stable")
    result = np.zeros((len(texts), model.head.out_features), np.float32)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(order), batch):
            rows = order[at : at + batch]
            ids, mask = pad([tokens[i] for i in rows], model.shape.pad)
            result[rows] = model(ids, mask).float().numpy()
    return result


def pad(tokens: list[list[int]], padding: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and mask, both (batch, longest)."""
    longest = max(map(len, tokens))
    ids = torch.full((len(tokens), longest), padding)
    mask = torch.zeros(len(tokens), longest)
    for i, row in enumerate(tokens):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


def _loss(model: Encoder, view: Stored, rows: list[int], data: Examples, recipe: Recipe) -> torch.Tensor:
    x, mask = view.take(rows)
    hidden = torch.rand(mask.shape) < recipe.drop
    hidden[:, 0] = False
    with torch.autocast("cpu", torch.bfloat16):
        logits = model.head(model.dropout(model.upper(x, mask * ~hidden, recipe.frozen)))
    targets, weights = torch.from_numpy(data.targets[rows]), torch.from_numpy(data.weights[rows])
    each = F.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
    return (each * weights).sum() / len(rows)


def _batches(views: list[Stored], recipe: Recipe, rng: random.Random) -> Iterator[tuple[Stored, list[int]]]:
    """Yield one epoch: shuffled, sorted by length within stretches of 50 batches, each batch of one view."""
    rows = list(range(len(views[0].starts) - 1))
    rng.shuffle(rows)
    stretch, batches = recipe.batch * 50, []
    for view, at in enumerate(range(0, len(rows), stretch)):
        stored = views[(view + rng.randrange(len(views))) % len(views)]
        part = sorted(rows[at : at + stretch], key=lambda i, s=stored: int(s.starts[i + 1] - s.starts[i]))  # type: ignore[misc]
        batches += [(stored, part[i : i + recipe.batch]) for i in range(0, len(part), recipe.batch)]
    rng.shuffle(batches)
    yield from batches


def _groups(model: Encoder, recipe: Recipe) -> list[dict[str, Any]]:
    """Return parameters with learning rates that fall towards the lower layers."""
    groups: list[dict[str, Any]] = [{"params": list(model.head.parameters()), "lr": recipe.head_rate}]
    depth = len(model.layers)
    for i, layer in enumerate(model.layers):
        rate = recipe.rate * recipe.decay ** (depth - 1 - i)
        groups.append({"params": [p for p in layer.parameters() if p.requires_grad], "lr": rate})
    return [g for g in groups if g["params"]]


def _average(averaged: Encoder, model: Encoder, keep: float) -> None:
    with torch.no_grad():
        for old, new in zip(averaged.parameters(), model.parameters(), strict=True):
            if new.requires_grad:
                old.lerp_(new.detach(), 1 - keep)
