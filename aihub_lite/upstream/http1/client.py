"""Requests over connections that are kept: by origin and the way to it, the one used last first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import attrs

from aihub_lite.upstream.http1.answer import HttpAnswer
from aihub_lite.upstream.http1.connection import BROKE_OFF, ONE_READ, HttpConnection, StaleConnection
from aihub_lite.upstream.http1.dialing import Dialer
from aihub_lite.upstream.http1.faults import ConnectFailed, Disconnected
from aihub_lite.upstream.http1.http_proxy import (
    PROXY_REFUSES,
    WANTS_CREDENTIALS,
    check_upstream_answered,
    with_credentials,
)
from aihub_lite.upstream.http1.request import Body, Origin, Parcel, head_of, target_of
from aihub_lite.upstream.http1.way import DIRECT, Way

KEEPALIVE = 30.0
"""Seconds that an idle connection is kept: less than the 60 s after which many load balancers drop one silently."""
MAX_IDLE = 1024
"""Idle connections of all origins together, as many as requests run at once by default; beyond, the longest idle goes.
Connections in use are not limited: the gateway counts its requests itself."""
TOLD_WITHIN = 5.0
"""Seconds in which an upstream that had closed an idle connection says so: a round trip, and some for lost packets. One
that breaks off later was at work: sent again, the request would be done, and billed, twice."""


@attrs.define(eq=False)
class HttpClient:
    """Opened nowhere, closed by `close`: then every connection, idle or not, is gone."""

    dialer: Dialer
    keepalive: float = KEEPALIVE
    max_idle: int = MAX_IDLE
    told_within: float = TOLD_WITHIN
    buffer: memoryview = attrs.field(factory=lambda: memoryview(bytearray(ONE_READ)), init=False, repr=False)
    _open: set[HttpConnection] = attrs.field(factory=set, init=False)
    _idle: dict[Origin, dict[HttpConnection, None]] = attrs.field(factory=dict, init=False)
    """Stacks: the last one in is used first, so that a lull lets the others expire."""
    _expiring: dict[HttpConnection, float] = attrs.field(factory=dict, init=False)
    """The idle ones, the longest idle first, with the loop's time at which each has been idle for too long."""
    _sweep: asyncio.TimerHandle | None = attrs.field(default=None, init=False)
    """One timer for all of them; none while there is none."""
    _closed: asyncio.Future[None] | None = attrs.field(default=None, init=False)

    @property
    def size(self) -> int:
        """Connections that are open, idle ones too."""
        return len(self._open)

    @property
    def busy(self) -> int:
        """Connections that carry a request at this moment."""
        return len(self._open) - len(self._expiring)

    async def ask(
        self,
        method: str,
        url: str,
        fields: Mapping[bytes, bytes],
        body: Body | None,
        connect_timeout: float,
        parcel: Parcel,
        way: Way = DIRECT,
    ) -> HttpAnswer:
        """Returns when the answer's head is in. Raises a TransportFault.

        An idle connection that turns out to be dead before anything of an answer came is replaced by a new one,
        once: upstreams close idle connections at any time, and one that did has not seen the request. It turns out
        soon, or it was not dead.
        """
        target = target_of(url, way)
        forwarded = way is not DIRECT and way.forwards(target.origin.scheme)
        if forwarded:
            fields = with_credentials(way, fields)
        head = head_of(method, target, fields, None if body is None else len(body))
        answer = await self._ask(method, target.origin, head, body, connect_timeout, parcel)
        if answer.status == PROXY_REFUSES:
            answer.close()
            raise ConnectFailed(WANTS_CREDENTIALS)
        if forwarded:
            check_upstream_answered(answer)
        return answer

    async def reach(self, url: str, connect_timeout: float, way: Way = DIRECT) -> None:
        """Have a connection to it, which the next request takes. Raises a TransportFault where there can be none."""
        origin = target_of(url, way).origin
        kept = self._take(origin)
        if kept is None:
            kept = await self._connect(origin, connect_timeout)
        if not kept.closed:
            self.idle(kept)

    async def _ask(
        self,
        method: str,
        origin: Origin,
        head: bytes,
        body: Body | None,
        connect_timeout: float,
        parcel: Parcel,
    ) -> HttpAnswer:
        kept = self._take(origin)
        if kept is not None:
            loop = asyncio.get_running_loop()
            late = loop.time() + self.told_within
            try:
                return await kept.ask(method, head, body, parcel)
            except StaleConnection:
                if loop.time() >= late:
                    raise Disconnected(BROKE_OFF) from None
                parcel.sent = False
        began = asyncio.get_running_loop().time()
        try:
            fresh = await self._connect(origin, connect_timeout)
        finally:
            parcel.connecting = asyncio.get_running_loop().time() - began
        return await fresh.ask(method, head, body, parcel)

    async def close(self) -> None:
        """Returns when the last socket is closed. Whoever still asks or reads hears that it broke off."""
        self._closed = asyncio.get_running_loop().create_future()
        self.dialer.close()
        if self._sweep is not None:
            self._sweep.cancel()
        if not self._open:
            return
        for connection in [*self._open]:
            connection.close()
        await self._closed

    def idle(self, connection: HttpConnection) -> None:
        """Keep it for the next request, as long as it may be kept."""
        connection.keep_session()
        if len(self._expiring) >= self.max_idle:
            self._retire(next(iter(self._expiring)))
        loop = asyncio.get_running_loop()
        self._expiring[connection] = loop.time() + self.keepalive
        self._idle.setdefault(connection.origin, {})[connection] = None
        if self._sweep is None:
            self._sweep = loop.call_later(self.keepalive, self._expire)

    def lost(self, connection: HttpConnection) -> None:
        """Its socket is closed, by whichever side."""
        self._open.discard(connection)
        self._forget(connection)
        if self._closed is not None and not self._open and not self._closed.done():
            self._closed.set_result(None)

    def _take(self, origin: Origin) -> HttpConnection | None:
        """The connection to it that was used last."""
        while stack := self._idle.get(origin):
            connection = next(reversed(stack))
            self._forget(connection)
            if not connection.closed:
                return connection
        return None

    async def _connect(self, origin: Origin, connect_timeout: float) -> HttpConnection:
        connection = await self.dialer.dial(self, origin, connect_timeout)
        if not connection.closed:
            self._open.add(connection)
        if self._closed is not None:
            connection.close()
            raise Disconnected("the gateway closes its connections")
        return connection

    def _expire(self) -> None:
        """Closes what has been idle for too long, and looks again when the next one has."""
        self._sweep = None
        loop = asyncio.get_running_loop()
        while self._expiring:
            connection, until = next(iter(self._expiring.items()))
            if until > loop.time():
                self._sweep = loop.call_at(until, self._expire)
                return
            self._retire(connection)

    def _retire(self, connection: HttpConnection) -> None:
        self._forget(connection)
        connection.close()

    def _forget(self, connection: HttpConnection) -> None:
        """Take it from the idle ones, if it is one."""
        if self._expiring.pop(connection, None) is None:
            return
        stack = self._idle[connection.origin]
        del stack[connection]
        if not stack:
            del self._idle[connection.origin]
