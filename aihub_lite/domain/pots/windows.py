"""The windows that budgets refill by, all in UTC: a day has 24 hours, wherever clocks are changed."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta

from aihub_lite.errors import InvalidRequest

NAMED = ("hour", "day", "week", "month")
CUSTOM = re.compile(r"([1-9][0-9]{0,2})([dh])", re.ASCII)
HOUR = 3600
DAY = 86_400
MOST_HOURS = 24
"""Longer windows are of days, whose sums are kept when records are deleted: the records of the last day always are."""
MOST_DAYS = 366


def check_period(period: str) -> None:
    """Raise InvalidRequest for what is neither a named window nor one like `30d` or `5h`."""
    if period in NAMED:
        return
    custom = CUSTOM.fullmatch(period)
    if custom is None:
        raise InvalidRequest(f"budget: {period[:32]!r} is none of {', '.join(NAMED)}, 30d, 5h")
    most = MOST_DAYS
    if custom[2] == "h":
        most = MOST_HOURS
    if int(custom[1]) > most:
        raise InvalidRequest(f"budget: {period} is longer than {most}{custom[2]}")


def is_custom(period: str) -> bool:
    """Whether its windows are counted from an anchor."""
    return period not in NAMED


def anchor_of(period: str, moment: float) -> int:
    """Where the first window of a budget begins that was set at Unix time `moment`: at that hour, or on that day.

    0 where the calendar says so.
    """
    if not is_custom(period):
        return 0
    step = HOUR
    if period.endswith("d"):
        step = DAY
    return int(moment // step) * step


def window(period: str, wall: float, anchor: int = 0) -> tuple[float, float]:
    """Start and end of the window that Unix time `wall` lies in.

    A UTC hour, day, week (from Monday) or month, or one of those that follow each other from `anchor` on.
    """
    if period == "hour":
        start = wall // HOUR * HOUR
        return start, start + HOUR
    if is_custom(period):
        length = int(period[:-1]) * (DAY if period.endswith("d") else HOUR)
        start = anchor + (wall - anchor) // length * length
        return start, start + length
    return _calendar_window(period, int(wall // DAY))


@functools.lru_cache(maxsize=64)  # every request asks, and always about today
def _calendar_window(period: str, day: int) -> tuple[float, float]:
    today = datetime.fromtimestamp(day * DAY, UTC)
    if period == "day":
        start = today
        end = today + timedelta(days=1)
    elif period == "week":
        start = today - timedelta(days=today.weekday())
        end = start + timedelta(days=7)
    else:
        start = today.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)  # 32 days on is the next month, whatever this one's length
    return start.timestamp(), end.timestamp()
