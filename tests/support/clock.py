"""A clock that stands still until a test moves it."""

from __future__ import annotations

import attrs

MONDAY = 1_767_571_200.0
"""2026-01-05 00:00 UTC, a Monday."""


@attrs.define
class ManualClock:
    """Both readings of `domain.clock.Clock`, in seconds, set apart: the wall may jump without the other."""

    now: float = 1000.0
    wall_now: float = MONDAY + 12 * 3600

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.wall_now

    def advance(self, seconds: float) -> None:
        """Turns both readings forward."""
        self.now += seconds
        self.wall_now += seconds

    def jump(self, seconds: float) -> None:
        """Turns the wall clock alone, as somebody does who sets it."""
        self.wall_now += seconds
