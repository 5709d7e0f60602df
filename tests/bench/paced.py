"""An upstream that streams at an even pace: `python -m tests.bench.paced PORT`, one process, raw HTTP over uvloop.

A request says what it wants in fields of its own, which every gateway passes on: `chunks` of text, `pace` of them a
second, the first of them some time within its interval, or one more `at_once`. Each holds the time at which it was
sent, `@<nanoseconds>@` of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import count
from typing import Any, cast

import uvloop

PROMPT_TOKENS = 12
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
ENVELOPE = b'{"id":"chatcmpl-paced","object":"chat.completion.chunk","created":1700000000,"model":"upstream-model",'
TEXT = ENVELOPE + b'"choices":[{"index":0,"delta":{"content":" @%d@"},"finish_reason":null}]}'
ROLE = ENVELOPE + b'"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}'
STOP = ENVELOPE + b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
USAGE = ENVELOPE + b'"choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}'
GOLDEN = 0.618034
"""Steps of this fraction of an interval spread any number of streams evenly over it."""
_streams = count()


def sse(payload: bytes) -> bytes:
    """One event as one chunk of a chunked body."""
    return b"%x\r\ndata: %b\n\n\r\n" % (len(payload) + 8, payload)


class Paced(asyncio.Protocol):
    """One connection: a request, its stream, the next request."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.received = b""
        self.left = self.tokens = 0
        self.interval = self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Begins a stream once a request is whole."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if separator and len(body) >= _content_length(head):
            self.received = b""
            self._begin(json.loads(body))

    def _begin(self, request: dict[str, Any]) -> None:
        self.left = self.tokens = request["chunks"]
        self.interval = 1 / request["pace"]
        self.transport.write(HEAD + sse(ROLE))
        self.due = self.loop.time() + next(_streams) * GOLDEN % 1 * self.interval
        if request.get("at_once"):
            self.transport.write(sse(TEXT % time.monotonic_ns()))
            self.left -= 1
        self.loop.call_at(self.due, self._send)

    def _send(self) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(sse(TEXT % time.monotonic_ns()))
        self.left -= 1
        self.due += self.interval
        self.loop.call_at(self.due, self._send if self.left else self._finish)

    def _finish(self) -> None:
        usage = USAGE % (PROMPT_TOKENS, self.tokens, PROMPT_TOKENS + self.tokens)
        self.transport.write(sse(STOP) + sse(usage) + sse(b"[DONE]") + b"0\r\n\r\n")


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(port: int) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Paced, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
