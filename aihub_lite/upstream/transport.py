"""One request to one upstream, and its answer as it comes.

aiohttp's connections, called directly: httpx's requests, headers and responses over them (`httpx-aiohttp`) cost 30 µs
more for each request (measured), a fifteenth of all that one costs. Redirects are not followed, no proxy, netrc or
cookie is used, and connections are not limited: the gateway counts its requests itself.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self
from weakref import WeakSet

import aiohttp
import attrs
import httpx

from aihub_lite import __version__
from aihub_lite.upstream.decoding import decoded
from aihub_lite.upstream.demo import DemoTransport
from aihub_lite.upstream.faults import (
    AnswerTooLarge,
    ConnectFailed,
    ConnectTimedOut,
    Disconnected,
    Garbled,
    TransportFault,
    Unsendable,
)

if TYPE_CHECKING:
    from aiohttp.client import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

    from aihub_lite.config import Settings

Headers = Sequence[tuple[bytes, bytes]]

DEFAULT_HEADERS = {"accept": "*/*"}
OWN_HEADERS = {"accept-encoding": "identity", "user-agent": f"aihub-lite/{__version__}"}
KEEPALIVE = 30.0
"""Seconds an idle connection is kept: below the 60 s after which many load balancers drop one without a word."""
DNS_TTL = 30
SLICE = 64 * 1024
WHOLE_BODY = 512 * 1024
"""Up to here a body is written at once; aiohttp warns from 1 MiB on, because a large write blocks the loop."""
DEMO = "demo:"

FAILURES = (aiohttp.ClientError, OSError, ValueError)
"""What aiohttp raises; ValueError comes from its checks of URL and headers. TimeoutError is an OSError."""

_reused: ContextVar[bool] = ContextVar("reused", default=False)
"""Whether the connection that the running request got has carried another one before."""


@attrs.define
class Transport:
    """Connections to every upstream, for the life of the process: `async with Transport(settings) as transport`."""

    settings: Settings
    demo: httpx.AsyncBaseTransport = attrs.field(factory=DemoTransport)
    """Answers URLs of the scheme `demo`."""
    pooled: aiohttp.ClientSession = attrs.field(init=False)
    unpooled: aiohttp.ClientSession = attrs.field(init=False)

    async def __aenter__(self) -> Self:
        context = tls_context()
        self.pooled = _session(_Pool(context, keep=True))
        self.unpooled = _session(_Pool(context, keep=False))
        return self

    @property
    def busy(self) -> int:
        """Connections that carry a request at this moment."""
        pools = (self.pooled.connector, self.unpooled.connector)
        return sum(pool.busy for pool in pools if isinstance(pool, _Pool))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.pooled.close()
        await self.unpooled.close()

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | Pieces | None, connect_timeout: float | None = None
    ) -> Response:
        """Returns when the answer's head is in; the caller closes the Response. Raises TransportFault.

        `connect_timeout` in seconds covers name look-up, TCP and TLS; None takes the setting. There is no other
        clock here. `accept-encoding` and `user-agent` are the gateway's own, whatever `headers` says.
        """
        if url.startswith(DEMO):
            request = httpx.Request(method, url, content=body if isinstance(body, bytes | None) else b"".join(body))
            answer = await self.demo.handle_async_request(request)
            return Response(answer.status_code, answer.headers, _Told(answer))
        clock = _clock(self.settings.connect_timeout if connect_timeout is None else connect_timeout)
        given = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in headers}
        sent = {**DEFAULT_HEADERS, **given, **OWN_HEADERS}
        try:
            return await _answer(self.pooled, method, url, sent, body, clock)
        except StaleConnection:
            return await _answer(self.unpooled, method, url, sent, body, clock)


class StaleConnection(Disconnected):
    """An idle connection that the upstream had closed already: no fault of anyone, the request is sent anew."""


class Pieces(Protocol):
    """A request's body in pieces of a bearable size, whose length together is known; it can be sent again."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


class Body(Protocol):
    """The bytes of an answer as they come."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """Give the connection back, or close it if the body was not read to the end."""
        ...

    def unread(self) -> bytes:
        """What has come and was not handed out yet."""
        ...


class Response:
    """Head and body of an answer. Iterate it once for the decoded body, piece by piece as it comes; raises
    TransportFault. Not reading to the end and closing closes the connection, so the upstream stops."""

    __slots__ = ("_body", "_broken", "_pieces", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: Body) -> None:
        self.status = status
        self.headers = headers
        """Their names in any case."""
        self._body = body
        self._pieces = decoded(body, headers.get("content-encoding", ""))
        self._broken: TransportFault | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._broken is not None:
            raise self._broken
        try:
            return await anext(self._pieces)
        except FAILURES as error:
            self._broken = _fault(error)
            # What came together with the end of a broken off body: aiohttp raises before it hands that out.
            # Of a compressed body the decoder has already ended.
            if not isinstance(self._pieces, AsyncGenerator) and (rest := self._body.unread()):
                return rest
            raise self._broken from error

    async def read(self, limit: int) -> bytes:
        """The whole body; raises AnswerTooLarge beyond `limit` bytes."""
        pieces, size = [], 0
        async for piece in self:
            size += len(piece)
            if size > limit:
                raise AnswerTooLarge(limit)
            pieces.append(piece)
        return b"".join(pieces)

    async def aclose(self) -> None:
        """Gives the connection back, or closes it if the body was not read to the end. The giving back comes
        before the first await: a cancellation meanwhile leaks nothing."""
        with suppress(*FAILURES):
            await self._body.aclose()
        if isinstance(self._pieces, AsyncGenerator):
            with suppress(RuntimeError):  # its reader still runs; the closed stream ends it
                await self._pieces.aclose()


class _Pool(aiohttp.TCPConnector):
    """Tells the running request whether its connection is a reused one.

    Measured here: 2 µs a request; an aiohttp TraceConfig, the other public way, costs 12 µs.
    """

    def __init__(self, context: ssl.SSLContext, *, keep: bool) -> None:
        options: dict[str, Any] = {"keepalive_timeout": KEEPALIVE} if keep else {"force_close": True}
        super().__init__(limit=0, limit_per_host=0, ttl_dns_cache=DNS_TTL, ssl=context, **options)
        self._used: WeakSet[object] = WeakSet()

    @property
    def busy(self) -> int:
        """Connections in use; aiohttp keeps the set and shows it to nobody else."""
        return len(self._acquired)

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:  # noqa: ASYNC109
        connection = await super().connect(req, traces, timeout)
        protocol = connection.protocol
        reused = protocol in self._used
        if not reused:
            self._used.add(protocol)
        _reused.set(reused)
        return connection


class _Received:
    """The body of an answer from the network."""

    __slots__ = ("_answer", "_content")

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self._content = answer.content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        data = await self._content.readany()
        if not data:
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        self._answer.release()
        await self._answer.wait_for_close()

    def unread(self) -> bytes:
        return bytes(self._content._read_nowait(-1))


class _Told:
    """The body of an answer of the demo's."""

    __slots__ = ("_answer", "_stream")

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        self._stream = answer.aiter_raw()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream

    async def aclose(self) -> None:
        await self._answer.aclose()

    def unread(self) -> bytes:
        return b""


async def _slices(body: bytes | Pieces) -> AsyncIterator[bytes]:
    """A large body in pieces, so that writing it shares the loop."""
    if isinstance(body, bytes):
        for start in range(0, len(body), SLICE):
            yield body[start : start + SLICE]
    else:
        for piece in body:
            yield piece


def tls_context() -> ssl.SSLContext:
    """Trusts certifi's authorities and the system's, so that a company's own one works as it does elsewhere."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _session(pool: _Pool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=pool, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
    )


@lru_cache(maxsize=64)
def _clock(connect_timeout: float) -> aiohttp.ClientTimeout:
    """aiohttp's `connect` is what covers look-up and all addresses together."""
    return aiohttp.ClientTimeout(connect=connect_timeout)


async def _answer(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes | Pieces | None,
    clock: aiohttp.ClientTimeout,
) -> Response:
    data: bytes | AsyncIterator[bytes] | None
    if body is None or (isinstance(body, bytes) and len(body) <= WHOLE_BODY):
        data = body
    else:
        headers["content-length"] = str(len(body))  # else aiohttp would send its pieces as chunks
        data = _slices(body)
    _reused.set(False)
    try:
        answer = await session.request(method, url, data=data, headers=headers, timeout=clock, allow_redirects=False)
    except FAILURES as error:
        if _reused.get() and _before_any_byte(error):
            raise StaleConnection("the upstream had closed the idle connection") from error
        raise _fault(error) from error
    return Response(answer.status, answer.headers, _Received(answer))


def _before_any_byte(cause: Exception) -> bool:
    """aiohttp puts what it has of a broken off head into `message`; a reset says nothing of how far it came."""
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return cause.message == aiohttp.ServerDisconnectedError().message
    return isinstance(cause, ConnectionError | aiohttp.ClientOSError) and not isinstance(
        cause, aiohttp.ClientConnectorError
    )


def _fault(error: Exception) -> TransportFault:
    """The texts are ours: those of the libraries carry URLs, and URLs may carry keys."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return ConnectTimedOut("no connection within the connect timeout")
        case aiohttp.ClientConnectorCertificateError():
            return ConnectFailed("the upstream's certificate is not trusted")
        case aiohttp.ClientConnectorDNSError():
            return ConnectFailed("the upstream's name is not known")
        case aiohttp.ClientConnectorSSLError():
            return ConnectFailed("could not connect: no TLS with the upstream")
        case aiohttp.ClientConnectorError(errno=int(number)):
            return ConnectFailed(f"could not connect: {os.strerror(number)}")
        case aiohttp.ClientConnectorError():
            return ConnectFailed("could not connect: no address of the upstream answers")
        case aiohttp.ClientResponseError():
            return Garbled("the upstream's answer is not HTTP")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError() | ValueError():
            return Unsendable("the URL or a header of the channel is not valid")
        case _:
            return Disconnected("the upstream broke off")
