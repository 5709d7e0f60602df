"""The gateway's stack with nothing in between: `python -m tests.bench.bare PORT URL`.

The gateway's server and client, and Litestar, each request handed on as it is to URL. What it costs on this machine at
this moment is the floor for the gateway: a slow machine, or a busy one, shows here first.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import uvloop
from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send

from aihub_lite.config import Settings
from aihub_lite.server.front import front_of
from aihub_lite.upstream.http1.client import HttpClient
from aihub_lite.upstream.http1.dialing import Dialer
from aihub_lite.upstream.http1.request import Parcel

CONNECT_WITHIN = 5.0
JSON = (b"content-type", b"application/json")


def app(client: HttpClient, url: str) -> Litestar:
    """An application whose one route hands each request on to `url` and its answer back."""

    @asgi("/v1/chat/completions", copy_scope=False)
    async def chat(scope: Scope, receive: Receive, send: Send) -> None:
        message: Any = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        response = await client.ask("POST", url, dict([JSON]), body, CONNECT_WITHIN, Parcel())
        answer = b"".join([piece async for piece in response])
        headers = [JSON, (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer, "more_body": False})

    return Litestar([chat], openapi_config=None, logging_config=None)


async def main(port: str, url: str) -> None:
    """Until the process is ended."""
    client = HttpClient(Dialer(ssl.create_default_context))

    async def never() -> None:
        await asyncio.Event().wait()

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(port)))
        try:
            await front_of(app(client, url), Settings(data_dir=Path())).serve(listener, never)
        finally:
            await client.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
