"""Pace of the collectors: simulated posts through the loopback server, beside each client library by itself.

    python benchmarks/collect.py                 # 200,000 posts
    python benchmarks/collect.py --quick         # a twentieth of them

Each run is a process of its own, so that its peak memory can be told. A sampler says whose code was running: ours, or
the client library's and the network's.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
#: Posts of each platform; together 200,000. Reddit's are submissions only.
POSTS = {"x": 60_000, "bluesky": 60_000, "hackernews": 40_000, "mastodon": 20_000, "reddit": 20_000}
_CLIENTS = (
    "tweepy",
    "praw",
    "prawcore",
    "mastodon",
    "requests",
    "urllib3",
    "httpx",
    "httpcore",
    "h11",
    "anyio",
    "oauthlib",
)


class Sampler:
    """Counts, every few milliseconds, whose code the main thread is in."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._main, self._stop = threading.get_ident(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.003):
            frame = sys._current_frames().get(self._main)
            while frame is not None:
                owner = _owner(frame.f_code.co_filename)
                if owner:
                    self.seen[owner] += 1
                    break
                frame = frame.f_back


def _owner(path: str) -> str:
    if "/analyzer/collect/" in path:
        return "ours: collect"
    if "/analyzer/" in path:
        return "ours: store"
    return "client and network" if any(f"/{c}/" in path for c in _CLIENTS) else ""


@contextmanager
def server(source: str, n: int) -> Iterator[str]:
    """Run the loopback server for one platform in a process of its own."""
    command = [sys.executable, "-m", "tests.platforms", "--port", "0", "--posts", str(n), "--cap", "1000000"]
    command += ["--platforms", source]
    if source in ("hackernews", "bluesky"):
        command[command.index("1000000")] = "1000"
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base = process.stdout.readline().strip()
        threading.Thread(target=process.stdout.read, daemon=True).start()
        try:
            yield base
        finally:
            process.terminate()


def ours(source: str, base: str, folder: Path) -> int:
    """Collect with the product."""
    from analyzer.collect import collect
    from tests.platforms import play

    # One listing, as the peer asks for: other orders are for listings that Reddit cuts at 1,000, and this one is whole.
    reddit = {"comments": False, "new": False, "subreddits": ("all",), "sorts": ()}
    study = play.study(base, reddit=reddit, x={"endpoint": "all"}, hackernews={"comments": False})
    corpus = play.corpus(folder)
    collect(study, corpus, [source], options=play.options(folder))
    return int(corpus.query("SELECT (SELECT count(*) FROM posts) + (SELECT count(*) FROM updates) AS n")["n"][0])


def peer(source: str, base: str, folder: Path) -> int:
    """Do the same with the client library alone: ask, and write the pages down."""
    with open(folder / "peer.jsonl", "w") as out:
        return sum(map(len, _PEERS[source](base, lambda page: out.write(json.dumps(page) + "\n"))))


def _peer_x(base: str, keep: Any) -> Iterator[list[Any]]:
    import tweepy

    from tests.platforms import world, x

    client = tweepy.Client(x.TOKEN, return_type=dict)
    client.session.mount("https://api.twitter.com", _redirect(base))
    fields = "id,text,author_id,created_at,conversation_id,lang,public_metrics,referenced_tweets,entities"
    options = {"start_time": world.SINCE, "end_time": world.UNTIL, "max_results": 500, "tweet_fields": fields}
    for page in tweepy.Paginator(client.search_all_tweets, world.TERM, **options):
        keep(page)
        yield page.get("data", [])


def _redirect(base: str) -> Any:
    from requests.adapters import HTTPAdapter

    class Redirect(HTTPAdapter):
        def send(self, request: Any, **rest: Any) -> Any:
            request.url = request.url.replace("https://api.twitter.com", base)
            return super().send(request, **rest)

    return Redirect()


def _peer_reddit(base: str, keep: Any) -> Iterator[list[Any]]:
    import praw

    from tests.platforms import reddit, world

    client = praw.Reddit(
        client_id=reddit.CLIENT_ID, client_secret=reddit.SECRET, user_agent="linux:outage-analyzer:peer",
        reddit_url=base, oauth_url=base, short_url=base, check_for_updates=False,
    )  # fmt: skip
    for post in client.subreddit("all").search(world.TERM, sort="new", time_filter="day", limit=None):
        keep({k: v for k, v in vars(post).items() if isinstance(v, str | int | float)})
        yield [post]


def _peer_mastodon(base: str, keep: Any) -> Iterator[list[Any]]:
    from mastodon import Mastodon

    from tests.platforms import world

    client, high = Mastodon(api_base_url=base, ratelimit_method="throw"), 2**63 - 1
    while page := client.timeline_hashtag(world.TERM, limit=40, max_id=high):
        keep(json.loads(page.to_json()))
        yield page
        high = min(int(s["id"]) for s in page)


def _peer_bluesky(base: str, keep: Any) -> Iterator[list[Any]]:
    import httpx

    from tests.platforms import bluesky, world

    with httpx.Client(base_url=base + "/xrpc/", trust_env=False) as client:
        body = {"identifier": bluesky.HANDLE, "password": bluesky.PASSWORD}
        token = client.post("com.atproto.server.createSession", json=body).json()["accessJwt"]
        params: dict[str, Any] = {"q": world.TERM, "sort": "latest", "limit": 100, "until": world.iso(world.UNTIL)}
        seen: set[str] = set()
        while True:
            headers = {"authorization": f"Bearer {token}"}
            page = client.get("app.bsky.feed.searchPosts", params=params, headers=headers).json()
            fresh = [p for p in page["posts"] if p["uri"] not in seen]
            keep(page)
            yield fresh
            seen |= {p["uri"] for p in fresh}
            if "cursor" in page:
                params["cursor"] = page["cursor"]
            elif fresh:
                params.pop("cursor", None)
                params["until"] = page["posts"][-1]["record"]["createdAt"]
            else:
                return


def _peer_hackernews(base: str, keep: Any) -> Iterator[list[Any]]:
    import httpx

    from tests.platforms import world

    high, seen = int(world.UNTIL.timestamp()), set[str]()
    with httpx.Client(base_url=base, trust_env=False) as client:
        while True:
            params = {"query": world.TERM, "numericFilters": f"created_at_i<={high}", "hitsPerPage": 1000}
            page = client.get("/api/v1/search_by_date", params=params).json()
            keep(page)
            yield [h for h in page["hits"] if h["objectID"] not in seen]
            seen |= {h["objectID"] for h in page["hits"]}
            if len(page["hits"]) < 1000:
                return
            high = page["hits"][-1]["created_at_i"]


_PEERS: dict[str, Any] = {
    "x": _peer_x,
    "reddit": _peer_reddit,
    "mastodon": _peer_mastodon,
    "bluesky": _peer_bluesky,
    "hackernews": _peer_hackernews,
}


def one(who: str, source: str, base: str) -> dict[str, Any]:
    """Run one side in this process; returns posts, seconds, peak memory and the sampler's shares."""
    import duckdb
    import pandas

    assert duckdb and pandas  # loaded before the clock starts, as in any session that uses them
    with tempfile.TemporaryDirectory() as folder:
        start, sampler = time.perf_counter(), Sampler()
        with sampler:
            n = (ours if who == "ours" else peer)(source, base, Path(folder))
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    whole = sum(sampler.seen.values()) or 1
    return {"n": n, "s": seconds, "mib": peak, "share": {k: v / whole for k, v in sampler.seen.items()}}


def main() -> None:
    """Run all sides and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the 200,000 posts (default: 1)")
    parser.add_argument("--quick", action="store_true", help="the same as --share 0.05")
    parser.add_argument("--one", nargs=3, metavar=("WHO", "SOURCE", "BASE"), help=argparse.SUPPRESS)
    parser.add_argument("--sources", nargs="*", default=list(POSTS))
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one(*args.one)))
        return
    if args.quick:
        args.share = 0.05
    begun = time.perf_counter()
    print(f"{'source':<12}{'posts':>9}{'s':>8}{'posts/s':>9}{'peak MiB':>10}{'ours':>7}{'client':>8}{'x peer':>8}")
    total, seconds = 0, 0.0
    for source in args.sources:
        n = int(POSTS[source] * args.share / 0.95)  # one post in twenty does not hold the term
        with server(source, int(n / 0.7) if source == "reddit" else n) as base:
            found = {}
            for who in ("peer", "ours"):
                command = [sys.executable, __file__, "--one", who, source, base]
                done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
                found[who] = json.loads(done.stdout.splitlines()[-1])
        mine, share = found["ours"], found["ours"]["share"]
        own = sum(v for k, v in share.items() if k.startswith("ours"))
        total, seconds = total + mine["n"], seconds + mine["s"]
        print(
            f"{source:<12}{mine['n']:>9,}{mine['s']:>8.1f}{mine['n'] / mine['s']:>9,.0f}{mine['mib']:>10,.0f}"
            f"{own:>7.0%}{share.get('client and network', 0):>8.0%}{mine['s'] / found['peer']['s']:>8.2f}",
            flush=True,
        )
    print(f"{'all':<12}{total:>9,}{seconds:>8.1f}{total / max(seconds, 1e-9):>9,.0f}")
    print("bluesky and hackernews have no client library here: all but httpx is ours")
    print("mastodon: the peer builds Mastodon.py's typed objects, which we go without")
    print(f"with the peers and the servers: {time.perf_counter() - begun:,.0f} s")


if __name__ == "__main__":
    main()
