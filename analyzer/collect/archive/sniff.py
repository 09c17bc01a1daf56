"""Telling a file's format from its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from analyzer.collect.archive import id_list, x_archive
from analyzer.collect.archive.base import JsonFormat
from analyzer.collect.archive.csv_ import delimiter_of, encoding_of, header_of
from analyzer.errors import InputError

#: Bytes of the start that are looked at.
HEAD = 256 << 10
_TWARC_CSV = {"author.username", "__twarc.retrieved_at", "referenced_tweets.replied_to.id"}


@dataclass(frozen=True)
class Kind:
    """What a file is.

    Attributes
    ----------
    name
        Format, as the user sees it.
    way
        How it is read: ``lines``, ``document``, ``script``, ``csv``, ``json-table`` or ``ids``.
    format
        The JSON format, if it is one.
    sample
        A document of the file.
    """

    name: str
    way: str
    format: JsonFormat | None = None
    sample: Any = None
    delimiter: str = ","
    encoding: str = "utf-8"
    one_document: bool = False


def tell(head: bytes, *, name: str, formats: dict[str, JsonFormat], wanted: str | None, whole: bool) -> Kind:
    """Tell what a file is.

    Parameters
    ----------
    head
        Its first bytes, unpacked and in UTF-8.
    formats
        The JSON formats, by name, in the order of asking.
    wanted
        A format's name, where the user says which.
    whole
        The head is the whole file.

    Raises
    ------
    InputError
        If it is empty or of no known format.
    """
    text = head.lstrip()
    if not text:
        raise InputError(f"{name} is empty; nothing to read")
    if wanted in ("csv", "tsv", "twarc-csv"):
        return _csv(head, wanted)
    if wanted == "ids":
        return Kind("ids", "ids")
    if x_archive.is_script(head):
        return Kind("x-archive", "script", formats["x-archive"])
    if text[:1] in b"{[":
        return _json(head, name, formats, wanted, whole)
    if wanted in formats or wanted == "jsonl":
        return Kind(wanted, "lines", formats.get(wanted)) if wanted in formats else Kind("jsonl", "json-table")
    if text[:1] == b"<":
        raise InputError(f"{name}: XML or a web page, not an archive of posts")
    if b"\0" in head[:4096]:
        raise InputError(f"{name}: of no known format (it holds bytes that are no text)")
    rows = head.decode("utf-8", "replace").splitlines()[: 100 if whole else -1][:100]
    if id_list.claims(rows):
        return Kind("ids", "ids")
    return _csv(head, None)


def _csv(head: bytes, wanted: str | None) -> Kind:
    encoding = encoding_of(head)
    first = next((line for line in head.decode(encoding, "replace").splitlines() if line.strip()), "")
    delimiter = "\t" if wanted == "tsv" else delimiter_of(first)
    name = wanted or ("tsv" if delimiter == "\t" else "csv")
    if wanted is None and len(_TWARC_CSV & set(header_of(first, delimiter))) >= 2:
        name = "twarc-csv"
    return Kind(name, "csv", delimiter=delimiter, encoding=encoding)


def _json(head: bytes, name: str, formats: dict[str, JsonFormat], wanted: str | None, whole: bool) -> Kind:
    documents, first_read = _documents(head, whole)
    one = not first_read and not documents
    if one and whole:
        try:
            documents = [orjson.loads(head)]
        except ValueError as error:
            raise InputError(f"{name}: neither JSON lines nor one JSON document ({error})") from error
    if one and not whole:
        return Kind(wanted or "", "document", formats.get(wanted or ""), one_document=True)
    return choose(documents, name=name, formats=formats, wanted=wanted, one=one)


def choose(documents: list[Any], *, name: str, formats: dict[str, JsonFormat], wanted: str | None, one: bool) -> Kind:
    """Choose the format of JSON documents."""
    way = "document" if one else "lines"
    sample = documents[0] if documents else None
    if wanted in formats:
        claimed = next((d for d in documents if formats[wanted].claims(d)), sample)
        return Kind(wanted, way, formats[wanted], claimed, one_document=one)
    if wanted != "jsonl":
        for document in documents:
            for key, format in formats.items():
                if format.claims(document):
                    return Kind(key, way, format, document, one_document=one)
        _refuse_timeline(sample, name)
    return Kind("jsonl", "json-table", None, sample, one_document=one)


def _refuse_timeline(sample: Any, name: str) -> None:
    if isinstance(sample, dict) and ({"incident_updates", "incidents"} & sample.keys()):
        raise InputError(f"{name}: an official timeline, not posts; read it with `outage-analyzer updates`")


def _documents(head: bytes, whole: bool) -> tuple[list[Any], bool]:
    """Return the JSON values of the first whole lines, and whether the first line is one."""
    rows = head.split(b"\n")
    if not whole and len(rows) > 1:
        rows = rows[:-1]
    found: list[Any] = []
    first: bool | None = None
    for row in rows[:50]:
        if not row.strip():
            continue
        try:
            value = orjson.loads(row)
        except ValueError:
            first = False if first is None else first
            continue
        good = isinstance(value, dict | list)
        first = good if first is None else first
        if good:
            found.append(value)
    # Lines of a document over many lines can be JSON by chance ("[]" or "{}"), a file of JSON lines has most such.
    if not first and len(found) * 2 < len([r for r in rows[:50] if r.strip()]):
        found = []
    return found, bool(first)
