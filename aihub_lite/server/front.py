"""The listening socket: who takes the connections that come in, for as long as the gateway runs.

HTTP/1.1 is our own (`http1`), HTTP/2 is Hypercorn's, where TLS agreed on it. Hypercorn can have both (`AIHUB_SERVER`).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from aihub_lite.config import HYPERCORN, Settings
from aihub_lite.server.clocks import BACKLOG, HANDSHAKE_TIMEOUT, LAST_WORDS
from aihub_lite.server.http1.connection import CLOSE_TIMEOUT, Patience
from aihub_lite.server.http1.cycle import App
from aihub_lite.server.http1.listener import Connections
from aihub_lite.server.parting import Wait, until

if TYPE_CHECKING:
    from aihub_lite.server.connections import Acceptor

READ_AHEAD = 64 * 1024
"""Bytes of a connection that are read before Hypercorn takes them."""

ServeStream = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Front(Protocol):
    """Takes connections for an application."""

    async def serve(self, listener: socket.socket, stop: Wait, leave: Wait | None = None) -> None:
        """Accept until `stop` returns; then close what is idle, give the rest LAST_WORDS, and end it.

        When `leave` returns before, nobody new is accepted from then on and who is connected is told to come back:
        whoever comes waits in the queue of the listener, which somebody else keeps.
        """


def front_of(app: App, settings: Settings) -> Front:
    """The server that the settings want."""
    if settings.server == HYPERCORN:
        return hypercorn_front(app, settings)
    connections = Connections(app, Patience(write=write_patience(settings)))
    if not (settings.certfile and settings.keyfile):
        return PlainFront(connections)
    hypercorn = hypercorn_front(app, settings)
    return TlsFront(connections, hypercorn, hypercorn.config.create_ssl_context())


def hypercorn_front(app: App, settings: Settings) -> Acceptor:
    """Hypercorn, for both versions of HTTP; whoever needs none of it does not wait for it to be loaded."""
    from aihub_lite.server.connections import Acceptor, hypercorn_config  # noqa: PLC0415

    return Acceptor(app, hypercorn_config(settings), write_patience(settings))


def write_patience(settings: Settings) -> float:
    """Seconds for a client to take some of an answer: the line cuts off its own before, this is for all others."""
    return settings.write_timeout + LAST_WORDS


class PlainFront:
    """Without TLS: HTTP/1.1 alone."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def serve(self, listener: socket.socket, stop: Wait, leave: Wait | None = None) -> None:
        """As Front says."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._connections.new, sock=listener, backlog=BACKLOG)

        def part() -> None:
            server.close()
            self._connections.part()

        try:
            await until(stop, leave, part)
        finally:
            server.close()
            await self._connections.close(LAST_WORDS)


class TlsFront:
    """With TLS: each connection speaks what its handshake agreed on."""

    def __init__(self, connections: Connections, http2: Acceptor, context: ssl.SSLContext | None) -> None:
        self._connections = connections
        self._http2 = http2
        self._context = context

    async def serve(self, listener: socket.socket, stop: Wait, leave: Wait | None = None) -> None:
        """As Front says."""
        server = await asyncio.get_running_loop().create_server(
            self._new,
            sock=listener,
            backlog=BACKLOG,
            ssl=self._context,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
            ssl_shutdown_timeout=CLOSE_TIMEOUT,
        )

        def part() -> None:
            server.close()
            self._connections.part()
            self._http2.part()

        try:
            await until(stop, leave, part)
        finally:
            server.close()
            await asyncio.gather(self._connections.close(LAST_WORDS), self._http2.close())

    def _new(self) -> Agreed:
        return Agreed(self._connections.new, self._http2.serve_connection)


class Agreed(asyncio.Protocol):
    """A connection whose handshake is over: hands it to whoever speaks what was agreed on."""

    def __init__(self, http1: Callable[[], asyncio.Protocol], http2: ServeStream) -> None:
        self._http1 = http1
        self._http2 = http2

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is over."""
        protocol = self._protocol(transport.get_extra_info("ssl_object"))
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    def _protocol(self, tls: ssl.SSLObject | None) -> asyncio.Protocol:
        if tls is None or tls.selected_alpn_protocol() != "h2":
            return self._http1()
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(READ_AHEAD, loop)
        return asyncio.StreamReaderProtocol(reader, self._http2, loop)
