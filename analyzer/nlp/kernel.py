"""The fast tier's one pass over text: tokenise, hash and score, on the bytes of an Arrow string array.

`emit` turns one text into hashed feature numbers. It is plain Python over integers; numba compiles the same function
where it is installed, so that training, compiled scoring and the pure-Python fallback see identical features. All
arithmetic is on integers below 2^63: no rounding, no overflow, the same result on every machine.

Features of a text: words, pairs of neighbouring words (with the start, the end, `!` and `?` as words), 4-grams
of characters within words of four letters or more, emoji with their class, and a few signs of tone (capitals,
repeated marks, stretched letters, length). Letters are folded (é is e), digits become 0, mentions and links become one
word each, names of well-known services become one word, so that what is learnt of one service holds for the next.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analyzer.nlp.jit import jit, numba

BITS = 18
BUCKETS = 1 << BITS
LANES = 48
#: A text yields no more features than this; what follows is not read.
MAX_FEATURES = 4096
#: Columns of `info`: letters of Latin and of other scripts, words, script seen most, features.
INFO = ("latin", "other", "words", "script", "features")
#: Language that a script stands for; 0 is Latin.
SCRIPTS = ("", "ru", "el", "he", "ar", "hi", "th", "ja", "ko", "zh", "und")

_M = 0xFFFFFFFF
_P = 0x3C6EF35F >> 12 | 1  # two 32-bit numbers become one below 2^63
_K1 = 0x5BD1E995
_K2 = 0x2C1B3C6D
_SEED = 0x811C9DC5
# Words that stand for a class of tokens; any distinct 32-bit numbers do.
_START, _END, _USER, _LINK, _SERVICE, _BANG, _ASK, _TAG, _DOTS, _LONG, _ACCENT, _EMOJI, _SMILE = (
    (0x9E3779B1 * k) & _M for k in range(3, 16)
)
_CAPS, _MARKS, _LENGTH, _CLASS, _CHARS = ((0x85EBCA6B * k) & _M for k in range(17, 22))


def emit(data: Any, start: int, stop: int, fold: Any, names: Any, out: Any, info: Any) -> int:
    """Write the feature numbers of one text into `out`, its counts into `info`; return how many features there are.

    Parameters
    ----------
    data, start, stop
        UTF-8 bytes and the text's place in them.
    fold
        Folded byte for each code point below 0x250: a letter, ``0`` for a digit, or 32.
    names
        Hash table of the words that are names of services (see `name_table`).
    out, info
        int64 buffers of MAX_FEATURES + 64 and len(INFO).
    """
    n = 0
    i = start
    prev = _START
    h = _SEED
    size = 0  # letters of the word being read
    upper = 0
    roll = 0
    first_gram = 0  # where the grams of the current word begin, to take them back for names
    last = 0
    run = 0
    words = 0
    caps = 0
    bangs = 0
    asks = 0
    dots = 0
    long = 0
    latin = 0
    other = 0
    script = 0
    script_count = 0
    while i <= stop and n < MAX_FEATURES:
        if i == stop:
            code = 10
            i += 1
        else:
            c = int(data[i])
            if c < 0x80:
                code = c
                i += 1
            elif c < 0xE0:
                code = ((c & 0x1F) << 6) | (int(data[i + 1]) & 0x3F)
                i += 2
            elif c < 0xF0:
                code = ((c & 0x0F) << 12) | ((int(data[i + 1]) & 0x3F) << 6) | (int(data[i + 2]) & 0x3F)
                i += 3
            else:
                code = ((c & 0x07) << 18) | ((int(data[i + 1]) & 0x3F) << 12)
                code |= ((int(data[i + 2]) & 0x3F) << 6) | (int(data[i + 3]) & 0x3F)
                i += 4
        if code < 0x250:
            b = int(fold[code])
            if size == 0 and code == 104 and i + 3 < stop and data[i] == 116 and data[i + 1] == 116:  # noqa: SIM102
                if data[i + 2] == 112 and (data[i + 3] == 58 or data[i + 3] == 115):  # http: or https
                    while i < stop and data[i] > 32:
                        i += 1
                    out[n] = _LINK
                    out[n + 1] = _LINK + prev * _P
                    n += 2
                    prev = _LINK
                    continue
        elif code == 0x2019 or code == 0x2018:
            b = 39
        elif code < 0x2000 or (0x2C00 <= code < 0xD7B0 and not 0x2E00 <= code < 0x2E80 and not 0x3000 <= code < 0x3040):
            b = 128 + (code & 127)
        else:
            b = 32
        if b >= 48:  # a letter or a digit
            if size == 0:
                roll = 32
                first_gram = n
                upper = 0
            while True:
                if b == last:
                    run += 1
                else:
                    run = 1
                    last = b
                if run >= 3:
                    long += 1
                else:
                    h = ((h ^ b) * 0x01000193) & _M
                    roll = ((roll << 8) | b) & _M
                    size += 1
                    if 65 <= code <= 90:
                        upper += 1
                    if size >= 3 and size < 24:
                        out[n] = roll + _CHARS * _P
                        n += 1
                    if b < 128:
                        latin += 1
                        if code > 127:
                            out[n] = _ACCENT + code * _P
                            n += 1
                    else:
                        other += 1
                        if code < 0x370:
                            s = 0
                        elif code < 0x400:
                            s = 2
                        elif code < 0x530:
                            s = 1
                        elif code < 0x590:
                            s = 10
                        elif code < 0x600:
                            s = 3
                        elif code < 0x900:
                            s = 4
                        elif code < 0xE00:
                            s = 5
                        elif code < 0xE80:
                            s = 6
                        elif 0x3040 <= code < 0x3100:
                            s = 7
                        elif code >= 0xAC00:
                            s = 8
                        elif 0x3400 <= code < 0xA000:
                            s = 9
                        else:
                            s = 10
                        # Majority vote (Boyer and Moore); kana outweigh the Han characters among them.
                        if s == script or (script == 7 and s == 9):
                            script_count += 1
                        elif script_count == 0 or (s == 7 and script == 9):
                            script = s
                            script_count += 1
                        else:
                            script_count -= 1
                # Letters of ASCII that follow are read here: a short loop keeps its numbers in registers.
                if i >= stop or n >= MAX_FEATURES:
                    break
                code = int(data[i])
                if code >= 0x80:
                    break
                b = int(fold[code])
                if b < 48:
                    break
                i += 1
            continue
        if b == 39 and size > 0:  # can't is cant
            continue
        if size > 0:  # the word ends
            words += 1
            if upper >= 2 and upper == size:
                caps += 1
            slot = h & 1023
            while names[slot] != 0 and names[slot] != h:
                slot = (slot + 1) & 1023
            if names[slot] == h:
                n = first_gram
                h = _SERVICE
            elif size < 4:
                n = first_gram
            elif size < 23:
                out[n] = ((roll << 8) | 32) & _M + _CHARS * _P
                n += 1
            out[n] = h
            out[n + 1] = h + prev * _P
            n += 2
            prev = h
            h = _SEED
            size = 0
        last = 0
        run = 0
        if code < 128:
            if code == 33:
                bangs += 1
                out[n] = _BANG + prev * _P
                n += 1
                prev = _BANG
            elif code == 63:
                asks += 1
                out[n] = _ASK + prev * _P
                n += 1
                prev = _ASK
            elif code == 46:
                dots += i < stop and data[i] == 46
            elif code == 64:
                if i < stop and data[i] < 128 and fold[data[i]] >= 48:
                    while i < stop and (data[i] >= 128 or fold[data[i]] >= 48 or data[i] == 95):
                        i += 1
                    out[n] = _USER
                    out[n + 1] = _USER + prev * _P
                    n += 2
                    prev = _USER
            elif code == 35:
                out[n] = _TAG
                n += 1
            elif code == 38:  # an entity such as &amp;
                k = i
                while k < stop and k < i + 6 and data[k] != 59:
                    k += 1
                if k < stop and k < i + 6:
                    i = k + 1
            elif code == 58 or code == 59:  # a smiley
                k = i + 1 if i < stop and data[i] == 45 else i
                if k < stop and (data[k] == 40 or data[k] == 41 or data[k] == 47 or data[k] == 68):
                    out[n] = _SMILE + int(data[k]) * _P
                    n += 1
        elif code >= 0x2000:
            if code == 0x2026:
                dots += 1
            elif (0x2600 <= code < 0x27C0) or code >= 0x1F000:
                out[n] = _EMOJI + code * _P
                out[n + 1] = _EMOJI + prev * _P
                n += 2
                kind = 0
                if code == 0x1F602 or code == 0x1F923 or code == 0x1F605 or code == 0x1F606 or code == 0x1F639:
                    kind = 1  # laughter
                elif code == 0x1F480 or code == 0x1F921 or code == 0x1F972 or code == 0x1FAE0 or code == 0x1F643:
                    kind = 2  # gallows humour and irony
                elif 0x1F620 <= code <= 0x1F624 or code == 0x1F92C or code == 0x1F595 or code == 0x1F47F:
                    kind = 3  # anger
                elif code == 0x1F644 or code == 0x1F612 or code == 0x1F611 or code == 0x1F610 or code == 0x1F926:
                    kind = 4  # annoyance
                elif code == 0x1F62D or code == 0x1F622 or code == 0x1F629 or code == 0x1F62B or code == 0x1F614:
                    kind = 5  # grief
                elif code == 0x1F60D or code == 0x2764 or code == 0x1F389 or code == 0x1F60A or code == 0x1F64F:
                    kind = 6  # joy
                if kind > 0:
                    out[n] = _CLASS + kind * _P
                    n += 1
    out[n] = _END + prev * _P
    out[n + 1] = _CAPS + (min(caps, 3) * 2 + (1 if caps * 2 > words else 0)) * _P
    out[n + 2] = _MARKS + (min(bangs, 3) * 4 + min(asks, 3)) * _P
    out[n + 3] = _DOTS + (min(dots, 2)) * _P
    out[n + 4] = _LONG + (min(long, 2)) * _P
    k = 0
    while words >> k > 0 and k < 8:
        k += 1
    out[n + 5] = _LENGTH + k * _P
    n += 6
    for k in range(n):
        x = out[k]
        x = (((x ^ (x >> 31)) & _M) * _K1) & _M
        x ^= x >> 15
        x = (x * _K2) & _M
        x ^= x >> 13
        out[k] = ((x * _K1) & _M) >> (32 - BITS)
    info[0] = latin
    info[1] = other
    info[2] = words
    info[3] = script
    info[4] = n
    return n


def score_one(
    data: Any, start: int, stop: int, fold: Any, names: Any, table: np.ndarray
) -> tuple[np.ndarray, list[int]]:
    """Score one text in pure Python: the sums of `table` (int32, one a lane) and `info`."""
    out = [0] * (MAX_FEATURES + 64)
    info = [0] * len(INFO)
    n = emit(data, start, stop, fold, names, out, info)
    return table[out[:n]].sum(axis=0, dtype=np.int32), info


if numba is not None:
    _emit = jit(emit)

    @jit
    def count_features(data, offsets, fold, names, counts):  # type: ignore[no-untyped-def]
        """Write the number of features of each text into `counts`."""
        out = np.zeros(MAX_FEATURES + 64, np.int64)
        info = np.zeros(5, np.int64)
        for t in range(counts.size):
            counts[t] = _emit(data, offsets[t], offsets[t + 1], fold, names, out, info)

    @jit
    def list_features(data, offsets, fold, names, places, columns):  # type: ignore[no-untyped-def]
        """Write the features of each text t into ``columns[places[t]:places[t + 1]]``."""
        out = np.zeros(MAX_FEATURES + 64, np.int64)
        info = np.zeros(5, np.int64)
        for t in range(places.size - 1):
            n = _emit(data, offsets[t], offsets[t + 1], fold, names, out, info)
            columns[places[t] : places[t] + n] = out[:n]

    @jit
    def score(data, offsets, fold, names, table, sums, infos):  # type: ignore[no-untyped-def]
        """Add up the rows of `table` for each text: `sums` (n, LANES) int32 and `infos` (n, 5) int64.

        Four rows at a time, by plain indices: a view of a row would cost more than its sum.
        """
        out = np.zeros(MAX_FEATURES + 64, np.int64)
        total = np.zeros(LANES, np.int32)
        for t in range(sums.shape[0]):
            n = _emit(data, offsets[t], offsets[t + 1], fold, names, out, infos[t])
            total[:] = 0
            k = 0
            while k + 4 <= n:
                a, b, c, d = out[k], out[k + 1], out[k + 2], out[k + 3]
                for lane in range(LANES):
                    total[lane] += (
                        np.int32(table[a, lane])
                        + np.int32(table[b, lane])
                        + np.int32(table[c, lane])
                        + np.int32(table[d, lane])
                    )
                k += 4
            while k < n:
                a = out[k]
                for lane in range(LANES):
                    total[lane] += np.int32(table[a, lane])
                k += 1
            for lane in range(LANES):
                sums[t, lane] = total[lane]
