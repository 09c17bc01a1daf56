"""From the summed lanes of the kernel to calibrated probabilities, status and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.kernel import LANES, SCRIPTS
from analyzer.schema import STATUSES

STATUS = STATUSES
#: Languages with a lane, which are judged; then those told by their script; und is a Latin-script language of no lane.
SUPPORTED = ("en", "es", "pt", "de", "fr", "it")
LANGUAGES: tuple[str, ...] = (*SUPPORTED, *SCRIPTS[1:])
_UND = LANGUAGES.index("und")
#: Pooled labels of GoEmotions with a lane each.
EMOTIONS: dict[str, tuple[str, ...]] = {
    "frustration": ("annoyance", "anger", "disappointment", "disapproval", "disgust"),
    "anger": ("anger", "annoyance"),
    "amusement": ("amusement",),
    "asking": ("confusion", "curiosity"),
    "disappointment": ("disappointment",),
    "joy": ("joy", "gratitude", "admiration", "love", "approval"),
    "sadness": ("sadness", "grief", "remorse"),
    "surprise": ("surprise", "realization"),
}
#: Labels with three lanes: learnt from labelled posts alone, with comments from elsewhere as well, and from a teacher.
MAIN: tuple[str, ...] = SCORES[:6]
WAYS = ("home", "away", "soft")
#: What the lanes hold: labels, emotions, languages, and the squared norm.
LANE_NAMES: tuple[str, ...] = (
    *(f"{name}_{way}" for way in WAYS for name in MAIN),
    *SCORES[len(MAIN) :],
    *(f"emotion_{e}" for e in EMOTIONS),
    *(f"language_{c}" for c in SUPPORTED),
    "norm",
)
assert len(LANE_NAMES) == LANES
N_LABELS = len(WAYS) * len(MAIN) + len(SCORES) - len(MAIN)
N_CONTENT = N_LABELS + len(EMOTIONS)
_LANGUAGE = slice(N_CONTENT, N_CONTENT + len(SUPPORTED))
#: A text with fewer words says too little of its language; English is presumed unless another is plain.
_FEW_WORDS = 4
#: Decision value below which a text is in none of the languages with a lane.
_PLAIN = np.float32(-1.75)
#: Texts that a matrix product takes at the least.
_LEAST = 16


@dataclass(frozen=True)
class Heads:
    """The small arrays behind the table: scale and offset of lanes, a hidden layer, and calibration.

    With z the lanes as decision values and ``h = max(z w1 + b1, 0)``, the probabilities are
    ``sigmoid(z w0 + h w2 + b2)``; the calibration is part of the weights.
    """

    scale: np.ndarray  # (LANES,)
    offset: np.ndarray  # (LANES,)
    w0: np.ndarray  # (N_CONTENT, len(SCORES))
    w1: np.ndarray  # (N_CONTENT, hidden)
    b1: np.ndarray
    w2: np.ndarray  # (hidden, len(SCORES))
    b2: np.ndarray

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Heads:
        """Take the arrays of this class out of a weights file."""
        return cls(**{name: arrays[name] for name in cls.__dataclass_fields__})

    def judge(self, total: np.ndarray, info: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Write probabilities into `out` (len(SCORES), n) and return codes into STATUS and LANGUAGES (n,).

        Everything is kept label by label, so that each pass runs along memory. A lone text goes through with empty
        ones beside it: a product with a vector sums in another order than one with a matrix.
        """
        if 0 < len(total) < _LEAST:
            more = _LEAST - len(total)
            wide = np.empty((out.shape[0], _LEAST), out.dtype)
            total, info = (np.pad(a, ((0, more), (0, 0))) for a in (total, info))
            status, language = self.judge(total, info, wide)
            n = _LEAST - more
            out[:] = wide[:, :n]
            return status[:n], language[:n]
        z = total.T.astype(np.float32)
        norm = np.sqrt(np.maximum(z[-1], 1) * self.scale[-1])
        z = z[:-1]
        z *= self.scale[:-1, None]
        z /= norm
        z += self.offset[:-1, None]
        content = z[:N_CONTENT]
        hidden = self.w1.T @ content
        hidden += self.b1[:, None]
        np.maximum(hidden, 0, out=hidden)
        raw = self.w2.T @ hidden
        raw += self.w0.T @ content
        raw += self.b2[:, None]
        np.divide(
            np.float32(1),
            np.exp(-np.clip(raw, -30, 30, out=raw), out=raw) + np.float32(1),
            out=out,
        )
        order(out)
        language = find_language(z[_LANGUAGE], info)
        status = np.where(language < len(SUPPORTED), 0, 2).astype(np.int8)
        status[info[:, 2] == 0] = 1  # no word to judge by
        return status, language

    def emotions(self, total: np.ndarray) -> np.ndarray:
        """Return the emotion lanes as decision values, (len(EMOTIONS), n)."""
        return lane_values(total, self.scale, self.offset)[:, N_LABELS:N_CONTENT].T


def lane_values(total: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return ``scale * sum / norm + offset`` per lane, the decision values of a linear model on L2-normed features."""
    norm = np.sqrt(np.maximum(total[:, -1:], 1).astype(np.float32) * scale[-1])
    return total[:, :-1].astype(np.float32) * scale[:-1] / norm + offset[:-1]


def order(p: np.ndarray) -> None:
    """Make probabilities (len(SCORES), n) agree, in place: what implies another label is no likelier than it."""
    np.minimum(p[1], p[0], out=p[1])  # a report is relevant
    np.minimum(p[3], p[2], out=p[3])
    np.minimum(p[4], p[3], out=p[4])


def find_language(z: np.ndarray, info: np.ndarray) -> np.ndarray:
    """Return the code in LANGUAGES of each text, from the language lanes and the scripts of its letters."""
    best = z.argmax(axis=0).astype(np.int8)
    value = z.max(axis=0)
    words = info[:, 2]
    few = words < _FEW_WORDS
    code = np.where(value > _PLAIN, best, np.int8(_UND))
    code = np.where(few & ((value < 1) | (code == _UND)), np.int8(0), code)
    foreign = info[:, 1] > info[:, 0]
    script = info[:, 3] + len(SUPPORTED) - 1
    return np.where(foreign, np.where(info[:, 3] > 0, script, _UND), code).astype(np.int8)
