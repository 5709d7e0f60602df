"""Hours of the day that prices change with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.hours import HourSpan
from aihub_lite.domain.validation import hours_of
from tests.support.clock import MONDAY

minutes = st.integers(min_value=0, max_value=1439)


def at(day: int, text: str) -> float:
    """A time of the day, so many days after a Monday."""
    hour, minute, second = map(int, text.split(":"))
    return MONDAY + day * 86_400 + hour * 3600 + minute * 60 + second


@pytest.mark.parametrize(
    ("span", "within", "without"),
    [
        ("01:00-04:00", ["01:00:00", "03:59:59"], ["00:59:59", "04:00:00", "23:00:00"]),
        ("16:30-00:30", ["16:30:00", "23:59:59", "00:00:00", "00:29:59"], ["00:30:00", "16:29:59"]),
        ("22:00-00:00", ["22:00:00", "23:59:59"], ["00:00:00", "21:59:59"]),
        ("00:00-01:00", ["00:00:00", "00:59:59"], ["23:59:59", "01:00:00"]),
    ],
)
def test_a_span_begins_at_its_first_minute_and_ends_before_its_last(
    span: str, within: list[str], without: list[str]
) -> None:
    covered = {text for day in range(7) for text in within + without if HourSpan.of(span).covers(at(day, text))}
    assert {*within} == covered


@pytest.mark.parametrize(
    ("span", "begins", "covered"),
    [("01:00-04:00", "02:00:00", {0, 1, 2, 3, 4}), ("22:00-02:00", "23:00:00", {0, 1, 2, 3, 4})],
)
def test_a_span_of_weekdays_begins_on_none_of_a_weekend(span: str, begins: str, covered: set[int]) -> None:
    weekdays = HourSpan.of(span, weekdays=True)
    assert covered == {day for day in range(7) if weekdays.covers(at(day, begins))}


def test_a_span_that_begins_on_friday_goes_on_over_midnight() -> None:
    night = HourSpan.of("22:00-02:00", weekdays=True)
    assert [False, True] == [night.covers(at(day, "01:00:00")) for day in (0, 5)]


@given(start=minutes, end=minutes, minute=minutes)
def test_a_span_covers_the_minutes_that_it_lists(start: int, end: int, minute: int) -> None:
    span = HourSpan(start, end)
    assert (minute in span.minutes()) == span.covers(MONDAY + minute * 60)


@given(start=minutes, end=minutes.filter(bool))
def test_a_span_is_read_as_it_is_written(start: int, end: int) -> None:
    span = HourSpan(start, (start + end) % 1440)
    assert span == HourSpan.of(span.text)


@pytest.mark.parametrize("text", ["", "1:00-2:00", "24:00-01:00", "01:60-02:00", "01:00", "01:00-01:00", "١٢:٠٠-١٣:٠٠"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no span|all day"):
        HourSpan.of(text)


def test_a_week_is_that_of_the_calendar() -> None:
    day = datetime(2026, 11, 26, 2, tzinfo=UTC)
    weekdays = HourSpan.of("01:00-04:00", weekdays=True)
    days = [day + timedelta(days) for days in range(800)]
    assert [each.weekday() < 5 for each in days] == [weekdays.covers(each.timestamp()) for each in days]


@pytest.mark.parametrize(
    ("text", "moment", "covered"),
    [
        ("00:30-08:30", "2027-01-04T00:29:59Z", False),
        ("00:30-08:30@UTC", "2027-01-04T08:29:59Z", True),
        ("00:30-08:30@Asia/Shanghai", "2027-01-03T16:30:00Z", True),
        ("00:30-08:30@Asia/Shanghai", "2027-01-04T00:30:00Z", False),
        ("22:00-06:00@Europe/Berlin", "2027-01-03T21:00:00Z", True),
        ("22:00-06:00@Europe/Berlin", "2027-07-03T20:00:00Z", True),
        ("22:00-06:00@Europe/Berlin", "2027-07-04T04:00:00Z", False),
    ],
)
def test_hours_of_a_route_are_those_of_their_zone(text: str, moment: str, covered: bool) -> None:
    """Summer time counts."""
    hours = hours_of(text)
    assert covered is hours.covers(datetime.fromisoformat(moment).timestamp())
    assert text.partition("@")[2] in ("", hours.text.partition("@")[2])
