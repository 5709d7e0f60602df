"""Content codings of answers, decoded piece by piece in bounded memory.

The gateway asks for `identity`; some upstreams and proxies compress all the same.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator
from contextlib import aclosing
from typing import cast

import attrs

from aihub_lite.upstream.faults import Garbled

PIECE = 64 * 1024
"""Most bytes one step of decoding yields: a compression bomb unfolds no faster than its reader takes it."""

GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
RAW_DEFLATE = -zlib.MAX_WBITS
GZIP_MAGIC = b"\x1f\x8b"
CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
IDENTITY = frozenset({"", "identity"})


def decoded(pieces: AsyncIterable[bytes], coding: str) -> AsyncIterator[bytes]:
    """The content under a `Content-Encoding` value; raises Garbled, for an unknown coding at the first step."""
    name = coding.strip().lower()
    return aiter(pieces) if name in IDENTITY else _inflated(pieces, name)


async def _inflated(pieces: AsyncIterable[bytes], name: str) -> AsyncIterator[bytes]:
    if name not in CODINGS:
        raise Garbled("the answer has a content coding that was not asked for and is not known")
    inflater = _Inflater()
    async with aclosing(cast("AsyncGenerator[bytes]", aiter(pieces))) as raw:
        async for piece in raw:
            for content in inflater.feed(piece):
                yield content
    inflater.end()


@attrs.define
class _Inflater:
    """One body: zlib, gzip (also of several members) or, as some servers send for `deflate`, neither wrapper."""

    stream: zlib._Decompress | None = None
    head: bytes = b""
    """First bytes kept back until they show which of the three it is."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self.stream is None:
            self.head += data
            if len(self.head) < len(GZIP_MAGIC):
                return
            self.stream, data = _stream_for(self.head), self.head
        more = True
        while more:
            if self.stream.eof:
                if not data.startswith(GZIP_MAGIC):
                    return
                self.stream = zlib.decompressobj(GZIP_OR_ZLIB)
            content = self._step(self.stream, data)
            data = self.stream.unconsumed_tail or self.stream.unused_data
            # A full piece may leave output inside zlib with no input left to fetch it.
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
    wrapped = head[:2] == GZIP_MAGIC or (head[0] & 0x0F == 8 and int.from_bytes(head[:2]) % 31 == 0)
    return zlib.decompressobj(GZIP_OR_ZLIB if wrapped else RAW_DEFLATE)
