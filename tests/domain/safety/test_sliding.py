"""Sums that slide are those of a list of all that was booked, in bounded memory."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.domain.safety.sliding import SlidingUse
from tests.support.examples import examples

FIRST = 29_000_000
BOOKINGS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 10**12)), max_size=60)


@given(BOOKINGS)
@settings(max_examples=examples(200), deadline=None)
def test_sums_are_those_of_what_was_booked_within_their_spans(bookings: list[tuple[int, int]]) -> None:
    use = SlidingUse(FIRST)
    booked: list[tuple[int, int]] = []
    minute = FIRST
    for passed, spent in bookings:
        minute += passed
        use.add(minute, spent)
        booked.append((minute, spent))
        hour = [cost for at, cost in booked if at > minute - 60]
        day = [cost for at, cost in booked if at // 60 > minute // 60 - 24]
        burst = [cost for at, cost in booked if at > minute - 5]
        assert (use.hour_spent, use.hour_requests) == (sum(hour), len(hour))
        assert (use.day_spent, use.day_requests) == (sum(day), len(day))
        assert (use.burst_spent, use.burst_requests) == (sum(burst), len(burst))


def test_what_is_booked_by_a_clock_that_stepped_back_counts_as_now() -> None:
    use = SlidingUse(FIRST)
    use.add(FIRST, 5)
    use.add(FIRST - 1000, 7)
    assert use.minute == FIRST
    assert use.burst_spent == 12


def test_nothing_is_left_of_what_is_older_than_a_day() -> None:
    use = SlidingUse(FIRST)
    use.add(FIRST, 5)
    use.advance(FIRST + 60 * 24 * 400)
    assert (use.hour_spent, use.day_spent, use.day_requests) == (0, 0, 0)
