from __future__ import annotations

import hmac
import stat
from pathlib import Path

import pytest

from analyzer.errors import CorpusError
from analyzer.store import Corpus, keys
from tests.store.made import add, posts


def test_key_lies_beside_the_corpus_for_its_owner_only(corpus: Corpus) -> None:
    corpus.pseudonym("x", "100")
    path = corpus.path.with_name("corpus.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any("key" in p.name for p in corpus.path.rglob("*"))


def test_pseudonym_is_the_keyed_hash_and_stays_the_same(corpus: Corpus) -> None:
    key = corpus.key()
    expected = hmac.new(key, b"x\x00100", "sha256").hexdigest()[:20]
    assert corpus.pseudonym("x", "100") == expected
    assert Corpus(corpus.path).pseudonym("x", "100") == expected
    assert corpus.pseudonym("reddit", "100") != expected


def test_lost_or_foreign_key_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    corpus.pseudonym("x", "100")
    add(corpus, posts([1]))
    path = keys.key_path(corpus.path)
    kept = path.read_text()
    path.unlink()
    assert len(Corpus(corpus.path).posts()) == 1
    with pytest.raises(CorpusError, match="is missing"):
        Corpus(corpus.path).pseudonym("x", "100")
    path.write_text("00" * 32)
    with pytest.raises(CorpusError, match="is not the key"):
        Corpus(corpus.path).pseudonym("x", "100")
    path.write_text("zz")
    with pytest.raises(CorpusError, match="cannot be read"):
        Corpus(corpus.path).pseudonym("x", "100")
    path.write_text(kept)
    assert Corpus(corpus.path).key() == corpus.key()
