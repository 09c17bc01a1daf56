"""Finding a cluster, and making sure that its workers are this very program."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from analyzer.errors import ClusterError

log = logging.getLogger(__name__)
#: Seconds to wait for a scheduler, and then for its first worker.
PATIENCE_S = 20
_SCHEMES = ("tcp://", "tls://", "ws://", "wss://", "ucx://")
#: What may differ between machines without changing a number.
_FREE = {"python", "platform"}


@contextmanager
def connected(address: str, *, workers: int | None = None) -> Iterator[Any]:
    """Connect to a cluster; yields a `distributed.Client`.

    Parameters
    ----------
    address
        ``"local"`` for processes of this machine, one a core, or the scheduler's address, such as
        ``"tcp://host:8786"``.
    workers
        Processes of a local cluster; None takes the cores.

    Raises
    ------
    ClusterError
        If Dask is not installed, nobody answers at the address, there is no worker, or a worker lacks this package or
        has another version of what the numbers depend on.
    """
    distributed = _distributed()
    with ExitStack() as stack:
        client = stack.enter_context(_client(distributed, stack, address, workers))
        try:
            client.wait_for_workers(1, timeout=PATIENCE_S)
        except TimeoutError as error:
            raise ClusterError(
                f"{address}: the scheduler has no worker; start some with `dask worker {address}`"
            ) from error
        if address != "local":  # local processes run these very files
            _same_program(client)
        yield client


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(
            f"--cluster needs Dask, which is not installed here ({error}); "
            "install it with `pip install 'outage-analyzer[cluster]'`"
        ) from error
    engine = logging.getLogger("distributed")
    if engine.level == logging.INFO:  # its own default, which tells of every connection; one that a user set stays
        engine.setLevel(logging.ERROR)
    return distributed


def _client(distributed: Any, stack: ExitStack, address: str, workers: int | None) -> Any:
    if address == "local":
        pool = distributed.LocalCluster(
            n_workers=workers or os.cpu_count() or 1,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.ERROR,
        )
        stack.enter_context(pool)
        return distributed.Client(pool, set_as_default=False)
    if not address.startswith(_SCHEMES):
        raise ClusterError(
            f"--cluster {address!r}: give local, or the address that `dask scheduler` prints, such as tcp://host:8786"
        )
    try:
        return distributed.Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"{address}: no Dask scheduler answers ({_first_line(error)}); start one with `dask scheduler` and give "
            "the address that it prints"
        ) from error


def _same_program(client: Any) -> None:
    """Compare each worker's package, version, and the libraries that can change a number."""
    # The standard library first: it can be sent to a worker that has nothing else.
    for worker, found in _ask(client, importlib.util.find_spec, "analyzer").items():
        if found is None or isinstance(found, Exception):
            raise ClusterError(
                f"worker {worker} lacks the package outage-analyzer; install it in the environment that "
                "`dask worker` is started from"
            )
    from analyzer.store import manifest

    ours = manifest.versions()
    for worker, theirs in _ask(client, manifest.versions).items():
        if isinstance(theirs, Exception):
            raise ClusterError(f"worker {worker} cannot run outage-analyzer: {_first_line(theirs)}")
        names = [n for n in {**ours, **theirs} if n not in _FREE and ours.get(n) != theirs.get(n)]
        if names:
            said = ", ".join(f"{n} {theirs.get(n, 'missing')} (here {ours.get(n, 'missing')})" for n in names)
            raise ClusterError(
                f"worker {worker} has other software, so its numbers may differ: {said}; "
                "give all workers the same environment (requirements.lock)"
            )


def _ask(client: Any, function: Any, *args: Any) -> dict[str, Any]:
    """Call a function on every worker; an exception stands in the place of its answer."""
    try:
        return dict(client.run(function, *args, on_error="return"))
    except Exception as error:  # whatever Dask raises when a worker goes away meanwhile
        raise ClusterError(f"the workers cannot be asked for their versions: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
