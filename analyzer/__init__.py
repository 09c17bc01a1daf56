"""outage-analyzer: what people said when a service went down, turned into evidence.

>>> import analyzer as oa
>>> study = oa.Study(service="ChatGPT", terms=("chatgpt",))
>>> study.names
('chatgpt',)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Names are loaded on first use, so that `import analyzer` stays light (PEP 562).
_NAMES = {
    "Study": "analyzer.study",
    "AnalyzerError": "analyzer.errors",
    "Incident": "analyzer.schema",
    "Timeline": "analyzer.schema",
}

__all__ = sorted([*_NAMES, "__version__"])

if TYPE_CHECKING:
    from analyzer.errors import AnalyzerError as AnalyzerError
    from analyzer.schema import Incident as Incident
    from analyzer.schema import Timeline as Timeline
    from analyzer.study import Study as Study


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        from importlib import import_module

        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'analyzer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
