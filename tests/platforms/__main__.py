"""Run the loopback platforms by hand: ``python -m tests.platforms --port 8321 --study /tmp/study.toml``."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.platforms import play, world
from tests.platforms.faults import Script
from tests.platforms.server import Platforms


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8321)
    parser.add_argument("--posts", type=int, default=2000, help="posts on each platform (default: 2000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cap", type=int, default=1000, help="posts that one listing or search gives (default: 1000)")
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that fail (default: 0)")
    parser.add_argument("--status", default="statuspage", choices=("statuspage", "incidentio", "shim", "feed", "none"))
    parser.add_argument("--platforms", nargs="*", default=list(world.PLATFORMS))
    parser.add_argument("--study", metavar="FILE", help="write a study that points here")
    args = parser.parse_args()
    made = world.World(args.posts, args.seed, args.status, tuple(args.platforms), args.cap)
    platforms = Platforms(made, script=Script(seed=args.seed, rate=args.faults), port=args.port)
    if args.study:
        Path(args.study).write_text(toml(platforms.base), encoding="utf-8")
    print(platforms.base, flush=True)
    for name, value in play.environ(Path("~").expanduser()).items():
        if name.startswith("OUTAGE_"):
            print(f"export {name}={value}", flush=True)
    platforms.serve()


def toml(base: str) -> str:
    """Return the study as TOML."""
    study = play.study(base)
    lines = [
        f'service = "{study.service}"',
        f'provider = "{study.provider}"',
        f"since = {world.SINCE:%Y-%m-%dT%H:%M:%SZ}",
        f"until = {world.UNTIL:%Y-%m-%dT%H:%M:%SZ}",
        f'terms = ["{world.TERM}"]',
        f'status_page = "{base}"',
        "",
        "[accounts]",
        *(f'{name} = ["{names[0]}"]' for name, names in study.accounts.items()),
    ]
    for name in play.SOURCES:
        lines += ["", f"[sources.{name}]", f'base_url = "{base}"']
        if name == "reddit":
            lines.append(f"subreddits = {list(study.sources['reddit']['subreddits'])}".replace("'", '"'))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
