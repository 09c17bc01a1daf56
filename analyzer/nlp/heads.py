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
#: What the lanes hold: the labels, pooled GoEmotions, languages, and the squared norm.
EMOTIONS = ("frustration", "anger", "amusement", "asking")
LANE_NAMES: tuple[str, ...] = (*SCORES, *(f"goe_{e}" for e in EMOTIONS), *(f"lang_{c}" for c in SUPPORTED), "norm")
assert len(LANE_NAMES) == LANES
N_CONTENT = len(SCORES) + len(EMOTIONS)
_LANGUAGE = slice(N_CONTENT, N_CONTENT + len(SUPPORTED))
#: A text with fewer words says too little of its language; English is presumed unless another is plain.
_FEW_WORDS = 4


@dataclass(frozen=True)
class Heads:
    """The small arrays behind the table: scale and offset of lanes, a hidden layer, and calibration.

    With z the lanes as decision values and ``h = max(z w1 + b1, 0)``, the probabilities are
    ``sigmoid(slope (h w2 + b2) + shift)``.
    """

    scale: np.ndarray  # (LANES,)
    offset: np.ndarray  # (LANES,)
    w1: np.ndarray  # (N_CONTENT, hidden)
    b1: np.ndarray
    w2: np.ndarray  # (hidden, len(SCORES))
    b2: np.ndarray
    slope: np.ndarray  # (len(SCORES),)
    shift: np.ndarray

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Heads:
        """Take the arrays of this class out of a weights file."""
        return cls(**{name: arrays[name] for name in cls.__dataclass_fields__})

    def lanes(self, total: np.ndarray) -> np.ndarray:
        """Return lanes as decision values of their first layer, (n, LANES - 1) float32."""
        return lane_values(total, self.scale, self.offset)

    def judge(self, total: np.ndarray, info: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return probabilities (len(SCORES), n), and codes into STATUS and LANGUAGES (n,)."""
        z = self.lanes(total)
        raw = self.raw(z[:, :N_CONTENT])
        p = sigmoid(raw * self.slope + self.shift)
        language = find_language(z[:, _LANGUAGE], info)
        status = np.where(language < len(SUPPORTED), 0, 2).astype(np.int8)
        status[info[:, 2] == 0] = 1  # no word to judge by
        return np.ascontiguousarray(ordered(p).T), status, language

    def raw(self, z: np.ndarray) -> np.ndarray:
        """Return the uncalibrated scores of the second layer, (n, len(SCORES))."""
        return np.maximum(z @ self.w1 + self.b1, 0) @ self.w2 + self.b2


def lane_values(total: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return ``scale * sum / norm + offset`` per lane, the decision values of a linear model on L2-normed features."""
    norm = np.sqrt(np.maximum(total[:, -1:], 1).astype(np.float32) * scale[-1])
    return total[:, :-1].astype(np.float32) * scale[:-1] / norm + offset[:-1]


def ordered(p: np.ndarray) -> np.ndarray:
    """Make probabilities agree: a higher level of frustration, or a report, is no likelier than what it implies."""
    out = p.copy()
    out[:, 1] = np.minimum(out[:, 1], out[:, 0])
    out[:, 3] = np.minimum(out[:, 3], out[:, 2])
    out[:, 4] = np.minimum(out[:, 4], out[:, 3])
    return out


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)) without overflow, float32."""
    return np.float32(1) / (np.float32(1) + np.exp(-np.clip(x, -30, 30).astype(np.float32)))


def find_language(z: np.ndarray, info: np.ndarray) -> np.ndarray:
    """Return the code in LANGUAGES of each text, from the language lanes and the scripts of its letters."""
    best = z.argmax(axis=1).astype(np.int8)
    value = z.max(axis=1)
    words = info[:, 2]
    few = words < _FEW_WORDS
    code = np.where(value > np.float32(-0.5), best, np.int8(_UND))
    code = np.where(few & ((value < 1) | (code == _UND)), np.int8(0), code)
    foreign = info[:, 1] > info[:, 0]
    script = info[:, 3] + len(SUPPORTED) - 1
    return np.where(foreign, np.where(info[:, 3] > 0, script, _UND), code).astype(np.int8)
