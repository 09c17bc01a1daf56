"""What a report costs beside drawing its charts alone: HTML at most five times that, PDF at most that again.

Ratios of processor time on one simulated incident; the size of the HTML is printed, too.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

REPEATS = 3


def cpu(work: Callable[[], object]) -> float:
    """Return the least processor time of a few runs, in seconds."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def charts_alone(timeline: object) -> None:
    """Draw every chart once as a user would: on its own figure, saved as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from analyzer.report.charts import CHARTS, module
    from analyzer.report.charts.style import quiet_glyphs, rc
    from analyzer.report.pick import view

    v = view(timeline)  # type: ignore[arg-type]
    for plot in CHARTS:
        if module(plot).missing(v):
            continue
        with mpl.rc_context(rc()), quiet_glyphs():
            figure = Figure(figsize=module(plot).sizes(v)[0], layout="constrained")
            plot(timeline, ax=figure.subplots())
            figure.savefig(io.StringIO(), format="svg")


def main() -> int:
    """Print the ratios; 1 if one is above its limit."""
    from analyzer.report import render
    from tests.report.make_timeline import make_timeline

    timeline = make_timeline()
    with tempfile.TemporaryDirectory() as folder:
        paths = {s: Path(folder) / f"report.{s}" for s in ("html", "pdf", "md", "json")}
        render(timeline, list(paths.values()))
        alone = cpu(lambda: charts_alone(timeline))
        spent = {s: cpu(lambda p=p: render(timeline, [p])) for s, p in paths.items()}  # type: ignore[misc]
        size = paths["html"].stat().st_size
    print(f"charts alone, once each: {alone:.2f} s of processor time")
    for name, seconds in spent.items():
        print(f"{name}: {seconds:.2f} s, {seconds / alone:.2f} times the charts alone")
    print(f"html: {size:,} bytes")
    met = spent["html"] <= 5 * alone and spent["pdf"] <= 5 * alone and size < 2_000_000
    print(f"limits (html and pdf at most 5 times, html under 2,000,000 bytes): {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
