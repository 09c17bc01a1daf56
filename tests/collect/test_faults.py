"""The corpus collected through any script of faults equals the corpus collected without any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.collect import collect
from tests.platforms import play, world
from tests.platforms.faults import FAULTS, Script
from tests.platforms.server import Platforms

SIZE = {"x": 260, "reddit": 40, "bluesky": 260, "mastodon": 60, "hackernews": 120, "statuspage": 1}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each source's corpus without faults, asked for once."""
    held: dict[str, Any] = {}
    folder = tmp_path_factory.mktemp("undisturbed")

    def get(source: str) -> Any:
        if source not in held:
            held[source] = collected(source, folder / source, Script())
        return held[source]

    return get  # type: ignore[return-value]


def collected(source: str, folder: Path, script: Script, *, read_s: float = 5.0) -> Any:
    with Platforms(world.World(SIZE[source], cap=100), script=script) as platforms:
        corpus = play.corpus(folder)
        options = play.options(folder, read_s=read_s)
        result = collect(play.study(platforms.base), corpus, [source], options=options)
        assert not result.errors
        assert bool(script.rate) <= len([1 for _, _, fault in platforms.requests if fault]) or script.queue == []
    return play.snapshot(corpus)


@pytest.mark.parametrize("source", play.SOURCES)
@pytest.mark.parametrize("seed", [1])
def test_random_faults_change_nothing(source: str, seed: int, undisturbed: Any, tmp_path: Path) -> None:
    assert collected(source, tmp_path, Script(seed=seed, rate=0.35)) == undisturbed(source)


@pytest.mark.parametrize("fault", [*FAULTS, "stall"])
def test_each_fault_by_itself_changes_nothing(fault: str, undisturbed: Any, tmp_path: Path) -> None:
    script = Script(queue=["", fault, fault, "", fault], stall_s=0.3)
    assert collected("bluesky", tmp_path, script, read_s=0.15) == undisturbed("bluesky")
    assert not script.queue


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("source", play.SOURCES)
def test_two_hundred_scripts_change_nothing(source: str, undisturbed: Any, tmp_path: Path) -> None:
    for seed in range(35):
        script = Script(seed=1000 + seed, rate=0.1 + 0.02 * (seed % 25), stalls=True, stall_s=0.25)
        found = collected(source, tmp_path / str(seed), script, read_s=0.15)
        assert found == undisturbed(source), f"seed {1000 + seed}"
