"""Through a proxy of HTTP's: who it is told we are, what it says itself, and the tunnel that CONNECT asks it for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import attrs

from aihub_lite.upstream.http1.answer import HttpAnswer
from aihub_lite.upstream.http1.connection import HttpConnection
from aihub_lite.upstream.http1.faults import ConnectFailed, TransportFault
from aihub_lite.upstream.http1.request import Origin, Parcel
from aihub_lite.upstream.http1.way import Way

PROXY_REFUSES = 407
"""No upstream's status: a proxy wants to know who asks, and passes nothing on (RFC 9110, 15.5.8)."""
WANTS_CREDENTIALS = "the proxy wants a user name and password, or other ones (status 407)"
AUTHORIZATION = b"proxy-authorization"
REFUSALS = frozenset({401, 403})
"""What a proxy may say itself to a request that it reads. tinyproxy says 401 to a wrong password."""


@attrs.define(eq=False)
class ProxyTalk:
    """Owns the connection to a proxy while a tunnel is asked for: nothing of it is kept."""

    buffer: memoryview

    def idle(self, connection: HttpConnection) -> None:
        """The answer's head is in, and nothing after it."""

    def lost(self, connection: HttpConnection) -> None:
        """Whoever asks hears it from the answer."""


def with_credentials(way: Way, fields: Mapping[bytes, bytes]) -> Mapping[bytes, bytes]:
    """The fields of a request that the way's proxy reads."""
    if way.proxy is None or not way.proxy.user:
        return fields
    return {**fields, AUTHORIZATION: way.proxy.credentials}


def check_upstream_answered(answer: HttpAnswer) -> None:
    """Raises ConnectFailed, and closes, for an answer that is the proxy's own, though it has the status of an upstream
    that refuses our key. One that was passed on says so by `via` (RFC 9110, 7.6.3)."""
    if answer.status in REFUSALS and "via" not in answer.fields:
        answer.close()
        raise ConnectFailed(f"the proxy, or an upstream that it does not name, refuses (status {answer.status})")


async def open_tunnel(connection: HttpConnection, origin: Origin) -> asyncio.Transport:
    """What the proxy at the other end made of its connection: one to the origin (RFC 9110, 9.3.6). Raises
    ConnectFailed, and closes."""
    host = origin.host
    if ":" in host:
        host = f"[{host}]"
    authority = f"{host}:{origin.port}".encode("ascii")
    lines = [b"CONNECT %b HTTP/1.1" % authority, b"host: " + authority]
    if origin.way.proxy is not None and origin.way.proxy.user:
        lines.append(AUTHORIZATION + b": " + origin.way.proxy.credentials)
    try:
        answer = await connection.ask("CONNECT", b"\r\n".join([*lines, b"\r\n"]), None, Parcel())
        if 200 <= answer.status < 300:
            return connection.hand_over()
    except TransportFault as fault:
        raise ConnectFailed("the proxy broke off, or its answer is not HTTP") from fault
    except asyncio.CancelledError:
        connection.close()  # nobody else has it, where its answer was whole just now
        raise
    connection.close()
    if answer.status == PROXY_REFUSES:
        raise ConnectFailed(WANTS_CREDENTIALS)
    raise ConnectFailed(f"the proxy does not connect to the upstream (status {answer.status})")
