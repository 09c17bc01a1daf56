"""The data-quality banner: what the numbers rest on, and whether to trust them."""

from __future__ import annotations

from analyzer.report.document import Note, Table
from analyzer.report.format import Format, text
from analyzer.report.pick import FAR, View, unsettled

_NAMES = {
    "n_imported": "Posts imported",
    "n_selected": "Posts of the study",
    "n_relevant": "Posts about an outage",
    "n_unsupported": "In languages not read",
    "n_abstained": "Not judged",
    "n_rejected": "Input rows rejected",
    "n_duplicate_texts": "Texts seen before",
    "n_clusters": "Different texts",
    "n_authors": "Different authors",
}


def banner(v: View, f: Format) -> Note:
    """Return the banner; its kind is good or caution."""
    q = v.timeline.quality
    items = [_basis(v, f)]
    share = covered(v)
    doubts = [text(w) for w in q.get("warnings") or ()]
    if share is not None and share < 0.98:
        doubts.append(f"{f.share(1 - share, digits=1)} of the time shown was not collected.")
    known = " ".join(doubts)
    n = v.total("n_relevant")
    if n < 200 and "intervals are wide" not in known:
        doubts.append(f"Only {f.posts(n)} about an outage, so intervals are wide.")
    if q.get("n_authors") is None and "no authors" not in known:
        doubts.append("Authors are unknown: people cannot be told from posts.")
    unread = (q.get("n_unsupported") or 0) / max(q.get("n_selected") or 0, 1)
    if unread > 0.1:
        doubts.append(f"{f.share(unread)} of the posts are in languages that the classifier does not read.")
    if moved := _moved(v):
        n_moved, n_all = moved
        doubts.append(
            f"For {f.count(n_moved)} of {f.count(n_all)} shares the correction moves the count by more than "
            f"{f.count(100 * FAR)} points: the classifier may not fit these posts, and nothing is claimed about them."
        )
    if v.timeline.study.simulated:
        doubts.insert(0, "Simulated posts: they show what the analysis does, not what happened.")
    kind, title = (
        ("caution", "Data quality: read with care") if doubts else ("good", "Data quality: no reservations found")
    )
    return Note(kind, title, (*items, *doubts))


def _moved(v: View) -> tuple[int, int] | None:
    """Return how many shares of the incident the correction moves far, and of how many; None where none is."""
    rows = [r for r in v.shares if r["scope"] == "incident" and r["estimate"] is not None and r["naive"] is not None]
    far = sum(map(unsettled, rows))
    return (far, len(rows)) if far else None


def _basis(v: View, f: Format) -> str:
    authors = v.timeline.quality.get("n_authors")
    n = v.total("n_relevant")
    by = f", by {f.count(authors)} author{'' if authors == 1 else 's'}" if authors is not None else ""
    verb = "is" if n == 1 else "are"
    return f"Of {f.posts(v.total('n_selected'))} of the study{by}, {f.count(n)} {verb} about an outage."


def covered(v: View) -> float | None:
    """Return the mean covered share of the bins shown; None where there are none."""
    span = v.focus
    inside = [b["covered"] for b in v.bins if span and span[0] <= b["start"] < span[1]]
    return sum(inside) / len(inside) if inside else None


def table(v: View, f: Format) -> Table:
    """Return the counts about the data."""
    q = v.timeline.quality
    rows = tuple(
        (name, f.count(q[key]) if q.get(key) is not None else "unknown") for key, name in _NAMES.items() if key in q
    )
    keys = tuple(key for key in _NAMES if key in q)
    return Table(
        "quality",
        "Counts about the data",
        ("What", "Count"),
        rows,
        keys,
        frozenset({1}),
    )
