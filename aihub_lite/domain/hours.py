"""Hours of the day, in UTC, that prices may change with."""

from __future__ import annotations

import re
from typing import Literal

import attrs

DAY_MINUTES = 24 * 60
SATURDAY = 5
"""Of a week that begins with day 0, Monday."""
WRITTEN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@attrs.frozen
class HourSpan:
    """From `start` until before `end`, in minutes from midnight, UTC; over midnight where the end is no later."""

    start: int
    end: int
    weekdays: bool = False
    """Whether it is none that begins on a Saturday or Sunday."""

    @classmethod
    def of(cls, text: str, *, weekdays: bool = False) -> HourSpan:
        """From `16:30-00:30`; raises ValueError."""
        written = WRITTEN.fullmatch(text)
        if written is None:
            raise ValueError(f"{text[:64]!r} is no span of hours like 16:30-00:30")
        hour, minute, last_hour, last_minute = map(int, written.groups())
        span = cls(60 * hour + minute, 60 * last_hour + last_minute, weekdays)
        if span.start == span.end:
            raise ValueError(f"{text} is all day: set the price itself")
        return span

    @property
    def text(self) -> str:
        """`16:30-00:30`."""
        return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.start, self.end))

    def covers(self, wall: float) -> bool:
        """Whether a Unix time is in it."""
        day, minute = divmod(int(wall // 60), DAY_MINUTES)
        if self.start < self.end:
            within = self.start <= minute < self.end
        else:
            within = minute >= self.start or minute < self.end
            if minute < self.end:
                day -= 1  # it began the day before
        if not within or not self.weekdays:
            return within
        # 1970-01-01 was a Thursday.
        return (day + 3) % 7 < SATURDAY

    def minutes(self) -> set[int]:
        """Those of the day that it may cover."""
        length = (self.end - self.start - 1) % DAY_MINUTES + 1
        return {minute % DAY_MINUTES for minute in range(self.start, self.start + length)}


@attrs.frozen(kw_only=True)
class InForce:
    """Why rates that change with the hour were those that they were."""

    spans: tuple[HourSpan, ...]
    """The hours that they are for."""
    outside: bool
    """Whether they are for all other hours than these."""
    level: Literal["peak", "off_peak", ""]
    """Whether they are the dearest of the day, the cheapest, or between."""
