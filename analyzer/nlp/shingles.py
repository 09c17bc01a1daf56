"""Word shingles of texts and their MinHash signatures, on the bytes of an Arrow string array.

A text becomes its words in lower case (mentions, links and punctuation left out), then the set of its words and of its
pairs of neighbouring words, as 32-bit hashes. Broder (1997), On the resemblance and containment of documents: MinHash.
"""

from __future__ import annotations

import numpy as np

from analyzer.nlp.jit import jit, ones

BANDS = 14
ROWS = 3
#: Shingles of a text that are looked at.
MAX_SHINGLES = 256
_M = 0xFFFFFFFF
_WORD = 0x811C9DC5


@jit
def words_of(data, start, stop, out):  # type: ignore[no-untyped-def]
    """Write the hashes of a text's words into `out`; return how many."""
    n = 0
    i = start
    h = _WORD
    size = 0
    skip = False  # inside a mention or a link
    while i <= stop and n < out.size:
        c = 32 if i == stop else int(data[i])
        if 65 <= c <= 90:
            c += 32
        if skip:
            skip = c > 32
        elif c == 64 and size == 0:
            skip = True
        elif (97 <= c <= 122) or (48 <= c <= 57) or c >= 128:
            h = ((h ^ c) * 0x01000193) & _M
            size += 1
        elif c == 39 and size > 0:
            pass
        elif size > 0:
            if c == 58 and size >= 4 and i + 2 < stop and data[i + 1] == 47 and data[i + 2] == 47:
                skip = True  # http://
            else:
                out[n] = h
                n += 1
            h = _WORD
            size = 0
        i += 1
    return n


@jit
def fingerprints(data, offsets, prints, sizes):  # type: ignore[no-untyped-def]
    """Fill in a 47-bit fingerprint of each text's words in their order, and how many shingles it can have."""
    words = np.zeros(MAX_SHINGLES // 2, np.int64)
    for t in range(prints.size):
        n = words_of(data, offsets[t], offsets[t + 1], words)
        whole = 0x2545F491
        for k in range(n):
            whole = ((whole ^ int(words[k])) * 0xD1E9 + (whole >> 17)) & 0x7FFFFFFFFFFF
        if n == 0:  # nothing but mentions, links, emoji: the bytes themselves
            for i in range(offsets[t], offsets[t + 1]):
                whole = ((whole ^ int(data[i])) * 0xD1E9 + (whole >> 17)) & 0x7FFFFFFFFFFF
        prints[t] = whole
        sizes[t] = max(0, 2 * n - 1)


@jit
def shapes(data, offsets, out):  # type: ignore[no-untyped-def]
    """Write a 47-bit hash of each text's shape: lower case, every number and every link the same."""
    for t in range(out.size):
        i, stop = offsets[t], offsets[t + 1]
        whole = 0x2545F491
        number = False
        while i < stop:
            c = int(data[i])
            i += 1
            if 65 <= c <= 90:
                c += 32
            if 48 <= c <= 57 or c == 58 or c == 46 or c == 44:  # digits : . ,
                if number:
                    continue
                number, c = True, 48
            else:
                number = False
                if c == 104 and i + 6 < stop and data[i] == 116 and data[i + 1] == 116 and data[i + 2] == 112:
                    k = i + 3 + (data[i + 3] == 115)
                    if data[k] == 58 and data[k + 1] == 47 and data[k + 2] == 47:
                        while i < stop and data[i] > 32:
                            i += 1
                        c = 48
            whole = ((whole ^ c) * 0xD1E9 + (whole >> 17)) & 0x7FFFFFFFFFFF
        out[t] = whole


@jit
def shingle_sets(data, offsets, places, ends, shingles):  # type: ignore[no-untyped-def]
    """Write each text's shingles, sorted and without repeats, into ``shingles[places[t]:ends[t]]``."""
    words = np.zeros(MAX_SHINGLES // 2, np.int64)
    for t in range(ends.size):
        n = words_of(data, offsets[t], offsets[t + 1], words)
        start = places[t]
        stop = start
        for k in range(2 * n - 1):
            w = int(words[k >> 1]) if k % 2 == 0 else (int(words[k >> 1]) * 0x1E3779B1 + int(words[(k >> 1) + 1])) & _M
            w = ((w ^ (w >> 15)) * 0x2C1B3C6D) & _M
            at = stop
            while at > start and shingles[at - 1] > w:
                at -= 1
            if at > start and shingles[at - 1] == w:
                continue
            for m in range(stop, at, -1):
                shingles[m] = shingles[m - 1]
            shingles[at] = w
            stop += 1
        ends[t] = stop


@jit
def signatures(shingles, places, ends, factors, bands):  # type: ignore[no-untyped-def]
    """Write the key (47 bits) of each band of each text: the minima of ROWS hash functions, joined."""
    least = np.empty(BANDS * ROWS, np.uint32)
    for t in range(ends.size):
        least[:] = _M
        for k in range(places[t], ends[t]):
            shingle = int(shingles[k])
            for r in range(BANDS * ROWS):  # all functions of one shingle: numbers of 32 bits, side by side
                least[r] = min(least[r], np.uint32((shingle * factors[r]) & _M))
        for b in range(BANDS):
            key = b + 1
            for r in range(ROWS):
                key = ((key ^ int(least[b * ROWS + r])) * 0xD1E9 + (key >> 17)) & 0x7FFFFFFFFFFF
            bands[b, t] = key


@jit
def similarity(shingles, a, a_end, b, b_end):  # type: ignore[no-untyped-def]
    """Return the Jaccard similarity of two sorted sets ``shingles[a:a_end]`` and ``shingles[b:b_end]``."""
    union = a_end - a + b_end - b
    common = 0
    while a < a_end and b < b_end:
        if shingles[a] == shingles[b]:
            common += 1
            a += 1
            b += 1
        elif shingles[a] < shingles[b]:
            a += 1
        else:
            b += 1
    return common / (union - common) if union > common else 1.0


@jit
def bit_sets(shingles, places, ends, bits):  # type: ignore[no-untyped-def]
    """Fill in a row of `bits` (n, 8) for each text: 240 bits in four words, one for each shingle; size, and bits set.

    A row is one cache line.
    """
    for t in range(ends.size):
        for k in range(places[t], ends[t]):
            at = int(shingles[k]) % 240
            bits[t, at // 60] |= 1 << (at % 60)
        bits[t, 4] = ends[t] - places[t]
        bits[t, 5] = ones(bits[t, 0]) + ones(bits[t, 1]) + ones(bits[t, 2]) + ones(bits[t, 3])


@jit
def unlike(bits, a, b, least):  # type: ignore[no-untyped-def]
    """Tell for certain, by their bits alone, that two sets are less than `least` alike; costs a tenth of comparing.

    Each shingle that both hold has its bit in both; what shares a bit with another of its own set may hide one more.
    """
    a_size, b_size = bits[a, 4], bits[b, 4]
    if min(a_size, b_size) < least * max(a_size, b_size):
        return True
    both = ones(bits[a, 0] & bits[b, 0]) + ones(bits[a, 1] & bits[b, 1])
    both += ones(bits[a, 2] & bits[b, 2]) + ones(bits[a, 3] & bits[b, 3])
    common = min(both + min(a_size - bits[a, 5], b_size - bits[b, 5]), a_size, b_size)
    return common < least * (a_size + b_size - common)


@jit
def root(parent, i):  # type: ignore[no-untyped-def]
    """Return the representative of i (union-find with path halving)."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@jit
def link_band(order, keys, shingles, places, ends, bits, parent, least, look_back):  # type: ignore[no-untyped-def]
    """Join texts that share a band key and are at least `least` alike.

    Each text is compared with up to `look_back` earlier ones of its key, so that one huge bucket stays linear.
    """
    for k in range(1, order.size):
        i = order[k]  # keys are in the same order
        for back in range(1, look_back + 1):
            if k - back < 0:
                break
            j = order[k - back]
            if keys[k - back] != keys[k]:
                break
            if unlike(bits, i, j, least):
                continue
            a, b = root(parent, i), root(parent, j)
            # Copies of copies drift; their clusters must stay alike as well.
            if a == b or unlike(bits, a, b, least):
                continue
            if similarity(shingles, places[i], ends[i], places[j], ends[j]) < least:
                continue
            if similarity(shingles, places[a], ends[a], places[b], ends[b]) >= least:
                parent[max(a, b)] = min(a, b)
