"""Readers of archive files, one file a format.

`import_files` reads posts, `import_updates` the provider's official timeline. The formats are in `registry`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.collect.archive.importer import import_files as import_files
    from analyzer.collect.archive.rebuilding import rebuild as rebuild
    from analyzer.collect.archive.repair import check as check
    from analyzer.collect.archive.summary import Summary as Summary
    from analyzer.collect.archive.updates import import_updates as import_updates

_NAMES = {
    "import_files": "analyzer.collect.archive.importer",
    "import_updates": "analyzer.collect.archive.updates",
    "rebuild": "analyzer.collect.archive.rebuilding",
    "check": "analyzer.collect.archive.repair",
    "Summary": "analyzer.collect.archive.summary",
    "FORMATS": "analyzer.collect.archive.registry",
}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        from importlib import import_module

        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'analyzer.collect.archive' has no attribute {name!r}")
