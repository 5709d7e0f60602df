"""Hours in which alerts are held back, in somebody's own time zone: `22:00-07:00@Europe/Berlin`."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import attrs

from aihub_lite.domain.hours import HourSpan

UTC = "UTC"


@attrs.frozen
class QuietHours:
    """From `start` until before `end`, in minutes from midnight of the zone; over midnight where the end is earlier."""

    start: int
    end: int
    zone: str

    @classmethod
    def of(cls, text: str) -> QuietHours:
        """Raises ValueError."""
        hours, _, zone = text.strip().partition("@")
        zone = zone or UTC
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{zone[:64]!r} is not a time zone like Europe/Berlin") from None
        try:
            span = HourSpan.of(hours)
        except ValueError:
            raise ValueError(f"{hours[:64]!r} is no span of hours like 22:00-07:00") from None
        return cls(span.start, span.end, zone)

    @property
    def text(self) -> str:
        """As `of` reads it."""
        return f"{HourSpan(self.start, self.end).text}@{self.zone}"

    def until(self, wall: float) -> float | None:
        """When the quiet hours end that a Unix time lies in; None where it lies in none."""
        now = datetime.fromtimestamp(wall, ZoneInfo(self.zone))
        minute = 60 * now.hour + now.minute
        days = 0
        if self.start < self.end:
            if not self.start <= minute < self.end:
                return None
        elif minute >= self.start:
            days = 1
        elif minute >= self.end:
            return None
        day = now.date() + timedelta(days=days)
        # An hour that the clocks show twice: quiet until the later one, if the earlier has passed.
        ends = (
            datetime(day.year, day.month, day.day, self.end // 60, self.end % 60, fold=fold, tzinfo=now.tzinfo)
            for fold in (0, 1)
        )
        return next((end.timestamp() for end in ends if end.timestamp() > wall), None)
