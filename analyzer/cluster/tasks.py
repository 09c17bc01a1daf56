"""Running one function over the partitions of a job, so that any task may be repeated or killed."""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from analyzer.errors import AnalyzerError, ClusterError
from analyzer.store.layout import writing

log = logging.getLogger(__name__)
#: A task: (job folder, partition, a token of this attempt) -> plain data that describes the files it wrote.
Task = Callable[[Path, int, str], dict[str, Any]]


def start(folder: Path, **job: Any) -> Path:
    """Write what all tasks of a job need to know (plain data), in a new folder inside `folder`; return that."""
    made = folder.absolute() / secrets.token_hex(6)
    made.mkdir(parents=True)
    put(made / "job.json", job)
    return made


@lru_cache(maxsize=4)
def job(folder: Path) -> dict[str, Any]:
    """Return what `start` wrote."""
    return dict(json.loads((folder / "job.json").read_bytes()))


def put(path: Path, value: Any) -> None:
    """Write plain data as JSON: beside its place, then renamed."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    beside.write_bytes(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    beside.replace(path)


def attempt(task: Task, folder: str, part: int) -> dict[str, Any]:
    """Do a task on a worker, unless its result is already recorded.

    The record is written last, in one rename; files of attempts that did not come so far have names of their own,
    and nobody reads them.
    """
    stage = Path(folder) / task.__name__
    done = stage / f"{part:06d}.json"
    if done.exists():
        return dict(json.loads(done.read_bytes()))
    token = secrets.token_hex(4)
    with writing(Path(job(Path(folder)).get("root", folder))):
        stage.mkdir(exist_ok=True)
        (stage / f"{part:06d}.{token}.try").touch()
        result = task(Path(folder), part, token)
        put(done, result)
    return result


def run(client: Any, task: Task, folder: Path, n: int) -> list[dict[str, Any]]:
    """Do a task for partitions 0 to n - 1 and return their results in order.

    A worker that dies costs the partitions it was busy with: they are done again elsewhere.

    Raises
    ------
    AnalyzerError
        What a task raised on purpose.
    ClusterError
        If a partition killed several workers, or the scheduler went away.
    """
    from distributed import CancelledError, KilledWorker, as_completed
    from distributed.comm.core import CommClosedError

    name = task.__name__
    results: dict[int, dict[str, Any]] = {}
    futures: list[Any] = []
    keys = [f"{name}-{folder.name}-{secrets.token_hex(4)}-{part}" for part in range(n)]
    try:
        futures = client.map(attempt, [task] * n, [str(folder)] * n, range(n), key=keys, pure=False)
        place = {future.key: part for part, future in enumerate(futures)}
        for future, result in as_completed(futures, loop=client.loop, with_results=True):
            results[place[future.key]] = result
            future.release()
    except AnalyzerError:
        raise
    except KilledWorker as error:
        raise ClusterError(
            f"{name}: a partition was given up because every worker that took it died, most likely for want of "
            "memory; nothing was changed. Give workers more memory, or fewer threads (`dask worker --nthreads 1`)"
        ) from error
    except (CancelledError, CommClosedError, TimeoutError, OSError) as error:
        raise ClusterError(
            f"{name}: the cluster went away ({error}); nothing was changed. Run the command again when it is back"
        ) from error
    finally:
        if len(results) < n:
            _stop(client, futures)
    again = n_attempts(folder, task) - n
    log.info("%s: %d partitions%s", name, n, f", {again} done again" if again > 0 else "")
    return [results[part] for part in range(n)]


def _stop(client: Any, futures: list[Any]) -> None:
    """Let a cluster that still listens forget what is not done."""
    with contextlib.suppress(Exception):
        client.cancel(futures, force=True)


def n_buckets(client: Any, n_parts: int, *, least: int) -> int:
    """Return into how many buckets partitions hand their rows.

    Each bucket opens a file of each partition, so few buckets are cheap; but there must be work for all cores, and at
    least so many (`least`) that each fits the memory of a worker.
    """
    cores = sum(client.ncores().values())
    return max(1, min(n_parts, max(2 * cores, least)))


def n_attempts(folder: Path, task: Task) -> int:
    """Return how many times a task was begun, over all partitions."""
    return len(list((folder / task.__name__).glob("*.try")))
