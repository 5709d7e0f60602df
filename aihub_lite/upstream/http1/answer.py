"""One answer: its head, and its body piece by piece as the connection hands it in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Protocol, Self

from aihub_lite.upstream.http1.faults import Garbled, TransportFault

MAX_FIELD = 8190
"""Bytes of one field, name and value; aiohttp and Apache draw the line there."""
MAX_FIELDS = 128
"""Fields of one head; providers send about thirty."""


class Fields(Mapping[str, str]):
    """An answer's header fields, looked up by a name in any case. Of a name that stands twice the first counts."""

    __slots__ = ("_lines", "_values")

    def __init__(self) -> None:
        self._lines = 0
        self._values: dict[str, str] = {}

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """Those of an answer that came by no network."""
        fields = cls()
        for name, value in values.items():
            fields._values[name.lower()] = value
        return fields

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def clear(self) -> None:
        """Forget all: they were of a provisional answer."""
        self._lines = 0
        self._values.clear()

    def add(self, name: bytes, value: bytes) -> None:
        """Raises Garbled beyond the limits. Bytes that are no UTF-8 become halves of surrogate pairs."""
        self._lines += 1
        if len(name) + len(value) > MAX_FIELD or self._lines > MAX_FIELDS:
            raise Garbled("the head of the answer is too long")
        self._values.setdefault(name.lower().decode("latin-1"), value.decode("utf-8", "surrogateescape"))


class Source(Protocol):
    """Where an answer comes from."""

    paused: bool

    def resume(self) -> None:
        """Read on."""

    def close(self) -> None:
        """At once; the rest of the answer is not wanted."""


class HttpAnswer:
    """Iterate it once, in one task, for the body as it was sent, content coding and all; raises a TransportFault.

    Read to its end it has given its connection back. Before, `close` ends the connection, and so the upstream's work.
    """

    __slots__ = ("_pieces", "_source", "_waiter", "complete", "fault", "fields", "held", "status")

    def __init__(self, source: Source) -> None:
        self.status = 0
        """0 until the head is in."""
        self.fields = Fields()
        self.complete = False
        """The body's last byte is in, read or not."""
        self.fault: TransportFault | None = None
        """Why there will be no more."""
        self.held = 0
        """Bytes of the body that nobody has read yet."""
        self._pieces: list[bytes] = []
        self._source: Source | None = source
        self._waiter: asyncio.Future[None] | None = None

    def __aiter__(self) -> HttpAnswer:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self.complete:
                raise StopAsyncIteration
            if self.fault is not None:
                raise self.fault
            await self.news()
        return self._taken()

    async def aclose(self) -> None:
        """The same as `close`."""
        self.close()

    def close(self) -> None:
        """Twice is once, and after the end it does nothing."""
        if self._source is not None:
            self._source.close()

    async def head(self) -> None:
        """Wait until `status` and `fields` are there."""
        while not self.status:
            if self.fault is not None:
                raise self.fault
            await self.news()

    async def news(self) -> None:
        """Wait for anything to change, head, body or connection; look again afterwards."""
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def wake(self) -> None:
        """Something has changed."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def add(self, piece: bytes) -> None:
        """More of the body."""
        self._pieces.append(piece)
        self.held += len(piece)

    def end(self, fault: TransportFault | None = None) -> None:
        """Nothing more will come: the body is whole, or `fault` says why it is not. The first end counts."""
        self._source = None
        if not self.complete and self.fault is None:
            self.fault = fault
            self.complete = fault is None
        self.wake()

    def _taken(self) -> bytes:
        pieces = self._pieces
        self._pieces = []
        self.held = 0
        if self._source is not None and self._source.paused:
            self._source.resume()
        if len(pieces) == 1:
            return pieces[0]
        return b"".join(pieces)
