"""The notebooks run from top to bottom on simulated posts, store no output, and show what they promise."""

from __future__ import annotations

import json
import re
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


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run a notebook once; return its document with outputs, and the folder of its temporary files."""
    import nbformat
    from nbclient import NotebookClient

    made: dict[Path, tuple[Any, Path]] = {}

    def execute(path: Path) -> tuple[Any, Path]:
        if path not in made:
            folder = tmp_path_factory.mktemp(path.stem)
            settings = {"TMPDIR": str(folder), "PYTHONWARNINGS": "ignore", "JUPYTER_PLATFORM_DIRS": "1"}
            document = nbformat.read(path, as_version=4)
            place = {"metadata": {"path": str(folder)}}
            with pytest.MonkeyPatch.context() as patch:
                for name, value in {**settings, "PYTHONPATH": str(FOLDER.parent)}.items():
                    patch.setenv(name, value)
                NotebookClient(document, timeout=280, kernel_name="python3", resources=place).execute()
            made[path] = document, folder
        return made[path]

    return execute


def shown(document: Any, source: str) -> Any:
    """Return the table that a cell shows, as text by column and row."""
    cell = next(c for c in document.cells if c.cell_type == "code" and source in c.source)
    html = next(o.data["text/html"] for o in cell.outputs if "text/html" in o.get("data", {}))
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr.*?</tr>", html, re.S)]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_notebook_and_report_agree_to_the_printed_digit(executed: Any) -> None:
    """What the notebook shows, and what a report of the same corpus prints: HTML, PDF, Markdown and JSON."""
    import analyzer as oa
    from analyzer.report.format import Format
    from tests.report.test_outputs import of_html, of_markdown, of_pdf, plain

    document, folder = executed(FOLDER / "01_first_look.ipynb")
    place = next(folder.glob("outage-*"))
    study, corpus = oa.Study.load(place / "study.toml"), oa.Corpus(place / "corpus")
    outputs = [folder / f"again{s}" for s in (".html", ".md", ".json", ".pdf")]
    oa.report(oa.timeline_of(study, corpus), *outputs)
    data = load(outputs[2])
    assert load(place / "report.json")["numbers"] == data["numbers"], "a corpus gives what its tables give"
    texts = [of_html(outputs[0].read_text("utf-8")), of_markdown(outputs[1].read_text("utf-8")), of_pdf(outputs[3])]

    numbers = shown(document, 'numbers[["label"')
    assert [n["label"] for n in numbers] == [n["label"] for n in data["numbers"]] and len(numbers) == 8
    for row, number in zip(numbers, data["numbers"], strict=True):
        for column in ("printed", "printed_interval"):
            assert plain(row[column]) == plain(number[column])
            for text in texts:
                assert plain(row[column]).replace(" ", "") in text.replace(" ", ""), row["label"]

    f = Format()
    rows = {(r["group"], r["measure"]): r for r in data["tables"]["shares"] if r["scope"] == "phase"}
    shares = shown(document, "by_phase[[")
    assert len(shares) == 15
    for row in shares:
        raw = rows[row["group"], row["measure"]]
        value, low, high = (float(row[k]) for k in ("estimate", "low", "high"))
        assert [value, low, high] == pytest.approx([raw[k] for k in ("estimate", "low", "high")], abs=5e-7)
        printed = plain(f.share_interval(value, low, high))
        for text in texts:
            assert printed.replace(" ", "") in text.replace(" ", ""), row

    lags = {r["step"]: r["lag_s"] for r in data["tables"]["ladder"]}
    ladder = shown(document, 'timeline.ladder[["step"')
    assert {r["step"] for r in ladder} == set(lags)
    for row in ladder:
        assert float(row["lag_s"]) == pytest.approx(lags[row["step"]], abs=0.01)
        assert plain(f.duration(float(row["lag_s"]))) in texts[0]


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=() if p.stem in QUICK else pytest.mark.slow, id=p.stem) for p in NOTEBOOKS],
)
def test_a_notebook_runs(path: Path, executed: Any) -> None:
    document, _ = executed(path)
    outputs = [o for c in document.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert any("text/html" in o.get("data", {}) for o in outputs), "tables are shown"
    if "plot_" in code(path):
        assert any("image/png" in o.get("data", {}) for o in outputs), "charts are shown"
    assert not [o.text for o in outputs if o.get("name") == "stderr"]
