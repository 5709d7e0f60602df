"""The bytes of a request's body, taken out of its framing (RFC 9112 6 and 7)."""

from __future__ import annotations

import re
from typing import Protocol

from aihub_lite.errors import InvalidRequest
from aihub_lite.server.http1.head import TOKEN, Head

SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t -~\x80-\xff]*)?\r\n")
"""Below 2**60. What is said of a chunk beside its size is read by nobody (RFC 9112 7.1.1)."""
LONGEST_SIZE_LINE = 256
"""Bytes: extensions without end cost a server reading and bring nothing (CVE-2023-39326)."""
FIELD_LINE = re.compile(TOKEN + rb":[\t -~\x80-\xff]*\r\n")
MOST_TRAILERS = 8 * 1024
"""Bytes of fields behind a chunked body; they are read and forgotten."""
END_OF_LINE = b"\r\n"
MORE = -1
"""A step that needs more bytes than there are."""


class BodyReader(Protocol):
    """Takes the bytes of one body as they come."""

    ended: bool
    """Whether the body is here to its end."""

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """The body's bytes in `data`, and what follows its end; raises InvalidRequest."""
        ...


def reader_of(head: Head) -> BodyReader:
    """For the body that follows a head, one of no bytes included."""
    if head.chunked:
        return Chunked()
    return Counted(head.length or 0)


class Counted:
    """A body whose length its head says."""

    __slots__ = ("_left", "ended")

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = length == 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """As BodyReader says."""
        if len(data) < self._left:
            self._left -= len(data)
            return data, b""
        piece = data[: self._left]
        rest = data[self._left :]
        self._left = 0
        self.ended = True
        return piece, rest


class Chunked:
    """A body in chunks: a size, so many bytes, and again; a size of nothing, and perhaps trailers, end it."""

    __slots__ = ("_held", "_left", "_pieces", "_step", "_trailers", "ended")

    def __init__(self) -> None:
        self.ended = False
        self._held = b""
        """Half a line."""
        self._left = 0
        """Bytes of the chunk that are still to come."""
        self._trailers = 0
        self._pieces: list[bytes] = []
        self._step = self._read_size

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """As BodyReader says."""
        if self._held:
            data = self._held + data
        at = 0
        while not self.ended and (then := self._step(data, at)) != MORE:
            at = then
        rest = data[at:]
        if not self.ended:
            self._held = rest
            rest = b""
        body = b"".join(self._pieces)
        self._pieces = []
        return body, rest

    def _read_size(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at, at + LONGEST_SIZE_LINE)
        if end < 0:
            if len(data) - at >= LONGEST_SIZE_LINE:
                raise InvalidRequest("A chunk of the request's body says more than its size.")
            return MORE
        line = SIZE_LINE.fullmatch(data, at, end + 1)
        if line is None:
            raise InvalidRequest("A chunk of the request's body has no size.")
        self._left = int(line[1], 16)
        self._step = self._read_chunk
        if not self._left:
            self._step = self._read_trailer
        return end + 1

    def _read_chunk(self, data: bytes, at: int) -> int:
        piece = data[at : at + self._left]
        if not piece:
            return MORE
        self._pieces.append(piece)
        self._left -= len(piece)
        if not self._left:
            self._step = self._read_end_of_chunk
        return at + len(piece)

    def _read_end_of_chunk(self, data: bytes, at: int) -> int:
        end = data[at : at + len(END_OF_LINE)]
        if end == END_OF_LINE:
            self._step = self._read_size
            return at + len(END_OF_LINE)
        if not END_OF_LINE.startswith(end):
            raise InvalidRequest("A chunk of the request's body does not end where it says.")
        return MORE

    def _read_trailer(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        if end < 0:
            self._count_trailers(len(data) - at)
            return MORE
        end += 1
        if data[at:end] == END_OF_LINE:
            self.ended = True
            return end
        self._count_trailers(end - at)
        if FIELD_LINE.fullmatch(data, at, end) is None:
            raise InvalidRequest("What follows the request's body is no field.")
        self._trailers += end - at
        return end

    def _count_trailers(self, size: int) -> None:
        if self._trailers + size > MOST_TRAILERS:
            raise InvalidRequest("Too much follows the request's body.")
