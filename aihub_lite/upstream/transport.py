"""One request to one upstream, and its answer as it comes.

httpx's types over aiohttp's connections (`httpx-aiohttp`), called without `httpx.AsyncClient`, whose layers cost
more than the exchange itself. Redirects are not followed, no proxy, netrc or cookie is used, and connections are
not limited: the gateway counts its requests itself.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from weakref import WeakSet

import aiohttp
import attrs
import httpx
from httpx_aiohttp import AiohttpTransport

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

DEFAULT_HEADERS = {b"accept": b"*/*"}
OWN_HEADERS = {b"accept-encoding": b"identity", b"user-agent": f"aihub-lite/{__version__}".encode()}
KEEPALIVE = 30.0
"""Seconds an idle connection is kept: below the 60 s after which many load balancers drop one without a word."""
DNS_TTL = 30
SLICE = 64 * 1024
WHOLE_BODY = 512 * 1024
"""Up to here a body is written at once; aiohttp warns from 1 MiB on, because a large write blocks the loop."""
DEMO = "demo"

FAILURES = (httpx.TransportError, aiohttp.ClientError, OSError, ValueError)
"""What httpx-aiohttp raises: httpx's errors for those it maps, aiohttp's for the rest, and ValueError from
aiohttp's own checks of URL and headers. TimeoutError is an OSError."""

_reused: ContextVar[bool] = ContextVar("reused", default=False)
"""Whether the connection that the running request got has carried another one before."""


@attrs.define
class Transport:
    """Connections to every upstream, for the life of the process: `async with Transport(settings) as transport`."""

    settings: Settings
    demo: httpx.AsyncBaseTransport = attrs.field(factory=DemoTransport)
    """Answers URLs of the scheme `demo`."""
    pooled: httpx.AsyncBaseTransport = attrs.field(init=False)
    unpooled: httpx.AsyncBaseTransport = attrs.field(init=False)
    _pools: list[_Pool] = attrs.field(factory=list, init=False)

    async def __aenter__(self) -> Self:
        context = tls_context()
        self.pooled = _connections(context, self._pools, keep=True)
        self.unpooled = _connections(context, self._pools, keep=False)
        return self

    @property
    def busy(self) -> int:
        """Connections that carry a request at this moment."""
        return sum(pool.busy for pool in self._pools)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.pooled.aclose()
        await self.unpooled.aclose()

    async def send(
        self, method: str, url: httpx.URL, headers: Headers, body: bytes | None, connect_timeout: float | None = None
    ) -> Response:
        """Returns when the answer's head is in; the caller closes the Response. Raises TransportFault.

        `connect_timeout` in seconds covers name look-up, TCP and TLS; None takes the setting. There is no other
        clock here. `accept-encoding` and `user-agent` are the gateway's own, whatever `headers` says.
        """
        timeout = self.settings.connect_timeout if connect_timeout is None else connect_timeout
        extensions: dict[str, Any] = {
            "timeout": {"pool": timeout}
        }  # aiohttp's `connect`: look-up and all addresses together
        sent = list({**DEFAULT_HEADERS, **{name.lower(): value for name, value in headers}, **OWN_HEADERS}.items())
        if url.scheme == DEMO:
            return await _answer(self.demo, _request(method, url, sent, body, extensions))
        try:
            return await _answer(self.pooled, _request(method, url, sent, body, extensions))
        except StaleConnection:
            return await _answer(self.unpooled, _request(method, url, sent, body, extensions))


class StaleConnection(Disconnected):
    """An idle connection that the upstream had closed already: no fault of anyone, the request is sent anew."""


class Response:
    """Head and body of an answer. Iterate it once for the decoded body, piece by piece as it comes; raises
    TransportFault. Not reading to the end and closing closes the connection, so the upstream stops."""

    __slots__ = ("_broken", "_pieces", "_stream", "headers", "status")

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.headers = answer.headers
        self.headers.encoding = "latin-1"  # said once: httpx would try every value anew at every look
        self._stream = cast("httpx.AsyncByteStream", answer.stream)
        self._pieces = decoded(self._stream, self.headers.get("content-encoding", ""))
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
            if rest := _unread(self._stream):
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
            await self._stream.aclose()
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


class _Slices(httpx.AsyncByteStream):
    """A large body in pieces, so that writing it shares the loop."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), SLICE):
            yield self.body[start : start + SLICE]


def tls_context() -> ssl.SSLContext:
    """Trusts certifi's authorities and the system's, so that a company's own one works as it does elsewhere."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _connections(context: ssl.SSLContext, pools: list[_Pool], *, keep: bool) -> AiohttpTransport:
    def session() -> aiohttp.ClientSession:
        pool = _Pool(context, keep=keep)
        pools.append(pool)
        return aiohttp.ClientSession(
            connector=pool,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )

    # A session of our own: without one httpx-aiohttp takes "no limit" for aiohttp's default of 100 connections.
    return AiohttpTransport(verify=context, trust_env=False, client=session)


def _request(
    method: str, url: httpx.URL, headers: list[tuple[bytes, bytes]], body: bytes | None, extensions: dict[str, Any]
) -> httpx.Request:
    if body is None:
        request = httpx.Request(method, url, headers=headers, extensions=extensions)
    else:
        # A stream with its length: `content=` would work out headers that are known here, at three times the cost.
        whole = len(body) <= WHOLE_BODY
        stream = httpx.ByteStream(body) if whole else _Slices(body)
        length = (b"content-length", b"%d" % len(body))
        request = httpx.Request(method, url, headers=[*headers, length], stream=stream, extensions=extensions)
        if whole:
            request.read()
    request.headers.encoding = "latin-1"  # said once: httpx would try every value anew at every look
    return request


def _unread(stream: httpx.AsyncByteStream) -> bytes:
    """What came together with the end of a broken off body: aiohttp raises before it hands that out."""
    answer = getattr(stream, "_aiohttp_response", None)
    if answer is None or answer.headers.get("content-encoding", "identity") != "identity":
        return b""  # of a compressed body the decoder has already ended
    return bytes(answer.content._read_nowait(-1))


async def _answer(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> Response:
    _reused.set(False)
    try:
        return Response(await transport.handle_async_request(request))
    except FAILURES as error:
        if _reused.get() and _before_any_byte(error.__cause__):
            raise StaleConnection("the upstream had closed the idle connection") from error
        raise _fault(error) from error


def _before_any_byte(cause: BaseException | None) -> bool:
    """aiohttp puts what it has of a broken off head into `message`; a reset says nothing of how far it came."""
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return cause.message == aiohttp.ServerDisconnectedError().message
    return isinstance(cause, ConnectionError | aiohttp.ClientOSError) and not isinstance(
        cause, aiohttp.ClientConnectorError
    )


def _fault(error: Exception) -> TransportFault:
    """The texts are ours: those of the libraries carry URLs, and URLs may carry keys."""
    cause = error if error.__cause__ is None or isinstance(error, aiohttp.ClientError) else error.__cause__
    match cause:
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
