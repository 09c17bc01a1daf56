"""Raw pages that the corpus holds: read again with today's parsers, or rewritten without forgotten posts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from analyzer.collect import COLLECTORS, collector
from analyzer.collect.archive.door import Keeper
from analyzer.collect.fields import Reject, mapping
from analyzer.collect.mastodon import global_id
from analyzer.collect.plainjson import dumps, loads
from analyzer.collect.rawlog import as_page
from analyzer.collect.reader import Batch, Reader
from analyzer.errors import CollectError
from analyzer.study import Study


def reread(
    lines: Iterable[bytes], entry: Mapping[str, Any], study: Study, keeper: Keeper, *, own: Any = None
) -> Iterator[Batch]:
    """Read a stored raw log again.

    Parameters
    ----------
    lines
        The lines of the input.
    entry
        Its entry in the corpus (`name`, `sha256`, `info` with `platform`).
    own
        A user's own collector, where the log is of one.

    Yields
    ------
    Batch
        Posts, updates and rejections, as the collection itself gave them.

    Raises
    ------
    CollectError
        If the log is of a collector that is not known here.
    """
    platform = str(entry["info"].get("platform", ""))
    if platform not in COLLECTORS and own is None:
        raise CollectError(
            f"{entry['name']} was collected by your own collector {platform!r}; give it again to read its pages"
        )
    from analyzer.collect.base import PageCollector

    reader = Reader(collector(platform) if own is None else PageCollector(own), study, keeper, entry=dict(entry))
    pages = (as_page(line, number) for number, line in enumerate(lines, 1))
    yield from reader.batches(p for p in pages if p is not None)


def redact(lines: Iterable[bytes], platform: str, gone: Callable[[str], bool], write: Callable[[bytes], Any]) -> int:
    """Rewrite a raw log without forgotten posts, in whichever page and depth they stand.

    Parameters
    ----------
    gone
        Tells whether a post's id (as in POSTS) is to be forgotten.
    write
        Takes the lines; what holds no forgotten post is passed on byte for byte.

    Returns
    -------
    int
        How many posts were taken out.
    """
    total = 0
    for line in lines:
        try:
            entry = loads(line)
        except ValueError:
            write(line)
            continue
        if not isinstance(entry, dict) or "page" not in entry:
            write(line)
            continue
        if platform not in COLLECTORS:
            # The page is one item of an unknown shape: it goes as a whole if it holds the id anywhere.
            if any(gone(value) for value in _strings(entry["page"])):
                total += 1
                continue
            write(line)
            continue
        page, n = _without(entry["page"], platform, gone)
        if not n:
            write(line)
            continue
        total += n
        url = "" if any(gone(part) for part in _ids_in(entry.get("url"), platform)) else entry.get("url")
        write(dumps({**entry, "url": url, "page": page}) + b"\n")
    return total


def _without(value: Any, platform: str, gone: Callable[[str], bool]) -> tuple[Any, int]:
    """Return a value without forgotten posts and without their ids, and how many posts went."""
    if isinstance(value, dict):
        name = post_id(value, platform)
        if name is not None and gone(name):
            return None, 1
        kept, n = {}, 0
        for key, inner in value.items():
            kept[key], more = _without(inner, platform, gone)
            n += more
        return kept, n
    if isinstance(value, list):
        out, n = [], 0
        for inner in value:
            left, more = _without(inner, platform, gone)
            n += more
            if left is not None or inner is None:
                out.append(left)
        return out, n
    if isinstance(value, str) and value and _is_reference(value, platform) and gone(_as_post_id(value, platform)):
        return None, 0
    return value, 0


def post_id(item: Mapping[str, Any], platform: str) -> str | None:
    """Return the id, as in POSTS, of a JSON object that is a post; None for any other object."""
    if platform == "x":
        found = item.get("id")
        return str(found) if "text" in item or "type" in item else None
    if platform == "reddit":
        kind, name = item.get("kind"), mapping(item.get("data")).get("id")
        return f"{kind}_{name}" if kind in ("t1", "t3") and isinstance(name, str) else None
    if platform == "hackernews":
        return str(item["objectID"]) if "objectID" in item else None
    uri = item.get("uri")
    if not isinstance(uri, str) or not uri:
        return None
    if platform == "bluesky":
        return uri
    try:
        return global_id(uri) if platform == "mastodon" else None
    except Reject:
        return None


def _is_reference(value: str, platform: str) -> bool:
    """Return whether a plain text is nothing but a post's id."""
    if platform == "reddit":
        return len(value) < 16 and value.replace("_", "").isalnum()
    if platform == "bluesky":
        return value.startswith("at://")
    return platform in ("x", "hackernews") and value.isdecimal()


def _as_post_id(value: str, platform: str) -> str:
    """Return an id as in POSTS; Reddit's lists of omitted comments hold bare ones."""
    return f"t1_{value}" if platform == "reddit" and "_" not in value else value


def _ids_in(url: Any, platform: str) -> list[str]:
    parts = str(url or "").replace("?", "/").split("/")
    return [f"t3_{p}" for p in parts if p] if platform == "reddit" else [p for p in parts if p]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
