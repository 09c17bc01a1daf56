"""Import of JSON lines against DuckDB's own `read_json`, which turns the same file into the same columns.

    python benchmarks/import_.py                     # a million twarc2 lines, plain
    python benchmarks/import_.py --n 200000 --format pushshift --pack zst

DuckDB reads the fields and derives kind, parent, language, link and address as the import does, and writes Parquet; it
keeps no raw input, no hash, no pseudonym, no mask, no line numbers, and tells no bad row from a good one. Each run is
a process of its own, interleaved; wall time, processor time and peak memory of the processes are compared.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import zstandard

_WORDS = str.split(
    "chatgpt is down again error login slow why openai please fix work today api the a for me anyone else lol 😭 "
    "#chatgptdown https://t.co/abc @someone123 service back online thanks waiting"
)

_TWARC2 = """
    SELECT 'x' AS source, id AS post_id, created_at, text, author_id AS author, author.username AS handle,
        CASE WHEN length(lang) = 2 THEN lang END AS language,
        CASE referenced_tweets[1].type WHEN 'retweeted' THEN 'repost' WHEN 'replied_to' THEN 'reply'
            WHEN 'quoted' THEN 'quote' ELSE 'original' END AS kind, referenced_tweets[1].id AS parent_id,
        conversation_id AS thread_id, public_metrics.like_count AS n_likes,
        public_metrics.retweet_count AS n_reposts, public_metrics.reply_count AS n_replies,
        'https://x.com/i/status/' || id AS url,
        coalesce(NOT starts_with(entities.urls[1].expanded_url, 'https://x.com/'), false) AS has_link,
        __twarc.retrieved_at AS observed_at
    FROM read_json('{path}', format = 'newline_delimited', columns = {{id: 'VARCHAR', text: 'VARCHAR',
        author_id: 'VARCHAR', created_at: 'TIMESTAMP', conversation_id: 'VARCHAR', lang: 'VARCHAR',
        public_metrics: 'STRUCT(retweet_count BIGINT, reply_count BIGINT, like_count BIGINT)',
        referenced_tweets: 'STRUCT("type" VARCHAR, id VARCHAR)[]', author: 'STRUCT(username VARCHAR)',
        __twarc: 'STRUCT(retrieved_at TIMESTAMP)', entities: 'STRUCT(urls STRUCT(expanded_url VARCHAR)[])'}})"""
_PUSHSHIFT = """
    SELECT 'reddit' AS source, 't1_' || id AS post_id, make_timestamp(created_utc * 1000000) AS created_at,
        body AS text, author, 'reply' AS kind, parent_id, link_id AS thread_id, score AS n_likes,
        'https://www.reddit.com' || permalink AS url, contains(body, 'http') AS has_link,
        make_timestamp(retrieved_on * 1000000) AS observed_at
    FROM read_json('{path}', format = 'newline_delimited', columns = {{id: 'VARCHAR', body: 'VARCHAR',
        author: 'VARCHAR', created_utc: 'BIGINT', parent_id: 'VARCHAR', link_id: 'VARCHAR', score: 'BIGINT',
        permalink: 'VARCHAR', retrieved_on: 'BIGINT'}})"""
_PEER = """
import duckdb, sys
sql = sys.argv[1]
con = duckdb.connect()
con.execute("SET enable_progress_bar = false")
con.execute(f"COPY ({sql}) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)")
"""
_OURS = """
import sys
from analyzer.collect.archive import import_files
from analyzer.store import Corpus
from analyzer.study import Study
study = Study(service="ChatGPT", terms=("chatgpt",))
summary = import_files([sys.argv[1]], study, Corpus(sys.argv[2]))
assert summary.n_new == int(sys.argv[3]), str(summary)
"""


def twarc2(n: int) -> Iterator[bytes]:
    """Yield n invented flattened lines of some 1.2 kB; one in four answers another, one in five links out."""
    rnd = random.Random(1)
    for i in range(n):
        who, post_id = str(100_000 + rnd.randrange(300_000)), str(1_797_900_000_000_000_000 + i * 4099)
        post = {
            "id": post_id,
            "text": " ".join(rnd.choices(_WORDS, k=rnd.randint(6, 30))),
            "author_id": who,
            "created_at": f"2024-06-04T{i // 41_667 % 24:02d}:{i // 695 % 60:02d}:{i % 60:02d}.000Z",
            "conversation_id": post_id,
            "lang": "en",
            "edit_history_tweet_ids": [post_id],
            "possibly_sensitive": False,
            "public_metrics": {"retweet_count": i % 7, "reply_count": 1, "like_count": i % 50, "quote_count": 0},
            "entities": {"hashtags": [{"start": 3, "end": 15, "tag": "chatgptdown"}]},
            "author": {
                "id": who,
                "username": f"user{who}",
                "name": f"User {who}",
                "created_at": "2020-01-01T00:00:00.000Z",
                "description": "just a person who writes about things and other things " * 3,
                "public_metrics": {"followers_count": 10, "following_count": 5, "tweet_count": 9, "listed_count": 0},
            },
            "__twarc": {
                "url": "https://api.twitter.com/2/tweets/search/all?query=chatgpt&max_results=500",
                "version": "2.14.0",
                "retrieved_at": "2024-06-05T00:00:00+00:00",
            },
        }
        if i % 4 == 0:
            post["referenced_tweets"] = [{"type": "replied_to", "id": str(1_797_900_000_000_000_000 - i)}]
        if i % 5 == 0:
            post["entities"]["urls"] = [{"url": "https://t.co/abc", "expanded_url": "https://example.org/x"}]
        yield orjson.dumps(post) + b"\n"


def pushshift(n: int) -> Iterator[bytes]:
    """Yield n invented comments as Arctic Shift archives them."""
    rnd = random.Random(1)
    for i in range(n):
        link = f"1{i // 50:06x}"
        yield (
            orjson.dumps(
                {
                    "id": f"k{i:07x}",
                    "name": f"t1_k{i:07x}",
                    "author": f"user_{rnd.randrange(300_000)}",
                    "subreddit": "OpenAI",
                    "subreddit_id": "t5_synth",
                    "body": " ".join(w for w in rnd.choices(_WORDS, k=rnd.randint(6, 40)) if "http" not in w),
                    "link_id": f"t3_{link}",
                    "parent_id": f"t3_{link}",
                    "created_utc": 1_717_484_400 + i // 20,
                    "retrieved_on": 1_717_600_000,
                    "score": i % 90,
                    "permalink": f"/r/OpenAI/comments/{link}/x/k{i:07x}/",
                    "edited": False,
                    "_meta": {"retrieved_2nd_on": 1_718_000_000},
                }
            )
            + b"\n"
        )


FORMATS = {"twarc2": (twarc2, _TWARC2), "pushshift": (pushshift, _PUSHSHIFT)}


def write(path: Path, lines: Iterator[bytes], pack: str) -> None:
    """Write the input, packed if asked."""
    if pack == "gz":
        out = gzip.open(path, "wb", 6)  # noqa: SIM115 - closed below
    elif pack == "zst":
        out = zstandard.open(path, "wb", cctx=zstandard.ZstdCompressor(3))
    else:
        out = open(path, "wb")  # noqa: SIM115 - closed below
    with out as file:
        for line in lines:
            file.write(line)


def run(code: str, *args: str) -> tuple[float, float, float]:
    """Run Python code in a process; returns wall seconds, processor seconds and peak memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, *args])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"a run failed with status {process.returncode}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--format", choices=FORMATS, default="twarc2")
    parser.add_argument("--pack", choices=("", "gz", "zst"), default="")
    args = parser.parse_args()
    make, sql = FORMATS[args.format]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("input.jsonl" + (f".{args.pack}" if args.pack else ""))
        write(path, make(args.n), args.pack)
        size = path.stat().st_size / 1e6
        found: dict[str, list[tuple[float, float, float]]] = {"DuckDB read_json": [], "import": [], "import again": []}
        for round_ in range(args.rounds):
            found["DuckDB read_json"].append(run(_PEER, sql.format(path=path), f"{folder}/peer.parquet"))
            corpus = f"{folder}/corpus-{round_}"
            found["import"].append(run(_OURS, str(path), corpus, str(args.n)))
            found["import again"].append(run(_OURS, str(path), corpus, "0"))
            shutil.rmtree(corpus)
    print(f"{args.n:,} lines of {args.format}, {size:,.0f} MB{' packed' if args.pack else ''}; {args.rounds} rounds")
    base = [statistics.median(r[i] for r in found["DuckDB read_json"]) for i in range(2)]
    for name, runs in found.items():
        wall, cpu, memory = (statistics.median(r[i] for r in runs) for i in range(3))
        spread = f"[{min(r[0] for r in runs) / base[0]:.2f}, {max(r[0] for r in runs) / base[0]:.2f}]"
        print(
            f"{name:<18}{wall:>8.2f} s wall {wall / base[0]:>6.2f} x {spread:<16}"
            f"{cpu:>8.2f} s processor {cpu / base[1]:>6.2f} x{memory:>8.0f} MB"
        )


if __name__ == "__main__":
    main()
