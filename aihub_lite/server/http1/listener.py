"""All connections: who is there, how long each may stay, and the end of all."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aihub_lite.server.http1.connection import Http1Connection, Patience
from aihub_lite.server.http1.cycle import App, Cycle

TICK = 0.5
"""Seconds between two looks at the deadlines of all connections: a timer for each request costs more than that."""


class Connections:
    """What the connections of a server share."""

    def __init__(self, app: App, patience: Patience) -> None:
        self.app = app
        self.patience = patience
        self.closing = False
        self._loop = asyncio.get_running_loop()
        self.time = self._loop.time
        self._open: set[Http1Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    def new(self) -> Http1Connection:
        """The protocol of a connection that comes in."""
        return Http1Connection(self)

    def opened(self, connection: Http1Connection) -> None:
        """A client has come."""
        self._open.add(connection)
        self._empty.clear()
        if self._timer is None:
            self._timer = self._loop.call_later(TICK, self._look)

    def closed(self, connection: Http1Connection) -> None:
        """It is gone, and so is its socket."""
        self._open.discard(connection)
        if not self._open:
            self._empty.set()

    def serve(self, cycle: Cycle) -> None:
        """Serve a request in a task of its own."""
        task = self._loop.create_task(cycle.run(self.app))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _look(self) -> None:
        """End what is over its time; while nobody is there, no timer runs."""
        self._timer = None
        now = self.time()
        for connection in tuple(self._open):
            if connection.deadline <= now:
                connection.expire(now)
        if self._open:
            self._timer = self._loop.call_later(TICK, self._look)

    def part(self) -> None:
        """Each connection has one request more, whose answer says that it closes. Idle ones are left open meanwhile: a
        request may be on its way, and would be lost with them."""
        self.closing = True

    async def close(self, last_words: float) -> None:
        """Close what is idle, give the rest `last_words` seconds, and end it; returns when nothing is left."""
        self.closing = True
        for connection in tuple(self._open):
            if connection.idle:
                connection.close_idle()
        await self._wait_until_over(last_words)
        for connection in tuple(self._open):
            connection.abort()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._wait_until_over(last_words)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _wait_until_over(self, seconds: float) -> None:
        """Until no connection is open and no request served, or the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()
                # A client that left may still be served: what it has cost is found out then.
                if self._tasks:
                    await asyncio.wait(self._tasks)
