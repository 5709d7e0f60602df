"""One HTTP exchange with a client, as ASGI gives it: its credentials, its body, and the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import attrs

from aihub_lite.domain.token import Token
from aihub_lite.errors import BodyTimeout, GatewayError, RequestTooLarge
from aihub_lite.gateway.client.disconnect import DISCONNECT, Disconnect
from aihub_lite.gateway.deadline import Deadline
from aihub_lite.wire.client_error import PUBLIC, ErrorShape
from aihub_lite.wire.multipart import Form, FormReader
from aihub_lite.wire.sse import KEEP_ALIVE

Headers = list[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON_HEADERS: Headers = [(b"content-type", b"application/json")]
STREAM_HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
JSON_TYPE = "application/json"
UNKNOWN_TYPE = b"application/octet-stream"
MAX_DIGITS = 18
"""A longer `content-length` is over every limit, and from 4300 digits on `int` refuses it."""


SLICE = 256 * 1024
SLOWEST_BODY = 16 * 1024
"""Bytes per second that a request body has to bring on average: a byte now and then would hold a place for years."""


class ClientGone(Exception):
    """The client left before it had its answer."""


@attrs.define(eq=False)
class BodyBuffer:
    """A body put together as it comes."""

    body: bytes | bytearray = b""

    def add(self, piece: bytes) -> None:
        """One growing buffer: a large body in a thousand pieces would leave as many holes in memory."""
        if not piece:
            return
        if not self.body:
            self.body = piece
            return
        if isinstance(self.body, bytes):
            self.body = bytearray(self.body)
        self.body += piece


@attrs.define(eq=False)
class Exchange:
    """Reads the request and writes the answer; knows how far the answer has got."""

    scope: Mapping[str, Any] = attrs.field(repr=False)
    """Its headers hold the client's key."""
    receive: Receive
    send: Send
    request_id: str
    started: float
    """Arrival, on the monotonic clock."""
    address: str
    """The client's address, as far as it can be believed."""
    extra_headers: Headers = attrs.field(factory=list)
    """Added to whatever answer leaves: rate limits, dropped parameters."""
    token: Token | None = None
    """Whose rights it has, where whoever let it in knows that; else its key has to say."""
    token_id: str = ""
    """Whose it is, once that is known."""
    model: str = ""
    """What is asked for, once that is known."""
    recorded: bool = False
    """Whether a usage record tells, or will tell, how it ended."""
    errors: ErrorShape = PUBLIC
    """How its client is told of a refusal."""
    received: int = 0
    """Bytes of the request's body so far; at its end, of all that it stands for."""
    head_sent: bool = False
    unframed: bool = False
    """Whether what follows the head is a file, in which nothing can be said but its bytes."""
    finished: bool = False
    """The last piece is being sent, or was."""
    complete: bool = False
    """The last piece was taken."""
    gone: bool = False
    writing_since: float = 0.0
    """When the running write began, on the loop's clock; 0 while none runs."""
    last_write: float = 0.0
    last_event: float = 0.0
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    """The relay and the keep-alive take turns: a server takes one message of an answer at a time."""

    @property
    def disconnect(self) -> Disconnect | None:
        """Tells of the client's leaving, where its server knows."""
        state: Mapping[str, Any] = self.scope.get("state") or {}
        return state.get(DISCONNECT)

    def header(self, name: bytes) -> str:
        """The last value of a request header, or an empty string."""
        value = b""
        for key, each in self.scope["headers"]:
            if key == name:
                value = each
        return value.decode("latin-1")

    def header_list(self, name: bytes) -> str:
        """The values of a request header that is a list, as one: each may have a line of its own."""
        return ",".join(value.decode("latin-1") for key, value in self.scope["headers"] if key == name)

    def credentials(self) -> Iterable[str]:
        """Every key the client presents, `Authorization` first (clients.md rule 4)."""
        for name, value in self.scope["headers"]:
            if name != b"authorization":
                continue
            scheme, _, key = value.strip().partition(b" ")
            if scheme.lower() == b"bearer" and key.strip():
                yield key.strip().decode("latin-1")
        found: dict[bytes, bytes] = dict(self.scope["headers"])
        for name in (b"x-api-key", b"api-key", b"x-goog-api-key"):
            if other := found.get(name, b"").decode("latin-1").strip():
                yield other
        if query := self.scope.get("query_string"):
            yield from parse_qs(query.decode("latin-1")).get("key", ())

    async def form(self, limit: int, timeout: float) -> Form:  # noqa: ASYNC109
        """A multipart body, taken apart as it arrives; raises as `body` does, and InvalidRequest."""
        reader = FormReader(self.header(b"content-type"))
        await self.read_body(limit, timeout, reader.feed)
        return reader.form()

    async def body(self, limit: int, timeout: float) -> bytes | bytearray:  # noqa: ASYNC109  a deadline per piece
        """The whole request body; raises RequestTooLarge, BodyTimeout or ClientGone."""
        buffer = BodyBuffer()
        try:
            await self.read_body(limit, timeout, buffer.add)
        except RequestTooLarge:
            buffer.body = b""  # the error's traceback would keep it
            raise
        return buffer.body

    async def read_body(self, limit: int, timeout: float, take: Callable[[bytes], None]) -> None:  # noqa: ASYNC109
        """Hand over the request body piece by piece and keep nothing; raises as `body` does."""
        declared = self.header(b"content-length")
        if declared.isdecimal() and (len(declared) > MAX_DIGITS or int(declared) > limit):
            raise too_large(limit)
        latest = asyncio.get_running_loop().time() + timeout
        try:
            async with Deadline(timeout) as deadline:
                while True:
                    message = await self.receive()
                    if message["type"] == "http.disconnect":
                        self.gone = True
                        raise ClientGone
                    piece: bytes = message.get("body", b"")
                    self.received += len(piece)
                    if self.received > limit:
                        raise too_large(limit)
                    take(piece)
                    if not message.get("more_body"):
                        return
                    deadline.give(timeout, latest + self.received / SLOWEST_BODY)
        except TimeoutError:
            raise BodyTimeout(f"The request body did not arrive within {timeout:g} s.") from None

    async def start(self, status: int, headers: Headers) -> None:
        """Send the head, with what the exchange has collected for it; on HTTP/2 it waits as any piece does."""
        self.head_sent = True
        self.writing_since = asyncio.get_running_loop().time()
        try:
            await self.send(
                {"type": "http.response.start", "status": status, "headers": [*headers, *self.extra_headers]}
            )
        finally:
            self.writing_since = 0.0

    async def write(self, data: bytes) -> None:
        """Send a piece of the body; waits while the client reads too slowly."""
        await self._put({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        """Send the last piece. From here on a disconnect means nothing."""
        async with self._turn:
            self.finished = True
        await self._put({"type": "http.response.body", "body": data, "more_body": False}, last=True)
        self.complete = True

    async def _put(self, message: MutableMapping[str, Any], *, last: bool = False) -> None:
        if last and not self._turn.locked():
            await self._pass(message, last=last)  # nobody else writes any more
            return
        async with self._turn:
            await self._pass(message, last=last)

    async def _pass(self, message: MutableMapping[str, Any], *, last: bool = False) -> None:
        """In its turn."""
        if self.gone or (self.finished and not last):
            return
        self.writing_since = self.last_write = self.last_event = asyncio.get_running_loop().time()
        try:
            await self.send(message)
        finally:
            self.writing_since = 0.0

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer that is not streamed."""
        self.finished = True
        if not self.gone:
            await self.start(status, [*headers, (b"content-length", b"%d" % len(body))])
        for start in range(0, len(body) or 1, SLICE):  # each write has its own time: a large body may take longer
            piece, more = body[start : start + SLICE], start + SLICE < len(body)
            await self._put({"type": "http.response.body", "body": piece, "more_body": more}, last=True)
        self.complete = True

    async def start_stream(self, headers: Headers = STREAM_HEADERS) -> None:
        """Send the head of a stream, once; unless it is said otherwise it is one of events."""
        if self._unstarted():
            async with self._turn:
                if self._unstarted():
                    self.unframed = headers is not STREAM_HEADERS
                    await self.start(200, headers)

    def _unstarted(self) -> bool:
        return not (self.head_sent or self.gone or self.finished)

    async def keep_alive(self, idle: Callable[[], bytes | None] | None, *, comment: bool = True) -> None:
        """Break the silence of a stream: with an event that says nothing, or a comment glued to the next event.

        `idle` makes the event, in its turn: what it says may depend on what has left by then. Unless `comment`,
        nothing is said where there is no event.
        """
        since = self.last_event
        await self.start_stream()
        async with self._turn:
            event = None
            if idle is not None:
                event = idle()
            if event is not None or comment:
                await self._pass({"type": "http.response.body", "body": event or KEEP_ALIVE, "more_body": True})
            if event is None:
                self.last_event = since

    async def refuse(self, error: GatewayError) -> None:
        """Answer with an error: its own status before the head left, one error event after.

        Half a file gets no end at all: the server closes the connection, and its client sees that there was more.
        """
        if self.finished:
            return
        if self.unframed:
            self.finished = True
            return
        if self.head_sent:
            await self.finish(self.errors.event(error))
            return
        await self.answer(error.status, [*JSON_HEADERS, *error_headers(error)], self.errors.body(error))


def headers_of(content_type: str) -> Headers:
    """The head of an answer that is not streamed."""
    if content_type == JSON_TYPE:
        return JSON_HEADERS
    return [(b"content-type", media_type(content_type))]


def file_headers(content_type: str) -> Headers:
    """The head of a file that is passed on while it comes."""
    return [(b"content-type", media_type(content_type)), *STREAM_HEADERS[1:]]


def media_type(text: str) -> bytes:
    """What an upstream calls its answer, where a header can say so: some send bytes that are no text."""
    if text.isascii() and text.isprintable():
        return text.encode()
    return UNKNOWN_TYPE


def error_headers(error: GatewayError) -> Headers:
    """The headers an error carries: when to come back, or not to."""
    headers: Headers = []
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % error.retry_after))
    if error.should_retry is not None:
        headers.append((b"x-should-retry", b"true" if error.should_retry else b"false"))
    return headers


def too_large(limit: int) -> RequestTooLarge:
    """The refusal of a body over `limit` bytes."""
    return RequestTooLarge(f"The request body is larger than the limit of {limit} bytes.")
