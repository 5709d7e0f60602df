"""The gateway's stack with nothing in between: `python -m tests.bench.bare PORT URL`.

Hypercorn, Litestar and httpx over aiohttp, each request handed on as it is to URL. What it costs on this machine at
this moment is the floor for the gateway: a slow machine, or a busy one, shows here first.
"""

from __future__ import annotations

import sys
from typing import Any

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport
from hypercorn.asyncio import serve
from hypercorn.config import Config
from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send

JSON = (b"content-type", b"application/json")


def session() -> aiohttp.ClientSession:
    """Connections as the gateway has them."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    )


def app(transport: httpx.AsyncBaseTransport, url: httpx.URL) -> Litestar:
    """One route."""

    @asgi("/v1/chat/completions", copy_scope=False)
    async def chat(scope: Scope, receive: Receive, send: Send) -> None:
        message: Any = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        response = await transport.handle_async_request(httpx.Request("POST", url, headers=[JSON], content=body))
        answer = b"".join([piece async for piece in response.aiter_raw()])
        headers = [JSON, (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer, "more_body": False})

    return Litestar([chat], openapi_config=None, logging_config=None)


async def main(port: str, url: str) -> None:
    """Until the process is ended."""
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.include_server_header = config.include_date_header = False
    async with AiohttpTransport(client=session) as transport:
        await serve(app(transport, httpx.URL(url)), config)  # type: ignore[arg-type]


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
