"""The notebooks run from top to bottom on simulated posts, store no output, and show what they promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
QUICK = {"01_first_look"}


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def code(path: Path) -> str:
    return "\n".join("".join(c["source"]) for c in load(path)["cells"] if c["cell_type"] == "code")


def test_the_six_notebooks_are_there() -> None:
    assert [p.stem for p in NOTEBOOKS] == [
        "01_first_look",
        "02_collection_to_report",
        "03_your_classifier_and_audit",
        "04_statistics_of_an_incident",
        "05_comparing_incidents",
        "06_a_million_posts",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_stores_no_output_and_says_that_posts_are_simulated(path: Path) -> None:
    import nbformat

    nbformat.validate(nbformat.read(path, as_version=4))
    cells = load(path)["cells"]
    assert all(not c["outputs"] and c["execution_count"] is None for c in cells if c["cell_type"] == "code")
    assert "**simulated**" in "".join(cells[0]["source"])
    assert "oa.simulate" in code(path)


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=() if p.stem in QUICK else pytest.mark.slow, id=p.stem) for p in NOTEBOOKS],
)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    document = nbformat.read(path, as_version=4)
    client = NotebookClient(
        document, timeout=280, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [o for c in document.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert any("text/html" in o.get("data", {}) for o in outputs), "tables are shown"
    if "plot_" in code(path):
        assert any("image/png" in o.get("data", {}) for o in outputs), "charts are shown"
    assert not [o.text for o in outputs if o.get("name") == "stderr"]
