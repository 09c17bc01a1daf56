"""Inputs rewritten without some posts, whatever their format.

The object or row that is a post goes, and what only points at it (a reply's parent id, a page's `newest_id`) is
blanked.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from analyzer.collect.archive import stream, x_archive
from analyzer.collect.archive.csv_ import delimiter_of, encoding_of, text_lines
from analyzer.collect.archive.lines import MAX_LINE
from analyzer.collect.copies import Listener, Rows, Said

Write = Callable[[bytes], Any]
#: Lines of rows without an id that must go, and what those say.
Lines = Mapping[int, list[Said]]
_HEAD = 256 << 10
_OWN = ("id", "id_str", "post_id", "tweet_id", "status_id", "message_id", "name", "uri", "objectID", "_id")
#: A container whose content was the post goes with it.
_SHELLS = ("data", "tweet", "payload", "post", "record")
_BLANK = "[redacted]"


class _Gone:
    """Stands for a value that was the post."""


_GONE = _Gone()


class Redactor:
    """Rewrites an input without some posts.

    Parameters
    ----------
    ids
        Ids of the posts.
    rows
        Reads inputs again for rows without an id of their own; None where their lines are known.
    lines
        Such lines, and what rows that must go say there.
    """

    def __init__(self, ids: set[str], *, rows: Rows | None = None, lines: Lines | None = None) -> None:
        self._rows, self._chosen = rows, dict(lines or {})
        self._listener = Listener(None)
        self._name(ids)
        self.n = 0

    def _name(self, ids: set[str]) -> None:
        self._ids = ids
        # Reddit's own objects name a post without the prefix that tells comments from submissions.
        self._bare = {i[3:]: i[:3] for i in ids if i.startswith(("t1_", "t3_"))}
        # Bluesky's events name author and record apart.
        self._records = {tuple(i[5:].split("/", 2)) for i in ids if i.startswith("at://")}
        self._long = [i for i in ids if len(i) >= 8]

    def __call__(self, entry: dict[str, Any], path: Path, write: Write) -> int:
        """Write the input without the posts; returns how many rows or values went."""
        self.n = 0
        if "_ids" in entry and entry["_ids"] != self._ids:
            self._name(entry["_ids"])  # reposts and copies go too
        lines = dict(self._chosen)
        if self._rows is not None:
            lines |= self._rows.copies(entry, path, entry["_gone"])
        self._listener = Listener(entry["info"].get("naive_time_zone"), entry.get("_gone"))
        with open(path, "rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic == stream.PARQUET:
                self._parquet(path, lines, write)
            elif magic == stream.ZIP:
                self._zip(path, write)
            elif entry["format"] == "pages":
                from analyzer.collect.rawpages import redact

                pages = _lines(iter(stream.Packed(file, entry["name"])))
                self.n = redact(pages, str(entry["info"].get("platform", "")), self._ids, write)
            else:
                blocks = stream.to_utf8(iter(stream.Packed(file, entry["name"])))
                self._plain(entry, blocks, lines, write)
        return self.n

    def _plain(self, entry: dict[str, Any], blocks: Iterator[bytes], lines: Lines, write: Write) -> None:
        head = b""
        for block in blocks:
            head += block
            if len(head) >= _HEAD:
                break
        rest = _chain(head, blocks)
        if entry["format"] in ("csv", "tsv", "twarc-csv"):
            self._csv(head, rest, lines, write)
        elif x_archive.is_script(head):
            data = b"".join(rest)
            start = data.index(b"=") + 1
            tail = data[start:].strip().rstrip(b";")
            write(data[:start] + b" " + orjson.dumps(self._list(orjson.loads(tail))))
        elif entry["format"] == "ids":
            for line in _lines(rest):
                if line.strip().strip(b'",').decode("utf-8", "replace") in self._ids or self._speaks(line):
                    self.n += 1
                else:
                    write(line)
        else:
            self._json(head, rest, lines, write)

    def _json(self, head: bytes, blocks: Iterator[bytes], lines: Lines, write: Write) -> None:
        first = head.lstrip().split(b"\n", 1)[0]
        try:
            orjson.loads(first)
        except ValueError:
            data = b"".join(blocks)
            try:
                document = orjson.loads(data)
            except ValueError:
                blocks = iter([data])
            else:
                self._listener.attend([said for rows in lines.values() for said in rows], document)
                value = self._value(document)
                write(orjson.dumps(None if value is _GONE else value))
                return
        for number, line in enumerate(_lines(blocks), 1):
            if not self._speaks(line) and number not in lines:
                write(line)
                continue
            try:
                document = orjson.loads(line)
            except ValueError:
                self.n += 1
                continue
            before = self.n
            self._listener.attend(lines.get(number, ()), document)
            value = self._value(document)
            if value is _GONE or (number in lines and self.n == before and isinstance(document, dict)):
                self.n += 1 if self.n == before else 0
                continue
            write(line if self.n == before else orjson.dumps(value) + b"\n")

    def _speaks(self, line: bytes) -> bool:
        """Tell quickly whether a line may name a post."""
        if len(self._ids) > 200:
            return True
        if any(i.encode() in line for i in self._ids) or any(b.encode() in line for b in self._bare):
            return True
        return any(rkey.encode() in line for _, _, rkey in (r for r in self._records if len(r) == 3))

    def _value(self, value: Any) -> Any:
        """Return a JSON value without the posts."""
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return self._list(value)
        if isinstance(value, str):
            if value in self._ids:
                self.n += 1
                return None
            for post_id in self._long:
                if post_id in value:
                    self.n += 1
                    value = value.replace(post_id, _BLANK)
            return value
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in self._ids:
            self.n += 1
            return None
        return value

    def _list(self, values: list[Any]) -> list[Any]:
        return [v for v in map(self._value, values) if v is not _GONE]

    def _object(self, value: dict[str, Any]) -> Any:
        if self._is_post(value):
            self.n += 1
            return _GONE
        out: dict[str, Any] = {}
        for key, inner in value.items():
            if key in ("permalink", "url", "full_link") and isinstance(inner, str):
                inner = self._address(inner)
            new = self._value(inner)
            if new is _GONE:
                if key in _SHELLS:
                    return _GONE
                new = None
            out[key] = new
        return out

    def _is_post(self, value: dict[str, Any]) -> bool:
        if self._listener(value):
            return True
        for key in _OWN:
            own = value.get(key)
            if isinstance(own, str | int) and not isinstance(own, bool) and str(own) in self._ids:
                return True
        bare = value.get("id")
        if isinstance(bare, str) and bare in self._bare and ("subreddit" in value or "link_id" in value):
            comment = "body" in value or "link_id" in value
            if self._bare[bare] == ("t1_" if comment else "t3_"):
                return True
        if self._records:
            commit = value.get("commit") if isinstance(value.get("commit"), dict) else value
            if isinstance(commit, dict):
                return (value.get("did"), commit.get("collection"), commit.get("rkey")) in self._records
        return False

    def _address(self, text: str) -> str:
        for bare in self._bare:
            if f"/{bare}/" in text + "/":
                self.n += 1
                text = text.replace(f"/{bare}", f"/{_BLANK}")
        return text

    def _csv(self, head: bytes, blocks: Iterator[bytes], lines: Lines, write: Write) -> None:
        encoding = encoding_of(head)
        first = next((line for line in head.decode(encoding, "replace").splitlines() if line.strip()), "")
        delimiter = delimiter_of(first)
        taken: list[str] = []

        def source() -> Iterator[str]:
            for line in text_lines(blocks, encoding):
                taken.append(line)
                yield line

        reader = csv.reader(source(), delimiter=delimiter)
        while True:
            number = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error:
                row = []
            raw = "".join(taken)
            taken.clear()
            write(self._row(row, raw, delimiter, number in lines).encode("utf-8", "surrogateescape"))

    def _row(self, row: list[str], raw: str, delimiter: str, chosen: bool) -> str:
        if not chosen and not any(i in raw for i in self._ids):
            return raw
        cells = [c.strip() for c in row]
        if chosen or not row or (set(cells[:1]) & self._ids) or self._likely_own(cells):
            self.n += 1
            return ""
        out = io.StringIO()
        blank = ["" if c.strip() in self._ids else self._value(c) for c in row]
        self.n += sum(c.strip() in self._ids for c in row)
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(blank)
        return out.getvalue()

    def _likely_own(self, cells: list[str]) -> bool:
        return sum(c in self._ids for c in cells) > 1

    def _parquet(self, path: Path, lines: Lines, write: Write) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        keep = [True] * len(table)
        columns = []
        for name in table.column_names:
            values = table[name].to_pylist()
            if name.lower() in ("id", "post_id", "id_str", "tweet_id"):
                for row, value in enumerate(values):
                    keep[row] &= str(value) not in self._ids
            if any(isinstance(v, str) and v in self._ids for v in values):
                values = [None if isinstance(v, str) and v in self._ids else v for v in values]
                self.n += 1
            columns.append(pa.array(values, table.schema.field(name).type))
        for row in lines:
            if row <= len(keep):
                keep[row - 1] = False
        self.n += keep.count(False)
        out = io.BytesIO()
        pq.write_table(pa.table(columns, names=table.column_names).filter(pa.array(keep)), out, compression="zstd")
        write(out.getvalue())

    def _zip(self, path: Path, write: Write) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for member in old.infolist():
                data = old.read(member)
                if x_archive.is_script(data):
                    start = data.index(b"=") + 1
                    value = self._list(orjson.loads(data[start:].strip().rstrip(b";")))
                    new.writestr(zipfile.ZipInfo(member.filename), data[:start] + b" " + orjson.dumps(value))
        write(out.getvalue())


def _chain(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from blocks


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines with their ends; one that never ends is cut."""
    rest = b""
    for block in blocks:
        rest += block
        pieces = rest.split(b"\n")
        rest = pieces.pop()
        yield from (p + b"\n" for p in pieces)
        if len(rest) > MAX_LINE:
            rest = rest[:MAX_LINE]
    if rest:
        yield rest
