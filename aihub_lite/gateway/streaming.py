"""A streamed answer under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import attrs

from aihub_lite.upstream.faults import TransportFault
from aihub_lite.upstream.transport import Response
from aihub_lite.wire.chat_stream import ChatStream
from aihub_lite.wire.sse import EventSplitter

LINGER = 0.5
"""Seconds that a finished answer may take to end its transfer, so that its connection can be used again."""


@attrs.define(eq=False)
class Streaming:
    """A streamed answer whose first content is in: `ready` events, then whatever `pieces` still brings."""

    response: Response
    splitter: EventSplitter
    chat: ChatStream
    ready: list[bytes]
    idle: float
    """Seconds allowed between two pieces."""
    until: float
    """When the whole answer must be over, on the loop's clock."""

    async def pieces(self) -> AsyncIterator[list[bytes]]:
        """Further events, as they come. Raises TransportFault, TimeoutError, WireFault, EventTooLarge."""
        loop = asyncio.get_running_loop()
        while not self.chat.done:
            async with asyncio.timeout_at(min(loop.time() + self.idle, self.until)):
                data = await anext(self.response, None)
            payloads = self.splitter.flush() if data is None else self.splitter.feed(data)
            yield [event for payload in payloads for event in self.chat.push(payload)]
            if data is None:
                return

    async def aclose(self) -> None:
        """Give the connection back. A complete answer is read to its end first, an incomplete one is broken off."""
        try:
            if self.chat.done:
                async with asyncio.timeout(LINGER):
                    async for _ in self.response:
                        pass
        except (TransportFault, TimeoutError):
            pass
        finally:
            await self.response.aclose()
