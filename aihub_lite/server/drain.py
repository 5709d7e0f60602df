"""An orderly end: no new requests, time for those under way, then an error event and a settlement for the rest."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from aihub_lite.gateway.state.flight import Flights

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)
LAST_REQUESTS = 0.5
"""Seconds in which clients that keep a connection send one more request, whose answer tells them to come back."""
LEAST_WORDS = 0.3
"""Seconds for error events and settlements after a second signal."""


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
    hands_over: bool = False
    """Whether the listening socket outlives the process: whoever comes waits in it for the next one, and nobody is
    refused meanwhile."""
    _handing_over: asyncio.Event = attrs.field(factory=asyncio.Event)
    _hurry: asyncio.Event = attrs.field(factory=asyncio.Event)
    _over: asyncio.Event = attrs.field(factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    async def over(self) -> None:
        """Returns when the server may stop."""
        await self._over.wait()

    async def handing_over(self) -> None:
        """Returns when the next process is to serve whoever comes; never where there is none."""
        await self._handing_over.wait()

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
        """Start the drain at the first signal, and end it at the second."""
        if self._task is None:
            if self.hands_over:
                self._handing_over.set()
            else:
                self.flights.draining = True
            self._say(f"stopping: waiting up to {self.timeout:g} s for %s; a second signal (Ctrl-C) ends the wait")
            self._task = asyncio.create_task(self._drain(), name="drain")
        else:
            self._say("stopping at once: cutting off %s")
            self._hurry.set()

    def _say(self, text: str) -> None:
        """Log it with how many requests are under way; nothing where none are: then it ends before anybody reads it."""
        count = len(self.flights.open)
        if count == 1:
            log.info(text, "1 request")
        elif count:
            log.info(text, f"{count} requests")

    def cut_all(self) -> None:
        """End every request that is under way."""
        for flight in tuple(self.flights.open.values()):
            flight.cut("stopped")

    async def _drain(self) -> None:
        hurry = asyncio.create_task(self._hurry.wait())
        if self.hands_over:
            await asyncio.wait({hurry}, timeout=LAST_REQUESTS)
        empty = asyncio.create_task(self.flights.wait_until_empty())
        await asyncio.wait({empty, hurry}, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED)
        self.flights.draining = True
        self.cut_all()
        last_words = self.last_words
        if hurry.done():
            last_words = LEAST_WORDS
        await asyncio.wait({empty}, timeout=last_words)
        empty.cancel()
        hurry.cancel()
        self._over.set()
