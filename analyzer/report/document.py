"""A report is a list of small elements. Strings in them are final: outputs only set them, they never format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Ref:
    """A pointer to the table row that a sentence rests on."""

    table: str
    row: str
    label: str

    @property
    def anchor(self) -> str:
        """Address of the row inside the document."""
        return anchor(self.table, self.row)


@dataclass(frozen=True)
class Heading:
    """A section's heading; `level` 2 opens a section."""

    text: str
    level: int = 2
    anchor: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Running text, with the rows that it rests on."""

    text: str
    refs: tuple[Ref, ...] = ()
    lead: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of short texts, each with the rows that it rests on."""

    items: tuple[Paragraph, ...]


@dataclass(frozen=True)
class Number:
    """One headline number: its printed value, its interval, and what it is; `raw` is kept for JSON."""

    key: str
    label: str
    value: str
    interval: str = ""
    note: str = ""
    raw: Any = None
    low: Any = None
    high: Any = None
    unit: str = ""


@dataclass(frozen=True)
class Numbers:
    """The headline numbers."""

    items: tuple[Number, ...]


@dataclass(frozen=True)
class Table:
    """A table of final strings. `keys` names each row, so that sentences can cite it; `numeric` are column places."""

    name: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    keys: tuple[str, ...] = ()
    numeric: frozenset[int] = frozenset()
    folded: bool = False


@dataclass(frozen=True)
class Chart:
    """One drawing: the finding as its title, what it shows, its text alternative and its numbers as a table."""

    name: str
    title: str
    caption: str
    alt: str
    draw: Callable[[Axes], Any]
    wide: tuple[float, float]
    narrow: tuple[float, float]
    table: Table | None = None


@dataclass(frozen=True)
class Note:
    """A boxed remark; `kind` is info, good, caution or quality."""

    kind: str
    title: str
    items: tuple[str, ...]


Element = Heading | Paragraph | Bullets | Numbers | Table | Chart | Note


@dataclass(frozen=True)
class Document:
    """A title and its elements, in reading order."""

    title: str
    subtitle: str
    elements: tuple[Element, ...]
    lang: str = "en"
    description: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: type) -> list[Any]:
        """Return the elements of one kind, in order."""
        return [e for e in self.elements if isinstance(e, kind)]

    def tables(self) -> Iterator[Table]:
        """Yield every table, those behind charts too."""
        for element in self.elements:
            if isinstance(element, Table):
                yield element
            elif isinstance(element, Chart) and element.table:
                yield element.table

    def sections(self) -> list[tuple[Heading, list[Element]]]:
        """Return the elements grouped under their level-2 headings; what stands before the first has an empty one."""
        groups: list[tuple[Heading, list[Element]]] = [(Heading("", 2, ""), [])]
        for element in self.elements:
            if isinstance(element, Heading) and element.level == 2:
                groups.append((element, []))
            else:
                groups[-1][1].append(element)
        return [g for g in groups if g[0].text or g[1]]


def anchor(table: str, row: str) -> str:
    """Return a document address made of letters, digits and hyphens only."""
    import re
    import zlib

    plain = re.sub(r"[^a-z0-9]+", "-", f"{table}-{row}".lower()).strip("-")[:60]
    return plain if plain.isascii() and row.isascii() else f"{plain}-{zlib.crc32(row.encode()):08x}"
