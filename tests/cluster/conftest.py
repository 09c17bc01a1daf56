"""A scheduler and two workers, started by Dask's own commands, on this machine only."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_ENV = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__DIAGNOSTICS__NVML": "False"}


class Engine:
    """The processes of a cluster."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        self.file = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file)]
        self.scheduler = self._dask("scheduler", *options)
        self._await(self.file.exists)
        import json

        self.address = str(json.loads(self.file.read_text())["address"])

    def _dask(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        log = (self._folder / f"{words[0]}-{len(self.workers)}.log").open("wb")
        command = [sys.executable, "-m", "dask", *words]
        process = subprocess.Popen(command, cwd=self._folder, env=env or _ENV, stdout=log, stderr=subprocess.STDOUT)
        log.close()
        return process

    def add_worker(self, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        options = ["--host", "127.0.0.1", "--no-dashboard", "--no-nanny", "--nthreads", "1", "--memory-limit", "0"]
        worker = self._dask("worker", "--scheduler-file", str(self.file), *options, env=env)
        self.workers.append(worker)
        return worker

    @staticmethod
    def _await(ready: Any, seconds: float = 60) -> None:
        stop = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < stop, "a process of the cluster does not come up"
            time.sleep(0.05)

    def close(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    made = Engine(tmp_path_factory.mktemp("engine"))
    try:
        made.add_worker()
        made.add_worker()
        yield made
    finally:
        made.close()


@pytest.fixture
def client(engine: Engine) -> Iterator[Any]:
    from analyzer.cluster import connected

    with connected(engine.address) as found:
        found.wait_for_workers(2, timeout=60)
        yield found
