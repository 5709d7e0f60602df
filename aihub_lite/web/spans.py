"""The time span of a report, cut into steps: in days of the reader's zone, also across clock changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.storage.quarters import QUARTER

HOUR = 3600
DAY = 86_400
SPANS = {"24h": 0, "7d": 7, "30d": 30}
"""Length in days of the reader, today included; 0 stands for 24 steps of an hour."""
HOURLY = 2 * DAY + HOUR
"""Up to two days, one of which may have 25 hours, are shown by the hour."""
DAILY = 93 * DAY
"""Up to three months are shown by the day, longer spans by the week."""
LONGEST = 366
"""Days that a span may have."""
Reason = Literal["malformed", "missing", "quarter", "order", "long"]


class BadSpan(InvalidRequest):
    """One end of a span is refused. `reason` is the key under which the console has its own text for it."""

    def __init__(self, field: str, reason: Reason, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.reason: Reason = reason


@attrs.frozen
class Span:
    """A span in steps. `edges` are Unix seconds, ascending, at quarters of an hour, one more than there are steps."""

    edges: list[int]
    step: Literal["hour", "day", "week"]


def zone_named(name: str) -> tzinfo:
    """A zone of the IANA database; raises InvalidRequest."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # not found is a KeyError in name only: ZoneInfoNotFoundError
        raise InvalidRequest(f"zone: {name[:64]!r} is not a time zone") from None
    except KeyError:
        raise InvalidRequest(f"zone: {name[:64]!r} is not a time zone that this machine knows") from None


def span_of(span: str, first: str, last: str, now: float, zone: tzinfo) -> Span:
    """A span by its ends, if either is given, else by its length up to now. Raises BadSpan or InvalidRequest."""
    if first or last:
        return span_between(first, last, now, zone)
    edges = edges_of(span, now, zone)
    if SPANS[span]:
        return Span(edges, "day")
    return Span(edges, "hour")


def edges_of(span: str, now: float, zone: tzinfo) -> list[int]:
    """Where steps begin, and where the last one ends. Days of a reader have 23 or 25 hours when clocks change."""
    if span not in SPANS:
        raise InvalidRequest(f"span: must be one of {', '.join(SPANS)}")
    if not SPANS[span]:
        end = int(now) // HOUR + 1
        return [number * HOUR for number in range(end - 24, end + 1)]
    today = datetime.fromtimestamp(now, zone).date()
    return [midnight(today + timedelta(days=number), zone) for number in range(1 - SPANS[span], 2)]


def span_between(first: str, last: str, now: float, zone: tzinfo) -> Span:
    """From one end to the other, by the hour, the day or the week; raises BadSpan.

    An end is a day, of which all counts, or a time. A time that a clock shows twice is the earlier one as a start and
    the later one as an end; an end that is not given is that of today.
    """
    if not first:
        raise BadSpan("from", "missing", "is missing")
    start = _end(first, "from", zone)
    end = midnight(_day_of(now, zone) + timedelta(days=1), zone)
    if last:
        end = _end(last, "to", zone)
    if end <= start:
        raise BadSpan("to", "order", "must be after from")
    if end - start > LONGEST * DAY + HOUR:
        raise BadSpan("to", "long", f"must be at most {LONGEST} days after from")
    if end - start <= HOURLY:
        return Span([start, *range((start // HOUR + 1) * HOUR, end, HOUR), end], "hour")
    # As many days as there can be; what lies beyond the end is left out.
    days = [_day_of(start, zone) + timedelta(days=number) for number in range(1, LONGEST + 2)]
    if end - start <= DAILY:
        return Span(_edges_at(days, start, end, zone), "day")
    mondays = [day for day in days if day.weekday() == 0]
    return Span(_edges_at(mondays, start, end, zone), "week")


def _edges_at(days: list[date], start: int, end: int, zone: tzinfo) -> list[int]:
    midnights = [midnight(day, zone) for day in days]
    return [start, *(edge for edge in midnights if start < edge < end), end]


def midnight(day: date, zone: tzinfo) -> int:
    """Where a day begins, also one whose first hour the clocks leave out."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def _day_of(moment: float, zone: tzinfo) -> date:
    return datetime.fromtimestamp(moment, zone).date()


def _end(text: str, field: str, zone: tzinfo) -> int:
    try:
        seconds = _seconds(text, zone, is_end=field == "to")
    except (ValueError, OverflowError):
        message = f"{text[:64]!r} is neither a day like 2027-01-31 nor a time like 2027-01-31T14:30"
        raise BadSpan(field, "malformed", message) from None
    if seconds % QUARTER:
        raise BadSpan(field, "quarter", "must be at a whole quarter of an hour, like 14:15")
    return int(seconds)


def _seconds(text: str, zone: tzinfo, *, is_end: bool) -> float:
    """Unix seconds of an end; raises ValueError or OverflowError."""
    if len(text) == len("2027-01-31"):
        day = date.fromisoformat(text)
        _check_year(day)
        return midnight(day + timedelta(days=is_end), zone)
    moment = datetime.fromisoformat(text)
    _check_year(moment)
    if moment.tzinfo:
        return moment.timestamp()
    # `fold` tells apart the two moments of a time that the clock shows twice.
    early, late = (moment.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    if is_end:
        return max(early, late)
    return early


def _check_year(day: date) -> None:
    """Before 1973, some zones were off by odd minutes; the last year's last day has no next one. Raises ValueError."""
    if not 1973 <= day.year < 9999:
        raise ValueError(day)
