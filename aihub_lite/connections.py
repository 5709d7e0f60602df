"""Hypercorn's protocols under an accept loop of our own.

Hypercorn's loop keeps a connection that its client has closed until the keep-alive timeout is over, starts and
cancels a task for every idle phase, and on Python 3.12 and later waits for open streams without any limit when it
stops. Its parsing and its protocols are what we want; these three are not.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import StreamClosed
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import AppWrapper
from hypercorn.utils import wrap_app

from aihub_lite.gateway.departure import DEPARTURE, Departure

HANDSHAKE_TIMEOUT = 10.0


class IdleTimer:
    """Closes a connection on which nothing happens; stands where Hypercorn has a task."""

    def __init__(self, connection: Connection, timeout: float) -> None:
        self.connection = connection
        self.timeout = timeout
        self._timer: asyncio.TimerHandle | None = None
        self._task_group: TaskGroup | None = None

    @property
    def running(self) -> bool:
        """Whether the connection is idle."""
        return self._timer is not None

    async def restart(self, task_group: TaskGroup, _: Callable[[], Awaitable[None]]) -> None:
        """The connection has become idle. One whose client is gone is closed already and needs no timer."""
        await self.stop()
        self._task_group = task_group
        if not self.connection.reader.at_eof():
            self._timer = asyncio.get_running_loop().call_later(self.timeout, self.expire)

    async def stop(self) -> None:
        """Something happens again, or nothing ever will."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def expire(self) -> None:
        """Close the connection now."""
        if self._timer is not None and self._task_group is not None:
            self._timer.cancel()
            self._timer = None
            self._task_group.spawn(self.connection.close_idle)


class Connection(TCPServer):
    """One connection of one client."""

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: WorkerContext,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.departure = Departure()
        state: Any = {DEPARTURE: self.departure}
        super().__init__(app, asyncio.get_running_loop(), config, context, state, reader, writer)
        self._outgoing: list[bytes] = []
        self._greeted = False
        self.idle_task: Any = IdleTimer(self, self.config.keep_alive_timeout)

    async def protocol_send(self, event: Event) -> None:
        """Head and body of an answer leave in one write: what is sent in one turn of the loop is written at its end."""
        if not isinstance(event, RawData):
            self._flush()
            await super().protocol_send(event)
            return
        if not self._greeted:
            self._greeted = True  # only now is it sure which protocol is spoken
            reset_what_is_left_open(self.protocol.protocol)
        if not self._outgoing:
            self.loop.call_soon(self._flush)
        self._outgoing.append(event.data)
        try:
            await self.writer.drain()
        except (ConnectionError, RuntimeError):
            await self.protocol.handle(Closed())

    def _flush(self) -> None:
        if self._outgoing:
            data, self._outgoing = b"".join(self._outgoing), []
            if not self.writer.transport.is_closing():
                self.writer.write(data)

    async def close_idle(self) -> None:
        """Say goodbye; reading then ends by itself."""
        await self._initiate_server_close()

    async def _close(self) -> None:
        self._flush()
        await super()._close()

    async def _read_data(self) -> None:
        await super()._read_data()
        self.departure.tell()
        await self.idle_task.stop()


def reset_what_is_left_open(protocol: H2Protocol | H11Protocol) -> None:
    """Tell an HTTP/2 client that an answer broke off: Hypercorn forgets such a stream, and its client waits for ever.

    On HTTP/1.1 the connection is closed then, which says the same.
    """
    if not isinstance(protocol, H2Protocol):
        return
    send = protocol.stream_send

    async def stream_send(event: StreamEvent) -> None:
        buffer = protocol.stream_buffers.get(event.stream_id) if isinstance(event, StreamClosed) else None
        if buffer is not None and not buffer._complete:
            with suppress(ProtocolError):
                protocol.connection.reset_stream(event.stream_id, ErrorCodes.INTERNAL_ERROR)
            await protocol._flush()
        await send(event)

    protocol.stream_send = stream_send  # type: ignore[method-assign]


class Acceptor:
    """Accepts connections for an ASGI application until it is told to stop."""

    def __init__(self, app: Any, config: Config) -> None:
        self.app: AppWrapper = wrap_app(app, config.wsgi_max_body_size, "asgi")
        self.config = config
        self.context = WorkerContext(None)
        self.connections: dict[Connection, asyncio.Task[None]] = {}

    async def serve(self, listener: socket.socket, stop: Callable[[], Awaitable[None]]) -> None:
        """Accept until `stop` returns; then close what is idle, give the rest `graceful_timeout`, and end it."""
        server = await asyncio.start_server(
            self._connected,
            sock=listener,
            backlog=self.config.backlog,
            ssl=self.config.create_ssl_context(),
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT if self.config.ssl_enabled else None,
        )
        try:
            await stop()
        finally:
            server.close()
            await self._close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self.app, self.config, self.context, reader, writer)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine runs in a task
        self.connections[connection] = task
        try:
            await connection
        except OSError:
            return  # a handshake or goodbye that fails is the client's affair
        finally:
            del self.connections[connection]

    async def _close(self) -> None:
        await self.context.terminated.set()
        for connection in tuple(self.connections):
            if connection.idle_task.running:
                connection.idle_task.expire()
        if self.connections:
            await asyncio.wait(self.connections.values(), timeout=self.config.graceful_timeout)
        left = tuple(self.connections.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
