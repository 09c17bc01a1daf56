"""The audit loop: draw a blind sample for people to label, score what they said, plan how many it takes."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError, SchemaError
from analyzer.schema import LABELS, TOPICS, frame

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: What an annotator fills in, and what they see.
FIELDS = ("relevant", "report", "frustration", "humor", "topics")
SHOWN = ("source", "post_id", "created_at", "text")
_Z = 1.959963984540054


def codebook() -> str:
    """Return the codebook (Markdown) that goes with each sample."""
    return (Path(__file__).parent / "codebook.md").read_text(encoding="utf-8")


def draw(
    posts: pd.DataFrame, labels: pd.DataFrame, *, n: int, phases: Any | None = None, seed: int = 0
) -> pd.DataFrame:
    """Draw a blind sample: evenly over predicted classes, and within a class as phases and sources have posts.

    Parameters
    ----------
    posts, labels
        POSTS and their LABELS, row by row; only posts whose status is ok are drawn.
    n
        Posts to draw; fewer where there are fewer.
    phases
        Phase of each post; None does not stratify by phase.
    seed
        Seed of the draw; the same seed draws the same posts.

    Returns
    -------
    pandas.DataFrame
        `source, post_id, created_at, text` and empty columns for FIELDS, in random order. Nothing tells the prediction.
    """
    import numpy as np
    import pandas as pd

    if len(posts) != len(labels):
        raise SchemaError(
            f"{len(posts):,} posts but {len(labels):,} labels; give the labels of the same posts in order"
        )
    rng = np.random.default_rng(seed)
    ok = np.flatnonzero((labels["status"] == "ok").to_numpy(dtype=bool))
    relevant = (labels["p_relevant"].fillna(0) >= 0.5).to_numpy(dtype=bool)
    level = labels["frustration_level"].fillna(0).to_numpy(dtype=np.int64)
    strata = pd.DataFrame(
        {
            "phase": "" if phases is None else np.asarray(phases, dtype=object),
            "source": posts["source"].astype(str).to_numpy() if "source" in posts else "",
            "class": np.where(relevant, 1 + (level >= 2), 0),
        }
    ).iloc[ok]
    order = rng.permutation(len(ok))
    drawn = strata.iloc[order].reset_index(drop=True)
    stratum = drawn.groupby(["phase", "source", "class"], dropna=False, sort=True)
    # Within a class every phase and source has its own share of the sample (place in the stratum over its size), so
    # that the estimator needs to weight by class alone; the classes take turns.
    place = (stratum.cumcount() + rng.random(len(drawn))) / stratum["class"].transform("size")
    turn = place.groupby(drawn["class"], sort=True).rank(method="first").to_numpy()
    chosen = order[np.lexsort((rng.random(len(order)), turn))[:n]]
    rows = ok[rng.permutation(chosen)]
    columns = {c: posts[c].iloc[rows].to_numpy() if c in posts else "" for c in SHOWN}
    return pd.DataFrame({**columns, **dict.fromkeys(FIELDS, "")})


def read(path: str | Path, *, annotator: str | None = None) -> pd.DataFrame:
    """Read an annotated sample (CSV) back.

    Rows without `relevant` are left out. Every label but `relevant` is 0 where relevant is 0.

    Returns
    -------
    pandas.DataFrame
        `annotator` (else the file's name), source, post_id, relevant, report, frustration, humor (int), topics (text).

    Raises
    ------
    InputError
        Naming file, line and the value that the codebook does not know.
    """
    import pandas as pd

    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV: {error}") from error
    found = [_row(row, line, path) for line, row in enumerate(rows, 2) if (row.get("relevant") or "").strip()]
    if not found:
        raise InputError(f"{path}: no row has a value in `relevant`; fill in 0 or 1 as the codebook says")
    data = pd.DataFrame(found)
    data.insert(0, "annotator", annotator or path.stem)
    return data


def _row(row: dict[str, str], line: int, path: Path) -> dict[str, Any]:
    out: dict[str, Any] = {"source": row.get("source") or "", "post_id": row.get("post_id") or ""}
    if not out["post_id"]:
        raise InputError(f"{path}, line {line}: no `post_id`; keep the columns of the drawn sample")
    for name, top in (("relevant", 1), ("report", 1), ("frustration", 3), ("humor", 1)):
        text = (row.get(name) or "0").strip()
        if not text.isdigit() or int(text) > top:
            raise InputError(f"{path}, line {line}: `{name}` is {text!r}; give 0 to {top}")
        out[name] = int(text) if name == "relevant" or out["relevant"] else 0
    topics = [t for t in (row.get("topics") or "").replace(";", ",").replace(" ", "").split(",") if t]
    if unknown := [t for t in topics if t not in TOPICS]:
        raise InputError(f"{path}, line {line}: topic {unknown[0]!r} is not in the codebook ({', '.join(TOPICS)})")
    out["topics"] = ",".join(t for t in TOPICS if t in topics) if out["relevant"] else ""
    return out


def to_labels(annotations: pd.DataFrame) -> pd.DataFrame:
    """Turn annotations into LABELS (with `source`): probabilities 0 or 1, model ``human:<annotator>``."""
    import pandas as pd
    import pyarrow as pa

    a = annotations.reset_index(drop=True)
    columns: dict[str, Any] = {
        "post_id": a["post_id"].astype(str),
        "status": ["ok"] * len(a),
        "language": ["und"] * len(a),
        "frustration": a["frustration"] / 3,
        "frustration_level": a["frustration"],
        "topics": a["topics"],
        "model": "human:" + a["annotator"].astype(str),
    }
    for name in ("relevant", "report", "humor"):
        columns[f"p_{name}"] = a[name].astype(float)
    for k in (1, 2, 3):
        columns[f"p_frustration_ge{k}"] = (a["frustration"] >= k).astype(float)
    for topic in TOPICS:
        columns[f"p_topic_{topic}"] = a["topics"].str.split(",").map(lambda found, t=topic: float(t in found))
    data = pd.DataFrame(columns)[LABELS.names]
    labels = frame(pa.Table.from_pandas(data, schema=LABELS.arrow(), preserve_index=False))
    labels.insert(0, "source", a["source"].astype(str))
    return labels


def score(annotations: pd.DataFrame, labels: pd.DataFrame) -> dict[str, Any]:
    """Compare people with each other and with the model.

    Parameters
    ----------
    annotations
        Rows of `read`, of one or more annotators.
    labels
        The model's LABELS of (at least) these posts.

    Returns
    -------
    dict
        `n_posts`, `annotators`, `alpha` ({label: Krippendorff's alpha or None}), `errors` ({label: recall,
        precision and share called wrong, each with n and a Wilson interval}),
        `labels` (LABELS of the people, for the corpus).
    """
    people = to_labels(annotations)
    names = sorted(annotations["annotator"].unique())
    return {
        "n_posts": len(annotations.drop_duplicates(["source", "post_id"])),
        "annotators": names,
        "alpha": {k: _alpha(annotations, k) for k in ("relevant", "report", "frustration", "humor")},
        "errors": _errors(people, labels),
        "labels": people,
    }


def _alpha(annotations: pd.DataFrame, label: str) -> float | None:
    """Return Krippendorff's alpha (interval for frustration, else nominal); None with one annotator or one value."""
    if annotations["annotator"].nunique() < 2:
        return None
    annotations = annotations.reset_index(drop=True)
    unit = annotations["source"].astype(str) + "\x1f" + annotations["post_id"].astype(str)
    n = unit.groupby(unit).transform("size")
    part = annotations[n.to_numpy() > 1]
    if not len(part) or part[label].nunique() < 2:
        return None
    from nltk.metrics.agreement import AnnotationTask
    from nltk.metrics.distance import binary_distance, interval_distance

    distance = interval_distance if label == "frustration" else binary_distance
    triples = list(zip(part["annotator"], unit[part.index], part[label].astype(int), strict=True))
    return float(AnnotationTask(triples, distance=distance).alpha())


def _errors(people: pd.DataFrame, labels: pd.DataFrame) -> dict[str, Any]:
    from analyzer.nlp.metrics import share

    key = [c for c in ("source", "post_id") if c in labels and c in people]
    human = (
        people.drop(columns=["status", "model", "language", "topics"]).groupby(key, sort=True).mean(numeric_only=True)
    )
    machine = labels[labels["status"] == "ok"].drop_duplicates(key, keep="last")
    both = human.reset_index().merge(machine, on=key, suffixes=("_true", ""), how="inner")
    out: dict[str, Any] = {}
    for name in ("relevant", "report", "frustration_ge1", "frustration_ge2", "humor"):
        true = (both[f"p_{name}_true"] >= 0.5).to_numpy(dtype=bool)
        called = _called(both, name)
        out[name] = {"recall": share(called[true]), "precision": share(true[called]), "wrong": share(true != called)}
    return out


def _called(both: pd.DataFrame, name: str) -> np.ndarray:
    if name.startswith("frustration"):
        return (both["frustration_level"] >= int(name[-1])).to_numpy(dtype=bool)
    return (both[f"p_{name}"] >= 0.5).to_numpy(dtype=bool)


def plan(
    half_width: float,
    *,
    model: str | Any = "fast",
    measures: Sequence[str] = ("frustration_ge2", "humor", "report"),
    share: float | None = None,
    n_posts: int | None = None,
) -> dict[str, dict[str, Any]]:
    """Say how many audited posts bring a share's 95 % interval to ± `half_width`.

    Parameters
    ----------
    half_width
        Wanted half width, such as 0.03.
    model
        Its calibration sample says how much of the variance the predictions explain.
    measures
        Shares in question.
    share
        Expected share; None takes the worst case, one half.
    n_posts
        Posts in the corpus, for the finite population correction.

    Returns
    -------
    dict
        By measure: `n` (prediction-powered), `n_without` (labels alone), `explained` (share of variance explained).
    """
    import numpy as np

    from analyzer.nlp.classifier import load

    if not 0 < half_width < 0.5:
        raise ValueError(f"half width is {half_width}; give a number between 0 and 0.5, such as 0.03")
    sample = load(model).calibration()
    p = 0.5 if share is None else share
    out = {}
    for measure in measures:
        explained = 0.0
        if sample is not None and f"y_{measure}" in sample:
            relevant = sample["y_relevant"].to_numpy() == 1
            pair = (sample[f"p_{measure}"].to_numpy()[relevant], sample[f"y_{measure}"].to_numpy()[relevant])
            explained = float(np.corrcoef(*pair)[0, 1] ** 2)
        needed = [_Z**2 * p * (1 - p) * part / half_width**2 for part in (1 - explained, 1.0)]
        if n_posts:
            needed = [n / (1 + n / n_posts) for n in needed]
        out[measure] = {"n": math.ceil(needed[0]), "n_without": math.ceil(needed[1]), "explained": explained}
    return out
