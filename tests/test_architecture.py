"""The picture in CONTRIBUTING.md, kept by parsing the sources: who imports whom, and what `import analyzer` loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "analyzer"
STAGES = ("collect", "store", "nlp", "timeline", "report")
#: In order: each may import those before it.
LEAVES = ("errors", "schema", "study", "beside", "simulate")
#: Outside libraries that belong to one part of the house.
_BELONGS = (
    ("tweepy praw prawcore mastodon httpx feedparser websockets", {"collect"}),
    ("duckdb", {"store"}),
    ("sklearn nltk vaderSentiment onnxruntime tokenizers textblob afinn", {"nlp"}),
    ("statsmodels ruptures", {"timeline"}),
    ("matplotlib jinja2 typst", {"report"}),
    ("distributed dask", {"cluster"}),
    ("numba", {"nlp", "timeline"}),
    ("scipy", {"nlp", "timeline", "simulate"}),
)
HOMES = {name: homes for names, homes in _BELONGS for name in names.split()}
HEAVY = {*HOMES, "numpy", "pandas", "pyarrow", "zstandard", "orjson"}
MAX_LINES = 400
#: All nouns are declared once, in one file.
LONG = {"analyzer/schema.py"}
#: A type that signatures of other stages name; never imported at run time.
NAMED_ONLY = {"analyzer.store.Corpus"}


@dataclass(frozen=True)
class Import:
    path: Path
    line: int
    module: str
    typing_only: bool

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    @property
    def part(self) -> str:
        """The part of the house that is imported: `collect`, `schema`, … or the empty string."""
        pieces = self.module.split(".")
        return pieces[1] if pieces[0] == "analyzer" and len(pieces) > 1 else ""

    @property
    def home(self) -> str:
        """The part of the house that imports."""
        return part_of(self.path)

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.module}"


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[Import]:
    """All imports of a file, also those inside functions, with relative ones resolved."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    package = list(path.relative_to(ROOT).with_suffix("").parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(path, node.lineno, name.name, id(node) in typing_only)
        elif isinstance(node, ast.ImportFrom):
            base = package[: -node.level] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            for name in node.names:
                yield Import(path, node.lineno, f"{start}.{name.name}", id(node) in typing_only)


ALL = [found for path in sources() for found in imports(path)]


def named_only(found: Import) -> bool:
    return found.typing_only and found.module in NAMED_ONLY


def told(broken: list[Import]) -> str:
    return "\n".join(map(str, broken))


def test_the_parser_sees_imports(tmp_path: Path) -> None:
    """A rule that matches nothing would always hold."""
    assert {i.part for i in ALL} >= {*STAGES, *LEAVES}
    assert any(i.top == "numpy" and i.home == "nlp" for i in ALL)
    assert any(i.typing_only for i in ALL)


def test_stages_import_leaves_only() -> None:
    allowed = {"", "__version__", *LEAVES}
    broken = [i for i in ALL if i.home in STAGES and i.part not in {*allowed, i.home} and not named_only(i)]
    assert not broken, told(broken)


def test_leaves_import_earlier_leaves_only() -> None:
    broken = [
        i
        for i in ALL
        if i.home in LEAVES
        and i.part not in {"", "data", *LEAVES[: LEAVES.index(i.home) + 1]}
        and not (i.typing_only and i.part in LEAVES)
    ]
    assert not broken, told(broken)


def test_only_api_and_the_command_line_join_stages() -> None:
    joiners = {"api", "cli", "cluster", "__init__"}
    broken = [i for i in ALL if i.part in STAGES and i.home != i.part and i.home not in joiners and not named_only(i)]
    assert not broken, told(broken)


def test_nothing_imports_the_command_line() -> None:
    broken = [i for i in ALL if i.part == "cli" and i.home not in ("cli", "__main__")]
    broken += [i for i in ALL if i.part in ("api", "cluster") and i.home not in ("__init__", "api", "cli", "cluster")]
    assert not broken, told(broken)


def test_each_outside_library_stays_in_its_stage() -> None:
    broken = [i for i in ALL if i.top in HOMES and i.home not in HOMES[i.top] and not i.typing_only]
    assert not broken, told(broken)


def test_every_outside_library_is_declared() -> None:
    import tomllib
    from importlib.metadata import packages_distributions

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(x for extra in project["optional-dependencies"].values() for x in extra)]
    declared = {norm(line) for line in lines}
    owners = packages_distributions()
    outside = {i.top for i in ALL} - set(sys.stdlib_module_names) - {"analyzer"}
    unknown = {
        top: owners.get(top, ["not installed"])
        for top in outside
        if not declared & {norm(name) for name in owners.get(top, [top])}
    }
    assert not (set(unknown) - TRANSITIVE), unknown


#: They come with a declared library (praw, tweepy, jinja2), or serve training only, where a user installs them.
TRANSITIVE = {"prawcore", "requests", "markupsafe", "torch", "transformers", "onnx", "safetensors"}


def norm(requirement: str) -> str:
    import re

    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-").replace(".", "-")


def test_files_are_short() -> None:
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in sources()}
    long = {str(p.relative_to(ROOT)): n for p, n in lengths.items() if n > MAX_LINES}
    assert not set(long) - LONG, long
    assert sum(n < 200 for n in lengths.values()) > 0.7 * len(lengths)


def test_only_the_command_line_prints() -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        if part_of(path) not in ("cli", "__main__")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "input")
    ]
    assert not broken


def test_no_naive_clock() -> None:
    """`datetime.utcnow()` and `datetime.now()` without a zone give naive times."""
    broken = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                bare_now = node.func.attr == "now" and not node.args and not node.keywords
                owner = ast.unparse(node.func.value)
                if node.func.attr in ("utcnow", "utcfromtimestamp") or (bare_now and owner.endswith("datetime")):
                    broken.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not broken


def loaded_by(code: str) -> set[str]:
    """Names in `sys.modules` of a fresh interpreter after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sorted(sys.modules), sep='\\n', file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "code",
    [
        "import analyzer",
        "import analyzer; analyzer.Study(service='x'); analyzer.AnalyzerError, analyzer.Timeline",
        "from analyzer.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
        "from analyzer.cli import main\ntry: main(['run', '--help'])\nexcept SystemExit: pass",
    ],
    ids=["import", "leaves", "help", "help-run"],
)
def test_starting_loads_nothing_heavy(code: str) -> None:
    loaded = {name.partition(".")[0] for name in loaded_by(code)}
    assert "analyzer" in loaded
    assert not loaded & HEAVY


def test_the_check_would_see_a_heavy_library() -> None:
    assert "numpy" in {name.partition(".")[0] for name in loaded_by("import analyzer.simulate")}


def test_import_opens_no_log_and_no_warning_filter() -> None:
    code = (
        "import logging, warnings\nbefore = list(warnings.filters), list(logging.root.handlers)\n"
        "import analyzer, analyzer.api, analyzer.cli\n"
        "assert before == (list(warnings.filters), list(logging.root.handlers))"
    )
    loaded_by(code)
