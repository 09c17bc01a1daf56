"""Pure functions from post texts to labels, shares, words and clusters.

Each module is a verb; `classify` is the one that most readers want. A model is a name of `MODELS` or `module:object`.
"""

from __future__ import annotations

from analyzer.nlp.classifier import DEFAULT, MODELS, SCORES, Classifier, load
from analyzer.nlp.classify import classify

__all__ = ["DEFAULT", "MODELS", "SCORES", "Classifier", "classify", "load"]
