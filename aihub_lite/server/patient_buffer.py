"""What of an answer waits for a client of HTTP/2, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hypercorn.protocol.h2 import BUFFER_LOW_WATER, StreamBuffer
from hypercorn.typing import Event


class PatientBuffer(StreamBuffer):
    """What of an answer waits for its client; whoever fills it waits too.

    Hypercorn's lets go at once where the client's window is closed, and held a whole answer of any size. `give_up` is
    called where the client takes nothing for `patience` seconds.
    """

    def __init__(self, event_class: type[Event], patience: float, give_up: Callable[[], None]) -> None:
        super().__init__(event_class)
        self._patience = patience
        self._give_up = give_up
        self._taken = False
        self._timer: asyncio.TimerHandle | None = None

    async def push(self, data: bytes) -> None:
        """Add to the end; waits while too much is there. Raises BufferCompleteError where nobody takes it any more."""
        with self._waited_for():
            await super().push(data)

    async def drain(self) -> None:
        """Wait until all of it is taken, or is to go nowhere."""
        with self._waited_for():
            await super().drain()

    @contextmanager
    def _waited_for(self) -> Iterator[None]:
        """One at a time: a server takes one message of an answer at a time."""
        self._start_timer()
        try:
            yield
        finally:
            self._stop_timer()

    def _start_timer(self) -> None:
        self._taken = False
        self._timer = asyncio.get_running_loop().call_later(self._patience, self._look)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        if self._taken:
            self._start_timer()
        else:
            self._give_up()

    async def pop(self, max_length: int) -> bytes:
        """At most so many bytes from the front."""
        data = bytes(self.buffer[:max_length])
        del self.buffer[:max_length]
        self._taken = self._taken or bool(data)
        if len(self.buffer) < BUFFER_LOW_WATER:
            await self._paused.set()
        if not self.buffer:
            await self._is_empty.set()
        return data
