"""An orderly end: no new work, time for what runs, then an error event and a settlement for the rest."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from aihub_lite.gateway.flight import Flights

SIGNALS = (signal.SIGTERM, signal.SIGINT)
LEAST_WORDS = 0.3
"""Seconds for error events and settlements when somebody is in a hurry."""


@attrs.define(eq=False)
class Drain:
    """The first signal starts the drain, the second ends it at once.

    Hypercorn's own graceful timeout is not relied on: it is three seconds, and on Python 3.12 and later it waits
    for open streams without any.
    """

    flights: Flights
    timeout: float
    """Seconds for requests under way."""
    last_words: float
    """Seconds for requests that were cut off to tell their clients and settle."""
    _hurry: asyncio.Event = attrs.field(factory=asyncio.Event)
    _over: asyncio.Event = attrs.field(factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    async def over(self) -> None:
        """Returns when the server may stop."""
        await self._over.wait()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Listen for SIGTERM and SIGINT inside the block."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.signalled)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)

    def signalled(self) -> None:
        """A signal came."""
        if self._task is None:
            self.flights.draining = True
            self._task = asyncio.create_task(self._drain(), name="drain")
        else:
            self._hurry.set()

    def cut_all(self) -> None:
        """End whatever is under way."""
        for flight in tuple(self.flights.open.values()):
            flight.cut("stopped")

    async def _drain(self) -> None:
        empty = asyncio.create_task(self.flights.empty())
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait({empty, hurry}, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED)
        self.cut_all()
        await asyncio.wait({empty}, timeout=LEAST_WORDS if hurry.done() else self.last_words)
        empty.cancel()
        hurry.cancel()
        self._over.set()
