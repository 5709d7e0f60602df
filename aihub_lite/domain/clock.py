"""Time, passed in: intervals from `monotonic`, and `wall` only to be stored, shown or compared with a date."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two readings, both in seconds."""

    def monotonic(self) -> float:
        """For intervals; never jumps."""
        ...

    def wall(self) -> float:
        """Unix time; may jump."""
        ...


class SystemClock:
    """The machine's own clocks, read without a step in between: a request reads them sixteen times."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)


def moment_text(seconds: float) -> str:
    """Unix seconds in RFC 3339: `2027-01-31T00:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
