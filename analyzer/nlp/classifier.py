"""The one interface of all classifiers, and how a model's name becomes a model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from analyzer.errors import ModelError
from analyzer.schema import TOPICS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Probabilities of a model, in the order of LABELS.
SCORES: tuple[str, ...] = (
    "p_relevant",
    "p_report",
    "p_frustration_ge1",
    "p_frustration_ge2",
    "p_frustration_ge3",
    "p_humor",
    *(f"p_topic_{t}" for t in TOPICS),
)

#: Name -> "module:object" that loads it. A new tier is one file and one line here.
MODELS: dict[str, str] = {
    "fast": "analyzer.nlp.fast:load",
    "accurate": "analyzer.nlp.transformer:load",
    "auto": "analyzer.nlp.transformer_cascade:load",
}


#: The model taken when none is named.
DEFAULT = "fast"


@runtime_checkable
class Classifier(Protocol):
    """What can judge posts.

    Attributes
    ----------
    name
        Name and version, written into the column `model`.
    thresholds
        ``{column of SCORES: probability from which it is decided}``; missing ones are .5.
    """

    name: str
    thresholds: Mapping[str, float]

    def scores(self, texts: pa.StringArray) -> pd.DataFrame:
        """Return one row a text: `status` (ok, abstained, unsupported), `language`, and SCORES (float32, 0-1).

        Columns of SCORES may be missing; they become null. Values of rows that are not ok are ignored.
        """
        ...

    def calibration(self) -> pd.DataFrame | None:
        """Return held-out scores with the truth, for estimates of prevalence, or None.

        Columns: SCORES, and for each the true 0/1 under `y_<name>` (`y_relevant`, `y_topic_cause` …),
        `y_frustration` (0-3), `weight`.
        """
        ...


def load(model: str | Any = DEFAULT, **options: Any) -> Classifier:
    """Return the classifier that a name stands for.

    Parameters
    ----------
    model
        `fast`, `accurate`, `auto`, ``"module:object"`` (a Classifier, a function that returns one, a scikit-learn
        estimator or a Hugging Face pipeline), or such an object itself.
    options
        Passed to the function that loads the model.

    Raises
    ------
    ModelError
        Saying which part of the name could not be found.
    """
    if not isinstance(model, str):
        return _adapt(model, type(model).__name__, options)
    return _by_name(model, **options)


@lru_cache(maxsize=8)
def _by_name(name: str, **options: Any) -> Classifier:
    # A name as it stands in labels, such as fast-1, means the tier.
    known = name if ":" in name or name in MODELS else name.partition("-")[0]
    module, _, attribute = MODELS.get(known, name).partition(":")
    if not attribute:
        raise ModelError(f"no model {name!r}; give {', '.join(MODELS)} or 'module:object'")
    try:
        found = getattr(_import(module), attribute)
    except ImportError as error:
        raise ModelError(f"model {name!r}: cannot import {module!r}: {error}") from error
    except AttributeError as error:
        raise ModelError(f"model {name!r}: {module!r} has no {attribute!r}") from error
    return _adapt(found, name, options)


def _import(module: str) -> Any:
    """Import a module; one that lies in the working folder is found too, as with `python -m`."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        here = str(Path.cwd())
        if error.name != module.partition(".")[0] or here in sys.path:
            raise
        sys.path.insert(0, here)
        try:
            return import_module(module)
        finally:
            sys.path.remove(here)


def _adapt(found: Any, name: str, options: Mapping[str, Any]) -> Classifier:
    if isinstance(found, type) or (callable(found) and not _is_model(found)):
        try:
            found = found(**options)
        except TypeError as error:
            raise ModelError(f"model {name!r}: {found!r} cannot be called with {dict(options)}: {error}") from error
    if isinstance(found, Classifier):
        return found
    from analyzer.nlp.custom import adapt

    return adapt(found, name)


def _is_model(found: Any) -> bool:
    """Tell a pipeline (callable, but a model itself) from a function that makes a model."""
    return isinstance(found, Classifier) or hasattr(found, "predict_proba") or hasattr(found, "tokenizer")
