"""An evaluation as plain text, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.nlp.metrics import show


def to_text(result: Mapping[str, Any]) -> str:
    """Return the evaluation as lines of text; brackets hold 95 % intervals."""
    status = ", ".join(f"{v:,} {k}" for k, v in result["status"].items())
    lines = [f"{result['model']} on {result['n']:,} posts ({status}); 95 % bootstrap intervals", ""]
    for part in ("all", "real", "written"):
        if part in result:
            lines += [f"{part} (n = {result[part]['n']:,})", *_part(result[part]), ""]
    if result["baselines"]:
        lines += ["baselines, ROC AUC (negative sentiment as the score)", *_baselines(result["baselines"]), ""]
    if result["multilingual"]:
        lines += [f"es, pt, de, fr, it pooled (n = {result['multilingual']['n']})"]
        lines += [f"  {k:<22}{show(result['multilingual']['labels'][k]['auc'])}" for k in _FEW if _has(result, k)] + [
            ""
        ]
    lines.append(f"neutral fault reports called level >= 2: {_share(result['neutral_reports'])}")
    if result["humorous_frustrated"]:
        lines.append(
            f"humorous, frustrated, positive to VADER, called level >= 1: {_share(result['humorous_frustrated'])}"
        )
    lines += ["", "true level (rows) by decided level, relevant posts", *_matrix(result["confusion"])]
    for column, groups in result["by"].items():
        lines += ["", f"by {column}", f"  {'':<22}{'n':>6}  " + "  ".join(f"{k:<22}" for k in _FEW)]
        lines += [_group(value, found) for value, found in groups.items()]
    return "\n".join(lines)


_FEW = ("relevant", "report", "frustration_ge2", "humor")


def _has(result: Mapping[str, Any], key: str) -> bool:
    return key in result["multilingual"]["labels"]


def _part(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {'':<24}{'positives':>9}  {'ROC AUC':<22}{'F1':<22}{'ECE':<22}"
    for key, row in found["labels"].items():
        yield f"  {key:<24}{row['n_positive']:>9}  {show(row['auc']):<22}{show(row['f1']):<22}{show(row['ece']):<22}"
    if "kappa" in found:
        yield f"  frustration level, quadratic kappa (relevant posts)  {show(found['kappa'])}"
    if "topics_macro_f1" in found:
        n = len(found["topics_counted"])
        yield f"  topics, macro-F1 over {n} with >= 10 positives  {show(found['topics_macro_f1'])}"


def _baselines(found: Mapping[str, Any]) -> Iterator[str]:
    for name, rows in found.items():
        yield f"  {name:<12}" + "  ".join(f"{k} {show(rows[k]['auc'])}" for k in _FEW)


def _group(value: str, found: Mapping[str, Any]) -> str:
    cells = [show(found["labels"][k]["auc"]) if k in found["labels"] else "–" for k in _FEW]
    return f"  {value:<22}{found['n']:>6}  " + "  ".join(f"{c:<22}" for c in cells)


def _matrix(found: Mapping[str, Any]) -> Iterator[str]:
    for level, row in enumerate(found["frustration_level_relevant"]):
        yield f"  {level}  " + "".join(f"{n:>6}" for n in row)


def _share(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return "no such post"
    return f"{found['value']:.1%} [{found['low']:.1%}, {found['high']:.1%}], n = {found['n']}"
