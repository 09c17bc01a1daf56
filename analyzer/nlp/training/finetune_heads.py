"""Heads anew: logistic regression on the trained encoder's vectors, for labels too rare for the training loop.

A topic has some 150 positive posts. In a few epochs of gradient steps its head stays far from its optimum (macro-F1
of the topics .47); fitted to the end, with a penalty, it does better (.52, both measured on posts left out).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.training.finetune_loop import store

if TYPE_CHECKING:
    from analyzer.nlp.training.finetune_data import Examples
    from analyzer.nlp.training.finetune_encoder import Encoder

#: Inverse penalty of the regression on standardised vectors.
C = 0.01
#: Scores whose heads are fitted anew.
RARE = tuple(k for k, name in enumerate(SCORES) if name.startswith("p_topic_"))


def vectors(model: Encoder, tokenizer: Any, texts: list[str]) -> np.ndarray:
    """Return the encoder's vector of each text (mean over its tokens), (texts, hidden) float32."""
    stored = store(model, tokenizer, texts, model.shape.layers)
    return np.stack([stored.values[a:b].float().mean(0).numpy() for a, b in pairwise(stored.starts)])


def fit_heads(x: np.ndarray, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    """Return weight (len(RARE), hidden) and bias (len(RARE),) of heads given that a post is relevant.

    Parameters
    ----------
    x
        Vectors of the examples, (examples, hidden).
    examples
        Labelled posts, in the same order.
    """
    from sklearn.linear_model import LogisticRegression

    relevant = examples.targets[:, 0] == 1
    mean, std = x.mean(axis=0), x.std(axis=0) + 1e-9
    scaled = (x[relevant] - mean) / std
    weight, bias = np.zeros((len(RARE), x.shape[1])), np.zeros(len(RARE))
    for row, k in enumerate(RARE):
        fitted = LogisticRegression(C=C, max_iter=500).fit(scaled, examples.targets[relevant, k])
        weight[row] = fitted.coef_[0] / std
        bias[row] = fitted.intercept_[0] - mean @ weight[row]
    return weight.astype(np.float32), bias.astype(np.float32)


def fit_emotion(x: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weight (1, hidden) and bias (1,) of pooled GoEmotions frustration."""
    from sklearn.linear_model import LogisticRegression

    mean, std = x.mean(axis=0), x.std(axis=0) + 1e-9
    fitted = LogisticRegression(C=C, max_iter=500).fit((x - mean) / std, positive)
    weight = fitted.coef_ / std
    return weight.astype(np.float32), (fitted.intercept_ - weight @ mean).astype(np.float32)


def with_heads(model: Encoder, rows: tuple[int, ...], weight: np.ndarray, bias: np.ndarray) -> Encoder:
    """Put heads into the given rows of the model's outputs (in place) and return it."""
    import torch

    with torch.no_grad():
        model.head.weight[list(rows)] = torch.from_numpy(weight)
        model.head.bias[list(rows)] = torch.from_numpy(bias)
    return model
