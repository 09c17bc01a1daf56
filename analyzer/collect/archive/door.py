"""The door: drafts become posts without names, or official updates if an official account wrote them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Protocol

from analyzer.collect import official
from analyzer.collect.privacy import Masker
from analyzer.schema import POSTS, UPDATES

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.study import Study


#: Start of the ids that rows without any are given.
MADE = "row-"
#: ``(source, post_id, text, pseudonym of the author, created_at)``.
Post = tuple[str, str, str, str | None, dt.datetime]
_NAMELESS = r"^https://(x\.com/i/status/\d+$|www\.reddit\.com/r/)"


class Keeper(Protocol):
    """What the door asks of a corpus."""

    def pseudonym(self, source: str, author: str) -> str:
        """Return the pseudonym of an author."""
        ...

    def forgotten(self, source: str, post_ids: list[str]) -> list[bool]:
        """Tell which posts were forgotten and must not come back."""
        ...


class Door:
    """Lets drafts into a corpus.

    Parameters
    ----------
    study
        Names the official accounts, and what is not masked.
    keeper
        The corpus.

    Attributes
    ----------
    forgotten
        ``{(source, post_id)}`` of drafts that were turned away.
    """

    def __init__(self, study: Study, keeper: Keeper) -> None:
        self._study, self._keeper = study, keeper
        self._masker = Masker(study)
        self._official = {
            source: [a.lstrip("@").casefold() for a in accounts] for source, accounts in study.accounts.items()
        }
        self.forgotten: set[tuple[str, str]] = set()
        #: Lines of rows without an id of their own that were turned away from the present input: text and time.
        self.nameless: dict[int, list[tuple[str | None, dt.datetime | None]]] = {}

    def admit(self, drafts: pa.Table, *, mark: str) -> tuple[pa.Table, pa.Table | None]:
        """Return posts (POSTS without `run_id`, with the store's ``_input`` and ``_line``) and updates.

        Parameters
        ----------
        drafts
            DRAFT.
        mark
            Goes into ``_input``.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        drafts = self._remembered(drafts.combine_chunks())
        updates = None
        if self._official:
            spoken = self._spoken(drafts)
            if pc.any(spoken).as_py():
                updates = self._updates(drafts.filter(spoken))
                drafts = drafts.filter(pc.invert(spoken))
        columns: dict[str, Any] = {}
        for column in POSTS.columns:
            if column.name != "run_id":
                columns[column.name] = drafts[column.name]
        columns["text"] = self._masker.texts(_array(drafts["text"]))
        columns["url"] = self._addresses(_array(drafts["url"]))
        columns["author"] = self._pseudonyms(drafts)
        columns["_line"] = drafts["_line"]
        columns["_input"] = pa.repeat(pa.scalar(mark), len(drafts))
        return pa.table(columns), updates

    def _remembered(self, drafts: pa.Table) -> pa.Table:
        """Turn away what was forgotten, copies of it, and what only repeats it."""
        import pyarrow as pa

        drafts = self._without_copies(drafts)

        keep: list[bool] | None = None
        for source in drafts["source"].unique().to_pylist():
            for name in ("post_id", "parent_id", "thread_id"):
                rows = (
                    [
                        i
                        for i, (s, v) in enumerate(
                            zip(drafts["source"].to_pylist(), drafts[name].to_pylist(), strict=True)
                        )
                        if s == source and v is not None
                    ]
                    if self._watching
                    else []
                )
                if not rows:
                    continue
                ids = [drafts[name][i].as_py() for i in rows]
                hits = {rows[i] for i, hit in enumerate(self._keeper.forgotten(source, ids)) if hit}
                if not hits:
                    continue
                if name == "post_id":
                    self._turned_away(drafts, hits)
                    keep = [i not in hits and (keep is None or keep[i]) for i in range(len(drafts))]
                else:
                    again = {i for i in hits if name == "parent_id" and drafts["kind"][i].as_py() == "repost"}
                    self.forgotten |= {(source, drafts["post_id"][i].as_py()) for i in again}
                    if again:
                        keep = [i not in again and (keep is None or keep[i]) for i in range(len(drafts))]
                    for pointer in (name, "url"):  # an address may hold the id of the thread
                        values = [None if i in hits else v for i, v in enumerate(drafts[pointer].to_pylist())]
                        place = drafts.schema.get_field_index(pointer)
                        drafts = drafts.set_column(place, pointer, pa.array(values, pa.string()))
        return drafts if keep is None else drafts.filter(pa.array(keep))

    def _without_copies(self, drafts: pa.Table) -> pa.Table:
        """Turn away rows that say what a forgotten post said, where an id does not tell them apart."""
        import pyarrow as pa

        tell = getattr(self._keeper, "forgotten_copies", None)
        if tell is None or not self._watching or not len(drafts):
            return drafts
        copies = {i for i, hit in enumerate(tell(self.rows(drafts))) if hit}
        if not copies:
            return drafts
        self._turned_away(drafts, copies)
        return drafts.filter(pa.array([i not in copies for i in range(len(drafts))]))

    def _turned_away(self, drafts: pa.Table, rows: set[int]) -> None:
        chosen = drafts.take(sorted(rows))
        for line, post in zip(chosen["_line"].to_pylist(), self.rows(chosen), strict=True):
            self.forgotten.add(post[:2])
            if post[1].startswith(MADE):
                self.nameless.setdefault(line, []).append((post[2], post[4]))

    def rows(self, drafts: pa.Table) -> list[Post]:
        """Return drafts as the store tells copies by."""
        names = ("source", "post_id", "text", "created_at")
        source, name, text, time = (drafts[n].to_pylist() for n in names)
        return list(zip(source, name, text, self._pseudonyms(drafts).to_pylist(), time, strict=True))

    @property
    def _watching(self) -> bool:
        """Whether anything was ever forgotten; nearly always not, and then nothing is looked up."""
        return bool(getattr(self._keeper, "has_tombstones", True))

    def _spoken(self, drafts: pa.Table) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        spoken: Any = pa.repeat(pa.scalar(False), len(drafts))
        for source, accounts in self._official.items():
            names = pa.array(accounts, pa.string())
            by = pc.or_(
                pc.is_in(pc.utf8_lower(drafts["handle"]), value_set=names),
                pc.is_in(pc.utf8_lower(drafts["author"]), value_set=names),
            )
            spoken = pc.or_(spoken, pc.and_(pc.equal(drafts["source"], source), by))
        return spoken

    def _updates(self, drafts: pa.Table) -> pa.Table:
        import pyarrow as pa

        found = (official.update_of_post(row, self._study) for row in drafts.to_pylist())
        rows = [{**row, "body": self._masker.text(row["body"])} for row in found if row is not None]
        return pa.Table.from_pylist(rows, schema=pa.schema([f for f in UPDATES.arrow() if f.name != "run_id"]))

    def _pseudonyms(self, drafts: pa.Table) -> pa.Array:
        """Replace authors; each distinct one is looked up once."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        sources, authors = _array(drafts["source"]), _array(drafts["author"])
        named, places = [], []
        for source in sources.unique().to_pylist():
            mine = pc.indices_nonzero(pc.equal(sources, source))
            coded = authors.take(mine).dictionary_encode()
            names = pa.array(self._names(source, coded.dictionary.to_pylist()), pa.string())
            named.append(pa.DictionaryArray.from_arrays(coded.indices, names).cast(pa.string()))
            places.append(mine)
        if len(named) < 2:
            return named[0] if named else pa.nulls(0, pa.string())
        order = np.empty(len(drafts), np.int64)
        order[np.concatenate(places)] = np.arange(len(drafts))
        return pa.concat_arrays(named).take(pa.array(order))

    def _names(self, source: str, authors: list[str]) -> list[str]:
        many = getattr(self._keeper, "pseudonyms", None)
        return many(source, authors) if many else [self._keeper.pseudonym(source, a) for a in authors]

    def _addresses(self, urls: pa.Array) -> pa.Array:
        """Mask names in addresses; those that readers make themselves hold none and are passed by."""
        import pyarrow.compute as pc

        named = pc.fill_null(pc.invert(pc.match_substring_regex(urls, _NAMELESS)), False)
        if not pc.any(named).as_py():
            return urls
        return pc.replace_with_mask(urls, named, self._masker.texts(urls.filter(named)))


def _array(column: Any) -> pa.Array:
    import pyarrow as pa

    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) and whole.num_chunks == 1 else whole
