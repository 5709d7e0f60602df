"""HTTP/2 as Hypercorn speaks it, but for what holds memory or a place for somebody who does not take the answer.

Of Hypercorn's protocol its scheduling and its ASGI remain. What is ours: a stream's buffer really waits for the client,
a request's body is credited once it is read, a client that leaves is told to whoever serves it, and floods end the
connection (`floods`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import attrs
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    PriorityUpdated,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.events import Event as FrameEvent
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Body, EndBody, Request, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.typing import AppWrapper, ASGIReceiveCallable, ASGISendCallable, ConnectionState, Scope
from hypercorn.utils import filter_pseudo_headers

from aihub_lite.gateway.client.disconnect import DISCONNECT, Disconnect
from aihub_lite.server.early_bytes import ClientLeft
from aihub_lite.server.floods import MOST_STREAMS, MOST_UNSENT, PER_ANSWER, PER_PIECE, REFUSED, Flood, Worth
from aihub_lite.server.patient_buffer import PatientBuffer

SLICE = 8 * 1024
"""Bytes that are taken apart at once: a flood is noticed, and others are served, in between."""
BURST = 64 * 1024
"""Bytes of answers that are handed on before the loop turns, so that a full pipe is noticed."""

MOST_REMEMBERED = 4096
"""Bytes of our own header fields that are kept for a connection, as HTTP/2 begins with. A client may allow 4 GB, and
each answer has a request id that is new."""
LAST_WORD = 1.0
"""Seconds that a client which floods has to hear why; it need not read, and may go on sending."""


class Wire(Protocol):
    """The connection below."""

    patience: float
    """Seconds that a client has to take the last of it, once it is to be closed."""
    write_patience: float
    """Seconds that it has to take some of an answer."""

    def write(self, data: bytes) -> None:
        """Send without waiting."""

    def unsent(self) -> int:
        """Bytes that the client has not taken yet."""


class Announced(Settings):
    """Our settings: the client is told of MOST_STREAMS, and h2 ends the connection only at twice as many.

    One that opens more before it has read them is refused the request, not the connection (RFC 9113 5.1.2).
    """

    @property  # type: ignore[misc]
    def max_concurrent_streams(self) -> int:
        """What h2 goes by; it never sets it."""
        return 2 * MOST_STREAMS


class Http2(H2Protocol):
    """The requests of one connection, side by side."""

    wire: Wire
    """Set by whoever makes it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        values = {
            SettingCodes.MAX_CONCURRENT_STREAMS: MOST_STREAMS,
            SettingCodes.MAX_HEADER_LIST_SIZE: self.config.h2_max_header_list_size,
        }
        self.connection.local_settings = Announced(client=False, initial_values=values)
        self.worth = Worth()
        self.disconnects: dict[int, Disconnect] = {}
        self.unfinished: set[int] = set()
        """Streams whose request has not been received to its end."""
        self._burst = 0

    async def handle(self, event: Event) -> None:
        """Bytes of the client, or its end."""
        if not isinstance(event, RawData):
            await self._end()
            return
        try:
            for start in range(0, len(event.data), SLICE):
                if start:
                    await asyncio.sleep(0)
                await self._handle_events(self.connection.receive_data(event.data[start : start + SLICE]))
        except Flood:
            self.wire.patience = LAST_WORD
            self._say_goodbye(ErrorCodes.ENHANCE_YOUR_CALM)
        except (ClientLeft, ProtocolError):
            self._write()
        else:
            return
        await self._end()  # first: the connection below may take its time to close
        await self.send(Closed())

    def part(self) -> None:
        """Tell the client that the connection is about to be closed."""
        self._say_goodbye(ErrorCodes.NO_ERROR)

    async def _end(self) -> None:
        """Nobody is there any more: tell whoever writes for them, and forget what waits."""
        self.closed = True
        for stream_id in tuple(self.streams):
            await self._leave(stream_id)
        for stream_id in tuple(self.stream_buffers):
            await self._drop(stream_id)
        await self.has_data.set()

    async def _leave(self, stream_id: int) -> None:
        """The client of one stream has left."""
        disconnect = self.disconnects.get(stream_id)
        if disconnect is not None:
            disconnect.tell()
        await self._close_stream(stream_id)
        await self._drop(stream_id)

    async def _close_stream(self, stream_id: int) -> None:
        self.disconnects.pop(stream_id, None)
        await super()._close_stream(stream_id)

    async def _drop(self, stream_id: int) -> None:
        """Forget what waits for a stream's client; whoever waits to write more goes on, into nothing."""
        buffer = self.stream_buffers.pop(stream_id, None)
        if buffer is not None:
            await buffer.close()
        with suppress(KeyError):
            self.priority.remove_stream(stream_id)

    async def _handle_events(self, events: list[FrameEvent]) -> None:
        for event in events:
            self.worth.charge(event)
            match event:
                case RequestReceived():
                    await self._accept(event)
                case DataReceived():
                    await self._take(event)
                case StreamEnded():
                    await self._take_end(event.stream_id)
                case StreamReset():
                    await self._cancel(event.stream_id)
                case WindowUpdated():
                    await self._window_updated(event.stream_id)
                case RemoteSettingsChanged():
                    encoder = self.connection.encoder
                    encoder.header_table_size = min(encoder.header_table_size, MOST_REMEMBERED)
                    await self._window_updated(None)
                case ConnectionTerminated():
                    raise ClientLeft
        self._write()
        if self.wire.unsent() > MOST_UNSENT:
            raise Flood

    async def _accept(self, event: RequestReceived) -> None:
        """Serve a request, or refuse it without harm to the others."""
        if len(self.streams) >= MOST_STREAMS or self.context.terminated.is_set():
            self.worth.spend(REFUSED)
            self.connection.reset_stream(event.stream_id, ErrorCodes.REFUSED_STREAM)
            return
        fields = dict(event.headers)
        method = fields.get(b":method", b"")
        path = fields.get(b":path", b"")
        if not path or not (method + path).isascii():
            self.connection.reset_stream(event.stream_id, ErrorCodes.PROTOCOL_ERROR)
            return
        await self.send(Updated(idle=False))
        await self._serve(event, method.decode().upper(), path)

    async def _serve(self, event: RequestReceived, method: str, path: bytes) -> None:
        stream_id = event.stream_id
        if event.stream_ended is None:
            self.unfinished.add(stream_id)
        stream = HTTPStream(
            Crediting(self.app, self, stream_id),
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            stream_id,
        )
        self.streams[stream_id] = stream
        self.stream_buffers[stream_id] = PatientBuffer(
            self.context.event_class, self.wire.write_patience, partial(self._give_up, stream_id)
        )
        self.disconnects[stream_id] = Disconnect()
        self.priority.insert_stream(stream_id)
        self.priority.block(stream_id)
        await stream.handle(
            Request(
                stream_id=stream_id,
                headers=filter_pseudo_headers(event.headers),
                http_version="2",
                method=method,
                raw_path=path,
                state=ConnectionState({DISCONNECT: self.disconnects[stream_id]}),
            )
        )

    async def _take(self, event: DataReceived) -> None:
        """A piece of a request's body; what has no reader any more is given back at once, and so is padding."""
        idle = event.flow_controlled_length
        if (stream := self.streams.get(event.stream_id)) is not None:
            idle -= len(event.data)
            await stream.handle(Body(stream_id=event.stream_id, data=event.data))
        self.credit(event.stream_id, idle)

    async def _take_end(self, stream_id: int) -> None:
        """The request is here to its end."""
        self.unfinished.discard(stream_id)
        if (stream := self.streams.get(stream_id)) is not None:
            await stream.handle(EndBody(stream_id=stream_id))

    async def _cancel(self, stream_id: int) -> None:
        """The client no longer wants the answer."""
        self.unfinished.discard(stream_id)
        await self._leave(stream_id)
        if not self.streams:
            await self.send(Updated(idle=True))

    def _give_up(self, stream_id: int) -> None:
        """The client takes nothing of an answer."""
        with suppress(ProtocolError):
            self.connection.reset_stream(stream_id, ErrorCodes.CANCEL)
        self._write()
        self.task_group.spawn(self._cancel, stream_id)

    def credit(self, stream_id: int, size: int) -> None:
        """Let the client send so many bytes more."""
        with suppress(ProtocolError):
            self.connection.acknowledge_received_data(size, stream_id)

    async def _priority_updated(self, event: PriorityUpdated) -> None:
        """Every stream is as good as the other: RFC 9113 5.3.2 gave priorities up, and each of them took memory."""

    async def stream_send(self, event: StreamEvent) -> None:
        """What Hypercorn's ASGI has to say for one stream."""
        if not isinstance(event, StreamClosed):
            await super().stream_send(event)
            return
        await self._finish(event.stream_id)
        await super().stream_send(event)

    async def _finish(self, stream_id: int) -> None:
        """The application is done. What it has not ended is reset: Hypercorn forgets it, and its client would wait.

        A client that still sends its request has its answer, and is told to stop (RFC 9113 8.1).
        """
        if stream_id not in self.streams:
            return  # its client has left
        buffer = self.stream_buffers.get(stream_id)
        code = None
        if buffer is not None and not buffer.complete:
            code = ErrorCodes.INTERNAL_ERROR
            await self._drop(stream_id)
        elif stream_id in self.unfinished:
            code = ErrorCodes.NO_ERROR
        if code is not None:
            with suppress(ProtocolError):
                self.connection.reset_stream(stream_id, code)
            self._write()
        if code is not ErrorCodes.INTERNAL_ERROR:
            self.worth.earn(PER_ANSWER)
        self.unfinished.discard(stream_id)

    async def _send_data(self, stream_id: int) -> None:
        """Send what fits of one stream's buffer."""
        buffer = self.stream_buffers.get(stream_id)
        if buffer is None:
            await self._drop(stream_id)
            return
        try:
            window = self.connection.local_flow_control_window(stream_id)
            data = await buffer.pop(max(0, min(window, self.connection.max_outbound_frame_size)))
            if data or buffer.complete:
                self.connection.send_data(stream_id, data, end_stream=buffer.complete)
                self.worth.earn(PER_PIECE)
            if buffer.complete:
                await self._drop(stream_id)
            elif not data:
                self.priority.block(stream_id)
        except ProtocolError:
            await self._drop(stream_id)
            return
        await self._flush()
        self._burst += len(data)
        if self._burst >= BURST:
            self._burst = 0
            await asyncio.sleep(0)

    def _write(self) -> None:
        """Send what h2 has to say, without waiting for a client that may not read: who reads it must go on."""
        data = self.connection.data_to_send()
        if data:
            self.wire.write(data)

    def _say_goodbye(self, code: ErrorCodes) -> None:
        with suppress(ProtocolError):
            self.connection.close_connection(code)
        self._write()


@attrs.define(eq=False)
class Crediting:
    """The application for one stream: what it has read of the request's body, the client may send again."""

    app: AppWrapper
    protocol: Http2
    stream_id: int

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, sync_spawn: Any, call_soon: Any
    ) -> None:
        """One request."""

        async def receive_and_credit() -> Any:
            message = await receive()
            if message["type"] == "http.request" and message["body"]:
                self.protocol.credit(self.stream_id, len(message["body"]))
                self.protocol._write()
            return message

        await self.app(scope, receive_and_credit, send, sync_spawn, call_soon)
