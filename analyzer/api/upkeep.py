"""The care of a corpus: audits by people, rebuilding, forgetting, compliance, integrity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.collect.archive import Summary
    from analyzer.collect.compliance import Compliance
    from analyzer.store import Corpus

from analyzer.api.pipeline import align, classify, timeline_of


def audit_draw(
    study: Study, corpus: Corpus, *, n: int, model: str = "fast", budget_s: float | None = None, seed: int = 0
) -> pd.DataFrame:
    """Draw a blind sample of a study's posts for people to label, spread over phase, source and predicted class."""
    from analyzer import timeline
    from analyzer.nlp import audit

    built = timeline_of(study, corpus, model=model, budget_s=budget_s, seed=seed)
    selected = study.select(corpus.posts())
    labels = align(classify(corpus, model=model, budget_s=budget_s), selected)
    return audit.draw(selected, labels, n=n, phases=timeline.phase_of(built.phases, selected["created_at"]), seed=seed)


def audit_score(
    corpus: Corpus, samples: Sequence[str | Path], *, model: str = "fast", budget_s: float | None = None
) -> dict[str, Any]:
    """Read labelled samples, compare people with each other and with the model, and store the people's labels."""
    import pandas as pd

    from analyzer.nlp import audit

    annotations = pd.concat([audit.read(path) for path in samples], ignore_index=True)
    result = audit.score(annotations, classify(corpus, model=model, budget_s=budget_s))
    with corpus.run("audit", params={"annotators": result["annotators"]}) as run:
        run.add_labels(result["labels"])
    return result


def rebuild(study: Study, corpus: Corpus) -> Summary:
    """Read all raw input of a corpus again with today's parsers."""
    from analyzer.collect import archive

    return archive.rebuild(study, corpus)


def forget(corpus: Corpus, ids: str | Path | Iterable[Any], *, reason: str = "request") -> dict[str, int]:
    """Remove posts from a corpus everywhere, raw input too; see `analyzer.collect.forget.forget`."""
    from analyzer.collect.forget import forget as run

    return run(corpus, ids, reason=reason)


def comply(study: Study, corpus: Corpus, sources: Sequence[str] | None = None, **options: Any) -> Compliance:
    """Ask platforms about stored posts and remove what is gone there; see `analyzer.collect.compliance.comply`."""
    from analyzer.collect.compliance import comply as run

    return run(study, corpus, sources, **options)


def check(corpus: Corpus, *, repair: bool = False) -> dict[str, Any]:
    """Prove the integrity of a corpus by its hashes, and repair what raw input allows."""
    from analyzer.collect.archive.repair import check as prove

    return prove(corpus, repair=repair)
