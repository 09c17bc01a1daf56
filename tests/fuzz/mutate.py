"""Cheap mutations of bytes, and of values inside JSON, for millions of executions a minute."""

from __future__ import annotations

import random
import re

#: What parsers trip over, as whole JSON values …
VALUES = [
    *(b"null true false 0 -1 1e400 -0.0 1e-320 9223372036854775808 18446744073709551616 253402300800".split()),
    *(b'"" " " "0" "null" "\\ud83d" "\\u0000" "\\u00a0" "RT @a: b" "t3_1abc0" "at://did:plc:x/a.b.c/1"'.split(b" ")),
    *(b'[] {} [[]] [null] {"a":null} [1,"a",{}]'.split(b" ")),
    b'"2024-06-04T07:00:00.000Z"',
    b'"2024-06-04 07:00:00"',
    b'"Tue Jun 04 07:00:00 +0000 2024"',
    b'"Tue, 04 Jun 2024 07:00:00 GMT"',
    b'"9999-12-31T23:59:59-14:00"',
    b'"0001-01-01T00:00:00+14:00"',
    b'"https://x.com/a/status/1900000000000000001"',
    b'"' + b"a" * 5000 + b'"',
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 400 + b"1" + b"}" * 400,
    b"1" * 400,
]
#: … and as pieces of text.
TOKENS = [
    *(b"\x00|\xff\xfe|\xef\xbb\xbf|\xc3\x28|\xed\xa0\x80|\xf0\x9f\x98\x80|\xe2\x80\xa8|\x1f".split(b"|")),
    *(b'\r\n|\n|\n\n|\t|"|""|,|;|\\|\\u|[|]|{|}|:'.split(b"|")),
    *(b"\x1f\x8b\x08|\x28\xb5\x2f\xfd|PK\x03\x04|PAR1|BZh".split(b"|")),
    *(b"window.YTD.tweets.part0 = |id,created_at,text,author\n|@someone|https://|u/name".split(b"|")),
    *(b"&amp;|&#x110000;|1900000000000000001|1717484400|e+18".split(b"|")),
]
_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null')


class Mutator:
    """Makes inputs from seeds.

    Parameters
    ----------
    seeds
        Whole inputs.
    seed
        Of the random numbers: the same seed gives the same inputs.
    """

    def __init__(self, seeds: list[bytes], seed: int) -> None:
        self._seeds = seeds
        self._rnd = random.Random(seed)
        self._spans = [[m.span() for m in _VALUE.finditer(s)] if s[:1] in b"{[" else [] for s in seeds]

    def __call__(self) -> bytes:
        """Return the next input."""
        rnd = self._rnd.random
        place = int(rnd() * len(self._seeds))
        data, spans = self._seeds[place], self._spans[place]
        if spans and rnd() < 0.75:
            return self._values(data, spans)
        return self._bytes(data)

    def _values(self, data: bytes, spans: list[tuple[int, int]]) -> bytes:
        """Replace a few values; the rest stays JSON."""
        rnd = self._rnd.random
        n = 1 + int(rnd() * rnd() * 4)
        for place in sorted({int(rnd() * len(spans)) for _ in range(n)}, reverse=True):
            a, b = spans[place]
            if rnd() < 0.2:  # another value of the same input
                c, d = spans[int(rnd() * len(spans))]
                new = data[c:d] if d <= len(data) else b"null"
            else:
                new = VALUES[int(rnd() * len(VALUES))]
            data = data[:a] + new + data[b:]
        return data

    def _bytes(self, data: bytes) -> bytes:
        rnd = self._rnd.random
        out = bytearray(data)
        for _ in range(1 + int(rnd() * rnd() * 6)):
            size = len(out)
            at = int(rnd() * (size + 1))
            what = rnd()
            if what < 0.25 and at < size:
                out[at] ^= 1 << int(rnd() * 8)
            elif what < 0.35 and at < size:
                out[at] = int(rnd() * 256)
            elif what < 0.6:
                out[at:at] = TOKENS[int(rnd() * len(TOKENS))]
            elif what < 0.75:
                del out[at : at + 1 + int(rnd() * rnd() * 40)]
            elif what < 0.85:
                out[at:at] = out[int(rnd() * size) : int(rnd() * size)]
            elif what < 0.95:
                other = self._seeds[int(rnd() * len(self._seeds))]
                cut = int(rnd() * len(other))
                out[at:] = other[cut:]
            else:
                del out[at:]
            if len(out) > 40_000:
                del out[40_000:]
        return bytes(out)
