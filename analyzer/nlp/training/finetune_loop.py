"""The training loop: batches by length, names swapped and tokens dropped at random, averaged weights."""

from __future__ import annotations

import copy
import logging
import random
import time
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
    """How to train: rates for encoder and heads, epochs, and how strongly texts are disturbed."""

    rate: float = 1e-4
    head_rate: float = 1e-3
    epochs: float = 6
    batch: int = 32
    decay: float = 0.85
    weight_decay: float = 0.01
    swap: float = 0.5
    drop: float = 0.1
    max_tokens: int = 96
    average: float = 0.99
    seed: int = 0


def open_tokenizer(path: Any, *, max_tokens: int = 96) -> Any:
    """Return the base model's tokenizer, told of the capitals mark, cutting at `max_tokens`."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.add_special_tokens([SHOUT])
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def fit(model: Encoder, tokenizer: Any, data: Examples, recipe: Recipe) -> Encoder:
    """Train `model` in place on `data` and return a copy that holds the averaged weights."""
    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    steps = int(recipe.epochs * -(-len(data) // recipe.batch))
    optimizer = torch.optim.AdamW(_groups(model, recipe), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / (0.1 * steps + 1), max(0.0, 1 - s / steps) / 0.9 + 1e-3)
    )
    averaged, step, start, losses = copy.deepcopy(model), 0, time.monotonic(), 0.0
    model.train()
    while step < steps:
        for ids, mask, targets, weights in _batches(tokenizer, data, recipe, model.shape.pad, rng):
            if step >= steps:
                break
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(ids, mask)
            loss = (F.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none") * weights).sum()
            loss = loss / len(ids)
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


def _batches(tokenizer: Any, data: Examples, recipe: Recipe, padding: int, rng: random.Random) -> Any:
    """Yield one epoch: shuffled, sorted by length within stretches of 50 batches, disturbed."""
    texts = [swap_names(t, rng) if rng.random() < recipe.swap else t for t in data.texts]
    tokens = [_drop(e.ids, recipe.drop, rng) for e in tokenizer.encode_batch([prepare(t) for t in texts])]
    rows = list(range(len(data)))
    rng.shuffle(rows)
    stretch, batches = recipe.batch * 50, []
    for at in range(0, len(rows), stretch):
        part = sorted(rows[at : at + stretch], key=lambda i: len(tokens[i]))
        batches += [part[i : i + recipe.batch] for i in range(0, len(part), recipe.batch)]
    rng.shuffle(batches)
    for batch in batches:
        ids, mask = pad([tokens[i] for i in batch], padding)
        yield ids, mask, torch.from_numpy(data.targets[batch]), torch.from_numpy(data.weights[batch])


def _drop(ids: list[int], share: float, rng: random.Random) -> list[int]:
    """Return the tokens without a random share of the inner ones (in every second text)."""
    if share <= 0 or len(ids) < 8 or rng.random() < 0.5:
        return ids
    return [ids[0], *(i for i in ids[1:-1] if rng.random() >= share), ids[-1]]


def _groups(model: Encoder, recipe: Recipe) -> list[dict[str, Any]]:
    """Return parameters with learning rates that fall towards the lower layers."""
    groups: list[dict[str, Any]] = [{"params": list(model.head.parameters()), "lr": recipe.head_rate}]
    depth = len(model.layers)
    for i, layer in enumerate(model.layers):
        groups.append({"params": list(layer.parameters()), "lr": recipe.rate * recipe.decay ** (depth - 1 - i)})
    low = [model.words, model.positions, model.norm] + ([model.relative] if model.relative is not None else [])
    groups.append({"params": [p for m in low for p in m.parameters()], "lr": recipe.rate * recipe.decay**depth})
    for group in groups:
        group["params"] = [p for p in group["params"] if p.requires_grad]
    return [g for g in groups if g["params"]]


def _average(averaged: Encoder, model: Encoder, keep: float) -> None:
    with torch.no_grad():
        for old, new in zip(averaged.parameters(), model.parameters(), strict=True):
            if new.requires_grad:
                old.lerp_(new.detach(), 1 - keep)
