"""The key of the pseudonyms: kept beside the corpus, not in it, so that a shared corpus names nobody."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from analyzer.errors import CorpusError
from analyzer.store.layout import disk_error, sync_folder

SIZE = 32
#: Length of a pseudonym in hex digits: 80 bits, one expected clash among 10^12 authors.
DIGITS = 20


def key_path(root: Path) -> Path:
    """Return where the key of the corpus `root` lies: ``corpus.key`` beside ``corpus/``."""
    root = root.absolute()
    return root.with_name(root.name + ".key")


def load(root: Path, fingerprint: str | None = None) -> bytes:
    """Return the key, making it (readable by the owner only) if the corpus has none yet.

    Parameters
    ----------
    root
        The corpus folder.
    fingerprint
        What `fingerprint` gave for the key that the corpus was made with; None for a new corpus.

    Raises
    ------
    CorpusError
        If the corpus was made with a key that is missing or another one now.
    """
    path = key_path(root)
    try:
        key = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        if fingerprint:
            raise CorpusError(
                f"{path} is missing: the authors' pseudonyms in {root} were made with it, and new ones would not "
                "match. Put the key back where it was"
            ) from None
        key = _create(path)
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path}: the key cannot be read ({error})") from error
    if len(key) != SIZE:
        raise CorpusError(f"{path}: this is not a key of {SIZE} bytes; put the right one back")
    if fingerprint and fingerprint != mark(key):
        raise CorpusError(f"{path} is not the key that {root} was made with; put the right one back")
    return key


def _create(path: Path) -> bytes:
    """Make the key whole or not at all; if two processes make it at once, the first one's is used."""
    key = secrets.token_bytes(SIZE)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(new, path)
        except FileExistsError:
            key = bytes.fromhex(path.read_text().strip())
        os.unlink(new)
    except OSError as error:
        raise disk_error(path.parent, error) from error
    sync_folder(path.parent)
    return key


def mark(key: bytes) -> str:
    """Return a fingerprint that tells keys apart and reveals nothing of them."""
    return hashlib.sha256(b"outage-analyzer key\0" + key).hexdigest()[:16]


def pseudonym(key: bytes, source: str, author: str) -> str:
    """Return the keyed pseudonym (HMAC-SHA256, 20 hex digits) of an author of a platform.

    >>> pseudonym(bytes(32), "x", "100") == pseudonym(bytes(32), "x", "100")
    True
    >>> pseudonym(bytes(32), "x", "100") == pseudonym(bytes(32), "reddit", "100")
    False
    """
    return hmac.digest(key, f"{source}\0{author}".encode(), "sha256").hex()[:DIGITS]


class Pseudonyms:
    """Makes pseudonyms of many authors; the same as `pseudonym`, with the two halves of the key hashed once.

    >>> Pseudonyms(bytes(32)).of("x", ["100"]) == [pseudonym(bytes(32), "x", "100")]
    True
    """

    def __init__(self, key: bytes) -> None:
        # HMAC (RFC 2104): hash(key ^ opad + hash(key ^ ipad + message)), with a block of 64 bytes.
        block = key.ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(b ^ 0x36 for b in block))
        self._outer = hashlib.sha256(bytes(b ^ 0x5C for b in block))
        self._known: dict[str, dict[str, str]] = {}

    def of(self, source: str, authors: list[str]) -> list[str]:
        """Return the pseudonyms of authors of a platform; recent ones are remembered."""
        known = self._known.setdefault(source, {})
        if len(known) > 300_000:
            known.clear()
        inner = self._inner.copy()
        inner.update(source.encode() + b"\0")
        outer = self._outer
        out = []
        for author in authors:
            name = known.get(author)
            if name is None:
                first = inner.copy()
                first.update(author.encode())
                second = outer.copy()
                second.update(first.digest())
                name = known[author] = second.hexdigest()[:DIGITS]
            out.append(name)
        return out


def tombstone(key: bytes, source: str, post_id: str) -> str:
    """Return the keyed mark under which a forgotten post is remembered; `source` is empty for any platform."""
    return hmac.digest(key, f"forgotten\0{source}\0{post_id}".encode(), "sha256").hex()
