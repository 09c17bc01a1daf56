"""The fast tier: every label from one pass over the text, by summed weights of hashed features.

`weights/fast/model.npz` holds numbers only; `training/train.py` makes them. Scoring of a chunk of posts:

1. `kernel.score` adds up small integers over the features of each text, 48 lanes at once (exact integers);
2. `heads.Heads` turns the sums into calibrated probabilities by a few small matrix products.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import ModelError
from analyzer.nlp.classifier import SCORES

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

WEIGHTS = Path(__file__).parent / "weights" / "fast"


class Fast:
    """Hashed features and fused linear heads.

    Parameters
    ----------
    folder
        Folder with `model.npz` and `calibration.npz` as `train` writes them.
    threads
        Worker threads; None takes the processor's cores. The numbers do not depend on it.
    compiled
        False takes the pure-Python kernel (the same numbers, some hundred times slower).

    Raises
    ------
    ModelError
        If the weights are missing or of another format.
    """

    def __init__(
        self,
        folder: str | Path = WEIGHTS,
        *,
        threads: int | None = None,
        compiled: bool = True,
    ) -> None:
        from analyzer.nlp.heads import Heads

        self.folder = Path(folder)
        arrays = _read(self.folder / "model.npz")
        self._table = _table(arrays)
        self._heads = Heads.from_arrays(arrays)
        self._threads = threads
        self._compiled = compiled
        self.name: str = str(arrays["name"])
        self.thresholds: Mapping[str, float] = dict(zip(SCORES, arrays["thresholds"].tolist(), strict=True))

    def scores(self, texts: pa.StringArray) -> pd.DataFrame:
        """Return status, language and SCORES of each text (see `Classifier.scores`)."""
        import numpy as np
        import pandas as pd
        import pyarrow as pa

        from analyzer.nlp.hashing import sums
        from analyzer.nlp.heads import BLOCK, LANGUAGES, STATUS

        n = len(texts)
        p = np.empty((len(SCORES), n), np.float32)
        status, language = np.empty(n, np.int8), np.empty(n, np.int8)

        threads = min(self._threads or os.cpu_count() or 1, -(-n // BLOCK))
        # Threads wait for the interpreter between compiled calls: longer parts, and as many for each thread.
        size = BLOCK if threads < 2 else min(max(-(-n // (8 * threads)), BLOCK), 4 * BLOCK)
        starts = range(0, n, size)

        def work(start: int) -> None:
            part = texts.slice(start, size)
            stop = start + len(part)
            total, info = sums(part, self._table, compiled=self._compiled)
            status[start:stop], language[start:stop] = self._heads.judge(total, info, p[:, start:stop])

        # The products are small: threads of their own within them cost several times the work itself.
        with _pools().limit(limits=1, user_api="blas"):
            if threads > 1:
                with ThreadPoolExecutor(threads) as pool:
                    list(pool.map(work, starts))
            else:
                for start in starts:
                    work(start)

        def words(codes: np.ndarray, values: tuple[str, ...]) -> Any:
            coded = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(values))
            return pd.Series(pd.arrays.ArrowExtensionArray(coded.cast(pa.string())))

        columns = {
            "status": words(status, STATUS),
            "language": words(language, LANGUAGES),
        }
        return pd.DataFrame({**columns, **{name: p[k] for k, name in enumerate(SCORES)}}, copy=False)

    def emotions(self, texts: pa.StringArray) -> pd.DataFrame:
        """Return decision values of the pooled GoEmotions labels of `heads.EMOTIONS` (higher is likelier)."""
        import pandas as pd

        from analyzer.nlp.hashing import sums
        from analyzer.nlp.heads import EMOTIONS

        total, _ = sums(texts, self._table, compiled=self._compiled)
        return pd.DataFrame(self._heads.emotions(total).T, columns=list(EMOTIONS))

    def calibration(self) -> pd.DataFrame | None:
        """Return the out-of-fold scores and the true labels of the training posts (numbers only)."""
        import pandas as pd

        path = self.folder / "calibration.npz"
        return pd.DataFrame(dict(_read(path))) if path.is_file() else None


@lru_cache(maxsize=1)
def load() -> Fast:
    """Return the shipped model; it is read once."""
    return Fast()


@lru_cache(maxsize=1)
def _pools() -> Any:
    """Return the thread pools of the libraries loaded; to look for them takes longer than to score a hundred posts."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _table(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    from analyzer.nlp import kernel

    table = arrays["table"]
    if table.shape != (kernel.BUCKETS, kernel.LANES):
        raise ModelError(
            f"weights have shape {table.shape}, this version reads {(kernel.BUCKETS, kernel.LANES)}; train them anew"
        )
    return table


def _read(path: Path) -> Mapping[str, np.ndarray]:
    from zipfile import BadZipFile

    import numpy as np

    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {k: file[k] for k in file.files}
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no weights here; make them with `outage-analyzer train`, or reinstall") from error
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ModelError(f"{path}: not readable as weights ({error}); reinstall, or train them anew") from error
