"""Time, passed in: intervals from `monotonic`, and `wall` only to be stored, shown or compared with a date."""

from __future__ import annotations

import time
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
    """The machine's own clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()
