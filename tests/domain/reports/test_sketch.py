"""Counts of times in buckets."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from math import ceil

import pytest

from aihub_lite.domain.reports.sketch import (
    BUCKETS,
    LONGEST_MS,
    PERCENTILES,
    Sketch,
    Times,
    bucket_of,
    middle_of,
    packed,
    unpacked,
)

MILLION = 1_000_000


def test_buckets_follow_each_other_without_a_gap() -> None:
    numbers = [bucket_of(ms) for ms in range(1 << 16)]
    assert {0, 1} == {after - before for before, after in pairwise(numbers)}
    assert BUCKETS - 1 == bucket_of(LONGEST_MS) == bucket_of(10 * LONGEST_MS)
    assert 0 == bucket_of(0) == bucket_of(-5)


def test_the_middle_of_a_bucket_is_beside_each_of_its_times_by_a_64th_at_most() -> None:
    times = [*range(1, 1 << 13), *(1 << shift for shift in range(13, 22)), LONGEST_MS]
    times += [(1 << shift) - 1 for shift in range(13, 22)]
    assert max(abs(middle_of(bucket_of(ms)) - ms) / ms for ms in times) <= 1 / 64


@pytest.mark.parametrize("seed", [1, 2])
def test_percentiles_of_a_million_times_are_off_by_two_percent_at_most(seed: int) -> None:
    """Answers as they are: most within seconds, a few in minutes."""
    rng = random.Random(seed)
    times = [min(int(rng.lognormvariate(7.5, 1.2)), LONGEST_MS) for _ in range(MILLION)]
    exact = sorted(times)
    latencies = Sketch.of(times)
    for percent in PERCENTILES:
        true = exact[ceil(MILLION * percent / 100) - 1]
        assert latencies.percentile(percent) == pytest.approx(true, rel=0.02)


def test_percentiles_of_few_times_are_those_times() -> None:
    assert [None, 7, 50] == [Sketch.of(times).percentile(50) for times in ([], [7], [10, 50, 60])]
    assert (10, 60) == (Sketch.of([10, 50, 60]).percentile(1), Sketch.of([10, 50, 60]).percentile(99))


@pytest.mark.parametrize("count", [1, 2, 3, 1000, 65_536, 10_000_000])
def test_packed_counts_come_back_whole(count: int) -> None:
    times = Times(Sketch(Counter({0: count, 575: 1})), Sketch(Counter({0: 3, 100: count})))
    assert times == unpacked(packed(times))
    assert len(packed(times)) <= 2 * (2 * count.bit_length() + 3)


def test_packed_counts_one_after_the_other_are_those_of_both() -> None:
    one = Times(Sketch.of([5, 700, 700]), Sketch.of([5]))
    other = Times(Sketch.of([700, 90_000]), Sketch.of([6]))
    assert one + other == unpacked(packed(one) + packed(other))
    assert Times() == unpacked(b"")
