"""Charts drawn in a second process while this one draws the rest; drawing holds the interpreter, threads do not help.

The process is any `concurrent.futures.Executor`; `process` starts a fitting one, which loads what it needs meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.report.document import Chart
    from analyzer.report.svg import Drawings, Drawn

log = logging.getLogger(__name__)


@contextlib.contextmanager
def process() -> Iterator[Executor | None]:
    """Yield a second process that has begun to load matplotlib; None where there is one core only."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    if (os.cpu_count() or 1) < 2:
        yield None
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_ready) as pool:
        pool.submit(int)  # starts the process
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def share(drawings: Drawings, charts: Sequence[Chart], widths: Sequence[str], *, lang: str, executor: Executor) -> None:
    """Draw all charts, three of five by the executor; what it fails to draw is left to be drawn here.

    Three of five, as this process has matplotlib yet to load, which takes about as long as two drawings of five.
    """
    mine = [chart for i, chart in enumerate(charts) if i % 5 in (0, 3)]
    others = [chart for chart in charts if chart not in mine]
    try:
        theirs: Future[dict[tuple[str, str], Drawn]] = executor.submit(_drawn, others, widths, lang)
        drawings.draw(mine, widths)
        drawings.take(theirs.result())
    except Exception as error:  # of whatever kind: the drawings are made here when they are asked for
        log.info("the second process drew nothing (%s: %s)", type(error).__name__, error)


def _drawn(charts: Sequence[Chart], widths: Sequence[str], lang: str) -> dict[tuple[str, str], Drawn]:
    """Return drawings; runs in the second process."""
    from analyzer.report.charts.style import FORMAT
    from analyzer.report.format import Format
    from analyzer.report.svg import Drawings

    token = FORMAT.set(Format(lang))
    try:
        return Drawings().draw(charts, widths)
    finally:
        FORMAT.reset(token)


def _ready() -> None:
    """Load what draws; end when the process that asked for it ends, however it ends."""
    import signal
    import threading
    from multiprocessing import parent_process

    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    import analyzer.report.charts
    import analyzer.report.svg  # noqa: F401

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process to answer
    if parent := parent_process():

        def end() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=end, daemon=True).start()
