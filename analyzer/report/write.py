"""Put an output in place: written beside, then renamed, so that a reader never meets half a file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import AnalyzerError, UsageError
from analyzer.report.document import Document

if TYPE_CHECKING:
    from analyzer.report.svg import Drawings


def write(
    document: Document,
    path: Path,
    *,
    template: Path | None = None,
    data: Callable[[], dict[str, Any]] | None = None,
    drawings: Drawings | None = None,
) -> None:
    """Write one output by its extension; `drawings` keeps what was drawn for the outputs that follow."""
    kind = path.suffix.lower()
    if kind == ".html":
        from analyzer.report.html import to_html

        put(path, to_html(document, template=template, drawings=drawings))
    elif kind == ".md":
        from analyzer.report.markdown import to_markdown

        body, pictures = to_markdown(document, folder=f"{path.stem}_files", template=template, drawings=drawings)
        for name, svg in pictures.items():
            put(path.parent / name, svg)
        put(path, body)
    elif kind == ".pdf":
        from analyzer.report.pdf import to_pdf

        put(path, to_pdf(document, drawings=drawings))
    elif data is not None:
        from analyzer.report.json_ import dumps

        put(path, dumps(data()))
    else:
        raise UsageError(f"{path}: this document has no JSON form; give .html, .pdf or .md")


def put(path: Path, content: str | bytes) -> None:
    """Write text (UTF-8) or bytes to a path at once."""
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(raw)
        os.replace(beside, path)
    except OSError as error:
        raise AnalyzerError(
            f"{path}: cannot be written: {error.strerror or error}; choose another place with -o"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
