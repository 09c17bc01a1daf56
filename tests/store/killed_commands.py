"""A process with everything imported that runs one command a fork, so that a killed one costs no start-up.

Reads lines of JSON on standard input: ``[words of a command, seconds until it is killed or null]``; answers with its
exit status, or minus the signal that ended it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time


def main() -> None:
    """Fork and run until standard input ends."""
    # Only imports: a thread pool made before a fork would not live in the child.
    import matplotlib

    matplotlib.use("agg")
    import duckdb  # noqa: F401
    import numba  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn.linear_model  # noqa: F401

    import analyzer.collect.archive.importer
    import analyzer.nlp.prevalence
    import analyzer.report
    import analyzer.timeline  # noqa: F401
    from analyzer.cli import main as command

    print("ready", flush=True)
    for line in sys.stdin:
        words, after = json.loads(line)
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            status = 70
            try:
                status = command(words)
            finally:
                os._exit(status)
        print(_end(child, after), flush=True)


def _end(child: int, after: float | None) -> int:
    """Wait for a child; kill it if it works longer. Nobody else waits for it, so the number is its own until then."""
    stop = None if after is None else time.monotonic() + after
    while True:
        pid, ended = os.waitpid(child, os.WNOHANG if stop else 0)
        if pid:
            return os.waitstatus_to_exitcode(ended)
        if stop and time.monotonic() >= stop:
            os.kill(child, signal.SIGKILL)
            stop = None
        time.sleep(0.002)


if __name__ == "__main__":
    main()
