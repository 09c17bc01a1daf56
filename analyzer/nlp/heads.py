"""From the summed lanes of the kernel to calibrated probabilities, status and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.jit import jit
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
_SUPPORTED = len(SUPPORTED)
#: A text with fewer words says too little of its language; English is presumed unless another is plain.
_FEW_WORDS = 4
#: Decision value below which a text is in none of the languages with a lane.
_PLAIN = np.float32(-1.75)
#: Texts judged together, which the caches hold; fewer are filled up with empty ones. A small matrix product sums in
#: another order than a large one, and what is said of a post must not depend on how many stand beside it.
BLOCK = 2048


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
        """Write probabilities into `out` (len(SCORES), n) and return codes into STATUS and LANGUAGES (n,)."""
        n = len(total)
        z = np.zeros((max(n, BLOCK), N_CONTENT + 1), np.float32)
        status, language = np.empty(n, np.int8), np.empty(n, np.int8)
        read_lanes(total, info, self.scale, self.offset, z, status, language)
        hidden = z @ self._first
        np.maximum(hidden, 0, out=hidden)
        raw = hidden @ self.w2
        raw += z[:, :N_CONTENT] @ self.w0
        raw += self.b2
        raw = raw[:n]
        np.clip(raw, -30, 30, out=raw)
        np.exp(np.negative(raw, out=raw), out=raw)
        raw += np.float32(1)
        np.divide(np.float32(1), raw.T, out=out)
        order(out)
        return status, language

    @cached_property
    def _first(self) -> np.ndarray:
        """The hidden layer's weights, its offset as the last row, (N_CONTENT + 1, hidden)."""
        return np.vstack([self.w1, self.b1])

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


@jit
def read_lanes(
    total: np.ndarray,
    info: np.ndarray,
    scale: np.ndarray,
    offset: np.ndarray,
    z: np.ndarray,
    status: np.ndarray,
    language: np.ndarray,
) -> None:
    """Read the lanes of each text: decision values and a one into `z`, codes into `status` and `language`.

    The values are those of `lane_values`, to the last bit. The language is that of the highest lane, or of the script
    that most letters are of; a text without a word is abstained from.
    """
    for t in range(len(total)):
        norm = np.sqrt(max(np.float32(total[t, -1]), np.float32(1)) * scale[-1])
        for k in range(N_CONTENT):
            z[t, k] = np.float32(total[t, k]) * scale[k] / norm + offset[k]
        z[t, N_CONTENT] = 1
        code, most = 0, np.float32(-np.inf)
        for k in range(_SUPPORTED):
            lane = N_CONTENT + k
            value = np.float32(total[t, lane]) * scale[lane] / norm + offset[lane]
            if value > most:
                code, most = k, value
        few = info[t, 2] < _FEW_WORDS
        if not most > _PLAIN:
            code = _UND
        if few and (most < 1 or code == _UND):
            code = 0
        if info[t, 1] > info[t, 0]:  # more letters of other scripts than of Latin
            code = _SUPPORTED - 1 + info[t, 3] if info[t, 3] > 0 else _UND
        language[t] = code
        if info[t, 2] == 0:
            status[t] = 1
        else:
            status[t] = 0 if code < _SUPPORTED else 2
