"""Which fonts a PDF is set in, and which letters none of them has: text is never lost without a word.

Fonts come from typst itself, matplotlib, the machine, and, for Chinese, Japanese and Korean, the extra ``[cjk]``
(Noto Sans CJK, SIL Open Font License 1.1).
"""

from __future__ import annotations

import importlib.util
import logging
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

_LOG = logging.getLogger(__name__)
#: Package that carries a font for Chinese, Japanese and Korean.
_CJK = "noto_cjk_sans_otc"
#: Begins of the Unicode names of its letters.
_CJK_NAMES = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "FULLWIDTH", "HALFWIDTH", "IDEOGRAPHIC", "KANGXI")


def folders() -> list[str]:
    """Return the places of fonts beside those of typst and of the machine.

    Of matplotlib's only DejaVu: its Last Resort font holds every letter as the same box and would win over real ones.
    """
    import matplotlib

    found = [str(p) for p in sorted((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("DejaVu*.ttf"))]
    spec = importlib.util.find_spec(_CJK)
    if spec and spec.origin:
        found.append(str(Path(spec.origin).parent))
    return found


def lacking(text: str) -> list[str]:
    """Return the letters of a text that no font has, sorted; empty for what is set without a gap."""
    import matplotlib

    base = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    left = {c for c in set(text) - _letters(str(base)) if _visible(c)}
    for path in _paths() if left else ():
        left -= _letters(path)
        if not left:
            break
    return sorted(left)


def _visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "CZ" and not 0xFE00 <= ord(letter) <= 0xFE0F


@lru_cache(maxsize=1)
def _paths() -> tuple[str, ...]:
    import typst

    found: dict[str, None] = {}
    for font in typst.Fonts(font_paths=folders()).fonts():
        if font.path:
            found[str(font.path)] = None
    # The extra's font is large and last in no alphabet: what it covers is asked for first.
    return tuple(sorted(found, key=lambda p: _CJK not in p))


@lru_cache(maxsize=64)
def _letters(path: str) -> frozenset[str]:
    from matplotlib.ft2font import FT2Font

    try:
        font: Any = FT2Font(path)
        return frozenset(map(chr, font.get_charmap()))
    except (RuntimeError, OSError):
        return frozenset()


def warning(letters: list[str]) -> str:
    """Return a sentence about letters that no font has: which, and what to install."""
    # As code points: the letters themselves would be boxes where this is read.
    shown = ", ".join(f"U+{ord(c):04X}" for c in letters[:4]) + (", …" if len(letters) > 4 else "")
    kinds = sorted({_kind(c) for c in letters})
    cjk = "Chinese, Japanese or Korean" in kinds
    remedies = ["pip install 'outage-analyzer[cjk]'"] if cjk else []
    if len(kinds) > cjk:
        remedies.append("install a font that has them, such as Debian's fonts-noto")
    return (
        f"{len(letters)} letter{'s' if len(letters) > 1 else ''} ({', '.join(kinds)}: {shown}) cannot be shown in the "
        f"PDF, because no font on this machine has them: {' and '.join(remedies)}. The HTML report shows them."
    )


def _kind(letter: str) -> str:
    name = unicodedata.name(letter, "")
    if name.startswith(_CJK_NAMES):
        return "Chinese, Japanese or Korean"
    return "symbols" if unicodedata.category(letter)[0] in "SP" else (name.split(" ")[0].capitalize() or "unnamed")


def check(text: str) -> str:
    """Return the warning about a text, logged too; empty where every letter can be set."""
    letters = lacking(text)
    if not letters:
        return ""
    said = warning(letters)
    _LOG.warning("%s", said)
    return said
