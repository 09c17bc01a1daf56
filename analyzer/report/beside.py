"""Charts drawn in a second process while this one draws the rest; threads do not help, as drawing holds the lock."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.report.document import Chart
    from analyzer.report.svg import Drawings

log = logging.getLogger(__name__)
_CODE = "from analyzer.report.beside import serve; serve()"


class Process:
    """A second interpreter that loads matplotlib and waits for charts to draw; it ends with this one, however it ends.

    Start it before there is anything to draw. Not a process pool: that would run the user's main script again, and
    would stay behind where this process is killed.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the first process to answer
        )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def share(self, drawings: Drawings, charts: Sequence[Chart], widths: Sequence[str], *, lang: str) -> None:
        """Draw all charts, three of five in the second process; what it fails to draw is left to be drawn here.

        Three of five, as this process has matplotlib yet to load, which takes about as long as two drawings of five.
        """
        mine = [chart for i, chart in enumerate(charts) if i % 5 in (0, 3)]
        others = [chart for chart in charts if chart not in mine]
        into, out = self._pipes
        try:
            pickle.dump((others, widths, lang), into)
            into.flush()
            drawings.draw(mine, widths)
            drawings.take(pickle.load(out))
        except Exception as error:  # of whatever kind: the drawings are made here when they are asked for
            log.info("the second process drew nothing (%s: %s)", type(error).__name__, error)


def worth_it(n_posts: int) -> bool:
    """Tell whether a second process pays: with few posts nobody waits, and one core draws no faster."""
    return n_posts >= 20_000 and (os.cpu_count() or 1) > 1


def serve() -> None:
    """Answer charts on standard input with drawings on standard output, until the input ends."""
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    import analyzer.report.charts  # noqa: F401
    from analyzer.report.charts.style import FORMAT
    from analyzer.report.format import Format
    from analyzer.report.svg import Drawings

    into, out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what is printed by chance is no answer
    while True:
        try:
            asked: tuple[Any, Any, str] = pickle.load(into)
        except EOFError:
            return
        FORMAT.set(Format(asked[2]))
        pickle.dump(Drawings().draw(*asked[:2]), out)
        out.flush()
