"""Through a SOCKS5 proxy (RFC 1928, 1929), by python-socks; imported when the first channel has one."""

from __future__ import annotations

import socket
from typing import Any

from python_socks import ProxyError, ProxyType
from python_socks.async_.asyncio import Proxy as SocksProxy

from aihub_lite.upstream.http1.faults import ConnectFailed
from aihub_lite.upstream.http1.way import Proxy

LONG = 3600.0
"""Seconds: the clock that counts is the caller's, over the whole way."""


class _Dialled(SocksProxy):
    """Stands for a proxy before the proxy: the connection to it is made already, by our own rules of addresses."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    async def connect(
        self,
        dest_host: str,
        dest_port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        **kwargs: Any,
    ) -> socket.socket:
        return self._sock


async def connect_through(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """Have the proxy at the other end of `sock` connect it to `host`, a name or an address.

    Raises ConnectFailed when it does not, OSError when it breaks off; the socket is closed then.
    """
    client = SocksProxy(
        ProxyType.SOCKS5,
        proxy.host,
        proxy.port,
        username=proxy.user or None,
        password=proxy.password or None,
        rdns=True,
        forward=_Dialled(sock),
    )
    try:
        await client.connect(host, port, timeout=LONG)
    except ProxyError as error:
        raise ConnectFailed(f"no connection through the proxy: {error}") from error
    except ValueError as error:  # bytes that are no text, or no address
        raise ConnectFailed("no connection through the proxy: its answer is not SOCKS5") from error
