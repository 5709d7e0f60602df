"""One connection of one client: its requests, one after the other."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Protocol, cast

import attrs

from aihub_lite.errors import BodyTimeout, GatewayError
from aihub_lite.gateway.client.disconnect import Disconnect
from aihub_lite.server.http1.body import BodyReader, reader_of
from aihub_lite.server.http1.cycle import Address, App, Cycle
from aihub_lite.server.http1.head import Head, read_head
from aihub_lite.server.http1.input import Input
from aihub_lite.server.http1.refusal import refusal

KEEP_ALIVE = 15.0
"""Seconds that an idle connection is kept."""
CLOSE_TIMEOUT = 60.0
"""Seconds that a client has for the last of what it was sent, before the connection is thrown away."""
MOST_EARLY = 64 * 1024
"""Bytes that are kept while a request is answered; a client that sends more waits, and is not heard leaving before."""
HIGH_WATER = 64 * 1024
"""Bytes that may wait for the client before whoever sends has to wait."""
JOINED = 16 * 1024
"""Bytes up to which pieces are copied together: it costs less than to hand over each."""
NEVER = float("inf")
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a close that the client takes for a fault."""


@attrs.frozen(kw_only=True)
class Patience:
    """How long a client is waited for, in seconds."""

    idle: float = KEEP_ALIVE
    head: float = 10.0
    """From a head's first byte to its last; nginx gives 60, and a head fits into one packet."""
    write: float = CLOSE_TIMEOUT
    """Until it takes some of what it is sent."""
    linger: float = 1.0
    """While it still sends: to read why nobody listens, before the connection ends under it. A close with bytes unread
    is a reset, and takes the answer along."""
    close: float = CLOSE_TIMEOUT


class House(Protocol):
    """What all connections share."""

    app: App
    closing: bool
    """Whether no further request is served."""
    time: Callable[[], float]
    """The loop's clock."""
    patience: Patience

    def opened(self, connection: Http1Connection) -> None:
        """A client has come."""

    def closed(self, connection: Http1Connection) -> None:
        """It is gone, and so is its socket."""

    def serve(self, cycle: Cycle) -> None:
        """Serve a request in a task of its own."""


class Http1Connection(asyncio.Protocol):
    """Reads requests, has each served, and closes when there will be no more.

    A request that follows another is read when that one is answered. Until then it is kept, so that the client is
    heard leaving (T-35).
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._patience = house.patience
        self._transport: asyncio.Transport
        self._input = Input()
        self._body: BodyReader | None = None
        """Reads the body that comes in now."""
        self._cycle: Cycle | None = None
        self._head_begun = False
        """Whether a head has begun to come, and is not here to its end."""
        self._reading = True
        self._left = False
        """Whether the client has left, or closed its half."""
        self._over = False
        """Whether nothing is read or sent any more, and the connection waits to end."""
        self._latest = NEVER
        """When it ends, whatever still waits for the client."""
        self._writable: asyncio.Event | None = None
        self.full = False
        self.deadline = NEVER
        """When it is done with, unless something happens before; on the house's clock."""
        self.disconnect = Disconnect()
        self.client: Address = None
        self.server: Address = None
        self.scheme = "http"

    @property
    def idle(self) -> bool:
        """Whether no request is being served."""
        return self._cycle is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        transport = cast("asyncio.Transport", transport)  # uvloop's are no subclasses
        self._transport = transport
        self._house.opened(self)
        if transport.get_extra_info("peername") is None:
            self.abort()  # it has left before it was looked at
            return
        transport.set_write_buffer_limits(HIGH_WATER)
        self.client = address(transport.get_extra_info("peername"))
        self.server = address(transport.get_extra_info("sockname"))
        if transport.get_extra_info("ssl_object") is not None:
            self.scheme = "https"
        self.deadline = self._house.time() + self._patience.idle

    def data_received(self, data: bytes) -> None:
        """More has come."""
        if self._over:
            return
        if self._body is not None:
            self._read_body(self._body, data)
            return
        self._input.add(data)
        if self._cycle is None:
            self._read_request()
        elif len(self._input) > MOST_EARLY:
            self._set_reading(wanted=False)

    def _read_request(self) -> None:
        """Begin the next request, if its head is here."""
        try:
            data = self._input.take_head()
            if data is None:
                self._await_head()
                return
            head = read_head(data)
        except GatewayError as error:
            self.refuse(error)
            return
        self._begin(head)

    def _await_head(self) -> None:
        """The clock of a head runs from its first byte, that of an idle connection from the answer before."""
        if len(self._input) and not self._head_begun:
            self._head_begun = True
            self.deadline = self._house.time() + self._patience.head

    def _begin(self, head: Head) -> None:
        self._head_begun = False
        self.deadline = NEVER
        self._cycle = cycle = Cycle(self, head, last=self._house.closing)
        if head.has_body:
            self._body = reader_of(head)
            if len(self._input):
                self._read_body(self._body, self._input.take_all())
        if not self._over:
            self._house.serve(cycle)

    def _read_body(self, body: BodyReader, data: bytes) -> None:
        cycle = self._cycle
        try:
            piece, rest = body.feed(data)
        except GatewayError as error:
            self._break_off(error)
            return
        if body.ended:
            self._body = None
            if rest:
                self._input.add(rest)
        if cycle is not None:
            cycle.take(piece, ended=body.ended)

    def _break_off(self, error: GatewayError) -> None:
        """A body whose framing is broken: nobody knows what the rest of the connection means."""
        cycle = self._cycle
        self._tell()
        if cycle is None or cycle.answer.said:
            self._close(unread=True)
        else:
            self.refuse(error)

    def set_reading(self, *, wanted: bool) -> None:
        """Whether the request's body is wanted: no more of it is read than waits already."""
        if wanted and len(self._input) > MOST_EARLY:
            return
        self._set_reading(wanted=wanted)

    def _set_reading(self, *, wanted: bool) -> None:
        if self._reading == wanted or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def write(self, pieces: tuple[bytes, ...]) -> None:
        """Send without waiting; nothing where nobody is there, or nothing more may be said."""
        if self._over or not pieces:
            return
        if len(pieces) == 1:
            self._transport.write(pieces[0])
        elif sum(map(len, pieces)) <= JOINED:
            self._transport.write(b"".join(pieces))
        else:
            self._transport.writelines(pieces)

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        self.full = True
        if self._cycle is not None and not self._over:
            self.deadline = self._house.time() + self._patience.write

    def resume_writing(self) -> None:
        """It took some."""
        self.full = False
        if self._cycle is not None and not self._over:
            self.deadline = NEVER
        if self._writable is not None:
            self._writable.set()

    async def drained(self) -> None:
        """Returns when the client has taken enough of what was sent, or has left."""
        if self._writable is None:
            self._writable = asyncio.Event()
        while self.full:
            self._writable.clear()
            await self._writable.wait()

    def finished(self, cycle: Cycle) -> None:
        """A request's answer is complete, or never will be: go on with the next request, or close."""
        if self._cycle is not cycle:
            return
        self._cycle = None
        if self._over:
            return
        answer = cycle.answer
        if not answer.complete:
            self._end_half(reset=answer.until_close)
        elif not answer.keep or not cycle.body_ended or self._left or self._house.closing:
            self._close(unread=not cycle.body_ended or len(self._input) > 0 or not self._reading)
        else:
            self.deadline = self._house.time() + self._patience.idle
            self._set_reading(wanted=True)
            if len(self._input):
                self._read_request()

    def _end_half(self, *, reset: bool) -> None:
        """Half an answer: it must not end as a whole one does. Where only the connection's end tells, it is reset."""
        if not reset:
            self._close(unread=True)
            return
        self._over = True
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()

    def refuse(self, error: GatewayError) -> None:
        """Answer with an error, and read no more."""
        self.write((refusal(error),))
        self._close(unread=True)

    def _close(self, *, unread: bool) -> None:
        """End it from our side once the client has what it was sent; `unread` where it may have sent more."""
        if self._over:
            return
        self._over = True
        self._input.clear()
        self._body = None
        now = self._house.time()
        self._latest = now + self._patience.close
        if unread and not self._left and self._transport.can_write_eof():
            self.deadline = now + self._patience.linger
            self._transport.write_eof()
            self._set_reading(wanted=True)
        else:
            self.deadline = self._latest
            self._transport.close()

    def eof_received(self) -> bool:
        """The client has left, or closed its half (T-34), which is no different: few that stay close anything.

        What is under way may still end as it likes: over TLS there is no half.
        """
        self._leave()
        return self._cycle is not None and not self._over and self.scheme == "http"

    def _leave(self) -> None:
        """The client has left: nothing that it has sent is begun any more."""
        self._left = True
        self._input.clear()
        self._tell()

    def _tell(self) -> None:
        """Tell whoever serves the client that nobody waits for an answer."""
        if self._cycle is not None:
            self._cycle.leave()
        self.disconnect.tell()

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody is there any more."""
        self._over = True
        self._leave()
        self.resume_writing()
        self._house.closed(self)

    def expire(self, now: float) -> None:
        """Its deadline is over."""
        if self._over:
            self._end_closing(now)
        elif self._head_begun:
            self.refuse(BodyTimeout(f"The head of the request did not arrive within {self._patience.head:g} s."))
        elif self.full:
            self.abort()
        else:
            self._close(unread=False)

    def _end_closing(self, now: float) -> None:
        """It has had its time to read what it was sent, unless it is still reading that."""
        if now < self._latest and self._transport.get_write_buffer_size():
            self.deadline = now + self._patience.linger
        else:
            self._transport.abort()

    def close_idle(self) -> None:
        """Close it, as no request is being served."""
        self._close(unread=False)

    def abort(self) -> None:
        """End it now, whatever it was sent."""
        self._over = True
        self._transport.abort()


def address(name: object) -> Address:
    """Host and port of a socket's name, which is a path on a Unix socket."""
    if isinstance(name, tuple):
        return (name[0], name[1])
    return None
