"""Privacy at the door: names of people are masked in texts before a table is written.

`Masker` replaces mentions, e-mail addresses and profile addresses. What the study itself names (official accounts, the
service, its aliases, terms and competitors) stays, since a study is about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.study import Study

#: What stands for a person in a masked text.
USER = "@user"
#: Texts of a column that are looked at together.
_JOINED = 200

_MENTION = re.compile(r"@(\w+(?:[.-]\w+)*)")
_ALPHANUMERIC = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"
# A brand's accounts are its name with one of these around it: AskAcme, AcmeUK, Acme_Support.
_BEFORE = r"(?:ask|the|get|my|hey)?_?"
_AFTER = (
    r"(?:_?(?:ai|api|app|au|br|ca|care|cares|cloud|customer|de|dev|devs|developers|es|eu|fr|global|gpt|help|helps|hq|"
    r"ie|in|inc|it|jp|news|nl|official|ops|research|service|services|status|support|team|uk|us|usa|\d{1,3}x\d))*"
)
# Addresses of profiles, and of posts that hold the author's name; the part up to the name is kept.
_PROFILE = re.compile(
    r"((?:(?:twitter|x|instagram|facebook|threads|tiktok|github)\.(?:com|net)/|bsky\.app/profile/|"
    r"linkedin\.com/in/|youtube\.com/(?:user|c)/|t\.me/|reddit\.com/u(?:ser)?/)@?)([\w.:-]+)",
    re.IGNORECASE,
)
# Plain searches are far cheaper than the pattern, which most texts need not meet.
_MARKS = (
    "twitter.com/",
    "x.com/",
    "bsky.app/",
    "reddit.com/u",
    "instagram.com/",
    "facebook.com/",
    "threads.",
    "tiktok.com/",
    "github.com/",
    "linkedin.com/in/",
    "youtube.com/",
    "t.me/",
)
_COLUMN_HINTS = "[@/]|did:"
_COLUMN_MARKS = "(?i)did:|u/|" + "|".join(re.escape(mark) for mark in _MARKS)
_NO_PERSON = {"i", "home", "search", "hashtag", "intent", "share", "explore", "about", "help", "settings", "status"}
_REDDIT = re.compile(r"(?<![\w/.])(/?u/)([\w-]+)")
_DID = re.compile(r"did:(?:plc|web):[\w.:%-]+")


class Masker:
    """Masks people in texts.

    Parameters
    ----------
    study
        What its `accounts`, `service`, `aliases`, `competitors` and `terms` name is kept.

    Examples
    --------
    >>> from analyzer.study import Study
    >>> mask = Masker(Study(service="ChatGPT", accounts={"x": ("OpenAI",)}))
    >>> mask.text("@OpenAI @jane is it down? mail jane@example.org, https://x.com/jane/status/1 or u/jane")
    '@OpenAI @user is it down? mail @user, https://x.com/user/status/1 or u/user'
    """

    def __init__(self, study: Study | None = None) -> None:
        names: set[str] = set()
        accounts: set[str] = set()
        if study is not None:
            named = (study.service, *study.aliases, *study.competitors, *study.terms)
            names = {re.sub(r"[\W_]+", "", n).casefold() for n in named} - {""}
            accounts = {a.lstrip("@").casefold() for group in study.accounts.values() for a in group}
        either = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
        self._brand = re.compile(f"{_BEFORE}(?:{either}){_AFTER}", re.IGNORECASE) if either else None
        self._accounts = accounts
        self._known: dict[str, bool] = {}

    def keeps(self, handle: str) -> bool:
        """Tell whether a handle (without ``@``) belongs to what the study is about."""
        found = self._known.get(handle)
        if found is None:
            folded = handle.casefold()
            first = folded.partition(".")[0]
            found = folded in self._accounts or bool(self._brand and self._brand.fullmatch(first))
            if len(self._known) > 100_000:
                self._known.clear()
            self._known[handle] = found
        return found

    def text(self, text: str) -> str:
        """Return a text with people masked."""
        if "@" in text:
            text = self._mentions(text)
        if "/" in text:
            folded = text.lower()
            if any(mark in folded for mark in _MARKS):
                text = _PROFILE.sub(self._profile, text)
            if "u/" in text:
                text = _REDDIT.sub(self._redditor, text)
        return _DID.sub("did:user", text) if "did:" in text else text

    def texts(self, texts: pa.Array) -> pa.Array:
        """Mask a whole column; null stays null. Only texts that can name anybody are looked at."""
        import pyarrow as pa
        import pyarrow.compute as pc

        hinted = pc.fill_null(pc.match_substring_regex(texts, _COLUMN_HINTS), False)
        some = texts.filter(hinted)
        if not len(some):
            return texts
        others = pc.match_substring_regex(some, _COLUMN_MARKS)
        mentions = pc.and_(pc.match_substring(some, "@"), pc.invert(others))  # most of them: no more than mentions
        for found, mask in ((mentions, self._many_mentions), (others, lambda rows: [self.text(t) for t in rows])):
            chosen = some.filter(found)
            if len(chosen):
                some = pc.replace_with_mask(some, found, pa.array(mask(chosen.to_pylist()), type=texts.type))
        return pc.replace_with_mask(texts, hinted, some)

    def _many_mentions(self, texts: list[str]) -> list[str]:
        """Mask what follows an ``@`` in many texts; joined, by what is part of no name, they cost less."""
        out: list[str] = []
        for start in range(0, len(texts), _JOINED):
            some = texts[start : start + _JOINED]
            masked = self._mentions("\0".join(some)).split("\0")
            out += masked if len(masked) == len(some) else [self._mentions(t) for t in some]
        return out

    def _mentions(self, text: str) -> str:
        """Mask what follows an ``@``; linear in the text, whatever it holds."""
        first, *rest = _MENTION.split(text)
        out = [first]
        whole = False  # the last piece was a handle and nothing else: "@user@server"
        named = {h: f"@{h}" if self.keeps(h) else USER for h in set(rest[::2])}
        for handle, tail in zip(rest[::2], rest[1::2], strict=True):
            before = out[-1]
            if whole:
                out.append(tail if before != f"@{handle}" else f"@{handle}{tail}")
            elif before[-1:] in _ALPHANUMERIC:
                out[-1] = before.rstrip(_LOCAL)
                out.append(USER + tail)
            else:
                out.append(named[handle] + tail)
            whole = not tail
        return "".join(out)

    def _profile(self, match: re.Match[str]) -> str:
        name = match[2]
        return match[0] if name.lower() in _NO_PERSON or self.keeps(name) else match[1] + "user"

    def _redditor(self, match: re.Match[str]) -> str:
        return match[0] if self.keeps(match[2]) else match[1] + "user"


def mask_rows(rows: Iterable[dict[str, Any]], masker: Masker) -> list[dict[str, Any]]:
    """Return rows with `text` and `url` masked."""
    out = []
    for row in rows:
        masked = {**row, "text": masker.text(row["text"])}
        if row.get("url"):
            masked["url"] = masker.text(row["url"])
        out.append(masked)
    return out
