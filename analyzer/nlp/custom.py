"""Classifiers that a user brings: a scikit-learn estimator, or a Hugging Face text-classification pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from analyzer.errors import ModelError
from analyzer.nlp.classifier import SCORES, Classifier
from analyzer.schema import TOPICS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

#: What an estimator's classes or a pipeline's labels may be called, beside the names of SCORES themselves.
KNOWN: dict[str, str] = {
    **{name: name for name in SCORES},
    **{name.removeprefix("p_"): name for name in SCORES},
    **{topic: f"p_topic_{topic}" for topic in TOPICS},
    "frustration": "p_frustration_ge2",
    "humour": "p_humor",
}
_BATCH = 256


def adapt(found: Any, name: str) -> Classifier:
    """Wrap an estimator with `predict_proba` over texts, or a callable pipeline that returns labels with scores.

    Raises
    ------
    ModelError
        If the object is neither.
    """
    if hasattr(found, "predict_proba"):
        return Estimator(found, name)
    if callable(found):
        return Pipeline(found, name)
    raise ModelError(
        f"model {name!r}: {type(found).__name__} is no Classifier, has no predict_proba and cannot be called; "
        "see analyzer.nlp.Classifier for what is needed"
    )


class Estimator:
    """A scikit-learn estimator that takes raw texts (such as a Pipeline with a vectoriser).

    Its classes must be names of labels (``relevant``, ``frustration_ge2``, ``humor``, ``cause`` …), or 0/1: then the
    attribute `label_` of the estimator says which label 1 is, else it is `relevant`.
    """

    thresholds: Mapping[str, float] = {}

    def __init__(self, estimator: Any, name: str) -> None:
        self.name = name
        self._estimator = estimator

    def scores(self, texts: pa.StringArray) -> pd.DataFrame:
        """See `Classifier.scores`; every text counts as judged."""
        import numpy as np

        classes = [str(c) for c in self._estimator.classes_]
        p = np.asarray(self._estimator.predict_proba(texts.to_pylist()))
        if p.ndim != 2 or p.shape != (len(texts), len(classes)):
            raise ModelError(
                f"model {self.name!r}: predict_proba gave shape {p.shape}, not {(len(texts), len(classes))}"
            )
        if set(classes) <= {"0", "1", "False", "True"}:
            columns = {str(getattr(self._estimator, "label_", "relevant")): p[:, -1]}
        else:
            columns = {c: p[:, k] for k, c in enumerate(classes)}
        return _frame(columns, len(texts), self.name)

    def calibration(self) -> pd.DataFrame | None:
        """Return None: nothing is known of the errors, so shares stay naive."""
        return None


class Pipeline:
    """A callable that maps a list of texts to ``{"label", "score"}`` dicts, one or several a text."""

    thresholds: Mapping[str, float] = {}

    def __init__(self, pipeline: Any, name: str) -> None:
        self.name = name
        self._pipeline = pipeline

    def scores(self, texts: pa.StringArray) -> pd.DataFrame:
        """See `Classifier.scores`; every text counts as judged."""
        import numpy as np

        columns: dict[str, np.ndarray] = {}
        for start in range(0, len(texts), _BATCH):
            given = self._pipeline(texts.slice(start, _BATCH).to_pylist(), truncation=True, top_k=None)
            for row, found in enumerate(given, start):
                for item in found if isinstance(found, Iterable) and not isinstance(found, Mapping) else [found]:
                    column = columns.setdefault(str(item["label"]).casefold(), np.zeros(len(texts)))
                    column[row] = float(item["score"])
        return _frame(columns, len(texts), self.name)

    def calibration(self) -> pd.DataFrame | None:
        """Return None: nothing is known of the errors, so shares stay naive."""
        return None


def _frame(columns: Mapping[str, np.ndarray], n: int, name: str) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    known = {KNOWN[c]: np.asarray(v, np.float32) for c, v in columns.items() if c in KNOWN}
    if n and not known:
        raise ModelError(
            f"model {name!r}: none of its labels ({', '.join(sorted(columns)[:5])}) is one of ours; "
            f"name them {', '.join(list(KNOWN)[len(SCORES) : len(SCORES) + 4])} …"
        )
    return pd.DataFrame({"status": ["ok"] * n, "language": ["und"] * n, **known})
