"""Leaps of the wall clock: told by a clock that cannot leap, where a budget's window turns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.pots.windows import HOUR
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.pots.windows import Windows

log = logging.getLogger(__name__)


@attrs.frozen
class Leap:
    """The wall clock went on, or back, by more than a period of a budget, while much less time passed."""

    at: float
    """Unix time after it."""
    seconds: float
    """Negative where it went back."""
    noticed: float
    """Monotonic."""


@attrs.define(eq=False)
class LeapWatch:
    """Compares the two clocks, from one turn of a window to the next, and has all windows follow a leap at once.

    A machine that slept looks the same: its monotonic clock stands still then.
    """

    clock: Clock
    windows: Callable[[], Sequence[Windows]]
    """Those of all budgets."""
    last: Leap | None = None
    """The latest."""
    _reading: set[asyncio.Task[None]] = attrs.field(factory=set)
    """Those that read what the book has of a budget's window."""
    _wall: float = attrs.field(default=attrs.Factory(lambda self: self.clock.wall(), takes_self=True))
    _monotonic: float = attrs.field(default=attrs.Factory(lambda self: self.clock.monotonic(), takes_self=True))

    def turned(self, wall: float) -> None:
        """A budget's window turned at Unix time `wall`: where the clock leapt over a whole one, that is told.

        All budgets follow at once. What the book has of a window that is new is added as soon as it is read: the
        process may have started on a machine without a clock of its own, in 1970.
        """
        seconds = self._leapt(wall)
        if abs(seconds) <= HOUR:
            return  # no window is shorter
        lengths = {id(windows): windows.end - windows.start for windows in self.windows()}
        if abs(seconds) <= min(lengths.values(), default=abs(seconds)):
            return
        self._alert(wall, seconds)
        for windows in self.windows():
            windows.at(wall)
            if windows.fresh and seconds > lengths[id(windows)]:
                task = asyncio.create_task(_add_booked(windows, wall), name="read a budget's window")
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)

    def _leapt(self, wall: float) -> float:
        """Seconds that the wall clock has leapt since the last look, whose time is now `wall`."""
        now = self.clock.monotonic()
        seconds = wall - self._wall - (now - self._monotonic)
        self._wall = wall
        self._monotonic = now
        return seconds

    def _alert(self, wall: float, seconds: float) -> None:
        self.last = Leap(wall, seconds, self.clock.monotonic())
        log.error(
            "The clock of this machine leapt by %+.1f hours (or the machine slept). Budgets follow it; set it right.",
            seconds / 3600,
        )

    async def close(self) -> None:
        """Read nothing more."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)


async def _add_booked(windows: Windows, until: float) -> None:
    """What requests that began in the running window, before Unix time `until`, have cost."""
    start = windows.start
    if windows.booked is not None:
        with suppress(StorageUnavailable):
            windows.add(await windows.booked(int(start * 1000), int(until * 1000)), start)
