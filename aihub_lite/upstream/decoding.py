"""Content codings of answers, decoded piece by piece in bounded memory.

The gateway asks for `identity`; some upstreams and proxies compress all the same.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator

import attrs

from aihub_lite.upstream.http1.faults import Garbled

PIECE = 64 * 1024
"""Bytes that one step of decoding yields at most: a compression bomb unfolds no faster than it is read (T-17)."""

# `wbits` of zlib.decompressobj.
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
RAW_DEFLATE = -zlib.MAX_WBITS
GZIP_MAGIC = b"\x1f\x8b"
CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
IDENTITY = frozenset({"", "identity"})


def decode(pieces: AsyncIterable[bytes], coding: str) -> AsyncIterator[bytes]:
    """The content under a `Content-Encoding` value; raises Garbled, for an unknown coding at the first step."""
    name = coding.strip().lower()
    if name in IDENTITY:
        return aiter(pieces)
    return _Inflated(aiter(pieces), name)


class _Inflated:
    """Content as it unfolds. It stays broken once it is: nobody takes what is cut short for its end."""

    def __init__(self, packed: AsyncIterator[bytes], name: str) -> None:
        self._packed = packed
        self._inflater = _Inflater()
        self._unfolding: Iterator[bytes] = iter(())
        self._broken: Garbled | None = None
        if name not in CODINGS:
            self._broken = Garbled("the answer has a content coding that was not asked for and is not known")

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._broken is not None:
            raise self._broken
        try:
            return await self._next()
        except Garbled as error:
            self._broken = error
            raise

    async def _next(self) -> bytes:
        while True:
            for content in self._unfolding:
                return content
            piece = await anext(self._packed, None)
            if piece is None:
                self._inflater.end()
                raise StopAsyncIteration
            self._unfolding = self._inflater.feed(piece)


@attrs.define
class _Inflater:
    """One body: zlib, gzip (also of several members) or, as some servers send for `deflate`, without a wrapper."""

    stream: zlib._Decompress | None = None
    head: bytes = b""
    """The first bytes, kept until they show which of the three it is."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self.stream is None:
            self.head += data
            if len(self.head) < len(GZIP_MAGIC):
                return
            data = self.head
            self.stream = _stream_for(data)
        more = True
        while more:
            if self.stream.eof:
                if not data.startswith(GZIP_MAGIC):
                    return
                self.stream = zlib.decompressobj(GZIP_OR_ZLIB)
            content = self._step(self.stream, data)
            data = self.stream.unconsumed_tail or self.stream.unused_data
            # After a full piece zlib may hold more output, with no input left to ask for it by.
            more = bool(data) or len(content) == PIECE
            if content:
                yield content

    def _step(self, stream: zlib._Decompress, data: bytes) -> bytes:
        try:
            return stream.decompress(data, PIECE)
        except zlib.error:
            raise Garbled("the compressed answer is broken") from None

    def end(self) -> None:
        if self.head and (self.stream is None or not self.stream.eof):
            raise Garbled("the compressed answer is cut short")


def _stream_for(head: bytes) -> zlib._Decompress:
    """RFC 1950: a zlib header is method 8 in the low nibble and, as a big-endian pair, a multiple of 31."""
    if head[:2] == GZIP_MAGIC or (head[0] & 0x0F == 8 and int.from_bytes(head[:2]) % 31 == 0):
        return zlib.decompressobj(GZIP_OR_ZLIB)
    return zlib.decompressobj(RAW_DEFLATE)
