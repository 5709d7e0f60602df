"""What a past makes usual: levels, floors, and limits that hold whatever the past is."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.domain.safety.past import (
    HOURS_OF_WEEK,
    Middle,
    Sensitivity,
    UsualUse,
    crest_of,
    limits_of,
    newcomer_limits,
)
from aihub_lite.domain.safety.spans import DAY, HOUR, PAST, POLICY, WEEK
from tests.support.examples import examples

NOW = 3000 * WEEK
FLOOR = Sensitivity(floor=100, times=4)
USE = st.dictionaries(st.integers(NOW - PAST - WEEK, NOW + WEEK), st.integers(0, 10**12), max_size=60)


def use_at(hours: range, days: int, value: int) -> dict[int, int]:
    """The same use in the first quarter of these hours of each of the days before now."""
    return {NOW - day * DAY + hour * HOUR: value for day in range(1, days + 1) for hour in hours}


def test_without_a_past_the_floor_is_the_limit() -> None:
    limits = limits_of({}, NOW, FLOOR)
    assert (limits.burst, set(limits.hours), limits.day) == (100, {100}, 500)
    assert not limits.mature


def test_an_hour_of_the_week_that_is_used_every_week_allows_times_as_much() -> None:
    weekly = {NOW - week * WEEK + 10 * HOUR: 1000 for week in (1, 2, 3, 4)}
    limits = limits_of(weekly, NOW, FLOOR)
    assert limits.hour(NOW + 10 * HOUR) == 4000
    assert limits.hour(NOW + 11 * HOUR) == 4000, "a sliding hour spans two of the clock's"
    assert limits.hour(NOW + 40 * HOUR) == 2500, "as much as two and a half times its crest is let pass at any time"


def test_a_token_of_ten_days_is_judged_by_the_hour_of_the_day() -> None:
    limits = limits_of(use_at(range(9, 17), 10, 1000), NOW, FLOOR)
    assert limits.hour(NOW + 12 * HOUR) == 4000
    assert limits.hour(NOW + 3 * HOUR) == 2500


def test_a_token_of_three_days_is_judged_by_all_its_hours() -> None:
    limits = limits_of(use_at(range(9, 17), 3, 1000), NOW, FLOOR)
    assert set(limits.hours) == {4000}


def test_hours_that_differ_much_allow_more_than_those_that_do_not() -> None:
    random = Random(1)
    even = dict.fromkeys(use_at(range(9, 17), 28, 0), 1000)
    uneven = {quarter: random.randint(0, 2000) for quarter in even}
    assert sum(limits_of(uneven, NOW, FLOOR).hours) > sum(limits_of(even, NOW, FLOOR).hours)


def test_one_runaway_among_fifty_hours_makes_nothing_usual() -> None:
    quiet = use_at(range(9, 17), 28, 1000)
    looped = quiet | {NOW - 2 * DAY + 3 * HOUR: 10**9}
    assert limits_of(looped, NOW, FLOOR).hours == limits_of(quiet, NOW, FLOOR).hours


def test_jobs_of_an_hour_a_night_have_a_past_within_eight_days() -> None:
    assert limits_of(use_at(range(2, 3), 9, 1000), NOW, FLOOR).mature
    assert not limits_of(use_at(range(2, 3), 4, 1000), NOW, FLOOR).mature


def test_a_newcomer_may_do_what_nearly_all_others_do() -> None:
    others = [UsualUse(burst=1000 * n, hours=[2000 * n], day=3000 * n, mature=True) for n in range(1, 11)]
    assert newcomer_limits(others, FLOOR) == {"burst": 10_000, "hour": 20_000, "day": 30_000}
    alone = newcomer_limits(others[:2], FLOOR)
    assert alone == {span: policy.newcomer for span, policy in POLICY.items()}


@given(USE, st.integers(0, 10**12), st.integers(1, 100))
@settings(max_examples=examples(60), deadline=None)
def test_no_limit_is_below_the_floor(use: dict[int, int], floor: int, times: int) -> None:
    limits = limits_of(use, NOW, Sensitivity(floor, times))
    assert len(limits.hours) == HOURS_OF_WEEK
    assert min(limits.burst, *limits.hours, limits.day) >= floor


@given(USE, st.integers(1, 50))
@settings(max_examples=examples(60), deadline=None)
def test_who_allows_more_times_as_much_has_no_lower_limit(use: dict[int, int], times: int) -> None:
    less = limits_of(use, NOW, Sensitivity(0, times))
    more = limits_of(use, NOW, Sensitivity(0, times + 1))
    assert all(before <= after for before, after in zip(less.hours, more.hours, strict=True))
    assert less.burst <= more.burst
    assert less.day <= more.day


@given(USE)
@settings(max_examples=examples(60), deadline=None)
def test_what_is_usual_is_the_same_in_units_a_thousand_times_as_small(use: dict[int, int]) -> None:
    scaled = {quarter: 1000 * value for quarter, value in use.items()}
    limits = limits_of(use, NOW, Sensitivity(0, 4))
    finer = limits_of(scaled, NOW, Sensitivity(0, 4))
    for coarse, fine in zip(limits.hours, finer.hours, strict=True):
        assert abs(1000 * coarse - fine) <= 20_000, "what rounding leaves"


@given(USE)
@settings(max_examples=examples(60), deadline=None)
def test_what_lies_outside_the_past_counts_for_nothing(use: dict[int, int]) -> None:
    within = {quarter: value for quarter, value in use.items() if NOW - PAST <= quarter < NOW}
    assert limits_of(use, NOW, FLOOR) == limits_of(within, NOW, FLOOR)


@given(st.lists(st.integers(0, 10**15), min_size=1))
@settings(max_examples=examples(100), deadline=None)
def test_half_of_the_values_are_within_a_spread_of_the_median(values: list[int]) -> None:
    middle = Middle.of(values)
    within = [value for value in values if abs(value - middle.median) <= middle.spread + 1]
    assert min(values) <= middle.median <= max(values)
    assert 2 * len(within) >= len(values)


@given(st.lists(st.integers(0, 10**15), min_size=1))
@settings(max_examples=examples(100), deadline=None)
def test_at_most_one_value_in_fifty_is_beyond_the_crest(values: list[int]) -> None:
    crest = crest_of(sorted(values))
    assert 50 * sum(value > crest for value in values) <= len(values)


def test_a_whole_may_do_what_a_part_of_it_may_by_its_own_past_and_not_what_others_allow_it() -> None:
    report = limits_of({NOW - week * WEEK: 1000 for week in (1, 2)}, NOW, FLOOR)
    small = limits_of(use_at(range(9, 17), 14, 10), NOW, FLOOR)
    whole = small.with_part(report.at_least({"burst": 10**6, "hour": 10**6, "day": 10**6}))
    assert small.hour(NOW) < report.hour(NOW) == whole.hour(NOW) < 10**6
    assert (whole.burst, whole.day) == (report.burst, max(small.day, report.day))
