"""outage-analyzer: what people said when a service went down, turned into evidence.

>>> import analyzer as oa
>>> study = oa.Study(service="ChatGPT", terms=("chatgpt",))
>>> study.names
('chatgpt',)
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Names are loaded on first use, so that `import analyzer` stays light (PEP 562).
_NAMES = {
    "AnalyzerError": "analyzer.errors",
    "Corpus": "analyzer.store",
    "Incident": "analyzer.schema",
    "Study": "analyzer.study",
    "Timeline": "analyzer.schema",
    "build_timeline": "analyzer.api",
    "classify": "analyzer.api",
    "collect": "analyzer.api",
    "compare": "analyzer.api",
    "detect": "analyzer.api",
    "import_archive": "analyzer.api",
    "import_updates": "analyzer.api",
    "report": "analyzer.api",
    "simulate": "analyzer.simulate",
    "timeline_of": "analyzer.api",
}

__all__ = sorted([*_NAMES, "__version__"])

if TYPE_CHECKING:
    from analyzer.api import build_timeline as build_timeline
    from analyzer.api import classify as classify
    from analyzer.api import collect as collect
    from analyzer.api import compare as compare
    from analyzer.api import detect as detect
    from analyzer.api import import_archive as import_archive
    from analyzer.api import import_updates as import_updates
    from analyzer.api import report as report
    from analyzer.api import timeline_of as timeline_of
    from analyzer.errors import AnalyzerError as AnalyzerError
    from analyzer.schema import Incident as Incident
    from analyzer.schema import Timeline as Timeline
    from analyzer.simulate import simulate as simulate
    from analyzer.store import Corpus as Corpus
    from analyzer.study import Study as Study


def __getattr__(name: str) -> Any:
    from importlib import import_module

    module = "analyzer.report.charts" if name.startswith("plot_") else _NAMES.get(name)
    if module is None:
        raise AttributeError(f"module 'analyzer' has no attribute {name!r}")
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    from analyzer.report import charts

    return sorted([*__all__, *(n for n in dir(charts) if n.startswith("plot_"))])


class _Package(ModuleType):
    """Keeps a stage from hiding the verb of its name: `analyzer.report` is the function, once loaded too.

    Importing a submodule sets it as an attribute of its package; for these few names it is left out, and
    `from analyzer.report import render` finds the stage all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, ModuleType) and name in _NAMES):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
