"""Training of the shipped weights: data, folds, the fast tier and the accurate tier."""

from __future__ import annotations

from typing import Any

__all__ = ["train"]


def __getattr__(name: str) -> Any:
    if name == "train":
        from analyzer.nlp.training.train import train

        return train
    raise AttributeError(f"module 'analyzer.nlp.training' has no attribute {name!r}")
