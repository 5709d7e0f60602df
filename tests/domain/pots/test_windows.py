"""The windows of budgets, all in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aihub_lite.domain.pots.windows import DAY, HOUR, anchor_of, check_period, window
from aihub_lite.errors import InvalidRequest


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def shown(period: str, moment: str, anchor: str = "1970-01-01") -> tuple[str, str]:
    start, end = window(period, at(moment), int(at(anchor)))
    return tuple(datetime.fromtimestamp(edge, UTC).strftime("%Y-%m-%d %H:%M") for edge in (start, end))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("period", "moment", "edges"),
    [
        ("hour", "2026-11-27T10:59:59", ("2026-11-27 10:00", "2026-11-27 11:00")),
        ("day", "2026-11-27T23:59:59", ("2026-11-27 00:00", "2026-11-28 00:00")),
        ("day", "2026-11-28T00:00:00", ("2026-11-28 00:00", "2026-11-29 00:00")),
        ("week", "2026-11-29T23:59:59", ("2026-11-23 00:00", "2026-11-30 00:00")),
        ("week", "2026-11-30T00:00:00", ("2026-11-30 00:00", "2026-12-07 00:00")),
        ("month", "2028-02-29T12:00:00", ("2028-02-01 00:00", "2028-03-01 00:00")),
        ("month", "2026-12-31T23:59:59", ("2026-12-01 00:00", "2027-01-01 00:00")),
    ],
)
def test_named_windows_go_by_the_calendar(period: str, moment: str, edges: tuple[str, str]) -> None:
    assert edges == shown(period, moment)


@pytest.mark.parametrize(
    ("period", "anchor", "moment", "edges"),
    [
        ("30d", "2026-11-10", "2026-11-10T00:00:00", ("2026-11-10 00:00", "2026-12-10 00:00")),
        ("30d", "2026-11-10", "2026-12-10T00:00:00", ("2026-12-10 00:00", "2027-01-09 00:00")),
        ("30d", "2026-11-10", "2026-11-09T23:59:59", ("2026-10-11 00:00", "2026-11-10 00:00")),
        ("5h", "2026-11-10T07:00", "2026-11-10T11:59:59", ("2026-11-10 07:00", "2026-11-10 12:00")),
        ("5h", "2026-11-10T07:00", "2026-11-11T03:00:00", ("2026-11-11 03:00", "2026-11-11 08:00")),
    ],
)
def test_windows_of_a_length_follow_each_other_from_their_anchor(
    period: str, anchor: str, moment: str, edges: tuple[str, str]
) -> None:
    assert edges == shown(period, moment, anchor)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize("period", ["hour", "day", "7d", "6h"])
def test_a_window_is_as_long_when_clocks_are_changed(day: str, period: str) -> None:
    """Berlin's day has 23 hours in March and 25 in October: a budget's has 24."""
    zone = ZoneInfo("Europe/Berlin")
    moment = datetime.fromisoformat(f"{day}T00:30").replace(tzinfo=zone)
    lengths = set()
    for hours in range(26):
        start, end = window(period, (moment + timedelta(hours=hours)).timestamp())
        lengths.add(end - start)
    assert {{"hour": HOUR, "day": DAY, "7d": 7 * DAY, "6h": 6 * HOUR}[period]} == lengths


def test_an_anchor_is_the_start_of_an_hour_or_day() -> None:
    """What a window has seen is read from sums of whole days, unless records of the last day have it."""
    moment = at("2026-11-27T10:42:07")
    anchors = [anchor_of(period, moment) for period in ("day", "30d", "5h")]
    assert [0, at("2026-11-27"), at("2026-11-27T10:00")] == anchors


@pytest.mark.parametrize("period", ["", "year", "0d", "25h", "367d", "5m", "-1d", "1.5d", "day ", "٣d", "d"])
def test_what_is_no_window_is_refused(period: str) -> None:
    with pytest.raises(InvalidRequest, match="budget:"):
        check_period(period)
