"""The manifest of a run: everything needed to make the same numbers again."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError

if TYPE_CHECKING:
    import datetime as dt

    from analyzer.study import Study

SCHEMA = "outage-analyzer/manifest/1"
#: Packages whose version can change a number.
PACKAGES = ("outage-analyzer", "duckdb", "numba", "numpy", "orjson", "pandas", "pyarrow", "scikit-learn", "scipy")


def make(
    *,
    study: Study | None = None,
    inputs: Iterable[str | Path | Mapping[str, Any]] = (),
    params: Mapping[str, Any] | None = None,
    seeds: Mapping[str, int] | None = None,
    model: str | Mapping[str, Any] | None = None,
    coverage: Iterable[Mapping[str, Any]] = (),
    now: dt.datetime | None = None,
) -> dict[str, Any]:
    """Return the manifest of a run as plain data, ready for JSON.

    Parameters
    ----------
    study
        The study; its path is left out, so that the manifest names no folder of this machine.
    inputs
        Files (hashed here), or dicts such as ``{"name", "sha256", "bytes"}`` for inputs whose hash is known
        (`Corpus.inputs` gives them).
    params, seeds, model, coverage
        What the numbers rest on, beside the inputs.
    now
        When the run was made; left out if None, so that two runs over the same inputs compare equal.

    Raises
    ------
    InputError
        If an input file cannot be read.
    """
    made = {"made_at": now.isoformat().replace("+00:00", "Z")} if now else {}
    return {
        "schema": SCHEMA,
        **made,
        "versions": versions(),
        "study": study.to_dict() if study else None,
        "inputs": [described(i) for i in inputs],
        "params": dict(params or {}),
        "seeds": dict(seeds or {}),
        "model": dict(model) if isinstance(model, Mapping) else model,
        "coverage": [{k: _plain(v) for k, v in c.items()} for c in coverage],
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
    return found


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value
