"""What the classifiers learn from: labelled posts, GoEmotions and unlabelled posts, from folders the user names."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError
from analyzer.schema import TOPICS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Sources that may be evaluated on but never trained on (non-commercial, or without a licence).
EVALUATION_ONLY = ("airlines", "complaints")
#: Files of unlabelled posts with the same restriction.
_EVALUATION_FILES = ("us_airlines", "complaints")
#: GoEmotions labels that together stand for frustration.
GOEMOTIONS_FRUSTRATION = ("annoyance", "anger", "disappointment", "disapproval", "disgust")
_SPACE = re.compile(r"\s+")


def load_labels(path: str | Path) -> pd.DataFrame:
    """Read a labelled file of posts, as `labels/train.jsonl` is written.

    Parameters
    ----------
    path
        JSON lines with `text`, `relevant`, `report`, `frustration` (0-3), `humor`, `topics` (list), and if they are
        known `post_id`, `source`, `origin`, `service`, `language`, `stratum`, `stratum_size`, `stratum_n`.

    Returns
    -------
    pandas.DataFrame
        One row a post: `post_id, source, origin, family, service, language, text, weight` (posts of the stratum that
        the row stands for, mean 1), `relevant, report, frustration, humor` and `topic_<key>` (0/1, int).

    Raises
    ------
    InputError
        Naming the file and the line that cannot be read.
    """
    import pandas as pd

    rows = [_label(row, line, path) for line, row in _json_lines(Path(path))]
    if not rows:
        raise InputError(f"{path}: holds no labelled posts; give JSON lines with text, relevant, report, frustration …")
    data = pd.DataFrame(rows)
    data["weight"] /= data["weight"].mean()
    return data


def for_training(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that shipped weights may learn from (without the sources `airlines` and `complaints`)."""
    return labels[~labels["source"].isin(EVALUATION_ONLY)].reset_index(drop=True)


def written(names: str = "*written*.tsv") -> pd.DataFrame:
    """Return posts invented for training (the files so named beside this one), as `load_labels` does.

    They stress what labelled posts have little of: rare topics, five languages, and everyday posts that are about
    something else. They are trained on, never judged on.
    """
    import pandas as pd

    rows = []
    for path in sorted(Path(__file__).parent.glob(names)):
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 2):
            row: dict[str, Any] = dict(zip(head.split("\t"), line.split("\t"), strict=True))
            row |= {"topics": [t for t in row["topics"].split(",") if t], "source": "written_more", "origin": "written"}
            rows.append(_label(row, number, path))
    return pd.DataFrame(rows)


def labelled_more(posts: str | Path, name: str = "labelled_more.tsv") -> pd.DataFrame:
    """Return posts of the unlabelled files that were labelled for training, as `load_labels` does.

    The file beside this one holds labels and post ids, no text; `posts` is the folder of the files. The posts were
    drawn where the tiers were unsure or apart, and read under the codebook by a large language model, once.
    They are trained on, never judged on. Posts that are not in the folder are left out.
    """
    import pandas as pd

    head, *lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    texts: dict[tuple[str, str], str] = {}
    for source in sorted({row["source"] for row in rows}):
        path = Path(posts) / f"{source}.csv.gz"
        if path.is_file():
            given = pd.read_csv(path, dtype=str, keep_default_na=False)
            texts |= {(source, i): t for i, t in zip(given["post_id"], given["text"], strict=True)}
    found = []
    for number, row in enumerate(rows, 2):
        if text := texts.get((row["source"], row["post_id"])):
            topics = [t for t in row["topics"].split(",") if t]
            found.append(_label({**row, "topics": topics, "text": text}, number, name))
    return pd.DataFrame(found)


def load_goemotions(folder: str | Path, split: str) -> pd.DataFrame:
    """Read one split (`train`, `dev` or `test`) of GoEmotions (CC BY 4.0, Demszky et al. 2020).

    Returns
    -------
    pandas.DataFrame
        `text`, `frustration` (0/1: any of annoyance, anger, disappointment, disapproval, disgust), and one 0/1 column
        for each of the 28 labels.
    """
    import pandas as pd

    folder = Path(folder)
    names = _read_text(folder / "labels.txt").split()
    rows = []
    for number, line in enumerate(_read_text(folder / f"{split}.tsv.gz").splitlines(), 1):
        parts = line.split("\t")
        if len(parts) < 2:
            raise InputError(f"{folder / split}.tsv.gz, line {number}: not `text<TAB>label ids<TAB>id`")
        given = {names[int(i)] for i in parts[1].split(",")}
        rows.append({"text": parts[0], **{n: int(n in given) for n in names}})
    data = pd.DataFrame(rows)
    data.insert(1, "frustration", data[list(GOEMOTIONS_FRUSTRATION)].max(axis=1))
    return data


def load_unlabelled(folder: str | Path, *, without: Collection[str] = ()) -> pd.DataFrame:
    """Read unlabelled posts (`*.csv.gz` with `post_id`, `text`) that may be learnt from, each text once.

    Parameters
    ----------
    folder
        Folder of posts; files of airlines and complaints are left out.
    without
        Texts to leave out, however spaced or cased (those that a model will be judged on).

    Returns
    -------
    pandas.DataFrame
        `source` (the file's name), `post_id`, `text`, `language` (as the platform gives it, or null), in a fixed order.
    """
    import pandas as pd

    banned = {fingerprint(t) for t in without}
    parts = []
    for path in sorted(Path(folder).glob("*.csv.gz")):
        if path.name.startswith(_EVALUATION_FILES):
            continue
        data = pd.read_csv(path, dtype=str, keep_default_na=False)
        data = data.assign(source=path.name.removesuffix(".csv.gz"))
        data["language"] = data.get("lang")
        parts.append(data[["source", "post_id", "text", "language"]])
    if not parts:
        raise InputError(f"{folder}: holds no *.csv.gz of posts to learn from")
    posts = pd.concat(parts, ignore_index=True)
    key = posts["text"].map(fingerprint)
    return posts[~key.duplicated() & ~key.isin(banned)].reset_index(drop=True)


def leave_one_source_out(labels: pd.DataFrame) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield `(family, train rows, test rows)`, each family of sources held out once; row numbers, ascending."""
    import numpy as np

    family = labels["family"].to_numpy()
    for name in sorted(set(family)):
        yield name, np.flatnonzero(family != name), np.flatnonzero(family == name)


def folds(labels: pd.DataFrame, *, n: int = 5, seed: int = 0) -> np.ndarray:
    """Give each row a fold 0…n-1 by the hash of its text, so that equal texts share a fold."""
    import numpy as np

    return np.array(
        [int.from_bytes(hashlib.blake2b(f"{seed}:{fingerprint(t)}".encode(), digest_size=8).digest(), "big") % n
         for t in labels["text"]]
    )  # fmt: skip


def fingerprint(text: str) -> str:
    """Return the text in lower case with single spaces, to tell equal texts."""
    return _SPACE.sub(" ", text).strip().casefold()


def family(source: str) -> str:
    """Return the family of a source: those of one kind of service that must be held out together."""
    if source.startswith("written"):
        return "written"
    if source.startswith("chatgpt"):
        return "chatgpt"
    return "power" if source in ("power", "us_power") else source


def _label(row: dict[str, Any], line: int, path: str | Path) -> dict[str, Any]:
    try:
        topics = set(row["topics"])
        source = str(row.get("source") or "unknown")
        flags = {n: int(row[n]) for n in ("relevant", "report", "frustration", "humor")}
        if not 0 <= flags["frustration"] <= 3 or any(flags[n] not in (0, 1) for n in ("relevant", "report", "humor")):
            raise ValueError("a label is out of its range")
        return {
            "post_id": str(row.get("post_id") or line),
            "source": source,
            "origin": str(row.get("origin") or "real"),
            "family": family(source),
            "service": str(row.get("service") or ""),
            "language": str(row.get("language") or "und"),
            "text": str(row["text"]),
            "weight": float(row.get("stratum_size") or 1) / float(row.get("stratum_n") or 1),
            **flags,
            **{f"topic_{t}": int(t in topics) for t in TOPICS},
        }
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}, line {line}: not a labelled post ({error}); see the codebook for the fields"
        ) from error


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_read_text(path).splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}, line {number}: not JSON ({error})") from error
            if not isinstance(row, dict):
                raise InputError(f"{path}, line {number}: not a JSON object; give one labelled post a line")
            yield number, row


def _read_text(path: Path) -> str:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8") as file:
                return file.read()
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
