"""What every server here answers, as an ASGI application.

`/length` hello with a length; `/chunks` hello in chunks; `/echo` the body that was sent; `/big` 8 MiB; `/gzip` hello
a hundred times, compressed though nobody asked; `/refuse` 413 without reading the body.
"""

from __future__ import annotations

import gzip
from typing import Any

HELLO = b"hello"
BIG = bytes(range(256)) * 2**15
PACKED = gzip.compress(HELLO * 100)
PLAIN: dict[str, tuple[int, bytes, list[tuple[bytes, bytes]]]] = {
    "/big": (200, BIG, []),
    "/gzip": (200, PACKED, [(b"content-encoding", b"gzip")]),
    "/refuse": (413, b"too long", []),
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """One request."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/chunks":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for letter in HELLO:
            await send({"type": "http.response.body", "body": bytes([letter]), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    status, body, fields = PLAIN.get(scope["path"], (200, HELLO, []))
    if scope["path"] == "/echo":
        body = await whole(receive)
    headers = [(b"content-length", b"%d" % len(body)), *fields]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def whole(receive: Any) -> bytes:
    """A request's body."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body
