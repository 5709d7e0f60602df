"""What a client sends before it has its answer: kept for later, and read on, to hear that it leaves.

Hypercorn stops reading a connection at the first byte that follows a request, until that request is answered. So a
line break after a body, as some clients send it, or a second request on the same connection (T-35) hid that its client
had left: the upstream wrote to its end for nobody.
"""

from __future__ import annotations

import asyncio

import h11
from hypercorn.protocol.h11 import H11Protocol

MOST_EARLY = 64 * 1024
"""Bytes that are kept; a client that sends more waits, and is not heard leaving until it has its answer."""
EMPTY_LINE = b"\r\n"


class ClientLeft(Exception):
    """Nothing that follows needs an answer."""


class EarlyReader:
    """Takes the place of a connection's stream reader, as far as Hypercorn uses one."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._early = bytearray()

    def at_eof(self) -> bool:
        """Whether everything was read, and no more will come."""
        return not self._early and self._reader.at_eof()

    async def read(self, most: int) -> bytes:
        """What has come, or comes next; empty at the end."""
        if not self._early:
            return await self._reader.read(most)
        data = bytes(self._early[:most])
        del self._early[:most]
        return data

    async def wait_until_left(self) -> None:
        """Keep what comes for `read`; returns when the client has left. May be cancelled, and loses nothing then."""
        while len(self._early) < MOST_EARLY:
            data = await self._reader.read(MOST_EARLY - len(self._early))
            if not data:
                return
            self._early += data
        await asyncio.Event().wait()


class Pause:
    """Takes the place of the event that Hypercorn waits on, with a request before its answer is complete."""

    def __init__(self, protocol: H11Protocol, reader: EarlyReader) -> None:
        self._protocol = protocol
        self._reader = reader
        self._over = asyncio.Event()

    async def clear(self) -> None:
        """The pause begins."""
        self._over.clear()

    async def set(self) -> None:
        """The answer is complete, or broke off."""
        self._over.set()

    def is_set(self) -> bool:
        """Whether there is no pause."""
        return self._over.is_set()

    async def wait(self) -> None:
        """Returns when the next request may be read; raises ClientLeft where there will be none."""
        leaving = asyncio.create_task(self._reader.wait_until_left())
        over = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait((leaving, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            over.cancel()
            ends = await asyncio.gather(leaving, over, return_exceptions=True)
        # After an answer that broke off the connection is closed, and h11 would ask for a pause for ever.
        if ends[0] is None or self._protocol.connection.our_state is not h11.IDLE:
            raise ClientLeft
        self._skip_empty_lines()

    def _skip_empty_lines(self) -> None:
        """Those before the next request, as RFC 9112 wants (section 2.2); h11 has no way to."""
        connection = self._protocol.connection
        while connection.trailing_data[0].startswith(EMPTY_LINE):
            connection._receive_buffer.maybe_extract_at_most(len(EMPTY_LINE))  # type: ignore[union-attr]
