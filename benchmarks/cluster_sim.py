"""Where the bottleneck moves: a discrete simulation of the steps over a cluster, from measured costs.

    python benchmarks/cluster_sim.py                     # the table
    python benchmarks/cluster_sim.py --chart docs/cluster.png

Each step is a queue of tasks that one scheduler hands out, `SCHEDULER_S` each, to the first free worker core; a task
takes its posts' cost (log-normal, one in twenty twice as long), its pieces of the shuffle before it, and its share of
the disk that all machines read and write. What only the driver does (putting posts in order, linking near-copies,
drawing the report) is done by one core. The costs a post are those that `cluster.py` prints.
"""

from __future__ import annotations

import argparse
import heapq
import random
from dataclasses import dataclass
from pathlib import Path

#: Seconds that the scheduler is busy with a task (Dask's own figure is some 0.2 to 1 ms; the pessimistic end).
SCHEDULER_S = 1e-3
#: Seconds to open a file and read one piece of it, and bytes a second of the disk that all machines share.
PIECE_S = 0.7e-3
DISK = 2e9
#: Posts of a bucket, at most about; there are at least two a core.
BUCKET = 1_000_000
#: Measured: (step, us of one core a post, bytes a post read and written, whether it reads a piece of every partition).
STEPS = (
    ("import: read", 28.4, 1360, False),
    ("import: join", 2.3, 110, True),
    ("labels", 6.0, 150, False),
    ("selection", 7.8, 320, False),
    ("signals", 6.2, 340, True),
    ("copies: meet", 0.2, 20, True),
    ("copies: sketch", 3.8, 250, False),
    ("copies: bands", 2.0, 280, True),
    ("copies: sets", 2.5, 290, False),
)
#: One core's share of the steps, us a post of those selected: order, links, gathering.
DRIVER_US = 9.2
#: What one process does until the report is there: seconds whatever the number of posts, and us a selected post.
REPORT_S, REPORT_US = 4.0, 0.9


@dataclass(frozen=True)
class Step:
    """What one step took, in seconds: as it was, and what each limit alone would have made it."""

    name: str
    elapsed: float
    cores: float
    scheduler: float
    pieces: float
    disk: float

    @property
    def bound(self) -> str:
        """The limit that comes next to what it took."""
        limits = {"cores": self.cores, "scheduler": self.scheduler, "pieces": self.pieces, "disk": self.disk}
        return max(limits, key=lambda k: limits[k])


def step(posts: int, n: int, cores: int, cost: tuple[str, float, int, bool], given: int, rnd: random.Random) -> Step:
    """Simulate one step of n tasks; `given` is the number of files that each opens a piece of."""
    name, us, size, _ = cost
    pieces = given * PIECE_S
    work = posts * us * 1e-6 / n
    free = [0.0] * min(cores, n)
    told = end = 0.0
    for _ in range(n):
        told += SCHEDULER_S
        start = max(told, heapq.heappop(free))
        spread = rnd.lognormvariate(0, 0.15) * (2 if rnd.random() < 0.05 else 1)
        done = start + pieces + work * spread
        heapq.heappush(free, done)
        end = max(end, done)
    busy = min(cores, n)
    limits = (n * work / busy, n * SCHEDULER_S, n * pieces / busy, posts * size / DISK)
    return Step(name, max(end, limits[3]), *limits)


def chain(posts: int, rows: int, cores: int, *, selected: float, square: bool = False, seed: int = 0) -> list[Step]:
    """Simulate all steps; those after the selection work on the share `selected` of the posts.

    `square` takes as many buckets as partitions.
    """
    rnd = random.Random(seed)
    few = max(1, int(posts * selected))
    parts = max(1, -(-posts // rows))
    found = []
    selecting = True
    for cost in STEPS:
        many = posts if selecting else few
        buckets = parts if square else min(parts, max(2 * cores, many // BUCKET))
        n = buckets if cost[3] else parts
        found.append(step(many, n, cores, cost, parts if cost[3] else 0, rnd))
        selecting &= cost[0] != "selection"
        if cost[0] == "signals":
            parts = buckets  # from here on, the buckets are the parts
    for name, fixed, us in (("driver", 0.0, DRIVER_US), ("report", REPORT_S, REPORT_US)):
        took = fixed + few * us * 1e-6
        found.append(Step(name, took, took, 0, 0, 0))
    return found


def hours(seconds: float) -> str:
    """Return a length of time for a table."""
    return (
        f"{seconds:,.0f} s"
        if seconds < 120
        else f"{seconds / 60:,.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:,.1f} h"
    )


def table(posts: int, selected: float) -> None:
    """Print elapsed times by cores and size of partitions, and which limit holds."""
    print(f"\n{posts:,} posts, {selected:.0%} of them selected\n")
    print(
        f"{'posts a partition':<19}{'cores':>7}{'elapsed':>10}{'square':>10}  longest step and its limit; then the next"
    )
    for rows in (10_000, 50_000, 250_000, 1_000_000):
        for cores in (16, 64, 256, 1024):
            steps = chain(posts, rows, cores, selected=selected)
            total = sum(s.elapsed for s in steps)
            square = sum(s.elapsed for s in chain(posts, rows, cores, selected=selected, square=True))
            longest = sorted(steps, key=lambda s: -s.elapsed)[:2]
            said = "; ".join(f"{s.name} {s.elapsed / total:.0%} ({s.bound})" for s in longest)
            if held := [s for s in steps if s.bound == "scheduler"]:
                share = sum(s.elapsed for s in held) / total
                said += f"; {len(held)} steps ({share:.0%}) wait for the scheduler"
            print(f"{rows:<19,}{cores:>7}{hours(total):>10}{hours(square):>10}  {said}")


def chart(path: Path) -> None:
    """Draw how long each group of steps takes, for a billion posts of which one in a hundred is selected."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    groups = {
        "reading": ("import: read",),
        "join by key": ("import: join",),
        "labels and selection": ("labels", "selection"),
        "signals and near-copies": ("signals", "copies: meet", "copies: sketch", "copies: bands", "copies: sets"),
        "one process": ("driver", "report"),
    }
    sizes, cores = (10_000, 50_000, 250_000, 1_000_000), (16, 64, 256, 1024)
    figure, axes = plt.subplots(2, len(sizes), figsize=(11, 6), sharey="row", layout="constrained")
    colors = ("#4c72b0", "#c44e52", "#55a868", "#8172b3", "#8c8c8c")
    for row, square in zip(axes, (True, False), strict=True):
        for ax, rows in zip(row, sizes, strict=True):
            low = [0.0] * len(cores)
            runs = [{s.name: s.elapsed for s in chain(10**9, rows, c, selected=0.01, square=square)} for c in cores]
            for (name, parts), color in zip(groups.items(), colors, strict=True):
                values = [sum(r[p] for p in parts) / 3600 for r in runs]
                ax.bar([str(c) for c in cores], values, bottom=low, label=name, color=color)
                low = [a + b for a, b in zip(low, values, strict=True)]
            ax.set_title(f"{rows:,} posts a partition", fontsize=10)
            ax.set_xlabel("cores")
        row[0].set_ylabel("hours; a bucket a partition" if square else "hours; two buckets a core")
    axes[1][-1].legend(fontsize=8, frameon=False)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print the tables, and draw the chart where one is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chart", type=Path)
    args = parser.parse_args()
    for posts, selected in ((10**9, 0.01), (10**9, 1.0), (10**7, 1.0)):
        table(posts, selected)
    if args.chart:
        chart(args.chart)


if __name__ == "__main__":
    main()
