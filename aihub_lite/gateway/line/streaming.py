"""A streamed answer under way: its pieces from the upstream, as events for the client."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

import attrs

from aihub_lite.gateway.client.exchange import Headers
from aihub_lite.gateway.deadline import Deadline
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.transport import Response
from aihub_lite.wire.faults import WireFault
from aihub_lite.wire.protocols import Stream
from aihub_lite.wire.scrubbing import scrub_payload
from aihub_lite.wire.sse import EventTooLarge

LINGER = 0.5
"""Seconds that a finished answer may take to end its transfer, so that its connection can be used again."""
STREAM_FAULTS = (TransportFault, TimeoutError, WireFault, EventTooLarge)


class Splitter(Protocol):
    """Cuts the bytes of an answer into what its stream takes."""

    def feed(self, data: bytes) -> list[bytes]:
        """What these bytes complete."""
        ...

    def flush(self) -> list[bytes]:
        """What is left at the end."""
        ...


class Passthrough:
    """Cuts nothing: for a file, whose bytes are passed on as they come."""

    def feed(self, data: bytes) -> list[bytes]:
        """The bytes as one piece."""
        return [data]

    def flush(self) -> list[bytes]:
        """An empty piece, by which a file's stream knows that it is whole."""
        return [b""]


@attrs.define(eq=False)
class StreamedAnswer:
    """A streamed answer whose first content is in: `ready` events first, then those of `next_events`."""

    response: Response
    splitter: Splitter
    stream: Stream
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
    """For the client."""
    secret: str
    """The key that its upstream was sent, which must not come back."""
    closed: bool = False
    _ended: bool = False
    _fault: WireFault | None = None
    """Of the piece read last: its events before the fault go out first."""

    def clock(self) -> Deadline:
        """For the block in which `next_events` is called, which moves it."""
        return Deadline(self.idle)

    async def next_events(self, deadline: Deadline) -> list[bytes] | None:
        """The events of the next piece, None at the end; raises one of STREAM_FAULTS.

        The deadline rests between two calls: a client that reads slowly is no silence of the upstream's.
        """
        if self._fault is not None:
            raise self._fault
        if self.stream.done or self._ended:
            return None
        seconds = self.idle
        if self.stream.complete:
            seconds = self.usage_grace
        deadline.give(seconds, self.until)
        data = await anext(self.response, None)
        deadline.rest()
        if data is None:
            self._ended = True
            return self._pushed(self.splitter.flush())
        return self._pushed(self.splitter.feed(data))

    def _pushed(self, payloads: list[bytes]) -> list[bytes]:
        """The events up to a fault, which the next call raises: where the network cut the bytes must change nothing."""
        events: list[bytes] = []
        try:
            for payload in payloads:
                events += self.stream.push(scrub_payload(payload, self.secret))
        except WireFault as fault:
            if not events:
                raise
            self._fault = fault
        return events

    async def aclose(self) -> None:
        """Break an incomplete answer off; a complete one gets LINGER seconds for its last bytes, and nobody waits."""
        if self.closed:
            return
        self.closed = True
        if self.stream.done and not self.response.complete:
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
