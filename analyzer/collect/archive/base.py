"""What a format is: it tells its files by their content, takes documents apart and reads single items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from analyzer.collect.fields import Reject
from analyzer.schema import POSTS, Column, Table

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.study import Study

#: A post before the door: names are still in it. `author` is the platform's id of the author, `handle` the name.
DRAFT = Table(
    "drafts",
    "A post as read, before names are replaced",
    (),
    (
        *(c for c in POSTS.columns if c.name != "run_id"),
        Column("handle", "string", "the author's public name"),
        Column("_line", "int", "line or row in the input, from 1"),
    ),
)
Row = dict[str, Any]
#: Texts longer than this are no posts (the longest platform limit is 40,000).
MAX_TEXT = 100_000


class Skip(Exception):
    """An item that is not a post, and need not be one: counted by reason, not rejected."""


@dataclass(frozen=True)
class Head:
    """The start of a file, for recognising it.

    Attributes
    ----------
    start
        First bytes, unpacked.
    documents
        JSON values of the first lines (or the one document), as far as they can be read.
    header
        Fields of the first line, read as CSV.
    name
        The file's name, for messages only.
    """

    start: bytes
    documents: tuple[Any, ...] = ()
    header: tuple[str, ...] = ()
    name: str = ""
    whole: bool = field(default=False)


class JsonFormat:
    """Base of formats whose files are JSON lines or one JSON document.

    A format is one file: `claims` recognises a document, `items` takes it apart, and `parse` reads one item.
    """

    name: ClassVar[str] = ""

    def claims(self, document: Any) -> bool:
        """Tell whether a JSON value is of this format."""
        raise NotImplementedError

    def items(self, document: Any) -> Iterator[Any]:
        """Yield what `parse` reads, from the JSON value of one line."""
        yield document

    def parse(self, item: Any) -> Row:
        """Return the draft of one item.

        Raises
        ------
        Reject, Skip
            If it should be a post and cannot be read, or if it is none.
        """
        raise NotImplementedError

    def sql(self, sample: Any, study: Study) -> str | None:
        """Return SQL that reads most lines at once, or None.

        It selects from ``chunk(_line, line)`` the columns of DRAFT, ``_item`` (number within its line, from 0) and
        ``clean``; what is not clean is read again by `parse`, which alone decides.
        """
        return None


def drafts(rows: list[Row]) -> pa.Table:
    """Return rows as an Arrow table of DRAFT; missing keys are null."""
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=DRAFT.arrow())


def checked_text(text: str) -> str:
    """Return a text that is a post's, or reject it."""
    if len(text) > MAX_TEXT:
        raise Reject("text too long", f"{len(text):,} characters; at most {MAX_TEXT:,} are read")
    return text
