"""Every public function of the timeline says where its method comes from, what it assumes, and its units."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import FunctionType, ModuleType

import pytest

import analyzer.timeline

#: A citation (Name 1998), a named source, or a plain word that the rule is our own or plain bookkeeping.
SOURCE = re.compile(r"[A-Z][a-zà-ÿ]+(?: (?:&|and|et al\.?,?) ?(?:[A-Z][a-z]+)?)?,? ?\(?\d{4}|Sources?:|arXiv|[Ss]ee `")
OWN = re.compile(r"our own|[Pp]lain (?:rule|count|bookkeeping)")
ASSUMES = re.compile(r"[Aa]ssum|takes? for granted|[Nn]othing is estimated|[Nn]othing is assumed")
UNITS = re.compile(
    r"\b(?:seconds?|microseconds|minutes?|hours?|posts?|bins?|UTC|nats|0-1|0/1|probabilit|share|schema|table|rows?)\b",
    re.I,
)


def modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(analyzer.timeline.__path__, "analyzer.timeline.")
    return [importlib.import_module(m.name) for m in found]


def public() -> Iterator[tuple[str, FunctionType, ModuleType]]:
    for module in modules():
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__.removeprefix('analyzer.timeline.')}.{name}", value, module


FUNCTIONS = {name: (value, module) for name, value, module in public()}


def test_there_is_something_to_check() -> None:
    assert len(FUNCTIONS) >= 60
    assert {"detection.detect", "effect.effects", "onset.recovery", "replay.replay"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_source_assumptions_and_units(name: str) -> None:
    function, module = FUNCTIONS[name]
    own, around = inspect.getdoc(function) or "", inspect.getdoc(module) or ""
    assert own, "no docstring"
    assert SOURCE.search(own) or OWN.search(own) or SOURCE.search(around) or OWN.search(around), (
        "no source of the method"
    )
    assert ASSUMES.search(own) or ASSUMES.search(around), "no assumptions"
    assert UNITS.search(own) or UNITS.search(around), "no units"


@pytest.mark.parametrize("name", [n for n in analyzer.timeline.__all__])
def test_what_the_stage_offers_says_so_itself(name: str) -> None:
    said = inspect.getdoc(getattr(analyzer.timeline, name)) or ""
    assert SOURCE.search(said) or OWN.search(said), "no source of the method"
    assert ASSUMES.search(said), "no assumptions"
    assert UNITS.search(said), "no units"
