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
MOST = 4096
"""Averages that are kept."""
Key = tuple[str, str, bool]
"""Channel id, upstream model, whether streamed: a whole answer takes as long as all of its tokens."""


@attrs.define
class Latency:
    """How soon one channel gives content. Times on the monotonic clock."""

    started_at: float
    average: float = FAULT_TIME
    """Seconds; presumed until something was measured: of several requests at once, one goes to an unknown channel."""
    measured_at: float | None = None


@attrs.define
class Latencies:
    """The latency of every channel that was asked."""

    clock: Clock
    _latencies: dict[Key, Latency] = attrs.field(factory=dict)

    def started(self, key: Key) -> None:
        """An attempt begins at this channel."""
        now = self.clock.monotonic()
        latency = self._latencies.get(key)
        if latency is None:
            self._new(key, now)
        else:
            latency.started_at = now

    def _new(self, key: Key, now: float) -> Latency:
        """Where a pattern offers whatever a client asks for, there may be any number: the oldest make room."""
        if len(self._latencies) >= MOST:
            del self._latencies[next(iter(self._latencies))]
        latency = self._latencies[key] = Latency(now)
        return latency

    def measured(self, key: Key, seconds: float) -> None:
        """First content came after that long."""
        now = self.clock.monotonic()
        latency = self._latencies.get(key)
        if latency is None:
            latency = self._new(key, now)
        if latency.measured_at is None or seconds > latency.average:
            latency.average = seconds
        else:
            kept = exp((latency.measured_at - now) / MEMORY)
            latency.average = latency.average * kept + seconds * (1 - kept)
        latency.started_at = latency.measured_at = now

    def failed(self, key: Key, seconds: float) -> None:
        """No content came, and it took that long to find out."""
        self.measured(key, max(seconds, FAULT_TIME))

    def average(self, key: Key) -> float | None:
        """Seconds as last measured; None when nothing was."""
        latency = self._latencies.get(key)
        if latency is None or latency.measured_at is None:
            return None
        return latency.average

    def expected(self, key: Key) -> float:
        """Seconds to reckon with: 0 for a channel that was never asked, less and less for one that is not asked."""
        latency = self._latencies.get(key)
        if latency is None:
            return 0.0
        return latency.average * exp((latency.started_at - self.clock.monotonic()) / MEMORY)

    def forget(self, channel_id: str) -> None:
        """A channel was changed or deleted."""
        self._latencies = {key: latency for key, latency in self._latencies.items() if key[0] != channel_id}
