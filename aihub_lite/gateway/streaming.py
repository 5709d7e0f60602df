"""A streamed answer under way."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import attrs

from aihub_lite.gateway.deadline import Deadline
from aihub_lite.gateway.wires import Reader
from aihub_lite.upstream.faults import TransportFault
from aihub_lite.upstream.transport import Response
from aihub_lite.wire.chat_stream import ChatStream
from aihub_lite.wire.faults import WireFault
from aihub_lite.wire.sse import EventSplitter, EventTooLarge

LINGER = 0.5
"""Seconds that a finished answer may take to end its transfer, so that its connection can be used again."""
BROKEN = (TransportFault, TimeoutError, WireFault, EventTooLarge)


@attrs.define(eq=False)
class Streaming:
    """A streamed answer whose first content is in: `ready` events, then whatever `pieces` still brings."""

    response: Response
    splitter: EventSplitter
    chat: ChatStream
    reader: Reader
    ready: list[bytes]
    idle: float
    """Seconds allowed between two pieces."""
    usage_grace: float
    """Seconds allowed for what comes after the finish reason: the usage, and the end."""
    until: float
    """When the whole answer must be over, on the loop's clock."""
    lingering: set[asyncio.Task[None]]
    """Where a finished answer waits for the end of its transfer."""
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
        if self.chat.done or self._ended:
            return None
        deadline.give(self.idle if self.chat.finish_reason is None else self.usage_grace, self.until)
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
        if self.chat.done:
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
