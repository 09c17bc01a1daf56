"""Sentiment lexicons that others use for frustration: VADER, TextBlob, AFINN, where they are installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def vader(texts: Sequence[str]) -> Floats:
    """Return VADER's compound score, -1 (negative) to 1 (package vadersentiment)."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    return np.array([analyser.polarity_scores(t)["compound"] for t in texts], float)


def textblob(texts: Sequence[str]) -> Floats:
    """Return TextBlob's polarity, -1 to 1."""
    from textblob import TextBlob

    return np.array([TextBlob(t).sentiment.polarity for t in texts], float)


def afinn(texts: Sequence[str]) -> Floats:
    """Return AFINN's sum of valences."""
    from afinn import Afinn

    lexicon = Afinn(emoticons=True)
    return np.array([lexicon.score(t) for t in texts], float)


BASELINES: dict[str, Callable[[Sequence[str]], Floats]] = {"vader": vader, "textblob": textblob, "afinn": afinn}


def run(texts: Sequence[str]) -> dict[str, Floats]:
    """Return the sentiment of each text by each baseline that is installed."""
    out = {}
    for name, score in BASELINES.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                out[name] = score(texts)
        except ImportError:
            continue
    return out
