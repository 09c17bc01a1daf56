"""The corpus folder and run manifests."""

from __future__ import annotations

from analyzer.store.corpus import Corpus

__all__ = ["Corpus"]
