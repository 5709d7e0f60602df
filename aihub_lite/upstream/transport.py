"""One request to one upstream, and its answer as it comes.

The gateway's own client of HTTP/1.1 (`http1`), or the demo; content codings are taken off here. Redirects are not
followed, and no netrc or cookie is used; of proxies, `ways` knows.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import attrs

from aihub_lite import __version__
from aihub_lite.domain.clock import Clock, SystemClock
from aihub_lite.domain.way_out import WayOut
from aihub_lite.upstream.access.access import Access
from aihub_lite.upstream.access.aws import AwsAuthorizer
from aihub_lite.upstream.access.entra import EntraAuthorizer
from aihub_lite.upstream.access.google import GoogleAuthorizer, TokenAnswer
from aihub_lite.upstream.decoding import decode
from aihub_lite.upstream.demo import DemoUpstream, LocalUpstream
from aihub_lite.upstream.http1.client import HttpClient
from aihub_lite.upstream.http1.dialing import Dialer
from aihub_lite.upstream.http1.faults import AnswerTooLarge, ConnectFailed
from aihub_lite.upstream.http1.http_proxy import AUTHORIZATION
from aihub_lite.upstream.http1.request import Body, Parcel, head_of, target_of
from aihub_lite.upstream.http1.way import DIRECT, Way
from aihub_lite.upstream.ways import Ways, tls_context
from aihub_lite.wire.scrubbing import MARK, together

if TYPE_CHECKING:
    from aihub_lite.config import Settings

Headers = Sequence[tuple[bytes, bytes]]

DEFAULT_HEADERS = {b"accept": b"*/*", b"user-agent": f"aihub-lite/{__version__}".encode()}
OWN_HEADERS = {b"accept-encoding": b"identity"}
DEMO = "demo:"
"""The scheme of URLs that the demo answers."""
MAX_TOKEN_ANSWER = 256 * 1024
"""Bytes of an answer that holds a token."""


@attrs.define
class Transport:
    """Connections to every upstream, for the life of the process: `async with Transport(settings) as transport`."""

    settings: Settings
    demo: LocalUpstream = attrs.field(factory=DemoUpstream)
    """Answers URLs of the scheme `demo`."""
    clock: Clock = attrs.field(factory=SystemClock)
    """By which what was fetched to get in expires."""
    environ: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """What it says of proxies counts for channels that say nothing of theirs."""
    way_out: WayOut | None = None
    access: Access = attrs.field(init=False)
    """How requests get in where a key is exchanged for something first."""
    client: HttpClient = attrs.field(init=False)
    ways: Ways = attrs.field(init=False)
    _by_way: dict[WayOut | None, Transport] = attrs.field(factory=dict, init=False, repr=False)
    """One for each way that channels have said, this one aside; all of them share it."""

    async def __aenter__(self) -> Self:
        self.client = HttpClient(Dialer(tls_context))
        self.ways = Ways(self.environ)
        self.access = self._new_access()
        return self

    def by(self, way_out: WayOut | None) -> Transport:
        """The same connections, for requests of a channel that says so much of its way."""
        if way_out is self.way_out:
            return self
        transport = self._by_way.get(way_out)
        if transport is None:
            transport = self._by_way[way_out] = copy.copy(self)
            transport.way_out = way_out
            transport.access = transport._new_access()  # what is fetched to get in comes the same way
        return transport

    def way(self, url: str) -> str:
        """In words, the way that a request would go, or why it cannot."""
        if url.startswith(DEMO):
            return "answered by the gateway itself"
        try:
            return self.ways.text(self.way_out, url)
        except ConnectFailed as failed:
            return str(failed)

    @property
    def busy(self) -> int:
        """Connections that carry a request at this moment."""
        return self.client.busy

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in (self, *self._by_way.values()):
            await transport.access.close()
        await self.client.close()

    async def send(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: Body | None,
        connect_timeout: float | None = None,
        parcel: Parcel | None = None,
    ) -> Response:
        """Returns when the answer's head is in; the caller closes the Response. Raises TransportFault.

        `connect_timeout` in seconds covers name look-up, TCP, a proxy's answer and TLS; None takes the setting. There
        is no other clock here. `accept-encoding` is the gateway's own, whatever `headers` says. `parcel` learns when
        the whole request has left.
        """
        if parcel is None:
            parcel = Parcel()
        parcel.sent = False
        parcel.connecting = 0.0
        if url.startswith(DEMO):
            parcel.leave()
            return await self._ask_demo(method, url, body)
        if connect_timeout is None:
            connect_timeout = self.settings.connect_timeout
        way = self._way(url)
        answer = await self.client.ask(method, url, fields_of(headers), body, connect_timeout, parcel, way)
        return Response(answer.status, answer.fields, answer, together(*way.told(url)))

    def head(self, method: str, url: str, headers: Headers, body: Body) -> bytes:
        """The head that `send` would write for these, but for a proxy's credentials, which are masked; empty for what
        the demo answers. Raises TransportFault."""
        if url.startswith(DEMO):
            return b""
        way = self._way(url)
        fields = fields_of(headers)
        if way.told(url):
            fields[AUTHORIZATION] = b"Basic " + MARK.encode()
        return head_of(method, target_of(url, way), fields, len(body))

    def _way(self, url: str) -> Way:
        if self.way_out is None and not self.ways.environment:
            return DIRECT
        return self.ways.find(self.way_out, url)

    async def reach(self, url: str, connect_timeout: float) -> None:
        """Find out whether a connection can be made, by the way that requests go; nothing is sent. Raises
        TransportFault."""
        if not url.startswith(DEMO):
            await self.client.reach(url, connect_timeout, self._way(url))

    def _new_access(self) -> Access:
        google = GoogleAuthorizer(self._ask_for_token, self.clock)
        entra = EntraAuthorizer(self._ask_for_token, self.clock)
        return Access({"google": google, "entra": entra, "aws": AwsAuthorizer(self.clock)})

    async def _ask_for_token(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> TokenAnswer:
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        response = await self.send(method, url, fields, body)
        try:
            return TokenAnswer(response.status, response.headers, await response.read(MAX_TOKEN_ANSWER))
        finally:
            await response.aclose()

    async def _ask_demo(self, method: str, url: str, body: Body | None) -> Response:
        content = body or b""
        if not isinstance(content, bytes):
            content = b"".join(content)
        answer = await self.demo.ask(method, url, content)
        return Response(answer.status, answer.headers, answer)


def fields_of(headers: Headers) -> dict[bytes, bytes]:
    """The fields of a request's head but those of its framing, by names in small letters."""
    return {**DEFAULT_HEADERS, **{name.lower(): value for name, value in headers}, **OWN_HEADERS}


class AnswerBody(Protocol):
    """The bytes of an answer as they come."""

    complete: bool
    """All of them are here, read or not: nothing is left to wait for or to close."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """Break the transfer off, if it has not ended."""
        ...


class Response:
    """Head and body of an answer. Iterate it once for the decoded body, piece by piece as it comes; raises
    TransportFault. Not reading to the end and closing closes the connection, so the upstream stops."""

    __slots__ = ("_body", "_pieces", "headers", "secrets", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: AnswerBody, secrets: str = "") -> None:
        self.status = status
        self.secrets = secrets
        """What a proxy was told of us and may repeat, as `wire/scrubbing.py` takes it."""
        self.headers = headers
        """Looked up by a name in any case."""
        self._body = body
        self._pieces = decode(body, headers.get("content-encoding", ""))

    @property
    def complete(self) -> bool:
        """All of it has come, read or not."""
        return self._body.complete

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    def __anext__(self) -> Awaitable[bytes]:
        return self._pieces.__anext__()

    async def read(self, limit: int) -> bytes:
        """The whole body; raises AnswerTooLarge beyond `limit` bytes."""
        pieces: list[bytes] = []
        size = 0
        async for piece in self:
            size += len(piece)
            if size > limit:
                raise AnswerTooLarge(limit)
            pieces.append(piece)
        return b"".join(pieces)

    async def aclose(self) -> None:
        """Closes the connection if the body has not come to its end. That happens before the first await: a
        cancellation meanwhile leaks nothing."""
        await self._body.aclose()
