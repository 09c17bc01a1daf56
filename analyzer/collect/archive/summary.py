"""What an import did, for people and for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class FileSummary:
    """One input file.

    Attributes
    ----------
    n_rows
        Rows (or items of a page) met, rejected and skipped ones among them.
    truncated
        The file ends early; what came before was kept.
    columns
        How columns were mapped, ours to theirs, where the file does not say so itself.
    """

    name: str
    format: str = ""
    sha256: str = ""
    n_rows: int = 0
    truncated: bool = False
    encoding: str = "utf-8"
    columns: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class Summary:
    """The whole import.

    Attributes
    ----------
    n_posts, n_new, n_updated, n_unchanged
        Distinct posts (or official updates) read, and what they were to the corpus.
    n_duplicates
        Rows that repeat a key within this import; the last one counts.
    rejected
        Rows that could not be read, by reason; each is in the corpus's table `rejects`.
    skipped
        Rows that are no posts, or that the study leaves out, by reason.
    coverage
        What the posts span, by source.
    """

    n_rows: int = 0
    n_posts: int = 0
    n_new: int = 0
    n_updated: int = 0
    n_unchanged: int = 0
    n_duplicates: int = 0
    n_updates: int = 0
    n_forgotten: int = 0
    n_ids: int = 0
    n_incidents: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    files: list[FileSummary] = field(default_factory=list)
    coverage: list[dict[str, str]] = field(default_factory=list)
    run_id: str | None = None

    @property
    def n_rejected(self) -> int:
        """Rows that could not be read."""
        return sum(self.rejected.values())

    @property
    def columns(self) -> dict[str, str]:
        """Guessed or given column maps of all files together."""
        return {ours: theirs for file in self.files for ours, theirs in file.columns.items()}

    @property
    def truncated(self) -> bool:
        """Some file ends early."""
        return any(file.truncated for file in self.files)

    def settle(self, run: Any, table: str) -> None:
        """Take the counts of a committed run for its posts or updates."""
        if counts := run.counts.get(table):
            self.n_new, self.n_updated, self.n_unchanged = counts.n_new, counts.n_updated, counts.n_unchanged
            self.n_duplicates = counts.n_duplicates
        self.n_posts = self.n_new + self.n_updated + self.n_unchanged
        self.run_id = run.run_id if run.changed else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            **asdict(self),
            "rejected": dict(self.rejected),
            "skipped": dict(self.skipped),
            "n_rejected": self.n_rejected,
            "columns": self.columns,
            "truncated": self.truncated,
        }

    def __str__(self) -> str:
        lines = [f"{f.name}: {f.format}, {f.n_rows:,} rows" + _more(f) for f in self.files]
        if self.n_incidents:
            lines.append(f"{self.n_incidents:,} incidents")
        what = "official updates" if self.n_incidents else "posts"
        lines.append(
            f"{self.n_posts:,} {what}: {self.n_new:,} new, {self.n_updated:,} updated, {self.n_unchanged:,} unchanged"
            + (f"; {self.n_duplicates:,} duplicate rows" if self.n_duplicates else "")
        )
        if self.n_updates:
            lines.append(f"{self.n_updates:,} posts of official accounts went to the official timeline")
        if self.n_ids:
            lines.append(
                f"{self.n_ids:,} ids recorded; `ids = true` under [sources.NAME] lets `collect` fetch their posts"
            )
        if self.n_forgotten:
            lines.append(f"{self.n_forgotten:,} rows left out: they were forgotten before")
        lines += [f"rejected: {n:,} × {reason}" for reason, n in self.rejected.most_common()]
        lines += [f"left out: {n:,} × {reason}" for reason, n in self.skipped.most_common()]
        return "\n".join(lines)


def _more(file: FileSummary) -> str:
    text = ""
    if file.columns:
        text += "\n  columns: " + ", ".join(f"{ours} = {theirs}" for ours, theirs in file.columns.items())
    if file.encoding != "utf-8":
        text += f"\n  encoding: {file.encoding}"
    if file.truncated:
        text += "\n  the file ends early (truncated); what came before was kept"
    return text + "".join(f"\n  {note}" for note in file.notes)
