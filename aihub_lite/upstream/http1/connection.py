"""One connection: a request out, its answer in, and the next request if all went well.

llhttp (httptools) reads the answers. Nothing runs beside the task that asks: no reader, no writer, no timer; what
comes in is put into the answer, and whoever waits for that is woken.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol, cast

import httptools

from aihub_lite.upstream.http1.answer import HttpAnswer
from aihub_lite.upstream.http1.faults import Disconnected, Garbled, TransportFault
from aihub_lite.upstream.http1.request import Body, Origin, Parcel
from aihub_lite.upstream.http1.tls_sessions import keep_session

ONE_WRITE = 64 * 1024
"""Bytes up to which head and body are joined and written as one; also of each write of a longer body: what a
transport takes before it says that it is full."""
HIGH_WATER = 64 * 1024
"""Bytes of a body that wait for their reader before no more is read from the socket. One read may come on top; the
kernel's buffers then slow the upstream down."""
ONE_READ = 64 * 1024
"""Bytes at most of one read. What one brings is held several times on its way to a client (as it came, as events, as
what is written), and uvloop's own reads are of 256 KiB."""
MAX_BARREN = 64 * 1024
"""Bytes in which nothing of a body comes: a head that does not end, provisional answers without a last one, endless
extensions of chunks, a trailer. The parser would keep them all."""
OK = 200
"""The first status that is no provisional one."""
REFUSED = 300
"""The first status that says that a body is not wanted. Below, a server may answer while it reads (Node's `pipe`)."""
NOT_HTTP = "the upstream's answer is not HTTP"
BROKE_OFF = "the upstream broke off"


class StaleConnection(Disconnected):
    """An idle connection that the upstream had closed already: nobody's fault, and the request is sent again."""


class Owner(Protocol):
    """Who keeps the connections that are open."""

    buffer: memoryview
    """ONE_READ bytes that all of them read into, one after the other: a loop reads and hands on in one step."""

    def idle(self, connection: HttpConnection) -> None:
        """An answer has ended well: the connection can carry another request."""

    def lost(self, connection: HttpConnection) -> None:
        """The connection is no more."""


class HttpConnection(asyncio.BufferedProtocol):
    """Carries one request at a time: `ask` again only after `Owner.idle`."""

    def __init__(self, owner: Owner, origin: Origin, plain: socket.socket | None = None) -> None:
        self.origin = origin
        self._plain = plain
        """The socket, where nothing lies between it and HTTP."""
        self.closed = False
        self.paused = False
        """No more is read until the answer's reader has caught up."""
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._answer: HttpAnswer | None = None
        self._session_kept = plain is not None
        self._used = False
        """It has carried a request to its end before."""
        self._full = False
        """The transport takes no more at this moment."""
        # Of the request under way:
        self._for_head = False
        """Asked by HEAD or CONNECT: its answer has no body, whatever its fields say."""
        self._for_tunnel = False
        """Asked by CONNECT: what follows the answer's head is no HTTP of this connection's."""
        self._unsent: Iterator[bytes | memoryview] | None = None
        """Of a long body, what the transport has not taken yet."""
        self._begun = False
        """Something of the answer has come."""
        self._barren = 0
        """Bytes since the last of a body."""
        self._keep = False
        """The answer allows another request after it."""
        self._until_close = False
        """Only the upstream's close ends the answer."""

    async def ask(self, method: str, head: bytes, body: Body | None, parcel: Parcel) -> HttpAnswer:
        """Returns when the answer's head is in. Raises a TransportFault; every exit but a return closes."""
        answer = self._answer = HttpAnswer(self)
        self._for_tunnel = method == "CONNECT"
        self._for_head = self._for_tunnel or method == "HEAD"
        self._begun = self._keep = self._until_close = False
        self._barren = 0
        try:
            self._send(head, body, parcel)
            await answer.head()
        except BaseException:
            answer.close()  # not the connection: whole already, it may carry another request by now
            raise
        return answer

    def close(self) -> None:
        """At once: what is unsent stays unsent, and whoever reads the answer hears that it broke off."""
        self.closed = True
        answer = self._answer
        self._answer = self._unsent = None
        if answer is not None:
            answer.end(Disconnected(BROKE_OFF))
        if self._transport is not None:
            self._transport.abort()

    def hand_over(self) -> asyncio.Transport:
        """The transport, for what comes after the answer to a CONNECT; raises Disconnected when it is gone."""
        transport = self._transport
        if transport is None or self.closed:
            raise Disconnected(BROKE_OFF)
        return transport

    def keep_session(self) -> None:
        """The next connection to this server goes on from this one's TLS, where it speaks that."""
        if self._session_kept:
            return
        self._session_kept = True
        if self._transport is not None:
            keep_session(self._transport)

    def resume(self) -> None:
        """Read on."""
        self.paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._send_on()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._owner.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.received(self._owner.buffer[:nbytes])

    def received(self, data: bytes | memoryview) -> None:
        """Bytes of the upstream; nothing of them is kept but copies."""
        answer = self._answer
        if answer is None:  # nobody has asked for it
            self.close()
            return
        self._read(answer, data)
        if answer.complete:
            self._finish(answer)
        elif answer.fault is not None or self._barren > MAX_BARREN:
            answer.end(Garbled(NOT_HTTP))
            self.close()
        else:
            if answer.held > HIGH_WATER:
                self._pause()
            answer.wake()

    def eof_received(self) -> None:
        """The upstream says no more: what is unsent is of no use, and TLS need not be taken leave of."""
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        answer = self._answer
        self._unsent = None
        self.closed = True
        if answer is not None:
            if exc is not None and self._plain is not None:
                self._read_last(answer, self._plain)
            answer.end(None if answer.complete else self._loss(exc))
        self._answer = self._transport = self._parser = self._plain = None
        self._owner.lost(self)

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._answer is not None and self._answer.complete:
            self._keep = False  # more than was asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        answer = self._answer
        if answer is not None and not answer.status:  # else it is of a trailer
            answer.fields.add(name, value)

    def on_headers_complete(self) -> None:
        parser = self._parser
        answer = self._answer
        if answer is None or parser is None or answer.complete:
            return
        status = parser.get_status_code()
        if status < OK:
            answer.fields.clear()  # provisional: the answer is still to come
            return
        fields = answer.fields
        chunked = "transfer-encoding" in fields
        if chunked and fields["transfer-encoding"].lower() != "chunked":
            raise Garbled(NOT_HTTP)  # a coding that no request of ours allows (RFC 9112, 7.4)
        answer.status = status
        self._keep = self._for_tunnel or parser.should_keep_alive()
        if chunked and parser.get_http_version() == "1.0":
            self._keep = False  # it knows no chunks: some machine between may see another end (RFC 9112, 6.1)
        if self._unsent is not None and status >= REFUSED:
            self._unsent = None  # the rest is not wanted, and there is no other way to say that it will not come
            self._keep = False
        if self._for_head:
            answer.complete = True
            self._parser = None  # it waits for a body
        elif not self._keep:
            self._until_close = not chunked and "content-length" not in fields

    def on_body(self, body: bytes) -> None:
        answer = self._answer
        if answer is None:
            return
        if answer.complete:
            self._keep = False
            return
        if not answer.status:
            raise Garbled(NOT_HTTP)  # a provisional answer has no body, and this one would begin the answer's
        self._barren = 0
        answer.add(body)

    def on_message_complete(self) -> None:
        if self._answer is not None and self._answer.status:
            self._answer.complete = True
            if self._parser is not None and not self._parser.should_keep_alive():
                self._keep = False  # said in a trailer: the parser reads nothing more

    # Steps of the above.

    def _send(self, head: bytes, body: Body | None, parcel: Parcel) -> None:
        transport = self._transport
        if transport is None:  # it was lost just now
            raise self._loss(None) or Disconnected(BROKE_OFF)
        if body is not None and len(body) > ONE_WRITE:
            transport.write(head)
            self._unsent = _slices(body, parcel)
            self._send_on()
            return
        if body is not None:
            head = b"".join([head, body] if isinstance(body, bytes) else [head, *body])
        transport.write(head)
        parcel.leave()

    def _send_on(self) -> None:
        """As much of a long body as the transport takes; it says when it takes more. An answer may begin meanwhile."""
        transport = self._transport
        while self._unsent is not None and not self._full:
            if transport is None or transport.is_closing():
                return
            piece = next(self._unsent, None)
            if piece is None:
                self._unsent = None
            else:
                transport.write(piece)

    def _read(self, answer: HttpAnswer, data: bytes | memoryview) -> None:
        parser = self._parser
        if parser is None:
            parser = self._parser = _parser_for(self)
        self._begun = True
        self._barren += len(data)
        try:
            parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._keep = False
            answer.end(Garbled(NOT_HTTP))

    def _read_last(self, answer: HttpAnswer, plain: socket.socket) -> None:
        """What lies unread in a socket whose write has failed, for a loop gives it up then: a server that does not want
        a long body answers, and closes."""
        with suppress(OSError):
            while not answer.complete and answer.fault is None and answer.held < HIGH_WATER:
                data = plain.recv(HIGH_WATER)
                if not data or self._barren > MAX_BARREN:
                    return
                self._read(answer, data)

    def _pause(self) -> None:
        if self._transport is not None and not self.paused and not self._transport.is_closing():
            self.paused = True
            self._transport.pause_reading()

    def _finish(self, answer: HttpAnswer) -> None:
        self._answer = None
        answer.end()
        if not self._keep or self._unsent is not None:
            self.close()
            return
        self._used = True
        if self.paused:
            self.resume()
        self._owner.idle(self)

    def _loss(self, error: Exception | None) -> TransportFault | None:
        """What the end of the connection means for its answer; None: it is whole."""
        if self._until_close and error is None:
            return None
        if self._used and not self._begun:
            return StaleConnection("the upstream had closed the idle connection")
        return Disconnected(BROKE_OFF)


def _parser_for(connection: HttpConnection) -> httptools.HttpResponseParser:
    """As lenient as aiohttp and browsers are: with bare line feeds in a head, odd bytes in its values, blanks after
    the size of a chunk. Nothing that decides where an answer ends."""
    parser = httptools.HttpResponseParser(connection)
    parser.set_dangerous_leniencies(
        lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
    )
    return parser


def _slices(body: Body, parcel: Parcel) -> Iterator[bytes | memoryview]:
    """A long body for one write after the other; nothing of it is copied here. Asked for one more, it has left."""
    if isinstance(body, bytes):
        view = memoryview(body)
        for start in range(0, len(view), ONE_WRITE):
            yield view[start : start + ONE_WRITE]
    else:
        yield from body
    parcel.leave()
