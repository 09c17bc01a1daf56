"""The accurate tier: a small transformer (int8 ONNX), run by onnxruntime on all cores.

Posts in a language that is not supported, or without a word, are told apart by the fast tier and not scored; of the
others its scores are mixed in, since it knows words (and languages) that the transformer's vocabulary lacks. Equal
texts are scored once; texts of the same number of tokens go through together, so nothing is spent on padding, and a
post's scores do not depend on the posts beside it (to about 1e-6).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import ModelError
from analyzer.nlp.classifier import SCORES
from analyzer.nlp.transformer_text import SHOUT, prepare

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

WEIGHTS = Path(__file__).parent / "weights" / "accurate"
#: Tokens read of a post, and tokens that go through the network together.
MAX_TOKENS = 128
BATCH_TOKENS = 2048
#: What the calibration of each label consists of.
PARTS = ("slope", "fast", "shift")
#: Columns of SCORES with the levels of frustration.
LEVELS = slice(2, 5)


class Accurate:
    """The transformer with its calibration.

    Parameters
    ----------
    folder
        Folder with `model.onnx`, `tokenizer.json`, `model.json` and `calibration.npz`, as `finetune` writes them.
    threads
        Worker threads; None takes the processor's cores.

    Raises
    ------
    ModelError
        If onnxruntime or tokenizers is not installed, or the weights are missing or damaged.
    """

    def __init__(self, folder: str | Path = WEIGHTS, *, threads: int | None = None) -> None:
        self.folder = Path(folder)
        settings = _settings(self.folder / "model.json")
        self.name: str = settings["name"]
        self.thresholds: Mapping[str, float] = settings["thresholds"]
        self._scale = settings["calibration"]
        self._emotion: Mapping[str, float] = settings["emotion"]
        self._threads = threads or os.cpu_count() or 1
        self._session, self._tokenizer = _open(self.folder)

    def scores(self, texts: pa.StringArray) -> pd.DataFrame:
        """Return status, language and SCORES of each text (see `Classifier.scores`)."""
        from analyzer.nlp.fast import load as load_fast

        return self.refine(texts, load_fast().scores(texts))

    def refine(self, texts: pa.StringArray, fast: pd.DataFrame, rows: np.ndarray | None = None) -> pd.DataFrame:
        """Return the fast tier's frame with the scores of `rows` (default: all that are ok) made anew."""
        import numpy as np

        ok = np.flatnonzero((fast["status"] == "ok").to_numpy(dtype=bool))
        rows = ok if rows is None else np.intersect1d(rows, ok)
        given = np.stack([fast[name].to_numpy(dtype=np.float64, na_value=np.nan)[rows] for name in SCORES], 1)
        p = calibrate(self.logits(texts.take(rows).to_pylist()), given, self._scale)
        columns: dict[str, Any] = {}
        for k, name in enumerate(SCORES):
            values = fast[name].to_numpy(dtype=np.float32, na_value=np.nan).copy()
            values[rows] = p[:, k]
            columns[name] = values
        return fast[["status", "language"]].assign(**columns)

    def emotions(self, texts: pa.StringArray) -> pd.DataFrame:
        """Return `frustration`: pooled annoyance, anger, disappointment, disapproval, disgust of GoEmotions, 0-1."""
        import numpy as np
        import pandas as pd

        from analyzer.nlp.fast import load as load_fast

        mine = self.logits(texts.to_pylist())[:, len(SCORES)].astype(np.float64)
        fast = load_fast().emotions(texts)["frustration"].to_numpy(np.float64)
        value = self._emotion["slope"] * mine + self._emotion["fast"] * fast + self._emotion["shift"]
        return pd.DataFrame({"frustration": 1 / (1 + np.exp(-value))})

    def logits(self, texts: list[str]) -> np.ndarray:
        """Return the network's raw outputs, (texts, outputs) float32, in the order of the texts."""
        import numpy as np

        first: dict[str, int] = {}
        where = np.array([first.setdefault(t, len(first)) for t in map(prepare, texts)], np.int64)
        tokens = [e.ids for e in self._tokenizer.encode_batch(list(first))]
        width = self._session.get_outputs()[0].shape[1]
        result = np.zeros((len(first), width), np.float32)

        def work(rows: np.ndarray) -> None:
            result[rows] = self._run(np.array([tokens[i] for i in rows], np.int64))

        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(work, batches([len(t) for t in tokens])))
        return result[where]

    def calibration(self) -> pd.DataFrame | None:
        """Return the out-of-fold scores and the true labels of the training posts (numbers only)."""
        import numpy as np
        import pandas as pd

        path = self.folder / "calibration.npz"
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as file:
            return pd.DataFrame({k: file[k] for k in file.files})

    def _run(self, ids: np.ndarray) -> np.ndarray:
        import numpy as np

        lengths = np.full(len(ids), ids.shape[1], np.int32)
        logits: np.ndarray = self._session.run(None, {"ids": ids, "lengths": lengths})[0]
        return logits


def batches(lengths: list[int], *, tokens: int = BATCH_TOKENS) -> list[np.ndarray]:
    """Return row numbers in batches of equal length, the longest first, each of `tokens` tokens at most."""
    import numpy as np

    given = np.asarray(lengths, np.int64)
    result: list[np.ndarray] = []
    for length in np.unique(given)[::-1]:
        rows = np.flatnonzero(given == length)
        size = max(1, tokens // int(length))
        result += [rows[i : i + size] for i in range(0, len(rows), size)]
    return result


def calibrate(logits: np.ndarray, fast: np.ndarray, scale: Mapping[str, Any]) -> np.ndarray:
    """Turn logits into calibrated probabilities that agree with each other.

    Every label but relevance is learnt given that the post is relevant; its probability is the product with that of
    relevance. On the logit scale this is mixed with the fast tier's, which knows more words (its table is as large as
    this model), by weights that were fitted to held-out scores (as Platt 1999, with two scores instead of one).

    Parameters
    ----------
    logits
        (n, at least len(SCORES)), in the order of SCORES.
    fast
        The fast tier's probabilities, (n, len(SCORES)).
    scale
        `slope`, `fast` and `shift`, each of len(SCORES).
    """
    import numpy as np

    slope, other, shift = (np.asarray(scale[k], np.float64) for k in PARTS)
    mine, theirs = inputs(logits, fast)
    raw = slope * mine + other * theirs + shift
    p = 1 / (1 + np.exp(-raw))
    p[:, 1] = np.minimum(p[:, 1], p[:, 0])
    p[:, 3] = np.minimum(p[:, 3], p[:, 2])
    p[:, 4] = np.minimum(p[:, 4], p[:, 3])
    return p.astype(np.float32)


def inputs(logits: np.ndarray, fast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the two tiers' scores as they are mixed, on the logit scale, (n, len(SCORES)) each.

    The level of frustration is decided among relevant posts, while its probability must also be right for others. So
    of relevance only the square root is multiplied in: held out, this raises the kappa of the level among relevant
    posts from .72 to .76 and costs .002 of AUC among all.
    """
    import numpy as np

    p = 1 / (1 + np.exp(-np.clip(logits[:, : len(SCORES)].astype(np.float64), -15, 15)))
    p[:, 1:] *= p[:, :1]

    def softened(given: np.ndarray) -> np.ndarray:
        out = np.array(given, np.float64)
        out[:, LEVELS] /= np.sqrt(np.maximum(np.maximum(out[:, :1], out[:, LEVELS]), 1e-12))
        return logit(out)

    return softened(p), softened(fast)


def logit(p: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p)), with p kept 1e-7 away from 0 and 1."""
    import numpy as np

    kept = np.clip(p, 1e-7, 1 - 1e-7)
    result: np.ndarray = np.log(kept) - np.log1p(-kept)
    return result


@lru_cache(maxsize=1)
def load() -> Accurate:
    """Return the shipped model; it is read once."""
    return Accurate()


def _open(folder: Path) -> tuple[Any, Any]:
    try:
        import onnxruntime
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelError(
            f"the accurate model needs {error.name or 'onnxruntime'}: pip install 'outage-analyzer[accurate]', "
            "or take --model fast, which needs nothing more"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # threads work on batches of their own
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # both libraries raise bare or private types
        raise ModelError(f"{folder}: not readable as weights ({error}); reinstall, or train them anew") from error
    tokenizer.add_special_tokens([SHOUT])
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return session, tokenizer


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        sizes = [len(settings["calibration"][k]) for k in PARTS]
        if (
            sizes != [len(SCORES)] * 3
            or not isinstance(settings["name"], str)
            or set(settings["emotion"]) != set(PARTS)
        ):
            raise ValueError(f"calibration of {sizes} labels, not {len(SCORES)}")
        settings["thresholds"] = {k: float(v) for k, v in settings["thresholds"].items()}
    except FileNotFoundError as error:
        raise ModelError(
            f"{path}: no weights here; make them with `python -m analyzer.nlp.training.finetune`, or reinstall"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: not readable as settings of a model ({error}); reinstall it") from error
    return settings
