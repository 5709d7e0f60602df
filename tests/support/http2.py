"""A client of HTTP/2 over TLS that does exactly what a test tells it to, frame by frame."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import StreamClosedError
from h2.settings import SettingCodes

from tests.support.tls import secured

TIMEOUT = 30.0
"""Seconds that any one read or write may take."""
GOAWAY = 7


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame as it is (RFC 9113 4.1), for what h2 refuses to send."""
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and payload of each frame."""
    while data:
        size = int.from_bytes(data[:3])
        yield data[3], data[9 : 9 + size]
        data = data[9 + size :]


class Http2Client:
    """One connection; `with` closes it. `h2` is the client's own view of it."""

    def __init__(self, url: str, window: int | None = None, timeout: float = TIMEOUT) -> None:
        """`window` is the initial window of every stream; None leaves it at 65,535 bytes."""
        parts = urlsplit(url)
        plain = socket.create_connection((parts.hostname or "localhost", parts.port or 443), timeout)
        self.sock: ssl.SSLSocket = secured(plain, "h2")
        assert "h2" == self.sock.selected_alpn_protocol()
        self.h2 = H2Connection(H2Configuration(header_encoding=None))
        if window is not None:
            self.h2.local_settings[SettingCodes.INITIAL_WINDOW_SIZE] = window
            self.h2.local_settings.acknowledge()
        self.h2.initiate_connection()
        self.flush()
        self.seen: list[Event] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def flush(self) -> None:
        """Send what h2 has to say."""
        self.send(self.h2.data_to_send())

    def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.sock.sendall(data)

    def close(self) -> None:
        """Close the connection without another word."""
        self.sock.close()

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        end: bool = True,
        flush: bool = True,
    ) -> int:
        """Send a request, without its end or not yet where it says so; the stream's number."""
        stream = self.h2.get_next_available_stream_id()
        fields = {":method": method, ":path": path, ":scheme": "https", ":authority": "gateway", **headers}
        self.h2.send_headers(stream, list(fields.items()), end_stream=body is None and end)
        if body is not None:
            self.h2.send_data(stream, body, end_stream=end)
        if flush:
            self.flush()
        return stream

    def events(self) -> Iterator[Event]:
        """Every event as it comes, until the peer closes the connection. Nothing is acknowledged but settings."""
        while True:
            try:
                data = self.sock.recv(2**16)
            except (ConnectionError, ssl.SSLError):
                return
            if not data:
                return
            fresh = self.h2.receive_data(data)
            self.seen += fresh
            self.flush_quietly()
            yield from fresh

    def flush_quietly(self) -> None:
        """Send what h2 has to say to a peer that may have closed."""
        try:
            self.flush()
        except OSError:
            return

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """The next event that is wanted; raises AssertionError where the connection ends before."""
        for event in self.events():
            if wanted(event):
                return event
        raise AssertionError(f"the connection ended after {self.seen[-5:]}")

    def ended(self, stream: int) -> bool:
        """Whether the end of an answer has come."""
        return any(isinstance(event, StreamEnded) and event.stream_id == stream for event in self.seen)

    def resets(self, count: int) -> list[StreamReset]:
        """The streams that the peer has reset, once there are so many."""
        events = self.events()
        while True:
            found = [event for event in self.seen if isinstance(event, StreamReset)]
            if len(found) >= count:
                return found
            next(events)

    def end_of(self, stream: int) -> Event:
        """How a stream ends: StreamEnded or StreamReset."""
        return self.seen_or_next(
            lambda event: isinstance(event, StreamEnded | StreamReset) and event.stream_id == stream
        )

    def status_of(self, stream: int) -> int:
        """The status of an answer, once its head is there."""
        event = self.seen_or_next(lambda event: isinstance(event, ResponseReceived) and event.stream_id == stream)
        assert isinstance(event, ResponseReceived)
        return int(dict(event.headers)[b":status"])

    def body_of(self, stream: int) -> bytes:
        """What has come of an answer's body so far."""
        pieces = [event for event in self.seen if isinstance(event, DataReceived) and event.stream_id == stream]
        return b"".join(piece.data for piece in pieces)

    def seen_or_next(self, wanted: Callable[[Event], bool]) -> Event:
        """The first event that is wanted, of all there were and will be."""
        for event in self.seen:
            if wanted(event):
                return event
        return self.until(wanted)

    def next_data(self, stream: int) -> bytes:
        """The next piece of an answer's body."""
        event = self.until(lambda event: isinstance(event, DataReceived) and event.stream_id == stream)
        assert isinstance(event, DataReceived)
        return event.data

    def give(self, stream: int, size: int) -> None:
        """Let the peer send so many bytes more, on a stream (unless it has ended) and on the connection."""
        with contextlib.suppress(StreamClosedError):
            self.h2.increment_flow_control_window(size, stream)
        self.h2.increment_flow_control_window(size)
        self.flush()

    def goaway(self) -> ConnectionTerminated | None:
        """The peer's last word, where it has said one before it closed the connection."""
        list(self.events())
        return next((event for event in self.seen if isinstance(event, ConnectionTerminated)), None)

    def last_word(self) -> int | None:
        """The code of the peer's GOAWAY, of a client that has sent what its own h2 knows nothing of."""
        data = b""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while piece := self.sock.recv(2**16):
                data += piece
        codes = [payload[4:8] for kind, payload in frames(data) if kind == GOAWAY]
        if not codes:
            return None
        return int.from_bytes(codes[-1])
