"""Hypercorn's protocols under an accept loop of our own.

Hypercorn's loop keeps a connection that its client has closed until the keep-alive timeout is over, starts and
cancels a task for every idle phase, and on Python 3.12 and later waits for open streams without any limit when it
stops. Its parsing and its protocols are what we want; these three are not. More is mended in `early_bytes`,
`hypercorn_http1` and `http2`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import parse_socket_addr, wrap_app

from aihub_lite.config import Settings
from aihub_lite.gateway.client.disconnect import DISCONNECT, Disconnect
from aihub_lite.server.clocks import BACKLOG, HANDSHAKE_TIMEOUT, LAST_WORDS
from aihub_lite.server.early_bytes import ClientLeft, EarlyReader, Pause
from aihub_lite.server.http1.connection import CLOSE_TIMEOUT, KEEP_ALIVE
from aihub_lite.server.http1.input import HEAD_LIMIT
from aihub_lite.server.http2 import Http2
from aihub_lite.server.hypercorn_http1 import Http1
from aihub_lite.server.parting import Wait, until

Address = tuple[str, int] | None
HIGH_WATER = 64 * 1024
"""Bytes that may wait for a client of HTTP/2 before whoever sends has to wait."""
LOW_WATER = 16 * 1024
"""Bytes at which whoever waited goes on; TLS on HTTP/1.1 has no less."""


def hypercorn_config(settings: Settings) -> Config:
    """Hypercorn's settings. `read_timeout` stays unset: it would cut clients that only listen."""
    config = Config()
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.include_date_header = False
    # Hypercorn gives a request's head the same time.
    config.keep_alive_timeout = KEEP_ALIVE
    config.h11_max_incomplete_size = HEAD_LIMIT
    config.graceful_timeout = LAST_WORDS
    config.backlog = BACKLOG
    if settings.certfile and settings.keyfile:
        config.certfile = str(settings.certfile)
        config.keyfile = str(settings.keyfile)
        config.alpn_protocols = ["h2", "http/1.1"]
    return config


class IdleTimer:
    """Closes a connection on which nothing happens; it takes the place of a task of Hypercorn's."""

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
        """Start anew: the connection is idle. One whose client has left is closed already and needs no timer."""
        await self.stop()
        self._task_group = task_group
        if not self.connection.reader.at_eof():
            self._timer = asyncio.get_running_loop().call_later(self.timeout, self.expire)

    async def stop(self) -> None:
        """Stop: the connection is in use again, or closed."""
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
        write_patience: float,
    ) -> None:
        self.disconnect = Disconnect()
        state: Any = {DISCONNECT: self.disconnect}
        self.early = EarlyReader(reader)
        instead: Any = self.early
        super().__init__(app, asyncio.get_running_loop(), config, context, state, instead, writer)
        self.patience = CLOSE_TIMEOUT
        self.write_patience = write_patience
        self._outgoing: list[bytes] = []
        self.idle_task: Any = IdleTimer(self, self.config.keep_alive_timeout)

    async def run(self) -> None:
        """Serve it to its end. HTTP/2 is spoken where TLS agreed on it, and nowhere else."""
        try:
            # Before the group, whose faults come wrapped: a client may have left before it was looked at.
            client, server = self._addresses()
            async with TaskGroup(self.loop) as task_group:
                self._task_group = task_group
                self.protocol: Any = self._agreed_protocol(task_group, client, server)
                await self.protocol.initiate()
                await self.idle_task.restart(task_group, self._idle_timeout)
                await self._read_data()
        except OSError:
            return  # the client has left
        finally:
            await self._close()

    def _addresses(self) -> tuple[Address, Address]:
        """The client's and ours; raises OSError."""
        sock = self.writer.get_extra_info("socket")
        return parse_socket_addr(sock.family, sock.getpeername()), parse_socket_addr(sock.family, sock.getsockname())

    def _agreed_protocol(self, task_group: TaskGroup, client: Address, server: Address) -> Http1 | Http2:
        tls = self.writer.get_extra_info("ssl_object")
        kind: type[Http1 | Http2] = Http1
        if tls is not None and tls.selected_alpn_protocol() == "h2":
            kind = Http2
        protocol = kind(
            self.app,
            self.config,
            self.context,
            task_group,
            ConnectionState(self.state),
            tls is not None,
            client,
            server,
            self.protocol_send,
        )
        if isinstance(protocol, Http2):
            protocol.wire = self
            self.writer.transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)
        return protocol

    async def protocol_send(self, event: Event) -> None:
        """Head and body of an answer leave in one write: what is sent in one turn of the loop is written at its end."""
        if not isinstance(event, RawData):
            self._flush()
            await super().protocol_send(event)
            return
        self.write(event.data)
        try:
            await self._drain()
        except (ConnectionError, RuntimeError):
            # As Hypercorn's own method does for a client that has left.
            await self.protocol.handle(Closed())

    async def _drain(self) -> None:
        """Wait until the client has taken some of what it is sent; one that takes nothing is cut off."""
        if self.unsent() <= LOW_WATER:
            await self.writer.drain()
            return
        timer = self.loop.call_later(self.write_patience, self.writer.transport.abort)
        try:
            await self.writer.drain()
        finally:
            timer.cancel()

    def write(self, data: bytes) -> None:
        """Send at the end of this turn of the loop, without waiting for the client."""
        if not self._outgoing:
            self.loop.call_soon(self._flush)
        self._outgoing.append(data)

    def unsent(self) -> int:
        """Bytes that the client has not taken, without what this turn of the loop adds."""
        return self.writer.transport.get_write_buffer_size()

    def _flush(self) -> None:
        if self._outgoing:
            data = b"".join(self._outgoing)
            self._outgoing = []
            if not self.writer.transport.is_closing():
                self.writer.write(data)

    async def close_idle(self) -> None:
        """Close from our side; reading then ends by itself."""
        if isinstance(self.protocol, Http2):
            self.protocol.part()
            self._flush()
        await self._initiate_server_close()

    def abort(self) -> None:
        """Close at once. Whoever is only cancelled still waits, for a client to take what is left."""
        self.writer.transport.abort()

    async def _close(self) -> None:
        self._flush()
        # Closing waits for a client to take what is left, and for its word that TLS is over: some do neither.
        timer = self.loop.call_later(self.patience, self.writer.transport.abort)
        try:
            await super()._close()
        finally:
            timer.cancel()

    async def _read_data(self) -> None:
        # It ends when the client has left or closed its side (T-34), also while an answer is being written.
        if isinstance(self.protocol, Http1):
            pause: Any = Pause(self.protocol, self.early)
            self.protocol.can_read = pause
        try:
            await super()._read_data()
        except ClientLeft:
            await self.protocol.handle(Closed())
        self.disconnect.tell()
        await self.idle_task.stop()


class Acceptor:
    """Accepts connections for an ASGI application until it is told to stop."""

    def __init__(self, app: Any, config: Config, write_patience: float) -> None:
        """`write_patience`: seconds that a client has to take some of what it is sent."""
        self.app: AppWrapper = wrap_app(app, config.wsgi_max_body_size, "asgi")
        self.config = config
        self.write_patience = write_patience
        self.context = WorkerContext(None)
        self.connections: dict[Connection, asyncio.Task[None]] = {}
        self._parting: asyncio.Future[None] | None = None

    async def serve(self, listener: socket.socket, stop: Wait, leave: Wait | None = None) -> None:
        """As Front says."""
        handshake_timeout = None
        if self.config.ssl_enabled:
            handshake_timeout = HANDSHAKE_TIMEOUT
        server = await asyncio.start_server(
            self.serve_connection,
            sock=listener,
            backlog=self.config.backlog,
            ssl=self.config.create_ssl_context(),
            ssl_handshake_timeout=handshake_timeout,
        )

        def part() -> None:
            server.close()
            self.part()

        try:
            await until(stop, leave, part)
        finally:
            server.close()
            await self.close()

    async def serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        connection = Connection(self.app, self.config, self.context, reader, writer, self.write_patience)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine runs in a task
        self.connections[connection] = task
        try:
            await connection
        except OSError:
            return  # the client broke off the handshake or the close
        except asyncio.CancelledError:
            if not self.context.terminated.is_set():
                raise
            # By `close`; Python 3.11 would log it with a traceback.
        finally:
            del self.connections[connection]

    def part(self) -> None:
        """Tell who is connected to come back: HTTP/1.1 with the answer to one request more, HTTP/2 by refusing it."""
        self._parting = asyncio.ensure_future(self.context.terminated.set())

    async def close(self) -> None:
        """Close what is idle, give the rest `graceful_timeout`, and end it."""
        await self.context.terminated.set()
        for connection in tuple(self.connections):
            if connection.idle_task.running:
                connection.idle_task.expire()
        if self.connections:
            await asyncio.wait(self.connections.values(), timeout=self.config.graceful_timeout)
        tasks = tuple(self.connections.values())
        for connection, task in tuple(self.connections.items()):
            connection.abort()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
