"""Which time a report is of, and where it is cut into steps: in the reader's own days, whatever the clocks do."""

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
"""In days of the reader, the one that runs included; 0: in hours."""
HOURLY = 2 * DAY + HOUR
"""Up to two days, one of which may have 25 hours, are shown by the hour."""
DAILY = 93 * DAY
LONGEST = 366
"""Days."""
Wrong = Literal["malformed", "missing", "quarter", "order", "long"]


class BadSpan(InvalidRequest):
    """One end of a time cannot be taken as it is. `wrong` says why in one word, for whoever has other words for it."""

    def __init__(self, field: str, wrong: Wrong, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.wrong: Wrong = wrong


@attrs.frozen
class Span:
    """A time in steps. `edges` are Unix seconds, ascending, at quarters of an hour, one more than there are steps."""

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
    """A time by its ends, if either is given, else by its length up to now. Raises BadSpan or InvalidRequest."""
    if first or last:
        return between(first, last, now, zone)
    return Span(edges_of(span, now, zone), "day" if SPANS.get(span) else "hour")


def edges_of(span: str, now: float, zone: tzinfo) -> list[int]:
    """Where steps begin, and where the last one ends. Days of a reader have 23 or 25 hours when clocks change."""
    if span not in SPANS:
        raise InvalidRequest(f"span: must be one of {', '.join(SPANS)}")
    if not SPANS[span]:
        end = int(now) // HOUR + 1
        return [number * HOUR for number in range(end - 24, end + 1)]
    today = datetime.fromtimestamp(now, zone).date()
    return [midnight(today + timedelta(days=number), zone) for number in range(1 - SPANS[span], 2)]


def between(first: str, last: str, now: float, zone: tzinfo) -> Span:
    """From one end to the other, by the hour, the day or the week; raises BadSpan.

    An end is a day, of which all counts, or a time. A time that a clock shows twice is the earlier one as a start and
    the later one as an end; an end that is not given is that of today.
    """
    if not first:
        raise BadSpan("from", "missing", "is missing")
    start = _end(first, "from", zone)
    end = _end(last, "to", zone) if last else midnight(_day_of(now, zone) + timedelta(days=1), zone)
    if end <= start:
        raise BadSpan("to", "order", "must be after from")
    if end - start > LONGEST * DAY + HOUR:
        raise BadSpan("to", "long", f"must be at most {LONGEST} days after from")
    if end - start <= HOURLY:
        return Span([start, *range((start // HOUR + 1) * HOUR, end, HOUR), end], "hour")
    days = [_day_of(start, zone) + timedelta(days=number) for number in range(1, LONGEST + 2)]
    weekly = end - start > DAILY
    midnights = [midnight(day, zone) for day in days if not weekly or day.weekday() == 0]
    return Span([start, *(each for each in midnights if start < each < end), end], "week" if weekly else "day")


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
    early, late = (moment.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    return max(early, late) if is_end else early


def _check_year(day: date) -> None:
    """Before these, some clocks were off by odd minutes; after them, a day has no next one. Raises ValueError."""
    if not 1973 <= day.year < 9999:
        raise ValueError(day)
