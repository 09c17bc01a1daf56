"""The archive that X gives a user of their own posts: ``data/tweets.js`` (or the zip that holds it)."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import orjson

from analyzer.collect import fields
from analyzer.collect.archive.base import JsonFormat, Row, checked_text
from analyzer.collect.archive.links import ELSEWHERE_X, any_elsewhere, has_address
from analyzer.collect.archive.times import moment
from analyzer.errors import InputError

_START = re.compile(rb"\s*window\.YTD\.(\w+)\.part\d+\s*=\s*")
_MEMBER = re.compile(r"(?:.*/)?(?:data/)?(?:tweets?|tweets?-part\d+|account)\.js$")
#: A part of an archive has at most some 100 MB.
_MAX = 512 << 20
_MAX_ALL = 4 << 30


class XArchive(JsonFormat):
    """``window.YTD.tweets.part0 = [...]``."""

    name = "x-archive"

    def claims(self, document: Any) -> bool:
        """An element ``{"tweet": {...}}``."""
        return isinstance(document, dict) and isinstance(document.get("tweet"), dict)

    def parse(self, item: Any) -> Row:
        """Read one post; the account is put in by `read_script`."""
        post = fields.obj(fields.obj(item).get("tweet"))
        post_id = fields.identity(post, "id_str") if post.get("id_str") else fields.identity(post, "id")
        text = post.get("full_text") if isinstance(post.get("full_text"), str) else post.get("text")
        text = html.unescape(fields.words({"full_text": text}, "full_text"))
        account = fields.mapping(item.get("account"))
        parent = fields.maybe(post, "in_reply_to_status_id_str")
        kind = "repost" if text.startswith("RT @") else "reply" if parent else "original"
        urls = fields.mapping(post.get("entities")).get("urls")
        found = [fields.maybe(u, "expanded_url") for u in fields.listing(urls) if isinstance(u, dict)]
        return {
            "source": "x",
            "post_id": post_id,
            "created_at": moment(post.get("created_at")),
            "text": checked_text(text),
            "author": fields.maybe(account, "accountId"),
            "handle": fields.maybe(account, "username"),
            "language": fields.language(post.get("lang")),
            "kind": kind,
            "parent_id": parent if kind == "reply" else None,
            "thread_id": None,
            "n_likes": fields.count(post, "favorite_count"),
            "n_reposts": fields.count(post, "retweet_count"),
            "url": f"https://x.com/i/status/{post_id}",
            "has_link": any_elsewhere(found, ELSEWHERE_X) if isinstance(urls, list) else has_address(text),
        }


def is_script(start: bytes) -> bool:
    """Tell whether bytes begin an archive's script."""
    return _START.match(start) is not None


def read_script(data: bytes, *, name: str, account: Any = None) -> Iterator[Any]:
    """Yield the elements of a script.

    Raises
    ------
    InputError
        If what is assigned is not one JSON list, or something else follows it.
    """
    match = _START.match(data)
    if match is None:
        raise InputError(f"{name}: not a script of an X archive (it should begin with window.YTD.tweets)")
    try:
        value = orjson.loads(data[match.end() :].rstrip().rstrip(b";"))
    except ValueError as error:
        raise InputError(f"{name}: the list after window.YTD is damaged ({error})") from error
    if not isinstance(value, list):
        raise InputError(f"{name}: window.YTD holds no list")
    if match[1] == b"account":
        return
    for element in value:
        yield {**element, "account": account} if isinstance(element, dict) else element


def read_zip(file: IO[bytes], *, name: str) -> Iterator[Any]:
    """Yield the posts of the zip; nothing is unpacked to the disk, and sizes are capped.

    Raises
    ------
    InputError
        If it is damaged, a bomb, or holds no posts.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{name}: the zip file is damaged ({error}); download it again") from error
    with archive:
        members = [m for m in archive.infolist() if _MEMBER.match(m.filename)]
        posts = [m for m in members if "account" not in m.filename.rpartition("/")[2]]
        if not posts:
            raise InputError(f"{name}: no data/tweets.js in this zip; give the archive that X sent you")
        if sum(m.file_size for m in members) > _MAX_ALL or any(m.file_size > _MAX for m in members):
            raise InputError(f"{name}: its parts unpack to more than any X archive does; refused")
        account = next((_account(_member(archive, m, name)) for m in members if m not in posts), None)
        for member in posts:
            yield from read_script(_member(archive, member, name), name=f"{name}:{member.filename}", account=account)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    try:
        with archive.open(member) as file:
            data = file.read(_MAX + 1)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise InputError(f"{name}: {member.filename} cannot be unpacked ({error})") from error
    except Exception as error:  # zlib.error and others have no common base
        raise InputError(f"{name}: {member.filename} is damaged ({error})") from error
    if len(data) > _MAX:
        raise InputError(f"{name}: {member.filename} unpacks to more than it says; refused")
    return data


def _account(data: bytes) -> Any:
    match = _START.match(data)
    try:
        value = orjson.loads(data[match.end() :].rstrip().rstrip(b";")) if match else None
    except ValueError:
        return None
    first = value[0] if isinstance(value, list) and value else None
    return first.get("account") if isinstance(first, dict) else None


def as_stream(data: bytes) -> IO[bytes]:
    """Return bytes as a seekable stream."""
    return io.BytesIO(data)
