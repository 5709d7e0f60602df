"""A new connection: name, TCP, a proxy's answer, TLS, all under one clock."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import attrs

from aihub_lite.upstream.http1.connection import HttpConnection, Owner
from aihub_lite.upstream.http1.faults import ConnectFailed, ConnectTimedOut, Unsendable
from aihub_lite.upstream.http1.http_proxy import ProxyTalk, open_tunnel
from aihub_lite.upstream.http1.request import Origin
from aihub_lite.upstream.http1.resolving import Address, Resolver
from aihub_lite.upstream.http1.way import Proxy, Way

HEAD_START = 0.25
"""Seconds that an address has before the next one is tried beside it (RFC 8305, 5). uvloop's own `create_connection`
tries one after the other, so that one silent address would use the whole clock up."""


@attrs.define(eq=False)
class Dialer:
    """Makes connections; keeps none."""

    new_context: Callable[[], ssl.SSLContext]
    """Whom upstreams and proxies are trusted by, where a way says nothing else. Called as TLS is first spoken, beside
    the loop: it reads some hundred certificates, which takes longer than any other step of a start."""
    resolver: Resolver = attrs.field(factory=Resolver)
    _context: ssl.SSLContext | None = attrs.field(default=None, init=False)
    _reading: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)

    @property
    def context(self) -> ssl.SSLContext:
        """What `new_context` gave; whoever spoke without it would send keys for everybody to read."""
        if self._context is None:
            raise RuntimeError("TLS is spoken before anybody read whom to trust")
        return self._context

    async def dial(self, owner: Owner, origin: Origin, timeout: float) -> HttpConnection:  # noqa: ASYNC109
        """Raises ConnectFailed, ConnectTimedOut after `timeout` seconds in all, and Unsendable for a host that cannot
        be one. The texts are ours: the system's hold addresses."""
        try:
            async with asyncio.timeout(timeout):
                return await self._dial(owner, origin)
        except TimeoutError:
            if origin.way.proxy is not None:
                raise ConnectTimedOut("no connection through the proxy within the connect timeout") from None
            raise ConnectTimedOut("no connection within the connect timeout") from None

    def close(self) -> None:
        """Nobody waits for a name any more."""
        self.resolver.close()

    async def _dial(self, owner: Owner, origin: Origin) -> HttpConnection:
        proxy = origin.way.proxy
        if origin.scheme == "https" or (proxy is not None and proxy.scheme == "https"):
            await self._read_context()
        if proxy is None:
            with UPSTREAM.faults():
                sock = await self._connected(origin.host, origin.port, origin.way)
                return await self._over(sock, owner, origin)
        if proxy.socks:
            sock = await self._through_socks(proxy, origin)
            with UPSTREAM.faults():
                return await self._over(sock, owner, origin)
        if origin.way.forwards(origin.scheme):
            with PROXY.faults():
                return await self._to_proxy(proxy, HttpConnection(owner, origin), origin.way)
        with PROXY.faults():
            talk = await self._to_proxy(proxy, HttpConnection(ProxyTalk(owner.buffer), origin), origin.way)
        tunnel = await open_tunnel(talk, origin)
        with UPSTREAM.faults():
            return await self._within(tunnel, owner, origin)

    async def _connected(self, host: str, port: int, way: Way) -> socket.socket:
        addresses = await self.resolver.addresses(host, port)
        return await _first_connected(_from(way.bind, addresses), way.bind)

    async def _over(self, sock: socket.socket, owner: Owner, origin: Origin) -> HttpConnection:
        """HTTP over a socket that leads to the upstream, by TLS where its URL says so."""
        loop = asyncio.get_running_loop()
        if origin.scheme == "https":
            secured = HttpConnection(owner, origin)
            await loop.create_connection(
                lambda: secured, sock=sock, ssl=self._context_of(origin.way), server_hostname=origin.host.rstrip(".")
            )
            return secured
        plain = HttpConnection(owner, origin, sock)
        await loop.create_connection(lambda: plain, sock=sock)
        return plain

    async def _to_proxy(self, proxy: Proxy, connection: HttpConnection, way: Way) -> HttpConnection:
        """The connection, to a proxy of HTTP's, by TLS where its own URL says so."""
        sock = await self._connected(proxy.host, proxy.port, way)
        context = server_name = None
        if proxy.scheme == "https":
            context = way.proxy_context or self.context
            server_name = proxy.host.rstrip(".")
        await asyncio.get_running_loop().create_connection(
            lambda: connection, sock=sock, ssl=context, server_hostname=server_name
        )
        return connection

    async def _within(self, tunnel: asyncio.Transport, owner: Owner, origin: Origin) -> HttpConnection:
        """TLS with the upstream inside of a tunnel."""
        secured = HttpConnection(owner, origin)
        try:
            transport = await asyncio.get_running_loop().start_tls(
                tunnel, secured, self._context_of(origin.way), server_hostname=origin.host.rstrip(".")
            )
        except BaseException:
            tunnel.abort()
            raise
        # A tunnel that ended during the handshake may count as a success (uvloop 0.23): then there is no cipher.
        if transport is None or secured.closed or transport.get_extra_info("cipher") is None:
            tunnel.abort()
            raise ConnectFailed("could not connect: the upstream broke off")
        secured.connection_made(transport)
        return secured

    async def _through_socks(self, proxy: Proxy, origin: Origin) -> socket.socket:
        """A socket that the proxy has connected to the upstream: by name, or to the first address that it reaches."""
        # Most gateways have no such proxy: they need not load the library.
        from aihub_lite.upstream.http1.socks import connect_through  # noqa: PLC0415

        hosts = [origin.host.rstrip(".")]
        if proxy.scheme == "socks5":
            with UPSTREAM.faults():
                addresses = await self.resolver.addresses(origin.host, origin.port)
            hosts = [address.place[0] for address in addresses]
        while True:
            with PROXY.faults():
                sock = await self._connected(proxy.host, proxy.port, origin.way)
                try:
                    await connect_through(sock, proxy, hosts.pop(0), origin.port)
                except ConnectFailed:
                    if not hosts:
                        raise
                else:
                    return sock

    def _context_of(self, way: Way) -> ssl.SSLContext:
        return way.context or self.context

    async def _read_context(self) -> None:
        """Once for all connections; whoever comes meanwhile waits for it."""
        if self._context is None:
            async with self._reading:
                if self._context is None:
                    self._context = await asyncio.to_thread(self.new_context)


@attrs.frozen
class Hop:
    """Whom a step of the way leads to, in words."""

    name: str
    failed: str
    """How a fault of it begins."""

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Raises what goes wrong inside the block as a TransportFault of ours, but for timeouts."""
        try:
            yield
        except TimeoutError:  # an OSError too, and the clock's
            raise
        except socket.gaierror as error:
            raise ConnectFailed(f"{self.name}'s name is not known") from error
        except ssl.SSLCertVerificationError as error:
            raise ConnectFailed(f"{self.name}'s certificate is not trusted") from error
        except ssl.SSLError as error:
            raise ConnectFailed(f"could not connect: no TLS with {self.name}") from error
        except OSError as error:
            raise ConnectFailed(f"{self.failed}: {self._reason(error)}") from error
        except ValueError as error:  # a host that is no name: with a dot too many, say
            raise Unsendable(f"the URL of {self.name} is not valid") from error

    def _reason(self, error: OSError) -> str:
        if error.errno is None:
            return f"no address of {self.name} answers"
        return os.strerror(error.errno)


UPSTREAM = Hop("the upstream", "could not connect")
PROXY = Hop("the proxy", "could not connect to the proxy")


def _from(bind: str, addresses: Sequence[Address]) -> Sequence[Address]:
    """Those that can be reached from an address of ours, which is of one family."""
    if not bind:
        return addresses
    family = socket.AF_INET
    if ":" in bind:
        family = socket.AF_INET6
    usable = [address for address in addresses if address.family == family]
    if not usable:
        raise OSError(errno.EAFNOSUPPORT, "no address of the family")
    return usable


async def _first_connected(addresses: Sequence[Address], bind: str) -> socket.socket:
    """One of the first address that answers; raises OSError when none does."""
    if len(addresses) == 1:
        return await _connected(addresses[0], bind)
    waiting = deque(addresses)
    tries: set[asyncio.Task[socket.socket]] = set()
    errors: list[OSError] = []
    try:
        while waiting or tries:
            if waiting:
                tries.add(asyncio.create_task(_connected(waiting.popleft(), bind)))
            head_start = HEAD_START if waiting else None
            done, _ = await asyncio.wait(tries, timeout=head_start, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                tries.discard(task)
                try:
                    return task.result()
                except OSError as error:
                    errors.append(error)
        raise OSError(_common_number(errors), "no address answers")
    finally:
        for task in tries:
            _drop(task)


def _drop(task: asyncio.Task[socket.socket]) -> None:
    """Too late, or nobody waits any more."""
    if not task.cancel() and not task.cancelled() and task.exception() is None:
        task.result().close()


async def _connected(address: Address, bind: str) -> socket.socket:
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if bind:
            sock.bind((bind, 0))
        await asyncio.get_running_loop().sock_connect(sock, address.place)
    except BaseException:
        sock.close()
        raise
    return sock


def _common_number(errors: Sequence[OSError]) -> int | None:
    """The error number of all of them, if it is one."""
    numbers = {error.errno for error in errors}
    if len(numbers) == 1:
        return numbers.pop()
    return None
