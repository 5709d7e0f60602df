"""How soon channels give first content: an average that believes bad news at once and good news slowly.

A peak-weighted moving average (peak EWMA, as in Twitter's Finagle): a slower answer raises it to that answer's time,
a faster one lowers it by the share that the time since the last answer is of `MEMORY`. A channel that is not asked
looks faster by and by, so that one request goes to see whether it is still slow; while that request waits, the
average is the old one again, and the others stay where they are.
"""

from __future__ import annotations

from math import exp

import attrs

from aihub_lite.domain.clock import Clock

MEMORY = 120.0
"""Seconds after which an old average counts for 1/e: a slow upstream is often well again after minutes."""
FAULT_TIME = 10.0
"""Seconds that a failed attempt counts for at least: a refused connection is quick, but no answer."""
Key = tuple[str, str, bool]
"""Channel id, upstream model, whether streamed: a whole answer takes as long as all of its tokens."""


@attrs.define
class Speed:
    """Times on the monotonic clock; `average` in seconds."""

    asked_at: float
    average: float = FAULT_TIME
    """Presumed until something was measured: of several requests at once, only one goes to an unknown channel."""
    measured_at: float | None = None


@attrs.define
class Speeds:
    """The speed of every channel that was asked."""

    clock: Clock
    _speeds: dict[Key, Speed] = attrs.field(factory=dict)

    def asked(self, key: Key) -> None:
        """An attempt begins."""
        now = self.clock.monotonic()
        speed = self._speeds.get(key)
        if speed is None:
            self._speeds[key] = Speed(now)
        else:
            speed.asked_at = now

    def measured(self, key: Key, seconds: float) -> None:
        """First content came after that long."""
        now = self.clock.monotonic()
        speed = self._speeds.setdefault(key, Speed(now))
        if speed.measured_at is None or seconds > speed.average:
            speed.average = seconds
        else:
            kept = exp((speed.measured_at - now) / MEMORY)
            speed.average = speed.average * kept + seconds * (1 - kept)
        speed.asked_at = speed.measured_at = now

    def failed(self, key: Key, seconds: float) -> None:
        """No content came, and it took that long to find out."""
        self.measured(key, max(seconds, FAULT_TIME))

    def average(self, key: Key) -> float | None:
        """Seconds as last measured; None when nothing was."""
        speed = self._speeds.get(key)
        return None if speed is None or speed.measured_at is None else speed.average

    def expected(self, key: Key) -> float:
        """Seconds to reckon with: 0 for a channel that was never asked, less and less for one that is not asked."""
        speed = self._speeds.get(key)
        if speed is None:
            return 0.0
        return speed.average * exp((speed.asked_at - self.clock.monotonic()) / MEMORY)

    def forget(self, channel_id: str) -> None:
        """A channel was changed or deleted."""
        self._speeds = {key: speed for key, speed in self._speeds.items() if key[0] != channel_id}
