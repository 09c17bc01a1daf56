"""The manifest of a run: everything needed to make the same numbers again."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError

if TYPE_CHECKING:
    import datetime as dt

    from analyzer.store.corpus import Corpus
    from analyzer.study import Study

SCHEMA = "outage-analyzer/manifest/1"
#: Packages whose version can change a number.
PACKAGES = ("outage-analyzer", "duckdb", "numba", "numpy", "orjson", "pandas", "pyarrow", "scikit-learn", "scipy")


def make(
    corpus: Corpus | None = None,
    study: Study | None = None,
    *,
    inputs: Iterable[str | Path | Mapping[str, Any]] = (),
    parameters: Mapping[str, Any] | None = None,
    seeds: Mapping[str, int] | None = None,
    model: str | Mapping[str, Any] | None = None,
    now: dt.datetime | None = None,
) -> dict[str, Any]:
    """Return the manifest of a run as plain data, ready for JSON.

    Parameters
    ----------
    corpus
        The corpus that the numbers come from; gives its inputs, runs and coverage.
    study
        The study; its path is left out, so that the manifest names no folder of this machine.
    inputs
        Further files (hashed here), or dicts such as ``{"name", "sha256", "bytes"}``.
    parameters, seeds, model
        What the numbers rest on, beside the inputs.
    now
        When the run was made; left out if None, so that two runs over the same inputs compare equal.

    Raises
    ------
    InputError
        If an input file cannot be read.
    """
    found = [described(i) for i in inputs]
    made: dict[str, Any] = {"made_at": _plain(now)} if now else {}
    if corpus is not None:
        found = [*corpus.inputs(), *found]
        made["runs"] = [run["run_id"] for run in corpus.state()["runs"]]
        made["coverage"] = [
            {k: _plain(row[k]) for k in ("source", "start", "end", "kind", "note")}
            for row in corpus.arrow('SELECT * FROM coverage ORDER BY source, "start", "end", kind').to_pylist()
        ]
        made["redactions"] = len(corpus.state()["redactions"])
    return {
        "schema": SCHEMA,
        "versions": versions(),
        "study": study.to_dict() if study else None,
        "inputs": found,
        "parameters": dict(parameters or {}),
        "seeds": dict(seeds or {}),
        "model": dict(model) if isinstance(model, Mapping) else model,
        **made,
    }


def described(source: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """Return name, size and SHA-256 of an input."""
    from analyzer.store.layout import sha256

    if isinstance(source, Mapping):
        return {k: _plain(v) for k, v in source.items()}
    path = Path(source)
    try:
        return {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}
    except OSError as error:
        raise InputError(f"{path}: cannot be read for the manifest ({error})") from error


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a number."""
    found = {"python": platform.python_version(), "platform": sys.platform}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {**found, "code": code_digest()}


@cache
def code_digest() -> str:
    """Return a digest of this package's own sources and weights: the same version with another line is another code."""
    root = Path(__file__).parent.parent
    files = sorted(p for kind in ("*.py", "*.json", "*.npz", "*.npy", "*.onnx") for p in root.rglob(kind))
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value
