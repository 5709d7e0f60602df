"""Sums that slide are those of a list of all that was booked, in bounded memory."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.domain.safety.sliding import SlidingSum
from tests.support.examples import examples

FIRST = 29_000_000
BOOKINGS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 10**12)), max_size=60)


def summed(bookings: list[tuple[int, int]], until: int = 0) -> SlidingSum:
    """What was booked so many minutes after the one before, as far as the minute `until`."""
    sums = SlidingSum(FIRST)
    minute = FIRST
    for passed, amount in bookings:
        minute += passed
        sums.add(minute, amount)
    sums.advance(until)
    return sums


def spans(sums: SlidingSum) -> tuple[int, int, int]:
    return sums.in_burst, sums.in_hour, sums.in_day


@given(BOOKINGS)
@settings(max_examples=examples(200), deadline=None)
def test_sums_are_those_of_what_was_booked_within_their_spans(bookings: list[tuple[int, int]]) -> None:
    sums = SlidingSum(FIRST)
    booked: list[tuple[int, int]] = []
    minute = FIRST
    for passed, spent in bookings:
        minute += passed
        sums.add(minute, spent)
        booked.append((minute, spent))
        burst = sum(cost for at, cost in booked if at > minute - 5)
        hour = sum(cost for at, cost in booked if at > minute - 60)
        day = sum(cost for at, cost in booked if at // 60 > minute // 60 - 24)
        assert spans(sums) == (burst, hour, day)


@given(BOOKINGS, BOOKINGS, BOOKINGS)
@settings(max_examples=examples(200), deadline=None)
def test_what_is_included_counts_until_it_is_excluded(
    mine: list[tuple[int, int]], theirs: list[tuple[int, int]], later: list[tuple[int, int]]
) -> None:
    end = FIRST + 300 * 60
    alone = summed(mine, end)
    other = summed(theirs, end)
    both = summed(mine, end)
    both.include(other)
    assert spans(both) == tuple(map(sum, zip(spans(alone), spans(other), strict=True)))
    both.exclude(other)
    minute = end
    for passed, amount in later:
        assert spans(both) == spans(alone)
        minute += passed
        both.add(minute, amount)
        alone.add(minute, amount)


@given(BOOKINGS, BOOKINGS)
@settings(max_examples=examples(200), deadline=None)
def test_no_span_falls_below_nothing_where_more_is_excluded_than_was_there(
    mine: list[tuple[int, int]], theirs: list[tuple[int, int]]
) -> None:
    end = FIRST + 300 * 60
    alone = summed(mine, end)
    other = summed(theirs, end)
    left = summed(mine, end)
    left.exclude(other)
    pairs = zip(spans(alone), spans(other), strict=True)
    assert spans(left) == tuple(max(0, own - others) for own, others in pairs)


def test_what_is_booked_by_a_clock_that_stepped_back_counts_as_now() -> None:
    sums = SlidingSum(FIRST)
    sums.add(FIRST, 5)
    sums.add(FIRST - 1000, 7)
    assert sums.minute == FIRST
    assert sums.in_burst == 12


def test_nothing_is_left_of_what_is_older_than_a_day() -> None:
    sums = SlidingSum(FIRST)
    sums.add(FIRST, 5)
    sums.advance(FIRST + 60 * 24 * 400)
    assert spans(sums) == (0, 0, 0)
