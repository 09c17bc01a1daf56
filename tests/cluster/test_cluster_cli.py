"""`--cluster` on the command line, and what is said when it cannot work."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import main
from analyzer.cluster import connect
from analyzer.errors import ClusterError
from tests.cluster.conftest import Engine
from tests.collect.archive.made import lines, tweet, write

STUDY = 'service = "ChatGPT"\nterms = ["chatgpt"]\n'


@pytest.fixture
def study(tmp_path: Path) -> Path:
    write(tmp_path / "posts.jsonl", lines([tweet(n) for n in range(60)]))
    return write(tmp_path / "study.toml", STUDY)


def test_commands_take_a_scheduler(engine: Engine, study: Path, tmp_path: Path, capsys: Any) -> None:
    posts, corpus = str(tmp_path / "posts.jsonl"), str(tmp_path / "corpus")
    over = ["--cluster", engine.address]
    assert main(["import", str(study), posts, "--corpus", corpus, *over, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_new"] == 60
    assert main(["classify", "--corpus", corpus, *over]) == 0
    assert "60 posts: " in capsys.readouterr().err
    assert main(["run", str(study), posts, "--corpus", corpus, "--json", *over]) == 0
    assert json.loads(capsys.readouterr().out)["quality"]["n_imported"] == 60
    assert main(["check", corpus]) == 0


def test_local_processes(study: Path, tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("distributed")
    arguments = ["import", str(study), str(tmp_path / "posts.jsonl"), "--corpus", str(tmp_path / "corpus")]
    assert main([*arguments, "--cluster", "local", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_new"] == 60


def test_nobody_at_the_address(study: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(connect, "PATIENCE_S", 1)
    arguments = ["import", str(study), str(tmp_path / "posts.jsonl"), "--corpus", str(tmp_path / "corpus")]
    assert main([*arguments, "--cluster", "tcp://127.0.0.1:9"]) == 1
    assert "start one with `dask scheduler`" in capsys.readouterr().err
    assert main([*arguments, "--cluster", "127.0.0.1:9"]) == 1
    assert "such as tcp://host:8786" in capsys.readouterr().err
    assert not (tmp_path / "corpus").exists()


def test_without_dask(study: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    arguments = ["import", str(study), str(tmp_path / "posts.jsonl"), "--cluster", "local"]
    assert main([*arguments, "--corpus", str(tmp_path / "corpus")]) == 1
    assert "pip install 'outage-analyzer[cluster]'" in capsys.readouterr().err


def test_what_a_cluster_does_not_do(study: Path, tmp_path: Path, capsys: Any, engine: Engine) -> None:
    assert main(["classify", str(tmp_path / "posts.jsonl"), "--cluster", engine.address]) == 2
    write(tmp_path / "second.toml", STUDY)
    assert main(["report", str(study.parent / "*.toml"), "--cluster", "local", "-o", "x.html"]) == 2
    assert "one study at a time" in capsys.readouterr().err
    posts, corpus = str(tmp_path / "posts.jsonl"), str(tmp_path / "corpus")
    assert main(["import", str(study), posts, "--corpus", corpus]) == 0
    assert main(["classify", "--corpus", corpus, "--model", "auto", "--cluster", engine.address]) == 2
    assert "take fast or accurate" in capsys.readouterr().err


def test_a_scheduler_without_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(connect, "PATIENCE_S", 2)
    bare = Engine(tmp_path)
    try:
        with pytest.raises(ClusterError, match="has no worker; start some with `dask worker tcp:"):
            reach(bare)
    finally:
        bare.close()


def test_workers_without_the_package_or_of_another_version(tmp_path: Path) -> None:
    """One worker sees a package of the same name that is empty or changed, as an older installation would be."""
    pytest.importorskip("distributed")
    root = Path(connect.__file__).parents[2]
    other = tmp_path / "other" / "analyzer"
    other.mkdir(parents=True)
    for path in (root / "analyzer").iterdir():
        if path.suffix == ".py" or path.name == "store":
            (other / path.name).symlink_to(path)
    made = Engine(tmp_path)
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    try:
        worker = made.add_worker({**plain, "PYTHONPATH": str(other.parent)})
        with pytest.raises(ClusterError, match=r"has other software, so its numbers may differ: code \w+ \(here \w+\)"):
            reach(made)
        worker.kill()
        worker.wait()
        made.add_worker({**plain, "PYTHONPATH": str(_hide(tmp_path / "none"))})
        with pytest.raises(ClusterError, match="lacks the package outage-analyzer"):
            reach(made)
    finally:
        made.close()


def reach(engine: Engine) -> None:
    with connect.connected(engine.address):
        pass


def _hide(folder: Path) -> Path:
    """A folder whose `sitecustomize` makes the package impossible to find."""
    folder.mkdir()
    code = (
        "import sys\nclass Hide:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'analyzer':\n            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    (folder / "sitecustomize.py").write_text(code)
    return folder


def test_the_engine_is_quiet(tmp_path: Path, study: Path) -> None:
    """A process of its own, since the log of this one is set up already."""
    import subprocess

    pytest.importorskip("distributed")
    command = [sys.executable, "-c", "from analyzer.cli import console; console()", "import", str(study)]
    command += [str(tmp_path / "posts.jsonl"), "--corpus", str(tmp_path / "corpus"), "--cluster", "local"]
    root = Path(connect.__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(root)})
    assert done.returncode == 0
    assert "INFO" not in done.stderr and "distributed.scheduler" not in done.stderr
    assert "60 new" in done.stdout
