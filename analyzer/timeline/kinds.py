"""What kind of rise it is, by what the posts in it are: outage, media event, promotion, or a neighbour's outage.

Source: SPOONS (Augustine et al. 2012; Netflix outages), whose media events lack first-hand reports and bring links;
the thresholds are plain rules of our own. Assumes that the signals err alike in all kinds. Shares are 0-1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analyzer.timeline.evidence import Evidence


#: Texts that are read for names; more would not change a share that is compared with a third.
_SAMPLE = 20_000
#: Providers that many services stand on; trouble of theirs looks like trouble of everybody.
UPSTREAM = (
    "cloudflare", "aws", "amazon web services", "azure", "google cloud", "gcp", "fastly", "akamai", "crowdstrike",
    "level 3", "lumen", "openreach", "equinix", "oracle cloud", "microsoft 365",
)  # fmt: skip


def kind(
    evidence: Evidence,
    inside: NDArray[np.bool_],
    before: NDArray[np.bool_],
    *,
    names: Sequence[str],
    others: Sequence[str] = (),
) -> tuple[str, str]:
    """Tell the kind of a rise from its posts.

    Parameters
    ----------
    inside, before
        Masks of the relevant posts in the rise, and before it.
    names
        The study's own service and aliases, in lower case.
    others
        Names of other services (the study's competitors).

    Returns
    -------
    (kind, reason)
        Kind as in `schema.INCIDENT_KINDS`; the reason is a half-sentence with the shares it rests on.

    Notes
    -----
    Rules after SPOONS (Netflix 2012-13), whose "media event" is told from an outage by links and by the lack of
    first-hand reports. Thresholds are plain shares; below five posts the kind is unknown.
    """
    n = int(inside.sum())
    if n < 5:
        return "unknown", f"only {n} posts to tell the kind from"
    report = evidence.decided("p_report") | evidence.first_hand
    reports, news, repost = (float(v[inside].mean()) for v in (report, evidence.news, evidence.repost))
    unique = len(np.unique(evidence.cluster[inside])) / n
    # Those who name another service as their refuge do not blame it.
    blaming = ~evidence.decided("p_topic_switching")
    blamed_names = tuple(o for o in (*others, *UPSTREAM) if o.casefold() not in names)
    blamed = _named(evidence, inside & blaming, blamed_names) * float(blaming[inside].mean())
    usual = _named(evidence, before & blaming, blamed_names) if before.sum() >= 5 else 0.0
    shares = f"{reports:.0%} report a fault of their own, {news:.0%} are news, {repost:.0%} reposts"
    if blamed >= 0.35 and blamed > 3 * usual:
        return "collateral", f"{blamed:.0%} of {n} posts name another provider: probably collateral; {shares}"
    if reports >= 0.25:
        return "outage", f"of {n} posts {shares}"
    if repost >= 0.5 and unique < 0.5:
        return "promotion", f"of {n} posts {shares}; {unique:.0%} are texts of their own"
    if news >= 0.4 or (repost >= 0.5 and reports < 0.1):
        return "media", f"of {n} posts {shares}"
    return ("outage" if reports >= 0.1 else "unknown"), f"of {n} posts {shares}"


def _named(evidence: Evidence, mask: NDArray[np.bool_], names: Sequence[str]) -> float:
    """Share of posts whose text holds one of the names at the start of a word, from up to `_SAMPLE` of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    place = np.flatnonzero(mask)
    if not len(place) or not names:
        return 0.0
    place = place[:: -(-len(place) // _SAMPLE)]
    pattern = r"(?i)(^|[^\pL\pN])(" + "|".join(re.escape(n) for n in names) + ")"
    text = pa.array(evidence.text.iloc[place], type=pa.string(), from_pandas=True)
    return float(pc.mean(pc.match_substring_regex(text, pattern)).as_py() or 0.0)
