"""How late the event loop is: what a request waits before anybody looks at it."""

from __future__ import annotations

import asyncio

import attrs

from aihub_lite.telemetry.families import Histogram

EVERY = 0.25
"""Seconds between two looks."""
BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@attrs.define(eq=False)
class LoopLag:
    """Sleeps, and measures by how much it overslept."""

    lags: Histogram = attrs.field(
        factory=lambda: Histogram("aihub_event_loop_lag_seconds", "How late the event loop was.", (), BOUNDS)
    )

    async def run(self) -> None:
        """For as long as metrics are wanted."""
        time = asyncio.get_running_loop().time
        while True:
            due = time() + EVERY
            await asyncio.sleep(EVERY)
            self.lags.add((), round(max(0.0, time() - due) * 1000))
