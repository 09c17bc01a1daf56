"""Pace of the accurate tier against a naive loop over the same network, and what the cascade's time buys.

    python benchmarks/accurate.py                                  # pace, on simulated posts
    python benchmarks/accurate.py --labels dev.jsonl               # and the cascade's quality at several budgets

Runs are interleaved; medians and their spread are printed as ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from classify import simulated


def naive(texts: list[str]) -> Callable[[], np.ndarray]:
    """Return a loop over the same network as most scripts are written: one post at a time, onnxruntime as it comes."""
    import onnxruntime
    from tokenizers import Tokenizer

    from analyzer.nlp.transformer import MAX_TOKENS, WEIGHTS
    from analyzer.nlp.transformer_text import SHOUT, prepare

    session = onnxruntime.InferenceSession(str(WEIGHTS / "model.onnx"), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
    tokenizer.add_special_tokens([SHOUT])
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)

    def run() -> np.ndarray:
        out = []
        for text in texts:
            ids = np.array([tokenizer.encode(prepare(text)).ids], np.int64)
            given = {"ids": ids, "lengths": np.array([ids.shape[1]], np.int32)}
            out.append(session.run(None, given)[0][0])
        return np.stack(out)

    return run


def timed(variants: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return seconds of each round of each variant, interleaved."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, run in variants.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def pace(n: int, rounds: int) -> None:
    """Print posts a second and ratios to the naive loop."""
    from analyzer.nlp.transformer import Accurate

    texts = simulated(n)  # reposts and copies are in it, as in a real stream
    unique = list(dict.fromkeys(texts))
    two, one = Accurate(), Accurate(threads=1)
    loop = naive(texts)
    difference = np.abs(loop() - two.logits(texts)).max()
    variants: dict[str, Callable[[], object]] = {
        "naive loop": loop,
        "naive loop, each text once": naive(unique),
        "accurate, 1 thread": lambda: one.logits(texts),
        "accurate, all cores": lambda: two.logits(texts),
        "accurate, all cores, each text once": lambda: two.logits(unique),
    }
    seconds = timed(variants, rounds)
    print(f"{n} simulated posts, {len(unique)} distinct; largest difference of a logit {difference:.1e}")
    for name, taken in seconds.items():
        size = len(unique) if "each text once" in name else n
        ratios = [a / b for a, b in zip(seconds["naive loop"], taken, strict=True)]
        print(
            f"{name:38s} {size / statistics.median(taken):8.0f} posts/s   "
            f"{statistics.median(ratios):5.2f} x naive loop ({min(ratios):.2f}-{max(ratios):.2f})"
        )


def curve(labels: Path, shares: list[float]) -> None:
    """Print ROC AUC of the cascade on labelled posts at budgets that are shares of the accurate tier's own time."""
    from sklearn.metrics import roc_auc_score

    from analyzer.nlp.training.data import load_labels
    from analyzer.nlp.transformer import Accurate
    from analyzer.nlp.transformer_cascade import Cascade

    data = load_labels(labels)
    texts = pa.array(list(data["text"]), pa.string())
    accurate = Accurate()
    accurate.scores(texts)
    start = time.perf_counter()
    accurate.scores(texts)
    full = time.perf_counter() - start
    truths = {
        "relevant": data["relevant"],
        "report": data["report"],
        "frustration_ge2": (data["frustration"] >= 2).astype(int),
        "humor": data["humor"],
    }
    print(f"\n{len(data)} labelled posts; the accurate tier alone takes {full:.1f} s")
    print("budget (s)  refined  " + "  ".join(f"{name:>15s}" for name in truths))
    for share in shares:
        cascade = Cascade(share * full if share < 1 else float("inf"), accurate=accurate)
        scores = cascade.scores(texts)
        aucs = [roc_auc_score(y, scores[f"p_{name}"].to_numpy()) for name, y in truths.items()]
        print(f"{share * full:10.1f}  {cascade.n_refined:7d}  " + "  ".join(f"{a:15.3f}" for a in aucs))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-n", type=int, default=2_000, help="simulated posts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--labels", type=Path, help="labelled posts for the cascade's curve")
    given = parser.parse_args()
    pace(given.n, given.rounds)
    if given.labels:
        curve(given.labels, [0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1])


if __name__ == "__main__":
    main()
