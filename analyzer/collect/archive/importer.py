"""Importing: each file is told, read, let in through the door, and kept; all files together are one run."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from analyzer.collect.archive import csv_, id_list, parquet_, sniff, stream, table_parts, x_archive
from analyzer.collect.archive.door import Door
from analyzer.collect.archive.json_parts import JsonReader
from analyzer.collect.archive.lines import chunks
from analyzer.collect.archive.part import Part
from analyzer.collect.archive.registry import FORMATS, NAMES
from analyzer.collect.archive.summary import FileSummary, Summary
from analyzer.errors import InputError

if TYPE_CHECKING:
    from analyzer.study import Study

log = logging.getLogger(__name__)
#: One JSON document over many lines is read whole, up to this size.
MAX_DOCUMENT = 512 << 20
#: ``{reason: (line, detail)}`` of the first row that was rejected for it.
Reasons = dict[str, tuple[int, str]]
_EMPTY_REASONS = {"naive time", "unreadable time", "wrong number of columns", "not JSON", "no text", "no time"}


def import_files(
    paths: Sequence[str | Path],
    study: Study,
    corpus: Any,
    *,
    format: str | None = None,
    now: dt.datetime | None = None,
    progress: Callable[[int], None] = lambda n_rows: None,
) -> Summary:
    """Read archive files into a corpus; doing it twice changes nothing.

    Parameters
    ----------
    paths
        Files; gzip and zstandard are unpacked, formats are told from the content.
    study
        How to read generic files, and what is not masked.
    corpus
        An `analyzer.store.Corpus`.
    format
        Name of the format, where telling it goes wrong; see `FORMATS`.
    now
        The clock; posts from the future are rejected.
    progress
        Called with the number of rows read so far.

    Raises
    ------
    InputError
        If a file is missing, empty, of no known format, or has no row that can be read. The corpus is unharmed.
    """
    if format is not None and format not in NAMES:
        raise InputError(f"no format {format!r}; there are {', '.join(NAMES)}")
    summary = Summary()
    with corpus.run("import", study=study, params={"format": format}) as run:
        importer = Importer(study, corpus, run, summary, now=now or dt.datetime.now(dt.UTC), progress=progress)
        for path in dict.fromkeys(Path(p) for p in paths):
            importer.file(path, format)
        importer.coverage()
        run.notes["import"] = {"skipped": dict(summary.skipped), "rejected": dict(summary.rejected)}
    summary.settle(run, "posts")
    return summary


class Importer:
    """Carries one run through its files."""

    def __init__(
        self,
        study: Study,
        corpus: Any,
        run: Any,
        summary: Summary,
        *,
        now: dt.datetime,
        progress: Callable[[int], None] = lambda n_rows: None,
    ) -> None:
        self._study, self._corpus, self._run, self._summary = study, corpus, run, summary
        self._now, self._progress = now, progress
        self.door = Door(study, corpus)
        self._spans: dict[str, tuple[dt.datetime, dt.datetime]] = {}

    def file(self, path: Path, wanted: str | None) -> None:
        """Read one file and keep its bytes."""
        about = FileSummary(path.name)
        self._summary.files.append(about)
        self.door.nameless = {}
        with stream.open_input(path) as file:
            magic = file.read(4)
            file.seek(0)
            writer = self._run.raw_writer(name=path.name, info=reading(self._study))
            if magic in (stream.ZIP, stream.PARQUET):
                while block := file.read(stream.BLOCK):
                    writer.write(block)
                file.seek(0)
                parts = self._container(path, file, magic, about)
            else:
                parts = self._stream(file, about, wanted, writer.write)
            refuse_empty(about, *self._take(parts, about))
        self.keep(writer.close(format=about.format), about)

    def keep(self, entry: dict[str, Any], about: FileSummary) -> None:
        """Keep an input's bytes, without what was forgotten: it must not come back in raw input either."""
        if self.door.forgotten:
            from analyzer.collect.redactor import Redactor

            redact = Redactor({post_id for _, post_id in self.door.forgotten}, lines=self.door.nameless)
            entry = self._run.redact_raw(entry, redact)
        about.sha256 = entry["sha256"]
        self._run.keep_raw(entry)

    def reread(self, entry: dict[str, Any], file: Any, path: Path) -> None:
        """Read an input that the corpus keeps, again."""
        about = FileSummary(entry["name"], sha256=entry["sha256"])
        self._summary.files.append(about)
        refuse_empty(about, *self._take(self.parts(entry, file, path, about=about), about))

    def parts(
        self, entry: dict[str, Any], file: Any, path: Path, *, about: FileSummary | None = None
    ) -> Iterator[Part]:
        """Return the parts of an input that the corpus keeps, as they stand before the door."""
        about = about or FileSummary(entry["name"])
        magic = file.peek(4)[:4]
        if magic in (stream.ZIP, stream.PARQUET):
            return self._container(path, file, magic, about)
        return self._stream(file, about, entry["format"] or None, lambda block: None)

    def lines(self, blocks: Iterator[bytes], about: FileSummary, *, sample: Any) -> tuple[int, Reasons]:
        """Read a piece of a file of JSON lines of the format that `about` names; see `refuse_empty`."""
        reader = JsonReader(FORMATS[about.format], self._corpus, self._study, sample=sample, now=self._now)
        return self._take(reader.lines(blocks), about)

    def _container(self, path: Path, file: Any, magic: bytes, about: FileSummary) -> Iterator[Part]:
        if magic == stream.PARQUET:
            about.format = "parquet"
            return table_parts.read(
                parquet_.batches(path), self._study, file=about.name, now=self._now, mapped=about.columns.update
            )
        about.format = "x-archive"
        reader = JsonReader(FORMATS["x-archive"], self._corpus, self._study, now=self._now)
        return reader.items(x_archive.read_zip(file, name=about.name))

    def _stream(self, file: Any, about: FileSummary, wanted: str | None, tap: Callable[[bytes], Any]) -> Iterator[Part]:
        packed = stream.Packed(file, about.name, tap)
        blocks = stream.to_utf8(iter(packed))
        head, whole = b"", True
        for block in blocks:
            head += block
            if len(head) >= sniff.HEAD:
                whole = False
                break
        if not packed.n_packed:
            raise InputError(f"{about.name} is empty; nothing to read")
        try:
            kind = sniff.tell(head, name=about.name, formats=FORMATS, wanted=wanted, whole=whole)
        except InputError as error:
            if not packed.problem:
                raise
            problem = f"{packed.kind}: {packed.problem}"
            raise InputError(f"{about.name}: damaged, cannot be unpacked ({problem}); fetch the file again") from error
        about.format, about.encoding = kind.name, kind.encoding
        yield from self._read(kind, itertools.chain([head], blocks), about)
        about.truncated |= packed.truncated
        if packed.problem:
            about.notes.append(f"{packed.kind}: {packed.problem}")

    def _read(self, kind: sniff.Kind, blocks: Iterator[bytes], about: FileSummary) -> Iterator[Part]:
        if kind.way == "ids":
            return _ids(blocks)
        if kind.way == "csv":
            lines = csv_.text_lines(blocks, kind.encoding)
            return self._table(csv_.batches(lines, kind.delimiter), about, twarc=kind.name == "twarc-csv")
        if kind.way == "script":
            assert kind.format is not None
            items = x_archive.read_script(_all(blocks, about.name), name=about.name)
            return JsonReader(kind.format, self._corpus, self._study, now=self._now).items(items)
        if kind.one_document:
            return self._document(kind, _all(blocks, about.name), about)
        if kind.format is None:
            return table_parts.read_lines(
                chunks(blocks), self._study, self._corpus, file=about.name, now=self._now, mapped=about.columns.update
            )
        return JsonReader(kind.format, self._corpus, self._study, sample=kind.sample, now=self._now).lines(blocks)

    def _document(self, kind: sniff.Kind, data: bytes, about: FileSummary) -> Iterator[Part]:
        try:
            document = orjson.loads(data)
        except ValueError as error:
            raise InputError(f"{about.name}: neither JSON lines nor one JSON document ({error})") from error
        if kind.format is None:
            items = document if isinstance(document, list) else [document]
            kind = sniff.choose(items[:20] or [document], name=about.name, formats=FORMATS, wanted=None, one=True)
            whole = next((f for f in FORMATS.items() if f[1].claims(document)), None)
            if whole is not None:
                kind = sniff.Kind(whole[0], "document", whole[1], document, one_document=True)
        about.format = kind.name
        if kind.format is None:
            return self._table(table_parts.json_item_batches(document), about)
        reader = JsonReader(kind.format, self._corpus, self._study, now=self._now)
        if kind.format.claims(document) or not isinstance(document, list):
            return reader.items(kind.format.items(document))
        return reader.items(item for element in document for item in kind.format.items(element))

    def _table(self, batches: Iterator[csv_.Batch], about: FileSummary, *, twarc: bool = False) -> Iterator[Part]:
        return table_parts.read(
            batches, self._study, file=about.name, now=self._now, twarc=twarc, mapped=about.columns.update
        )

    def _take(self, parts: Iterator[Part], about: FileSummary) -> tuple[int, Reasons]:
        """Let the parts in; the door works beside the reader, and parts stay in order.

        Returns the number of rows that are in order, and why and where others are not (the first of each reason).
        """
        mark = str(len(self._run.raw))
        n_good = 0
        reasons: Reasons = {}
        with ThreadPoolExecutor(1, thread_name_prefix="door") as behind:
            waiting: list[Future[None]] = []
            for part in parts:
                about.n_rows += part.n_rows
                self._summary.n_rows += part.n_rows
                self._summary.skipped += part.skipped
                n_good += len(part.ids) + (len(part.drafts) if part.drafts is not None else 0) + part.skipped.total()
                for line, reason, detail, _ in part.rejected:
                    self._summary.rejected[reason] += 1
                    about.truncated |= reason == "cut off"
                    reasons.setdefault(reason, (line, detail))
                waiting.append(behind.submit(self._admit, part, about.name, mark))
                if len(waiting) > 2:
                    waiting.pop(0).result()
                self._progress(self._summary.n_rows)
            for future in waiting:
                future.result()
        return n_good, reasons

    def _admit(self, part: Part, file: str, mark: str) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if part.drafts is not None and len(part.drafts):
            posts, updates = self.door.admit(part.drafts, mark=mark)
            self._run.add_posts(posts)
            if updates is not None:
                self._summary.n_updates += self._run.add_updates(updates)
            for source in posts["source"].unique().to_pylist():
                span = pc.min_max(posts.filter(pc.equal(posts["source"], source))["created_at"])
                low, high = self._spans.get(source, (span["min"].as_py(), span["max"].as_py()))
                self._spans[source] = (min(low, span["min"].as_py()), max(high, span["max"].as_py()))
        if part.ids:
            self._summary.n_ids += self._run.add_ids([(source, post_id) for source, post_id, _ in part.ids])
        if part.rejected:
            rows = [
                {"file": file, "line": line, "reason": reason, "detail": detail, "raw": raw, "_input": mark}
                for line, reason, detail, raw in part.rejected
            ]
            self._run.add_rejects(pa.Table.from_pylist(rows))

    @property
    def spans(self) -> dict[str, tuple[dt.datetime, dt.datetime]]:
        """First and last post of each source."""
        return self._spans

    @property
    def forgotten(self) -> set[tuple[str, str]]:
        """Posts that were turned away because they were forgotten."""
        return self.door.forgotten

    def coverage(self) -> None:
        """Record what the posts span; whether all of it was looked at, a file does not say."""
        import pyarrow as pa

        rows = [
            {
                "source": source,
                "start": low,
                "end": high + dt.timedelta(seconds=1),
                "kind": "unknown",
                "note": "an imported file: first to last post",
            }
            for source, (low, high) in sorted(self._spans.items())
        ]
        self._summary.coverage = [
            {k: v.isoformat() if isinstance(v, dt.datetime) else str(v) for k, v in row.items()} for row in rows
        ]
        self._summary.n_forgotten = len(self.door.forgotten)
        if rows:
            self._run.add_coverage(pa.Table.from_pylist(rows))


def reading(study: Study) -> dict[str, Any]:
    """Return what of a study says how generic files are read; it is kept with the input."""
    said = {
        "columns": dict(study.columns),
        "where": {k: list(v) if isinstance(v, tuple) else v for k, v in study.where.items()},
        "naive_time_zone": study.naive_time_zone,
        "source": study.source,
    }
    return {k: v for k, v in said.items() if v}


def refuse_empty(about: FileSummary, n_good: int, reasons: Reasons) -> None:
    """Raise InputError for a file of which no row can be read, for reasons that concern the whole of it."""
    if not n_good and reasons and set(reasons) <= _EMPTY_REASONS:
        line, detail = next(iter(reasons.values()))
        raise InputError(
            f"{about.name}: none of its {about.n_rows:,} rows can be read: {', '.join(reasons)} "
            f"(first in line {line}: {detail})"
        )


def _all(blocks: Iterator[bytes], name: str) -> bytes:
    held: list[bytes] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size > MAX_DOCUMENT:
            raise InputError(f"{name}: one JSON document of more than {MAX_DOCUMENT >> 20} MB; write it as JSON lines")
    return b"".join(held)


def _ids(blocks: Iterator[bytes]) -> Iterator[Part]:
    for chunk in chunks(blocks):
        part = Part(n_rows=len(chunk.bad))
        part.rejected = [(n, reason, detail, raw.decode("utf-8", "replace")) for n, reason, detail, raw in chunk.bad]
        for number, line in zip(chunk.numbers.to_pylist(), chunk.lines.to_pylist(), strict=True):
            if not line.strip() or (number == 1 and id_list.is_heading(line)):
                continue
            part.n_rows += 1
            found = id_list.read_id(line)
            if found is None:
                part.rejected.append((number, "no id", "not an id of X, Reddit or Bluesky", line[:2000]))
            else:
                part.ids.append((*found, number))
        yield part
