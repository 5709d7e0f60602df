"""A request as the scripted upstream received it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import attrs
import msgspec


@attrs.frozen
class Request:
    """One whole request. `at` is the monotonic time of its last byte; header names are in lower case."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: float
    connection: int
    """The accepted connection's number, from 0."""

    def header(self, name: str) -> str | None:
        """The first field of that name."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    def json(self) -> dict[str, Any]:
        """The body; raises when it is no JSON object."""
        return msgspec.json.decode(self.body, type=dict[str, Any])


async def read_request(reader: asyncio.StreamReader, connection: int) -> Request:
    """The next request, body and all; raises IncompleteReadError when the peer closes first."""
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw[:-4].decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    fields = [line.partition(":") for line in lines]
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in fields)
    body = await _body(reader, dict(headers))
    return Request(method, path, headers, body, time.monotonic(), connection)


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body
