"""Percentiles of times from counts in fixed buckets: any two counts add up to those of both.

Buckets are those of HdrHistogram (Gil Tene, https://hdrhistogram.org): every power of two is cut into 32 of the same
width, so that the middle of a bucket is at most 1/64 (1.6 %) beside any time in it. Below 64 ms each has its own.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable
from math import ceil

import attrs

FINE = 6
"""Bits of a time that tell buckets apart: the highest, and the five after it."""
HALF = 1 << (FINE - 1)
LONGEST_MS = (1 << 22) - 1
"""70 minutes; longer times count as that."""
BUCKETS = 576
NUMBER_BITS = 11
"""Of a packed count: the number of its bucket. The bits above are the exponent of the power of two that it counts."""
NUMBERS = (1 << NUMBER_BITS) - 1
PERCENTILES = (50, 90, 99)


def bucket_of(ms: int) -> int:
    """The number of the bucket that a time is in, from 0."""
    ms = min(max(ms, 0), LONGEST_MS)
    shift = max(ms.bit_length() - FINE, 0)
    return HALF * shift + (ms >> shift)


def middle_of(bucket: int) -> float:
    """The middle of the whole milliseconds that a bucket holds."""
    shift = max(bucket // HALF - 1, 0)
    return ((bucket - HALF * shift) << shift) + ((1 << shift) - 1) / 2


@attrs.frozen
class Sketch:
    """How many times there were in each bucket."""

    counts: Counter[int] = attrs.field(factory=Counter)
    """By the number of the bucket."""

    @classmethod
    def of(cls, times: Iterable[int]) -> Sketch:
        """Those of times in ms."""
        return cls(Counter(map(bucket_of, times)))

    def __add__(self, other: Sketch) -> Sketch:
        return Sketch(self.counts + other.counts)

    def percentile(self, percent: int) -> float | None:
        """Milliseconds that so many percent of the times do not exceed, the smallest such; None of no times."""
        place = ceil(self.counts.total() * percent / 100)
        for bucket in sorted(self.counts):
            place -= self.counts[bucket]
            if place <= 0:
                return middle_of(bucket)
        return None


@attrs.frozen
class Times:
    """Of some requests: how long their answers took, and how long their first byte."""

    total: Sketch = attrs.field(factory=Sketch)
    first_byte: Sketch = attrs.field(factory=Sketch)

    def __add__(self, other: Times) -> Times:
        return Times(self.total + other.total, self.first_byte + other.first_byte)


FIRST_BYTES = 1024
"""Added to the numbers of buckets of first bytes, where both kinds are packed together."""


def packed(times: Times) -> bytes:
    """All counts: two bytes for each power of two in them. Of several, one after the other is the sum."""
    words = array("H")
    for offset, latencies in ((0, times.total), (FIRST_BYTES, times.first_byte)):
        for bucket, count in sorted(latencies.counts.items()):
            words.extend(_words(bucket + offset, count))
    return _little(words).tobytes()


def _words(number: int, count: int) -> Iterable[int]:
    return (number | exponent << NUMBER_BITS for exponent in range(count.bit_length()) if count >> exponent & 1)


def unpacked(data: bytes) -> Times:
    """The times in what `packed` made, or in several such, one after the other."""
    words = array("H")
    words.frombytes(data)
    times = Times()
    # Most of them stand there many times: they are counted as they are, and few are taken apart.
    for word, occurrences in Counter(_little(words)).items():
        number = word & NUMBERS
        count = occurrences << (word >> NUMBER_BITS)
        if number >= FIRST_BYTES:
            times.first_byte.counts[number - FIRST_BYTES] += count
        else:
            times.total.counts[number] += count
    return times


def _little(words: array[int]) -> array[int]:
    if sys.byteorder == "big":
        words.byteswap()
    return words
