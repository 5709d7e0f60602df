"""A client on a bare socket: exact bytes out, every piece that comes in with its time."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import attrs
import msgspec

from tests.support.tls import secured

TIMEOUT = 30.0
"""Seconds that any one read or write may take."""


class CutOff(Exception):
    """The peer ended the connection inside an answer."""


@attrs.frozen
class Head:
    """Status line and header fields; names in lower case, in the order received."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """The first field of that name."""
        return next((value for key, value in self.headers if key == name.lower()), None)


@attrs.frozen
class Piece:
    """Body bytes and the monotonic time at which they were there."""

    at: float
    data: bytes


@attrs.frozen
class Answer:
    """A whole answer; `seconds` from the first byte sent to the last one received."""

    head: Head
    body: bytes
    seconds: float

    @property
    def status(self) -> int:
        return self.head.status

    def header(self, name: str) -> str | None:
        """The first field of that name."""
        return self.head.header(name)

    def json(self) -> Any:
        """The body, decoded as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The `error` object of a refusal."""
        error: dict[str, Any] = self.json()["error"]
        return error


class RawConnection:
    """One connection; `with` closes it. Every blocking call ends within `timeout` seconds."""

    def __init__(self, url: str, timeout: float = TIMEOUT, receive_buffer: int | None = None) -> None:
        parts = urlsplit(url)
        self.sock = socket.socket()
        self.sock.settimeout(timeout)
        if receive_buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            self.sock.connect((parts.hostname or "127.0.0.1", parts.port or 80))
        except OSError:
            self.sock.close()
            raise
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            self.sock = secured(self.sock, "http/1.1")
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """All of it, as it is."""
        self.sock.sendall(data)

    def send_slowly(self, data: bytes, interval: float, size: int = 1) -> None:
        """In pieces of `size` bytes, `interval` seconds apart."""
        for start in range(0, len(data), size):
            self.sock.sendall(data[start : start + size])
            time.sleep(interval)  # the client's own pace

    def half_close(self) -> None:
        """FIN for our direction only."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Hangs up with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        """FIN (or RST, when unread bytes are left: that is TCP)."""
        self.sock.close()

    def at_eof(self, within: float) -> bool:
        """Whether the peer ends the connection within so many seconds, having sent nothing more."""
        if self._buffer:
            return False
        self.sock.settimeout(within)
        try:
            self._buffer = self.sock.recv(2**16)
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return not self._buffer

    def read_head(self) -> Head:
        """The next status line and headers; informational answers (1xx) are skipped. Raises CutOff."""
        while True:
            text = self._until(b"\r\n\r\n").decode("latin-1")
            first, *lines = text[:-4].split("\r\n")
            _, status, *reason = first.split(" ", 2)
            fields = [line.partition(":") for line in lines]
            if int(status) >= 200:
                headers = tuple((name.strip().lower(), value.strip()) for name, _, value in fields)
                return Head(int(status), "".join(reason), headers)

    def pieces(self, head: Head, method: str = "GET") -> Iterator[Piece]:
        """The body's bytes as they come, whatever its framing; raises CutOff when it ends too early."""
        if method == "HEAD" or head.status in (204, 304):
            return
        if (head.header("transfer-encoding") or "").lower() == "chunked":
            yield from self._chunks()
        elif (length := head.header("content-length")) is not None:
            yield from self._counted(int(length))
        else:
            while data := self._some():
                yield Piece(time.monotonic(), data)

    def _chunks(self) -> Iterator[Piece]:
        while size := int(self._until(b"\r\n").split(b";")[0], 16):
            yield Piece(time.monotonic(), b"".join(piece.data for piece in self._counted(size)))
            self._until(b"\r\n")
        self._until(b"\r\n")

    def _counted(self, left: int) -> Iterator[Piece]:
        while left:
            data = self._some()
            if not data:
                raise CutOff(f"{left} bytes short")
            self._buffer = data[left:]
            yield Piece(time.monotonic(), data[:left])
            left -= len(data[:left])

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            if not (data := self._received()):
                raise CutOff(f"before {mark!r}, after {self._buffer[-200:]!r}")
            self._buffer += data
        before, _, self._buffer = self._buffer.partition(mark)
        return before + mark

    def _some(self) -> bytes:
        data = self._buffer
        self._buffer = b""
        return data or self._received()

    def _received(self) -> bytes:
        try:
            return self.sock.recv(2**16)
        except ConnectionError as error:
            raise CutOff(str(error)) from error


def request_bytes(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None, host: str = "gateway"
) -> bytes:
    """A well-formed HTTP/1.1 request; with a body it carries its Content-Length."""
    fields = {"host": host, **(headers or {})}
    if body is not None:
        fields.setdefault("content-length", str(len(body)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + (body or b"")


def request(
    url: str,
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = TIMEOUT,
) -> Answer:
    """One request on a connection of its own, and its whole answer."""
    started = time.monotonic()
    with RawConnection(url, timeout) as connection:
        connection.send(request_bytes(method, path, headers, body))
        head = connection.read_head()
        content = b"".join(piece.data for piece in connection.pieces(head, method))
    return Answer(head, content, time.monotonic() - started)


@attrs.frozen
class Event:
    """One SSE event as sent, blank line included, and the monotonic time at which its last byte was there."""

    at: float
    data: bytes

    @property
    def payload(self) -> bytes:
        """What follows `data:`; empty for an event without data."""
        lines = [line[5:].strip() for line in self.data.splitlines() if line.startswith(b"data:")]
        return b"\n".join(lines)

    def json(self) -> Any:
        """The payload, decoded as JSON."""
        return msgspec.json.decode(self.payload)


@attrs.define(eq=False)
class Stream:
    """A streamed answer being read. `clean` tells, after the last event, whether the body ended as framed."""

    connection: RawConnection
    head: Head
    started: float
    clean: bool = False
    ended_at: float = 0.0

    def events(self) -> Iterator[Event]:
        """Every event as it comes; ends at the body's end, clean or not."""
        buffer = b""
        try:
            for piece in self.connection.pieces(self.head):
                buffer += piece.data
                *whole, buffer = buffer.split(b"\n\n")
                yield from (Event(piece.at, event + b"\n\n") for event in whole)
            self.clean = not buffer
        except CutOff:
            self.clean = False
        self.ended_at = time.monotonic()


@contextlib.contextmanager
def stream(
    url: str,
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    timeout: float = TIMEOUT,
    receive_buffer: int | None = None,
) -> Iterator[Stream]:
    """A POST whose answer is read event by event; leaving the block closes the connection, read or not."""
    started = time.monotonic()
    with RawConnection(url, timeout, receive_buffer) as connection:
        connection.send(request_bytes("POST", path, headers, body))
        yield Stream(connection, connection.read_head(), started)


def payloads(events: Iterable[Event]) -> list[bytes]:
    """The data of each event that has any."""
    return [event.payload for event in events if event.payload]
