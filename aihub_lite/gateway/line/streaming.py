"""A streamed answer under way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

import attrs

from aihub_lite.gateway.deadline import Deadline
from aihub_lite.gateway.exchange import Headers
from aihub_lite.gateway.wires import Reader
from aihub_lite.upstream.faults import TransportFault
from aihub_lite.upstream.transport import Response
from aihub_lite.wire.faults import WireFault
from aihub_lite.wire.shapes import Stream
from aihub_lite.wire.sse import EventTooLarge

LINGER = 0.5
"""Seconds that a finished answer may take to end its transfer, so that its connection can be used again."""
BROKEN = (TransportFault, TimeoutError, WireFault, EventTooLarge)


class Splitter(Protocol):
    """Cuts the bytes of an answer into what its reader takes."""

    def feed(self, data: bytes) -> list[bytes]:
        """What these bytes complete."""
        ...

    def flush(self) -> list[bytes]:
        """What is left at the end."""
        ...


class Uncut:
    """For a file: its bytes as they come, and nothing for its end."""

    def feed(self, data: bytes) -> list[bytes]:
        """All of it."""
        return [data]

    def flush(self) -> list[bytes]:
        """The empty piece."""
        return [b""]


@attrs.define(eq=False)
class Streaming:
    """A streamed answer whose first content is in: `ready` events, then whatever `pieces` still brings."""

    response: Response
    splitter: Splitter
    stream: Stream
    reader: Reader
    ready: list[bytes]
    idle: float
    """Seconds allowed between two pieces."""
    usage_grace: float
    """Seconds allowed for what comes after the last content: the usage, and the end."""
    until: float
    """When the whole answer must be over, on the loop's clock."""
    lingering: set[asyncio.Task[None]]
    """Where a finished answer waits for the end of its transfer."""
    head: Headers
    """What the client is told of it before it begins."""
    closed: bool = False
    _ended: bool = False
    _fault: WireFault | None = None
    """What followed good events in the same piece: they go out first."""

    def clock(self) -> Deadline:
        """For the block in which `more` is called; `more` keeps it going."""
        return Deadline(self.idle)

    async def more(self, deadline: Deadline) -> list[bytes] | None:
        """The events of the next piece, None at the end; raises one of BROKEN.

        The deadline rests between two calls: a client that reads slowly is no silence of the upstream's.
        """
        if self._fault is not None:
            raise self._fault
        if self.stream.done or self._ended:
            return None
        deadline.give(self.usage_grace if self.stream.complete else self.idle, self.until)
        data = await anext(self.response, None)
        deadline.rest()
        self._ended = data is None
        payloads = self.splitter.flush() if data is None else self.splitter.feed(data)
        return self._pushed(payloads)

    def _pushed(self, payloads: list[bytes]) -> list[bytes]:
        """Events up to a fault, which the next call raises: how bytes were cut into pieces must change nothing."""
        events: list[bytes] = []
        try:
            for payload in payloads:
                events += self.reader.push(payload)
        except WireFault as fault:
            if not events:
                raise
            self._fault = fault
        return events

    async def aclose(self) -> None:
        """Break an incomplete answer off; a complete one gets a moment for its last bytes, which nobody waits for."""
        if self.closed:
            return
        self.closed = True
        if self.stream.done:
            task = asyncio.create_task(self._linger())
            self.lingering.add(task)
            task.add_done_callback(self.lingering.discard)
        else:
            await self.response.aclose()

    async def _linger(self) -> None:
        try:
            with suppress(TransportFault, TimeoutError):
                async with asyncio.timeout(LINGER):
                    async for _ in self.response:
                        pass
        finally:
            await self.response.aclose()
