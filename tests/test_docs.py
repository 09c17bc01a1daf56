"""The documents say what the code does: README blocks run, pages that are made are up to date, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from analyzer.study import Study

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(
    p
    for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("data/**/*.md"), *ROOT.glob("reports/*.md")]
    if "corpus" not in p.parts
)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def commands(block: str) -> list[list[str]]:
    """The commands of a shell block, comments and line continuations resolved."""
    lines = block.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_data_dictionary_is_made_from_the_schema() -> None:
    made = module(ROOT / "docs" / "make_dictionary.py")
    assert made.PAGE.read_text(encoding="utf-8") == made.dictionary(), "run: python docs/make_dictionary.py"


def test_the_data_dictionary_names_every_column() -> None:
    from analyzer import schema

    page = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    for table in schema.TABLES:
        section = page.split(f"## {table.name}\n")[1].split("\n## ")[0]
        for column in table.columns:
            assert f"| `{column.name}` |" in section
            assert column.meaning.replace("|", r"\|") in section


def test_readme_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands and then the script, in one empty folder, as a reader would try them."""
    import matplotlib

    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    from analyzer.cli import main

    ran = 0
    for block in blocks(README, "sh"):
        for words in commands(block):
            if words[0] == "outage-analyzer":
                assert main(words[1:]) == 0, words
                ran += 1
    assert ran >= 2
    assert (tmp_path / "sample" / "report.html").stat().st_size > 10_000
    scripts = blocks(README, "python")
    assert scripts
    for script in scripts:
        exec(compile(script, "README.md", "exec"), {})


def test_scripts_on_simulated_posts_run() -> None:
    scripts = blocks((ROOT / "docs" / "simulation.md").read_text(encoding="utf-8"), "python")
    for script in scripts:
        names: dict[str, object] = {}
        exec(compile(script, "simulation.md", "exec"), names)
    assert scripts and names["made"].truth["incidents"][0]["onset"] == "2025-03-11T09:07:00Z"  # type: ignore[attr-defined]


def test_make_targets_named_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {
        t for page in PAGES for t in re.findall(r"(?:^|`)make ([a-z][\w-]*)", page.read_text(encoding="utf-8"), re.M)
    }
    assert named and named <= targets


def test_studies_in_documents_load() -> None:
    found = 0
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8"), "toml"):
            if "service" in (data := tomllib.loads(block)):
                Study.from_dict(data, path=page.name)
                found += 1
    assert found


def test_commands_in_documents_exist() -> None:
    from analyzer.cli import COMMANDS

    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for language in ("sh", "console"):
            for block in blocks(text, language):
                for words in commands(block):
                    if words[0] == "outage-analyzer":
                        assert words[1] in COMMANDS or words[1].isupper() or words[1].startswith("-"), words


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    anchors = {slug(title) for title in re.findall(r"^#+ (.+)$", text, re.M)}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        assert not name or (page.parent / name).exists(), f"{page.name}: {target}"
        assert name or anchor in anchors, f"{page.name}: {target}"


def slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_documents_are_plain_about_what_they_are() -> None:
    """No page names a machine's paths; the README says that its data are simulated."""
    for page in PAGES:
        assert not re.search(r"/(?:work|home|Users|tmp)/", page.read_text(encoding="utf-8")), page.name
    assert "simulated" in README


def test_doctests_of_the_package() -> None:
    """Examples in docstrings of the leaves and of the joint module."""
    modules = ["analyzer", "analyzer.schema", "analyzer.study", "analyzer.simulate.build", "analyzer.api"]
    code = (
        "import doctest, importlib, sys\n"
        f"loaded = [importlib.import_module(m) for m in {modules!r}]\n"
        "bad = [m for m in loaded if doctest.testmod(m, optionflags=doctest.ELLIPSIS)[0]]\n"
        "sys.exit(bool(bad))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout
